package crontab

import (
	"slices"
	"strings"
)

// spaces are C's isspace, which cron trims a value with.
const spaces = " \t\r\v\f"

// envLine reads NAME=value. Both may be quoted and blanks may surround the =. A
// line is none when the value is missing, a quote is not closed or something
// follows it.
func envLine(text string) (name, value string, ok bool) {
	name, rest, ok := envName(text)
	rest = strings.TrimLeft(rest, spaces)
	if !ok || name == "" || !strings.HasPrefix(rest, "=") {
		return "", "", false
	}
	rest = strings.TrimLeft(rest[1:], spaces)
	if rest == "" {
		return "", "", false
	}
	if rest[0] != '"' && rest[0] != '\'' {
		return name, strings.TrimRight(rest, spaces), true
	}
	value, after, closed := strings.Cut(rest[1:], rest[:1])
	return name, value, closed && strings.Trim(after, spaces) == ""
}

func envName(text string) (name, rest string, ok bool) {
	if text[0] == '"' || text[0] == '\'' {
		name, rest, ok = strings.Cut(text[1:], text[:1])
		return name, rest, ok && !strings.Contains(name, "=")
	}
	i := strings.IndexAny(text, spaces+"=")
	if i < 0 {
		return "", "", false
	}
	return text[:i], text[i:], true
}

// accounts are users that system crontabs name most.
var accounts = []string{
	"root", "www-data", "nobody", "daemon", "apache", "nginx", "postgres", "mysql", "redis", "backup",
	"ubuntu", "ec2-user", "admin", "debian", "centos", "deploy", "app", "git", "jenkins", "operator",
	"munin", "logcheck", "list", "mail", "www", "http", "smmsp", "puppet", "zabbix", "nagios", "tomcat",
}

// hasUsers decides by the shape of all lines: each one's sixth word could be a
// user and is followed by a command, and at least one is a known account.
func hasUsers(lines []Line) bool {
	known := false
	for i := range lines {
		text := strings.TrimLeft(lines[i].Text, " \t")
		if _, _, ok := envLine(text); ok {
			continue
		}
		_, rest := cutSchedule(text)
		user, command := cutWord(rest)
		if rest == "" || rest[0] == '*' {
			continue // no job
		}
		if command == "" || !userLike(user) {
			return false
		}
		known = known || slices.Contains(accounts, user)
	}
	return known
}

// userLike reports a name that useradd takes.
func userLike(word string) bool {
	return len(word) <= 32 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_-") == "" &&
		!strings.ContainsAny(word[:1], "0123456789-")
}

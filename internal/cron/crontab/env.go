package crontab

import "strings"

// spaces is what cron trims from a value, by C's isspace.
const spaces = " \t\r\v\f"

// envLine reads NAME=value. Both may be quoted, and blanks may surround the =. ok is false if
// the value is missing, or if a quote is not closed or something follows it.
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

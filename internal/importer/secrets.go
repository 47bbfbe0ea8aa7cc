package importer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
)

const (
	// Hidden stands in the report where a value looks like a secret.
	Hidden = "(secret, not written)"
	// replaceMe stands for it in a command, which is then switched off.
	replaceMe = "REPLACE-ME"
)

// place is where a secret's value stands in a text, and what it is called.
type place struct {
	start, end int
	name       string
}

// named are ways to write a name, which is the group, before its value.
var named = []*regexp.Regexp{
	regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*`),
	regexp.MustCompile(`(?:^|\s)--?([A-Za-z][A-Za-z0-9_.-]*)[ \t]+`),
	regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.-]*)(?:\\?["']\s*:|\s*:\s)\s*(?:\\"|\\')?`),
}

// value is one as it stands in a shell's line.
const value = `("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s;&|)"'<>]+)`

// valueEnd is where the value that begins at i ends, as above.
func valueEnd(text string, i int) int {
	if i == len(text) {
		return i
	}
	quote := text[i]
	if quote != '"' && quote != '\'' {
		if n := strings.IndexAny(text[i:], " \t\r\n\v\f;&|)\"'<>"); n >= 0 {
			return i + n
		}
		return len(text)
	}
	for i++; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i + 1
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return len(text)
}

// unnamed are ways to hand a secret over, which is the last group.
var unnamed = []*regexp.Regexp{
	regexp.MustCompile(`[?&](?:key|auth|sig|signature)=([^\s&"';]+)`),
	regexp.MustCompile(`(?i)authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?([^\s"'\\]+)`),
	regexp.MustCompile(`(?i)\bbearer\s+([A-Za-z0-9._~+/=-]{6,})`),
	regexp.MustCompile(`\bcurl\b.*?\s(?:-u|-U|--user|--proxy-user)[= ]?\s*["']?[^\s:"'$-][^\s:"'$]*:([^\s"']+)`),
	regexp.MustCompile(`\b(?:mysql[\w-]*|mariadb[\w-]*|sshpass)\b[^|;&]*?\s-p` + value),
	regexp.MustCompile(`\b(?:sshpass|mongo\w*)\b[^|;&]*?\s-p\s+` + value),
	regexp.MustCompile(`\b(?:docker|podman)\s+login\b[^|;&]*?\s-p\s+` + value),
	regexp.MustCompile(`\blftp\b[^|;&]*?\s-u\s*[^\s,]+,([^\s;&|"']+)`),
	regexp.MustCompile(`\bredis-cli\b[^|;&]*?\s-a\s*` + value),
	regexp.MustCompile(`\s-p("[^"]*[^"0-9][^"]*"|'[^']*[^'0-9][^']*')`),
	regexp.MustCompile(`\s-p([0-9]*[A-Za-z]+[0-9][A-Za-z0-9]*|[0-9]+[A-Za-z][A-Za-z0-9]*)`),
	regexp.MustCompile(`\bpass:([^\s"']+)`),
}

// findSecrets gives the places of all that looks like a secret, in order and
// apart from each other.
func findSecrets(text string) []place {
	all := namedSecrets(text)
	for _, form := range unnamed {
		for _, m := range form.FindAllStringSubmatchIndex(text, -1) {
			all = append(all, place{m[2], m[3], ""})
		}
	}
	for _, p := range job.SecretsIn(text) {
		all = append(all, place{p[0], p[1], ""})
	}
	return merged(slices.DeleteFunc(all, func(p place) bool {
		v := text[p.start:p.end]
		return isReference(v) || v == replaceMe || strings.HasPrefix(text[p.start:], Hidden)
	}))
}

// namedSecrets are those that the name before them gives away.
func namedSecrets(text string) (all []place) {
	for _, form := range named {
		end := 0
		for _, m := range form.FindAllStringSubmatchIndex(text, -1) {
			name := text[m[2]:m[3]]
			if m[1] < end || !job.LooksSecret(name, "x") {
				continue
			}
			if end = valueEnd(text, m[1]); job.LooksSecret(name, unquote(text[m[1]:end])) {
				all = append(all, place{m[1], end, name})
			}
		}
	}
	tokens, _ := lex(text)
	for _, t := range tokens {
		if name, v, _ := strings.Cut(t.text, "="); t.kind == wordToken && isSecret(t.text) {
			all = append(all, place{t.end - len(v), t.end, name})
		}
	}
	return all
}

func merged(all []place) (out []place) {
	slices.SortFunc(all, func(a, b place) int { return cmp.Or(a.start-b.start, b.end-a.end) })
	for _, p := range all {
		if last := len(out) - 1; last >= 0 && p.start < out[last].end {
			out[last].end = max(out[last].end, p.end)
			out[last].name = cmp.Or(out[last].name, p.name)
			continue
		}
		out = append(out, p)
	}
	return out
}

var references = regexp.MustCompile(`^"?(?:\$[A-Za-z_0-9]+|\$\{\w+\}?|\$\(.*|\x60.*)+"?$`)

// isReference is whether a value is written with variables and substitutions
// alone, so that it gives nothing away. In single quotes nothing is expanded.
func isReference(v string) bool { return references.MatchString(v) }

// isSecret is whether a word assigns what looks like a secret.
func isSecret(word string) bool {
	name, v, _ := strings.Cut(word, "=")
	return isAssignment(word) && job.LooksSecret(name, unquote(v)) && !isReference(v)
}

// hide hides the values of what looks like a secret.
func hide(text string) string { return replaceAll(text, findSecrets(text), Hidden) }

func replaceAll(text string, places []place, with string) string {
	var b strings.Builder
	at := 0
	for _, p := range places {
		b.WriteString(text[at:p.start] + with)
		at = p.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// hideRest hides everything from the first secret on: where a line cannot be
// read, nobody knows where the value ends.
func hideRest(text string) (string, bool) {
	found := findSecrets(text)
	if len(found) == 0 {
		return text, false
	}
	return text[:found[0].start] + Hidden, true
}

var told = regexp.MustCompile(`(?i)\b([a-z_][a-z0-9_-]*)\s*[:=]\s*(\S+)`)

// hideComment hides a comment that holds a secret, all of it.
func hideComment(text string) (string, bool) {
	_, holds := hideRest(text)
	for _, m := range told.FindAllStringSubmatch(text, -1) {
		holds = holds || job.LooksSecret(m[1], m[2]) && m[2] != Hidden
	}
	if holds {
		return "# " + Hidden, true
	}
	return text, false
}

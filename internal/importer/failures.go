package importer

import (
	"regexp"
	"slices"
	"strings"
)

var failing = regexp.MustCompile(`^(?:exit(?:\s+(?:[1-9][0-9]*|"?\$\?"?))?|false|/bin/false|/usr/bin/false)$`)

// always are commands that succeed.
var always = regexp.MustCompile(`^(?:exit 0|true|/bin/true|:)$`)

// failures tells of commands whose failure nobody sees, and of work that ends
// with the container.
func (r *rewriting) failures(s []segment) {
	r.lists(s, 0)
	if n := len(s); n > 1 && s[n-2].after == ";" && always.MatchString(textOf(s[n-1])) {
		r.e.decide("; %s makes every run a success: drop it to hear of failures", textOf(s[n-1]))
		return
	}
	for _, seg := range s[:len(s)-1] {
		if seg.after == ";" && !isSetup(seg) {
			r.e.note("several commands with ; between them: only the last one's exit code is seen, so a failure before it is a success")
			return
		}
		if seg.after == "|" {
			r.e.note("a pipe: only the last command's exit code is seen")
			return
		}
	}
}

// lists looks at the operators of a line, and of those that its words hold in
// parentheses or hand to a shell.
func (r *rewriting) lists(s []segment, depth int) {
	for i, seg := range s {
		r.operator(seg.after, s[i+1:])
		for n := range seg.words {
			inner := held(seg.words, n)
			if tokens, fine := lex(inner); inner != "" && fine && depth < 4 {
				r.lists(segments(tokens), depth+1)
			}
		}
	}
}

// operator looks at one operator and what follows.
func (r *rewriting) operator(op string, rest []segment) {
	switch {
	case op == "&" && !slices.ContainsFunc(rest, func(s segment) bool { return s.command() == "wait" }):
		r.off("what stands before a & runs beside the rest, and is killed when the last command ends: join them with && or ;, or make one job of each")
	case op == "||" && len(rest) == 0:
		r.tellOr("")
	case op == "||" && !failing.MatchString(textOf(rest[0])):
		r.tellOr(rest[0].command())
	}
}

// tellOr tells once of a command that runs when another fails.
func (r *rewriting) tellOr(next string) {
	text := "a failure before || ends as a success, unless what follows fails too, and nobody is told of it: let it end with `exit 1`, or drop it"
	switch next {
	case "true", ":", "exit":
		text = "|| " + next + " makes every run a success: drop it to hear of failures"
	}
	for _, n := range r.e.Notes {
		if strings.HasSuffix(n, text) {
			return
		}
	}
	r.e.decide("%s", text)
}

var shellOption = regexp.MustCompile(`^-[a-z]*c$`)

// held is the shell's text that the nth word holds: one in parentheses, or in
// quotes for the -c of a shell.
func held(words []token, n int) string {
	word := words[n].text
	if len(word) > maxCommand {
		return ""
	}
	if last := len(word) - 1; last > 0 && word[0] == '(' && word[last] == ')' {
		return word[1:last]
	}
	if inner := unquote(word); n > 0 && inner != word && shellOption.MatchString(words[n-1].text) {
		return inner
	}
	return ""
}

func textOf(s segment) string {
	words := make([]string, len(s.words))
	for i, w := range s.words {
		words[i] = w.text
	}
	return strings.Join(words, " ")
}

package importer

import (
	"regexp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

var failing = lazyregexp.New(`^(?:exit(?:\s+(?:[1-9][0-9]*|"?\$\?"?))?|false|/bin/false|/usr/bin/false)$`)

// always matches commands that always succeed.
var always = lazyregexp.New(`^(?:exit 0|true|/bin/true|:)$`)

// errexit and pipefail match commands that set these options, with - or +.
var (
	errexit  = lazyregexp.New(`^set\s(?:.*\s)?([-+])(?:\w*e\w*|\w*o\s+errexit)\b`)
	pipefail = lazyregexp.New(`^set\s(?:.*\s)?([-+])\w*o\s+pipefail\b`)
)

// failures reports commands whose failure nobody sees, and work that ends with the container.
func (r *Command) failures(s shell.List) {
	r.lists(s, 0)
	if n := len(s); n > 1 && s[n-2].After == ";" && always().MatchString(textOf(s[n-1])) {
		r.E.Decide("; %s makes every run a success: drop it to hear of failures", textOf(s[n-1]))
		return
	}
	for i, seg := range s[:len(s)-1] {
		if seg.After == ";" && !isSetup(seg) && !sets(s[:i], errexit()) {
			r.E.Note("several commands with ; between them: only the last one's exit code is seen, so a failure before it is a success")
			return
		}
		if seg.After == "|" && !sets(s[:i], pipefail()) {
			r.E.Note("a pipe: only the last command's exit code is seen")
			return
		}
	}
}

// sets reports whether commands leave an option of their shell on.
func sets(s shell.List, option *regexp.Regexp) (on bool) {
	for _, c := range s {
		if m := option.FindStringSubmatch(textOf(c)); m != nil {
			on = m[1] == "-"
		}
	}
	return on
}

// lists examines the operators of a line, and those of the lists that its words hold in
// parentheses or hand to a shell.
func (r *Command) lists(s shell.List, depth int) {
	for i, seg := range s {
		if cutURL(seg) {
			r.Off("the & in its unquoted URL ends the command there, so the rest was never sent: put the URL in quotes")
			continue
		}
		if seg.After != "||" || !isCondition(seg) {
			r.operator(seg.After, s[i+1:])
		}
		for _, inner := range within(seg, depth) {
			r.lists(inner, depth+1)
		}
	}
}

// isCondition reports whether a command only asks something, so that what follows its || does
// not hide a failure.
func isCondition(c shell.Command) bool {
	if len(c.Words) > 1 && c.Words[0].Text == "!" {
		c.Words = c.Words[1:]
	}
	name := c.Name()
	if name == "flock" { // of a descriptor: with a file, it starts a command
		n, ok := options(c.Words, flockAlone, flockValued)
		return ok && n+1 == len(c.Words) && descriptor().MatchString(c.Words[n].Text)
	}
	return slices.Contains([]string{"[", "[[", "test", "which", "pgrep", "pidof"}, name) || name == "command" && len(c.Words) > 1 && c.Words[1].Text == "-v"
}

// operator examines one operator and what follows it.
func (r *Command) operator(op string, rest shell.List) {
	switch {
	case op == "&" && !slices.ContainsFunc(rest, func(s shell.Command) bool { return s.Name() == "wait" }):
		r.Off("what comes before a & runs in the background and is killed when the last command ends: join them with && or ;, or make each a job")
	case op == "||" && len(rest) == 0:
		r.tellOr("")
	case op == "||" && !failing().MatchString(textOf(rest[0])):
		r.tellOr(rest[0].Name())
	}
}

// tellOr reports, once, a command that runs when another fails.
func (r *Command) tellOr(next string) {
	text := "a failure before || counts as a success unless what follows fails too, and then nobody hears of it: end it with `exit 1`, or drop it"
	switch next {
	case "true", ":", "exit":
		text = "|| " + next + " makes every run a success: drop it to hear of failures"
	}
	for _, n := range r.E.Notes {
		if strings.HasSuffix(n, text) {
			return
		}
	}
	r.E.Decide("%s", text)
}

var shellOption = lazyregexp.New(`^-[a-z]*c$`)

// maxHeld is how deep shells within shells are examined.
const maxHeld = 4

// within gives the lists that a command holds: those of a block, a loop or parentheses, and the
// text that it hands to the -c of a shell.
func within(c shell.Command, depth int) []shell.List {
	out := slices.Clip(c.Inner)
	for n := range c.Words {
		inner := held(c.Words, n)
		if inner == "" || depth >= maxHeld {
			continue
		}
		if list, err := shell.Parse(inner); err == nil && len(list) > 0 {
			out = append(out, list)
		}
	}
	return slices.Clip(out)
}

// held gives the text that the nth word holds for the -c of a shell.
func held(words []shell.Word, n int) string {
	if n == 0 || !shellOption().MatchString(words[n-1].Text) || len(words[n].Text) > maxCommand {
		return ""
	}
	if inner, certain := shell.Literal(words[n].Text); certain {
		return inner
	}
	return shell.Unquote(words[n].Text)
}

func textOf(s shell.Command) string { return strings.Join(wordTexts(s.Words), " ") }

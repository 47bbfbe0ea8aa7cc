package importer

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// absent reports a test after which the command does nothing and succeeds if a file is missing. Packages
// guard their crontabs so, for the time after their removal; with an image that has no such file, every
// run would be a success that did nothing.
func (r *Command) absent(s shell.List) {
	for i, c := range s {
		var file string
		switch rest := s[i+1:]; {
		case len(rest) == 0:
			file = ifFile(c, true)
		case len(c.Inner) == 2 && textOf(c.Inner[0][0]) == "exit 0":
			file = ifFile(c, false)
		case c.After != "||":
		case textOf(rest[0]) == "exit 0":
			file = asksFor(c, true)
		case len(rest) == 1:
			file = asksFor(c, false)
		}
		if file != "" {
			r.E.Decide("where %s is missing, it does nothing and succeeds: remove the test, so that such a run fails", Clip(file))
			return
		}
	}
}

// ifFile gives the file that an if asks for, if it does what it holds where that is there, or where it is
// not; "" if it has another branch, or another condition.
func ifFile(c shell.Command, there bool) string {
	if len(c.Inner) != 2 || !strings.HasPrefix(c.Words[0].Text, "if") {
		return ""
	}
	for _, condition := range c.Inner[1] {
		if file := asksFor(condition, there); file != "" && condition.After != "||" {
			return file
		}
	}
	return ""
}

// asksFor gives the file or program that a command asks for, if it succeeds where that is there, or
// where it is not; "" if it asks for none.
func asksFor(c shell.Command, there bool) string {
	words := strings.Fields(textOf(c))
	if len(words) > 1 && words[0] == "!" {
		words, there = words[1:], !there
	}
	switch {
	case len(words) < 2 || slices.Contains(words, "-o"):
		return ""
	case there && asksForProgram(c, shell.Base(words[0])):
		return shell.Unquote(words[len(words)-1])
	case !isCondition(c):
		return ""
	}
	for i, w := range words[1 : len(words)-1] {
		not := strings.TrimPrefix(words[i], `\`) == "!"
		if slices.Contains([]string{"-d", "-e", "-f", "-r", "-s", "-x"}, w) && not != there {
			return shell.Unquote(words[i+2])
		}
	}
	return ""
}

func asksForProgram(c shell.Command, name string) bool {
	return name == "type" || name == "hash" || isCondition(c) && (name == "which" || name == "command")
}

package importer

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer/shell"
)

// TakeSecrets removes assignments of secrets that come before a command or are a command of
// their own. The task definition sets those variables instead.
func (r *Command) TakeSecrets() {
	for range 32 {
		list, err := shell.Parse(r.Line)
		if err != nil || !r.takeSecret(list) {
			return
		}
	}
}

// takeSecret removes one assignment and reports that.
func (r *Command) takeSecret(all shell.List) bool {
	for i, s := range all {
		words := s.Words
		if s.Name() == "export" && !shell.IsAssignment(words[0].Text) {
			words = words[1:]
		}
		for n, w := range words {
			if !shell.IsAssignment(w.Text) {
				break
			}
			if start, end, ok := assigning(all, i, words, n); ok && isSecret(w.Text) {
				r.takeName(w)
				r.cut(start, end)
				return true
			}
		}
	}
	return false
}

// assigning gives the span to cut for an assignment, the nth of the words of the ith command: the
// word, or the command with one operator if it does nothing else. An assignment always succeeds,
// so `a && B=c; d` becomes `a; d`.
func assigning(all shell.List, i int, words []shell.Word, n int) (start, end int, ok bool) {
	s, before := all[i], ";"
	if i > 0 {
		before = all[i-1].After
	}
	joined := s.After == "&&" || s.After == ";"
	switch {
	case n+1 < len(words):
		return words[n].Start, words[n+1].Start, true
	case n > 0:
		return words[n].Start, words[n].End, true
	case len(s.Redirects) > 0 || !joined && s.After != "":
		return 0, 0, false
	case before == "&&":
		return all[i-1].AfterEnd - len(before), s.End, true
	}
	return s.Start, s.AfterEnd, before == ";" && joined
}

func (r *Command) takeName(w shell.Word) {
	name, v, _ := strings.Cut(w.Text, "=")
	r.E.Decide("the command sets %s, which looks like a secret and is not written: the job gets it from the task definition's secrets, which hold a placeholder", name)
	if r.Secrets.Remember(name, shell.Unquote(v)) {
		r.Off("%s has another value elsewhere in the file, but the task definition has one for all: rename one of them", name)
	}
}

// ReplaceSecrets puts a placeholder in place of secrets that are left in the command, which then
// cannot run as it is.
func (r *Command) ReplaceSecrets() {
	found := FindSecrets(r.Line)
	if len(found) == 0 {
		return
	}
	r.Line = replaceAll(r.Line, found, ReplaceMe)
	what := "what looks like a secret"
	if name := found[0].Name; name != "" {
		what = name + ", which looks like a secret"
	}
	r.Off("it holds %s, which %s could read: %s is written instead; put it into the task definition's secrets and use its variable there", what, r.readers(), ReplaceMe)
}

package importer

import "strings"

// takeSecrets takes the assignments of secrets off that stand before a command
// or are one themselves. The task definition sets those variables instead.
func (r *rewriting) takeSecrets() {
	for range 32 {
		tokens, ok := lex(r.line)
		if !ok || !r.takeSecret(segments(tokens)) {
			return
		}
	}
}

// takeSecret takes one assignment off, which it tells.
func (r *rewriting) takeSecret(all []segment) bool {
	for i, s := range all {
		words := s.words
		if s.command() == "export" && !isAssignment(words[0].text) {
			words = words[1:]
		}
		for n, w := range words {
			if !isAssignment(w.text) {
				break
			}
			if start, end, ok := assigning(all, i, words, n); ok && isSecret(w.text) {
				r.takeName(w)
				r.cut(start, end)
				return true
			}
		}
	}
	return false
}

// assigning is what goes with the nth of the words of the ith command, an
// assignment: the word, or the command with one operator when it does nothing
// else. An assignment succeeds always, so `a && B=c; d` is `a; d`.
func assigning(all []segment, i int, words []token, n int) (start, end int, ok bool) {
	s, before := all[i], ";"
	if i > 0 {
		before = all[i-1].after
	}
	joined := s.after == "&&" || s.after == ";"
	switch {
	case n+1 < len(words):
		return words[n].start, words[n+1].start, true
	case n > 0:
		return words[n].start, words[n].end, true
	case len(s.redirects) > 0 || !joined && s.after != "":
		return 0, 0, false
	case before == "&&":
		return all[i-1].afterEnd - len(before), s.end, true
	}
	return s.start, s.afterEnd, before == ";" && joined
}

func (r *rewriting) takeName(w token) {
	name, v, _ := strings.Cut(w.text, "=")
	r.e.decide("the command sets %s, which looks like a secret and is not written: the job gets it from the task definition's secrets, where a placeholder stands", name)
	if r.env.remember(name, unquote(v)) {
		r.off("%s has another value elsewhere in the file, and the task definition has one for all: give one of them another name", name)
	}
}

// replaceSecrets puts a placeholder where secrets are left in the command, which
// then cannot run as it is.
func (r *rewriting) replaceSecrets() {
	found := findSecrets(r.line)
	if len(found) == 0 {
		return
	}
	r.line = replaceAll(r.line, found, replaceMe)
	what := "what looks like a secret"
	if name := found[0].name; name != "" {
		what = name + ", which looks like a secret"
	}
	r.off("it holds %s, and anyone who may read ECS events could read it: %s stands there; put it into the task definition's secrets and write the name of its variable there", what, replaceMe)
}

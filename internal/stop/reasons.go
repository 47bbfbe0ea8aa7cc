package stop

// reading is what one text, of the task or of a container, says.
type reading struct {
	rule  *Rule
	proof proof
	bare  bool
}

// classifyReasons reads a task that did not start, from its own reason and
// its containers'. A mistake to mend wins over all, wherever it is named; else
// the task's reason counts unless it says nothing. The proof is the weakest of
// all texts.
func classifyReasons(s *Stop) Verdict {
	best := read(s, s.Reason)
	for i := range s.Containers {
		if s.Containers[i].Reason == "" {
			continue
		}
		best = best.with(read(s, s.Containers[i].Reason))
	}
	return verdict(best.rule, started(s, best.proof))
}

func (a reading) with(b reading) reading {
	switch {
	case b.bare:
		return a
	case a.bare:
		return b
	}
	if b.proof < a.proof {
		a.proof = b.proof
	}
	if b.rule.Class == AppFailed || (b.rule.Class == Config && a.rule.Class != AppFailed) {
		a.rule = b.rule
	}
	return a
}

// read judges one text.
func read(s *Stop, reason string) reading {
	var t text
	t.read(reason)
	if t.bare() {
		return reading{rule: &bareRule, bare: true}
	}
	f, hold := find(taskFamilies, &t)
	if hold < inside || (f.proof != proofNone && t.hasAny(later)) {
		return reading{rule: loose(f, &t)}
	}
	p := trust(s, f.proof, hold)
	if p != proofNone && unsure(&t) {
		p = proofNone
	}
	return reading{rule: f.rule(&t, Task, ""), proof: p}
}

// unsure is whether a text, however it begins, speaks of the start of a
// process.
func unsure(t *text) bool {
	return t.hasAny(memory) || t.hasAny(health) || t.hasAny(ranFamily.Has) || t.hasAny(startFamily.Has) || t.hasAny(transitionFamily.Has)
}

// loose judges a text that proves nothing, because no family knows it or it
// speaks of a later time than its family f: a mistake stays one, but that a
// relaunch would help is not said.
func loose(f *Family, t *text) *Rule {
	if e, _ := find(endFamilies, t); e != nil {
		return &e.Rules[0]
	}
	if f == nil {
		return unfamiliar(t)
	}
	r := f.rule(t, Task, "")
	if r.Class == Config {
		return r
	}
	if t.hasAny(later) {
		return &laterRule
	}
	return &vagueRule
}

// unfamiliar judges a text of no family: only a mistake is worth telling.
func unfamiliar(t *text) *Rule {
	if t.hasAny(denied) || t.hasAny(missing) || t.hasAny(invalid) {
		if t.resource || named(t) {
			return &resourceConfigRule
		}
	}
	return &unknownRule
}

// trust lowers a proof. Without the stop code TaskFailedToStart only a text
// that begins like a task-level family is read as one; with it, the words may
// also stand inside.
func trust(s *Stop, p proof, hold grip) proof {
	switch {
	case s.Code == codeFailedToStart:
		return p
	case s.CodeMissing && hold == anchored && p >= proofPlacement:
		return p
	}
	return proofNone
}

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
	started, why := neverStarted(s, best.proof)
	return verdict(best.rule, started, why)
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
	f, anchored := find(taskFamilies, &t)
	if f == nil {
		return reading{rule: unfamiliar(&t)}
	}
	p := trust(s, f.proof, anchored)
	if p != proofNone && unsure(&t) {
		p = proofNone
	}
	return reading{rule: f.rule(&t, Task, ""), proof: p}
}

// unsure is whether a text, however it begins, speaks of the start of a
// process or of a later time.
func unsure(t *text) bool {
	return t.hasAny(ranFamily.Has) || t.hasAny(startFamily.Has) || t.hasAny(transitionFamily.Has)
}

// unfamiliar judges a text of no family: only a mistake is worth telling.
func unfamiliar(t *text) *Rule {
	if f, anchored := find(endFamilies, t); anchored {
		return &f.Rules[0]
	}
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
func trust(s *Stop, p proof, anchored bool) proof {
	switch {
	case s.Code == codeFailedToStart:
		return p
	case s.CodeMissing && anchored && p >= proofPlacement:
		return p
	}
	return proofNone
}

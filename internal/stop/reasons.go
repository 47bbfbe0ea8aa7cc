package stop

// reading is what one text, of the task or of a container, says.
type reading struct {
	rule  *Rule
	proof proof
	bare  bool
}

// classifyReasons reads a task that did not start, by its own reason and its containers' reasons.
// A mistake to fix wins wherever it is named; otherwise the task's reason counts, unless it says
// nothing. The proof is the weakest of all texts.
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
	case b.bare && (!a.bare || a.proof >= b.proof):
		return a
	case a.bare:
		return b
	}
	a.proof = min(a.proof, b.proof)
	if b.rule.Class == AppFailed || (b.rule.Class == Config && a.rule.Class != AppFailed) {
		a.rule = b.rule
	}
	return a
}

// read judges one text.
func read(s *Stop, reason string) reading {
	var t text
	t.read(reason)
	if t.bare() && !t.unpulled {
		return reading{rule: &bareRule, bare: true}
	}
	m := written(&t)
	switch {
	case m.loose:
		return reading{rule: loose(s, m.family, &t)}
	case m.family == nil:
		return reading{rule: &unpulledRule, proof: trust(s, m.proof, m.hold), bare: true}
	}
	return reading{rule: m.family.rule(&t, Task, ""), proof: trust(s, m.proof, m.hold)}
}

// moment is the point in a task's life at which a text was written.
type moment struct {
	// family is nil if no family knows the text, or if the text says only that the pull of the
	// image had not begun.
	family *Family
	hold   grip
	// proof is what the text says about that time. loose means that it says nothing, because no
	// family holds the text or because it also speaks of a later time.
	proof proof
	loose bool
}

func written(t *text) moment {
	m := moment{hold: anchored, proof: proofOwn}
	if !t.unpulled {
		m.family, m.hold = taskLexicon.find(t)
		if m.hold < inside {
			return moment{family: m.family, loose: true}
		}
		m.proof = m.family.proof
	}
	switch {
	case m.proof == proofNone:
	case speaksLater.in(t):
		return moment{family: m.family, loose: true}
	case unsure(t):
		m.proof = proofNone
	}
	return m
}

// unsure reports whether a text, however it begins, speaks of the start of a process.
func unsure(t *text) bool {
	return speaksOfStart.in(t)
}

// loose judges a text that proves nothing, because no family knows it or because it speaks of a
// later time than its family f. A mistake remains a mistake, but the verdict does not say that a
// relaunch would help.
func loose(s *Stop, f *Family, t *text) *Rule {
	if e, _ := endLexicon.find(t); e != nil {
		return &e.Rules[0]
	}
	if f == nil {
		return unfamiliar(s, t)
	}
	r := f.rule(t, Task, "")
	if r.Class == Config {
		return r
	}
	if speaksLater.in(t) {
		return &laterRule
	}
	return &vagueRule
}

// unfamiliar judges a text of no family: only a mistake is worth reporting. The word "invalid" is
// used of many things, so it counts only in an error's own text.
func unfamiliar(s *Stop, t *text) *Rule {
	own := t.resource || named(t)
	if ((own || s.Code == codeFailedToStart) && namesMistake.in(t)) || (own && namesInvalid.in(t)) {
		return &resourceConfigRule
	}
	return &unknownRule
}

// trust lowers a proof. With the stop code TaskFailedToStart, a family's words may stand anywhere
// in the text. Without it, only a text that begins with the words of a task-level family counts.
func trust(s *Stop, p proof, hold grip) proof {
	switch {
	case s.Code == codeFailedToStart:
		return p
	case s.CodeMissing && hold == anchored && p >= proofPlacement:
		return p
	}
	return proofNone
}

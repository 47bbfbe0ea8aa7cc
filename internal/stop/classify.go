package stop

import "bytes"

// Classify reads a stop. It is total: what it does not know becomes an
// ambiguous verdict that is not relaunched. It keeps nothing of s.
func Classify(s Stop) Verdict { return ClassifyOf(&s) }

// ClassifyOf is Classify of a stop that lies elsewhere, which it does not change.
func ClassifyOf(s *Stop) Verdict {
	if s.Kind == LaunchFailure || s.Kind == LaunchException {
		return classifyLaunch(s)
	}
	return classifyTask(s)
}

// Throttled is whether RunTask was refused by a rate limit, of ECS or of EC2
// behind it. Nothing was launched and the same client token may be sent later.
func Throttled(s Stop) bool {
	rule := ClassifyOf(&s).Rule
	return rule == RuleThrottled || rule == RuleThrottledEC2
}

func classifyTask(s *Stop) Verdict {
	switch {
	case !ended(s):
		return verdict(&notStoppedRule, Unknown)
	case s.Asked != "":
		return classifyAsked(s)
	}
	return classifyEnd(s)
}

// ended is whether the stop is one: STOPPED, DELETED (which DescribeTasks says
// of a task that stopped a while ago), or without a status but with
// anything that only an end has.
func ended(s *Stop) bool {
	if s.LastStatus != "" {
		return s.LastStatus == "STOPPED" || s.LastStatus == "DELETED"
	}
	return !s.CodeMissing || s.Reason != "" || shows(s) || said(s)
}

// said is whether any container gives a reason.
func said(s *Stop) bool {
	for i := range s.Containers {
		if s.Containers[i].Reason != "" {
			return true
		}
	}
	return false
}

// classifyAsked reads a stop that we asked for.
func classifyAsked(s *Stop) Verdict {
	switch s.Asked {
	case AskedByPerson:
		return ran(s, &askedPersonRule)
	case AskedByLaunchTimeout:
		return classifyHung(s)
	}
	if s.Code == codeEssentialExited && classifyExit(s).Class == Succeeded {
		return ran(s, &endedLateRule)
	}
	return ran(s, &timedOutRule)
}

// classifyHung reads the stop of a task that was not running in time. It may
// have ended by itself just before our request: then its own reason counts,
// if that is a proof or a mistake to mend.
func classifyHung(s *Stop) Verdict {
	if s.Code == codeFailedToStart {
		if v := classifyEnd(s); v.Class == Config || v.Started == No {
			return v
		}
	}
	if shows(s) || anyRan(s, true) || hasRuntimeID(s) || s.SawPull || s.AskedWhile != "PROVISIONING" || s.Code == codeEssentialExited || classifyReasons(s).Class == AppFailed {
		return ran(s, &hungLaterRule)
	}
	return verdict(&hungRule, No)
}

// hasRuntimeID is whether any container has one. That shows no start, but it
// comes after PROVISIONING.
func hasRuntimeID(s *Stop) bool {
	for i := range s.Containers {
		if s.Containers[i].RuntimeID != "" {
			return true
		}
	}
	return false
}

// classifyEnd reads an end by its stop code.
func classifyEnd(s *Stop) Verdict {
	switch s.Code {
	case codeEssentialExited:
		return classifyExit(s)
	case codeUserInitiated:
		return ran(s, &userRule)
	case codeScheduler, codeSpot, codeTerminationNotice, codeInfrastructure:
		return classifyTaken(s)
	case codeFailedToStart:
		if shows(s) {
			return ran(s, &startedRule)
		}
		return classifyReasons(s)
	}
	return classifyUncoded(s)
}

func classifyExit(s *Stop) Verdict {
	if r := against(s); r != nil {
		return ran(s, r)
	}
	if succeeded(s) {
		return ran(s, &succeededRule)
	}
	return ran(s, &exitedRule)
}

func classifyTaken(s *Stop) Verdict {
	var t text
	t.read(s.Reason)
	if s.Code == codeScheduler && speaksOfHealth.in(&t) {
		return ran(s, &unhealthyRule)
	}
	return ran(s, &takenCodeRule)
}

// classifyUncoded reads an end without a stop code, or with one that this
// version does not know, by its text.
func classifyUncoded(s *Stop) Verdict {
	var t text
	t.read(s.Reason)
	if f, _ := endLexicon.find(&t); f != nil && (!claimed(&t) || speaksLater.in(&t)) {
		return ran(s, f.rule(&t, Task, ""))
	}
	if s.CodeMissing && t.begins("essential container in") {
		return classifyExit(s)
	}
	if shows(s) {
		return ran(s, &startedRule)
	}
	v := classifyReasons(s)
	if v.Rule == unknownRule.Name && s.CodeMissing && callers(&t) {
		return ran(s, &callerRule)
	}
	return v
}

// callers is whether a text may be one that a caller of StopTask wrote: it says
// something, and none of it looks like ECS's own words.
func callers(t *text) bool { return t.lo < t.hi && !t.resource && !named(t) && !hasTheirWords.in(t) }

// claimed is whether a text begins like one of the families of a start.
func claimed(t *text) bool {
	_, hold := taskLexicon.find(t)
	return hold == anchored
}

// named is whether a text begins with the name of an error.
func named(t *text) bool {
	name := t.bytes()
	if end := bytes.IndexAny(name, ": "); end >= 0 {
		name = name[:end]
	}
	return len(name) > len("error") && (bytes.HasSuffix(name, []byte("error")) || bytes.HasSuffix(name, []byte("exception")))
}

// ran gives a verdict on an end for which no proof of "never started" exists.
func ran(s *Stop, r *Rule) Verdict {
	if shows(s) || s.Code == codeEssentialExited {
		return verdict(r, Yes)
	}
	return verdict(r, Unknown)
}

func verdict(r *Rule, started Answer) Verdict {
	return Verdict{Class: r.Class, Started: started, Helps: r.Helps(), Rule: r.Name, Why: r.Why}
}

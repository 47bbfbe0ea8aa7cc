package stop

import "bytes"

// Classify reads a stop. It never fails: a stop that it does not recognise gets an ambiguous
// verdict and is not relaunched. It keeps no reference to s.
func Classify(s Stop) Verdict { return ClassifyOf(&s) }

// ClassifyOf is like Classify but takes a pointer. It does not change *s.
func ClassifyOf(s *Stop) Verdict {
	if s.Kind == LaunchFailure || s.Kind == LaunchException {
		return classifyLaunch(s)
	}
	return classifyTask(s)
}

// Throttled reports whether a rate limit, of ECS or of EC2 behind it, made ECS refuse RunTask.
// Nothing was launched, and the same client token may be sent later.
func Throttled(s Stop) bool {
	v := ClassifyOf(&s)
	return v.Started == No && (v.Rule == ruleThrottled || v.Rule == ruleThrottledEC2)
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

// ended reports whether the task has ended: its status is STOPPED or DELETED (which DescribeTasks
// gives for a task that stopped a while ago), or it has no status but something that only an
// ended task has.
func ended(s *Stop) bool {
	if s.LastStatus != "" {
		return s.LastStatus == "STOPPED" || s.LastStatus == "DELETED"
	}
	return !s.CodeMissing || s.Reason != "" || shows(s) || said(s)
}

// said reports whether any container gives a reason.
func said(s *Stop) bool {
	for i := range s.Containers {
		if s.Containers[i].Reason != "" {
			return true
		}
	}
	return false
}

// classifyAsked reads a stop that batchplane asked for.
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

// classifyHung reads the stop of a task that was not running in time. The task may have ended by
// itself just before our request. Then its own reason counts if it is a proof or a mistake to
// fix.
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

// hasRuntimeID reports whether any container has a runtimeId. It does not show a start, but ECS
// assigns it only after PROVISIONING.
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

// classifyUncoded reads the text of an end that has no stop code, or one that this version does
// not know.
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

// callers reports whether a caller of StopTask may have written the text: it is not empty and
// nothing in it looks like ECS's own words.
func callers(t *text) bool { return t.lo < t.hi && !t.resource && !named(t) && !hasTheirWords.in(t) }

// claimed reports whether a text begins like one of the families of failed starts.
func claimed(t *text) bool {
	_, hold := taskLexicon.find(t)
	return hold == anchored
}

// named reports whether a text begins with the name of an error.
func named(t *text) bool {
	name := t.bytes()
	if end := bytes.IndexAny(name, ": "); end >= 0 {
		name = name[:end]
	}
	return len(name) > len("error") && (bytes.HasSuffix(name, []byte("error")) || bytes.HasSuffix(name, []byte("exception")))
}

// ran gives the verdict on an end that cannot be proved to have "never started".
func ran(s *Stop, r *Rule) Verdict {
	if shows(s) || s.Code == codeEssentialExited {
		return verdict(r, Yes)
	}
	return verdict(r, Unknown)
}

func verdict(r *Rule, started Answer) Verdict {
	return Verdict{Class: r.Class, Started: started, Helps: r.Helps(), Rule: r.Name, Why: r.Why}
}

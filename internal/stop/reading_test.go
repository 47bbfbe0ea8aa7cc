package stop

import "testing"

// TestUnsure: each word about a process that began takes away a text's proof.
func TestUnsure(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]stems{
		"memory": memory, "health": health, "a start": startFamily.Has, "a transition": transitionFamily.Has, "an end": ranFamily.Has,
	} {
		if len(words) == 0 {
			t.Errorf("no words of %s", name)
		}
		for _, word := range words {
			var x text
			if x.read("something new: " + word); !unsure(&x) {
				t.Errorf("%q, a word of %s, leaves the proof", word, name)
			}
		}
	}
	var x text
	if x.read(eniText); unsure(&x) {
		t.Errorf("%q takes its own proof away", eniText)
	}
}

// TestMatchNeedsAllItsParts: one of Any, one of With, none of Not.
func TestMatchNeedsAllItsParts(t *testing.T) {
	t.Parallel()
	m := Match{Any: []stems{{"alpha"}}, With: []stems{{"beta"}}, Not: []stems{{"gamma"}}, Codes: []string{"code"}, Failure: true}
	x := newIndex(nil, []*Match{&m})
	for said, c := range map[string]struct {
		kind Kind
		code string
		want bool
	}{
		"alpha and beta":                  {LaunchFailure, "code", true},
		"alpha":                           {LaunchFailure, "code", false},
		"beta":                            {LaunchFailure, "code", false},
		"alpha and beta and gamma":        {LaunchFailure, "code", false},
		"alpha and beta, uncoded":         {LaunchFailure, "", false},
		"alpha and beta, of an exception": {LaunchException, "code", false},
	} {
		var read text
		read.read(said)
		if read.look(x); m.fits(&read, c.kind, c.code) != c.want {
			t.Errorf("%q of %s with code %q: fits %v", said, c.kind, c.code, !c.want)
		}
	}
}

// TestErrorCodes: which words look like an error's type, and where clients print one.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for _, codes := range [][]string{throttleCodes, refusalCodes, brokeCodes, {"newexception", "newerror", "com.amazonaws.ecs#newexception"}} {
		for _, code := range codes {
			if !codeLike(code) {
				t.Errorf("%q is no error's type", code)
			}
		}
	}
	for said, want := range map[string]string{
		"operation error ecs: runtask, api error newexception: words":       "newexception",
		"operation error ecs: runtask, api error newerror: words":           "newerror",
		"operation error ecs: runtask, api error throttling: words":         "throttling",
		"operation error ecs: runtask, api error nothing known: words":      "",
		"status code: 400, requestid: 1-2, newexception: words":             "newexception",
		"status code: 400, requestid: 1-2":                                  "",
		"words (service: ecs, status code: 400, error code: newexception)":  "newexception",
		"words (service: ecs, status code: 400, error code: ; request id 1": "",
	} {
		if got := printedCode(said); got != want {
			t.Errorf("%q has code %q, want %q", said, got, want)
		}
	}
	for _, code := range []string{" com.amazonaws.ecs#ClientException ", "ClientException:http://internal.amazon.com/coral/", "Aws::ECS::Errors::ClientException"} {
		if got := shortCode(code); got != "clientexception" {
			t.Errorf("the short form of %q is %q", code, got)
		}
	}
	s := Stop{Kind: LaunchException, ErrorCode: "ClientException", Reason: "MISSING"}
	if v := Classify(s); v.Rule == notFoundRule.Name {
		t.Errorf("an exception is read as DescribeTasks' answer: %+v", v)
	}
}

// TestWhatIsCut: words before a reason are cut as often as they occur, and what they say is kept.
// A person's words are not taken for a service's.
func TestWhatIsCut(t *testing.T) {
	t.Parallel()
	for said, c := range map[string]struct {
		left               string
		resource, unpulled bool
	}{
		"TaskStoppedBeforePullBeginError: ResourceInitializationError: alpha":                      {"alpha", true, true},
		"ResourceInitializationError: TaskStoppedBeforePullBeginError: alpha":                      {"alpha", true, true},
		"TaskStoppedBeforePullBeginError: ResourceInitializationError: reason: alpha":              {"alpha", true, true},
		"my job: unable to place a task. Reason: alpha":                                            {"my job: unable to place a task. reason: alpha", false, false},
		"ResourceInitializationError: ResourceInitializationError: alpha":                          {"alpha", true, false},
		"so it was unable to place a task. Reason: alpha":                                          {"so it was unable to place a task. reason: alpha", false, false},
		"(service etl) was unable to place a task. Reason: alpha":                                  {"alpha", false, false},
		"(service etl) is unhappy. It was unable to place a task. Reason: alpha":                   {"(service etl) is unhappy. it was unable to place a task. reason: alpha", false, false},
		"TaskStoppedBeforePullBeginError: (service etl) was unable to place a task. Reason: alpha": {"alpha", false, true},
	} {
		var x text
		x.read(said)
		if string(x.bytes()) != c.left || x.resource != c.resource || x.unpulled != c.unpulled {
			t.Errorf("%q is read as %q, resource %v, unpulled %v", said, x.bytes(), x.resource, x.unpulled)
		}
	}
	for said, want := range map[string]bool{
		"": true, "Task failed to start": true, "Task failed to start.": true, "Task failed to start:": true, "TaskFailedToStart.:": true, "Failed to start": true,
		"Task failed to start now": false, "ResourceInitializationError: ": false,
	} {
		var x text
		if x.read(said); x.bare() != want {
			t.Errorf("%q is bare: %v", said, !want)
		}
	}
}

// TestWhichReasonDecides: a mistake that a person must fix is reported wherever it stands, but a
// process that failed wins over it.
func TestWhichReasonDecides(t *testing.T) {
	t.Parallel()
	const missingImage, noMemory = "CannotPullContainerError: manifest unknown", "OutOfMemoryError: Container killed due to memory usage"
	for name, c := range map[string]struct {
		stop Stop
		want Class
	}{
		"a process beside a mistake":         {failed(missingImage, Container{Name: "app", Reason: noMemory}), AppFailed},
		"a mistake beside a process":         {failed(noMemory, Container{Name: "app", Reason: missingImage}), AppFailed},
		"a mistake beside what passes":       {failed(eniText, Container{Name: "app", Reason: missingImage}), Config},
		"what passes beside a mistake":       {failed(missingImage, Container{Name: "app", Reason: cutPull}), Config},
		"a new error of a permission":        {Stop{Kind: Task, CodeMissing: true, Reason: "NewError: not authorized to do it"}, Config},
		"a new error of a form":              {Stop{Kind: Task, CodeMissing: true, Reason: "NewError: malformed"}, Config},
		"a new exception of a permission":    {Stop{Kind: Task, CodeMissing: true, Reason: "NewException: not authorized to do it"}, Config},
		"a new error of nothing known":       {Stop{Kind: Task, CodeMissing: true, Reason: "NewError: alpha"}, Ambiguous},
		"a person's word of a permission":    {Stop{Kind: Task, CodeMissing: true, Reason: "not authorized to run at night"}, StoppedByUser},
		"words of a form at a failed start":  {failed("a malformed alpha"), Ambiguous},
		"words of a right at a failed start": {failed("the alpha is not authorized"), Config},
	} {
		if v := Classify(c.stop); v.Class != c.want {
			t.Errorf("%s: %s by %s, want %s", name, v.Class, v.Rule, c.want)
		}
	}
	newCode := Stop{Kind: Task, Code: "New", Reason: exitText, Containers: exit0("app")}
	if v := Classify(newCode); v.Class == Succeeded || v.Started != Yes {
		t.Errorf("a new code with the words of an end: %+v", v)
	}
	before := Stop{Kind: Task, CodeMissing: true, Reason: beforePull, Containers: []Container{{Name: "app", Reason: "Task failed to start"}}}
	if v := Classify(before); v.Rule != unpulledRule.Name {
		t.Errorf("the words that say more decide: %+v", v)
	}
	agent := Stop{Kind: Task, CodeMissing: true, Reason: "AGENT"}
	if v := Classify(agent); v.Started != No {
		t.Errorf("no code, no agent: started %s by %s", v.Started, v.Rule)
	}
	detailed := Stop{Kind: LaunchFailure, Reason: "AGENT", Detail: "not authorized, out of memory"}
	if v, plain := Classify(detailed), Classify(Stop{Kind: LaunchFailure, Reason: "AGENT"}); v != plain {
		t.Errorf("a detail beside known words: %+v, and %+v without", v, plain)
	}
	placed := Stop{Kind: Task, CodeMissing: true, Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}
	if v := Classify(placed); v.Started != No {
		t.Errorf("no code, no place: started %s by %s", v.Started, v.Rule)
	}
}

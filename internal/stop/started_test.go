package stop

import (
	"strings"
	"testing"
)

// Ids as ECS gives them: on Fargate in two forms, and from Docker on EC2.
const (
	onFargate  = "adab51249cea4b5ea2d99cede4bb257e-2987719819"
	onFargate3 = "eeccdb34-d8cf-49e7-b379-1cf4f123c0ee-3935363592"
	ofDocker   = "5e1a0c6b7d8f9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b"
)

const (
	cutPull    = "CannotPullContainerError: inspect image has been retried 1 time(s)"
	beforePull = "TaskStoppedBeforePullBeginError: Task stopped before image pull could begin for task: arn:aws:ecs:us-east-1:123456789012:task/x"
)

// pulling is a task in which the image of the job's container could not be pulled, with other
// containers.
func pulling(id string, others ...Container) Stop {
	return failed(pullText, append([]Container{{Name: "app", Reason: cutPull, RuntimeID: id}}, others...)...)
}

func with(s Stop, change func(*Stop)) Stop {
	change(&s)
	return s
}

var runtimeIDCases = map[string]struct {
	stop    Stop
	started Answer
	re      bool
}{
	"Fargate, pull failed":                          {pulling(onFargate), No, true},
	"Fargate with a UUID, pull failed":              {pulling(onFargate3), No, true},
	"Fargate, create failed":                        {failed("CannotCreateContainerError: API error (500): Untar", Container{Name: "app", RuntimeID: onFargate}), No, true},
	"Fargate, said by the task alone":               {failed(pullText, Container{Name: "app", RuntimeID: onFargate}), No, true},
	"Fargate, said by the container alone":          {failed("Task failed to start", Container{Name: "app", RuntimeID: onFargate, Reason: cutPull}), No, true},
	"Fargate, no network interface":                 {failed(eniText, Container{Name: "app", RuntimeID: onFargate}), No, true},
	"Fargate, a sibling that was not pulled":        {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate}), No, true},
	"Fargate, a sibling that could not be pulled":   {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, ImageDigest: "sha256:1", Reason: cutPull}), No, true},
	"an id of a new form, not pulled":               {pulling("t-1"), No, true},
	"pulled, on EC2, not created":                   {failed(pullText, Container{Name: "app", Reason: cutPull}, Container{Name: "proxy", ImageDigest: "sha256:1"}), No, true},
	"an injected sidecar that was pulled":           {pulling(onFargate, Container{Name: "aws-guardduty-agent-x", RuntimeID: onFargate, ImageDigest: "sha256:1"}), No, true},
	"a sibling was pulled":                          {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, ImageDigest: "sha256:1"}), Unknown, false},
	"the job itself was pulled":                     {failed(pullText, Container{Name: "app", RuntimeID: onFargate, ImageDigest: "sha256:1"}), Unknown, false},
	"a sibling ran":                                 {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, ExitCode: code(0)}), Yes, false},
	"a sibling still runs":                          {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, LastStatus: "RUNNING"}), Yes, false},
	"a sibling that says something new":             {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, Reason: "Something new"}), Unknown, false},
	"a sibling that did not start":                  {pulling(onFargate, Container{Name: "proxy", RuntimeID: onFargate, Reason: "CannotStartContainerError: context canceled"}), Unknown, false},
	"an exit code beside the failed pull":           {with(pulling(onFargate), func(s *Stop) { s.Containers[0].ExitCode = code(1) }), Yes, false},
	"a startedAt":                                   {with(pulling(onFargate), func(s *Stop) { s.StartedAt = now }), Yes, false},
	"no container listed":                           {failed(cutPull), Unknown, false},
	"a container of the definition is not listed":   {with(pulling(onFargate), func(s *Stop) { s.Definition = both }), Unknown, false},
	"no stop code":                                  {with(pulling(onFargate), func(s *Stop) { s.Code, s.CodeMissing = "", true }), Unknown, false},
	"taken away by Spot":                            {with(pulling(onFargate), func(s *Stop) { s.Code = codeSpot }), Unknown, false},
	"stopped by a person":                           {with(pulling(onFargate), func(s *Stop) { s.Code = codeUserInitiated }), Unknown, false},
	"an id of Docker's":                             {pulling(ofDocker), Yes, false},
	"a sibling with an id of Docker's":              {pulling(onFargate, Container{Name: "proxy", RuntimeID: ofDocker}), Yes, false},
	"any id on a container instance":                {with(pulling(onFargate), func(s *Stop) { s.OnInstance = true }), Yes, false},
	"an id of a new form, no reason":                {failed(pullText, Container{Name: "app", RuntimeID: "t-1"}), Yes, false},
	"an id of a new form, a reason of a later time": {failed(pullText, Container{Name: "app", RuntimeID: "t-1", Reason: "CannotPullContainerError: the image was removed while the container was running"}), Yes, false},
	"Fargate, nothing but the failure":              {failed("Task failed to start", Container{Name: "app", RuntimeID: onFargate}), Unknown, false},
	"Fargate, could not start":                      {failed("CannotStartContainerError: no answer", Container{Name: "app", RuntimeID: onFargate}), Unknown, false},
	"hung, with an id that a pull comes after":      {Stop{Kind: Task, Code: codeUserInitiated, Asked: AskedByLaunchTimeout, AskedWhile: "PROVISIONING", Containers: []Container{{Name: "app", RuntimeID: onFargate}}}, Unknown, false},

	"another was stopped before its pull":         {pulling(onFargate, Container{Name: "proxy", Reason: beforePull}), No, true},
	"all were stopped before their pull":          {failed("Task failed to start", Container{Name: "app", Reason: beforePull}, Container{Name: "proxy", Reason: beforePull}), No, true},
	"the only one was stopped before its pull":    {failed(beforePull, Container{Name: "app"}), No, true},
	"no interface, and stopped before its pull":   {failed(eniText, Container{Name: "app", Reason: beforePull}, Container{Name: "proxy"}), No, true},
	"one was stopped before its pull, one silent": {failed("Task failed to start", Container{Name: "app"}, Container{Name: "proxy", Reason: beforePull}), Unknown, false},
	"before the pull, of which of the two":        {failed(beforePull, Container{Name: "app"}, Container{Name: "proxy"}), Unknown, false},
	"before the pull, and no more by itself":      {failed(beforePull, Container{Name: "app", Reason: "Task failed to start"}), No, true},
	"before the pull, beside one that ran":        {failed("Task failed to start", Container{Name: "app", ExitCode: code(1)}, Container{Name: "proxy", Reason: beforePull}), Yes, false},
	"before the pull, beside something new":       {failed("Task failed to start", Container{Name: "app", Reason: "Something new"}, Container{Name: "proxy", Reason: beforePull}), Unknown, false},
	"before the pull, and something new":          {failed("Something new", Container{Name: "app", Reason: beforePull}), Unknown, false},
	"before the pull, no container listed":        {failed(beforePull), Unknown, false},
	"before the pull, not all listed":             {with(failed(beforePull, Container{Name: "app"}), func(s *Stop) { s.Definition = both }), Unknown, false},
	"before the pull, no stop code":               {Stop{Kind: Task, CodeMissing: true, Reason: beforePull, Containers: []Container{app}}, Unknown, false},
	"before the pull, after a start":              {failed(beforePull+" after the container started", Container{Name: "app"}), Unknown, false},
	"before the pull, out of memory":              {failed(beforePull+": out of memory", Container{Name: "app"}), Unknown, false},
}

func TestRuntimeIDs(t *testing.T) {
	t.Parallel()
	for name, c := range runtimeIDCases {
		if v := Classify(c.stop); v.Started != c.started || v.Relaunch() != c.re {
			t.Errorf("%s: %s started %s relaunch %t by %s, want started %s relaunch %t", name, v.Class, v.Started, v.Relaunch(), v.Rule, c.started, c.re)
		}
	}
}

func TestFormsOfARuntimeID(t *testing.T) {
	t.Parallel()
	hex := strings.Repeat("0123456789abcdef", 4)
	for id, want := range map[string][2]bool{ // Docker's, Fargate's
		hex:                                 {true, false},
		hex[1:]:                             {},
		hex + "0":                           {},
		hex[1:] + "g":                       {},
		hex[:32] + "-1":                     {false, true},
		hex[:31] + "-1":                     {},
		hex[:33] + "-1":                     {},
		hex[:31] + "g-1":                    {},
		hex[:32] + "-":                      {},
		hex[:32] + "-1a":                    {},
		hex[:32] + "1":                      {},
		hex[:33] + "-" + hex[:10]:           {},
		strings.Repeat("a", 31) + "--1":     {},
		onFargate3:                          {false, true},
		"x" + onFargate3[1:]:                {},
		strings.TrimPrefix(onFargate3, "e"): {},
		"":                                  {},
		"-1":                                {},
	} {
		if got := [2]bool{dockerID(id), fargateID(id)}; got != want {
			t.Errorf("%q: Docker's and Fargate's %v, want %v", id, got, want)
		}
	}
}

// TestAServiceSaysItFirst: a service event puts words of its own before the task's reason. They
// neither hide it nor prove anything.
func TestAServiceSaysItFirst(t *testing.T) {
	t.Parallel()
	for prelude, plain := range map[string]bool{
		"(service web) was unable to place a task. Reason: ":      true,
		"service web-1 was unable to place a task. Reason: ":      true,
		"(service a/b) failed to launch a task with (error ":      true,
		"The task failed to start due to: ":                       true,
		"Stop reason: ":                                           true,
		"Reason: ":                                                true,
		"my service was unable to place a task. Reason: ":         false,
		"the web was unable to place a task. Reason: ":            false,
		"(service web) could not go on after the start. Reason: ": false,
		"(service web) has reached a steady state. ":              false,
	} {
		for _, l := range append(lines(t, "testdata/corpus.jsonl"), lines(t, "testdata/variants.jsonl")...) {
			s := l.stop()
			if s.Kind != Task || s.Code != codeFailedToStart || s.Reason == "" {
				continue
			}
			before := Classify(s)
			s.Reason = prelude + s.Reason
			v := Classify(s)
			if plain && v != before {
				t.Errorf("%s behind %q: %s started %s, before %s started %s", l.ID, prelude, v.Rule, v.Started, before.Rule, before.Started)
			}
			if s.Code, s.CodeMissing = "", true; !plain && Classify(s).Started == No {
				t.Errorf("%s behind %q, no stop code: %+v", l.ID, prelude, Classify(s))
			}
		}
	}
}

package fargate_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

const taskARN = "arn:aws:ecs:eu-central-1:123456789012:task/batch/0123456789abcdef0123456789abcdef"

// TestRunTaskAnswers gives every kind of answer to the SDK's real client. Each takes one request:
// nobody would count what the SDK sends again by itself.
func TestRunTaskAnswers(t *testing.T) {
	t.Parallel()
	refused := func(code, reason string) run.Event {
		return run.Refused{Attempt: 2, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: code, Reason: reason}}
	}
	cases := map[string]struct {
		status int
		body   string
		want   run.Event
		// started says whether the answer leaves open that a task was launched.
		started stop.Answer
	}{
		"a task": {
			200, `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"PROVISIONING"}],"failures":[]}`,
			run.Launched{Attempt: 2, TaskARN: taskARN, LastStatus: "PROVISIONING"},
			"",
		},
		"a stopped task of the same token": {
			200, `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"STOPPED","desiredStatus":"STOPPED"}],"failures":[]}`,
			run.Launched{Attempt: 2, TaskARN: taskARN, LastStatus: "STOPPED"},
			"",
		},
		"failures": {
			200, `{"tasks":[],"failures":[{"arn":"a","reason":"RESOURCE:MEMORY","detail":"d"}]}`,
			run.Refused{Attempt: 2, Stop: stop.Stop{Kind: stop.LaunchFailure, Reason: "RESOURCE:MEMORY", Detail: "d", ARN: "a"}},
			stop.No,
		},
		"neither":                              {200, `{"tasks":[],"failures":[]}`, run.NoAnswer{Attempt: 2}, ""},
		"a task without its ARN":               {200, `{"tasks":[{"lastStatus":"PROVISIONING"}],"failures":[]}`, run.NoAnswer{Attempt: 2}, ""},
		"empty":                                {200, ``, run.NoAnswer{Attempt: 2}, ""},
		"no JSON":                              {200, `<html>`, run.NoAnswer{Attempt: 2}, ""},
		"conflict with a task without its ARN": {400, `{"__type":"ConflictException","message":"m","resourceIds":[""]}`, run.NoAnswer{Attempt: 2}, ""},
		"conflict with its tasks": {
			400, `{"__type":"ConflictException","message":"m","resourceIds":["` + taskARN + `"]}`,
			run.Launched{Attempt: 2, TaskARN: taskARN},
			"",
		},
		"conflict without tasks":    {400, `{"__type":"ConflictException","message":"m"}`, refused("ConflictException", "m"), stop.Yes},
		"throttled":                 {400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, refused("ThrottlingException", "Rate exceeded"), stop.No},
		"throttled with 429":        {429, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, refused("ThrottlingException", "Rate exceeded"), stop.No},
		"throttled by EC2":          {400, `{"__type":"InvalidParameterException","message":"Rate exceeded"}`, refused("InvalidParameterException", "Rate exceeded"), stop.No},
		"client exception":          {400, `{"__type":"com.amazonaws.ecs#ClientException","message":"TaskDefinition is inactive"}`, refused("ClientException", "TaskDefinition is inactive"), stop.No},
		"access denied":             {400, `{"__type":"AccessDeniedException","message":"no"}`, refused("AccessDeniedException", "no"), stop.No},
		"access denied with 403":    {403, `{"__type":"AccessDeniedException","Message":"no"}`, refused("AccessDeniedException", "no"), stop.No},
		"no such cluster":           {400, `{"__type":"ClusterNotFoundException","message":"Cluster not found."}`, run.Refused{Attempt: 2, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClusterNotFoundException", Reason: "Cluster not found."}, Mend: "there is no cluster default here: create it, or name another in the job's `cluster`"}, stop.No},
		"an unknown refusal":        {400, `{"__type":"BrandNewException","message":"new"}`, refused("BrandNewException", "new"), stop.Unknown},
		"a proxy's refusal":         {403, `<html>`, nil, stop.Unknown},
		"server exception":          {500, `{"__type":"ServerException","message":"m"}`, run.NoAnswer{Attempt: 2}, ""},
		"server exception as 400":   {400, `{"__type":"ServerException","message":"m"}`, refused("ServerException", "m"), stop.Unknown},
		"unavailable":               {503, ``, run.NoAnswer{Attempt: 2}, ""},
		"throttled, but with a 500": {500, `{"__type":"ThrottlingException","message":"Rate exceeded"}`, run.NoAnswer{Attempt: 2}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answering(c.status, c.body)
			got := a.open(t).Launch(t.Context(), launch(job.Job{Name: "report"}))
			sameEvent(t, got, c.want, c.started)
			if n := a.requests(); n != 1 {
				t.Errorf("%d requests were sent, not one", n)
			}
		})
	}
}

// sameEvent compares events. The text of a lost answer is the client's own. A nil want accepts any
// answer that leaves a launch open.
func sameEvent(t *testing.T, got, want run.Event, started stop.Answer) {
	t.Helper()
	if lost, ok := got.(run.NoAnswer); ok {
		if lost.Err == "" {
			t.Error("a lost answer without a word")
		}
		lost.Err = ""
		got = lost
	}
	if r, ok := got.(run.Refused); ok {
		if v := stop.Classify(r.Stop); v.Started != started {
			t.Errorf("read as started %q by %s, want %q", v.Started, v.Rule, started)
		}
	}
	if _, launched := got.(run.Launched); want == nil && !launched {
		return
	}
	if !equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestRunTaskWithoutAnswer(t *testing.T) {
	t.Parallel()
	t.Run("the connection breaks", func(t *testing.T) {
		t.Parallel()
		a := &api{answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }}
		sameEvent(t, a.open(t).Launch(t.Context(), launch(job.Job{Name: "report"})), run.NoAnswer{Attempt: 2}, "")
		if n := a.requests(); n != 1 {
			t.Errorf("%d requests were sent, not one", n)
		}
	})
	t.Run("a kept connection breaks", func(t *testing.T) {
		t.Parallel()
		a := answering(200, `{"tasks":[{"taskArn":"`+taskARN+`"}]}`)
		launcher := a.open(t)
		_ = launcher.Launch(t.Context(), launch(job.Job{Name: "report"}))
		a.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		sameEvent(t, launcher.Launch(t.Context(), launch(job.Job{Name: "report"})), run.NoAnswer{Attempt: 2}, "")
		if n := a.requests(); n != 2 {
			t.Errorf("%d requests were sent, not two", n)
		}
	})
	t.Run("time runs out", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a := &api{answer: func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}}
		sameEvent(t, a.open(t).Launch(ctx, launch(job.Job{Name: "report"})), run.NoAnswer{Attempt: 2}, "")
		if n := a.requests(); n != 1 {
			t.Errorf("%d requests were sent, not one", n)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()
		a := answering(200, ``)
		launcher := a.open(t)
		launcher.ECS = client("http://127.0.0.1:1", nil)
		sameEvent(t, launcher.Launch(t.Context(), launch(job.Job{Name: "report"})), run.NoAnswer{Attempt: 2}, "")
	})
}

func TestStopTask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		ok     bool
	}{
		"stopping":        {200, `{"task":{"taskArn":"` + taskARN + `"}}`, true},
		"an unknown task": {400, `{"__type":"InvalidParameterException","message":"The referenced task was not found."}`, true},
		"another fault":   {400, `{"__type":"InvalidParameterException","message":"Long arn required"}`, false},
		"access denied":   {400, `{"__type":"AccessDeniedException","message":"no"}`, false},
		"no such cluster": {400, `{"__type":"ClusterNotFoundException","message":"Cluster not found."}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answering(c.status, c.body)
			err := a.open(t).StopTask(t.Context(), "batch", taskARN, "batchplane: stopped by ann")
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestEachCallNamesItsObject: the cluster, and what is launched, described or stopped there. In another
// cluster ECS would not know the task, and a stop of a task that it does not know is no error.
func TestEachCallNamesItsObject(t *testing.T) {
	t.Parallel()
	a := answering(200, `{}`)
	l := a.open(t)
	l.Launch(t.Context(), launch(job.Job{Name: "report", Cluster: "batch"}))
	_, _, _ = l.Describe(t.Context(), "batch", []string{taskARN})
	_ = l.StopTask(t.Context(), "batch", taskARN, "why")
	_, _ = l.Resolve(t.Context(), job.Job{Name: "report", TaskDefinition: "report"})
	for i, want := range []string{
		string(wire(t, fargate.Input(launch(job.Job{Name: "report", Cluster: "batch"})))),
		`{"cluster":"batch","tasks":["` + taskARN + `"]}`,
		`{"cluster":"batch","reason":"why","task":"` + taskARN + `"}`,
		`{"taskDefinition":"report"}`,
	} {
		if got := string(a.bodies[i]); got != want {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	}
}

// TestStopTaskReason: ECS accepts a reason of at most 255 characters.
func TestStopTaskReason(t *testing.T) {
	t.Parallel()
	a := answering(200, `{}`)
	long := ""
	for range 200 {
		long += "ü"
	}
	if err := a.open(t).StopTask(t.Context(), "", taskARN, long); err != nil {
		t.Fatal(err)
	}
	var sent struct{ Reason, Cluster string }
	decode(t, a.bodies[0], &sent)
	if n := len(sent.Reason); n > 255 || n < 250 || long[:n] != sent.Reason || sent.Cluster != "" {
		t.Errorf("a reason of %d bytes was sent: %q", n, sent.Reason)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	a := answering(200, `{"taskArns":["`+taskARN+`"]}`)
	arns, err := a.open(t).Find(t.Context(), "batch", "prod/report/20261122T1730Z/2")
	if err != nil || len(arns) != 1 || arns[0] != taskARN {
		t.Errorf("%v, %v", arns, err)
	}
	var sent map[string]any
	decode(t, a.bodies[0], &sent)
	if len(sent) != 2 || sent["startedBy"] != "prod/report/20261122T1730Z/2" || sent["cluster"] != "batch" {
		t.Errorf("startedBy must be the only filter: %v", sent)
	}
}

package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	ecsstop "github.com/batchplane/batchplane/internal/stop"
)

var report = job.Job{Name: "report", TaskDefinition: "report"}

// changeable is report with an input and arguments.
var changeable = with(report, func(j *job.Job) {
	j.Command = []string{"make-report"}
	j.Changes = job.Changes{Args: true, Inputs: map[string]job.Input{"NOTE": {Description: "A note.", Pattern: ".*"}}}
})

// registered makes the registry hold a job.
func registered(j job.Job) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) {
		return port.Reply{}, w.ctl.Sync(ctx, []job.Job{j})
	}
}

// quiet returns a world with a known job whose tasks run ten minutes and exit 0.
func quiet(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, setup{script: runs(10*time.Minute, 0), redeliver: true})
	w.know(report)
	return w
}

type ask func(ctx context.Context, w *world) (port.Reply, error)

func scheduled(j job.Job, at time.Time) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.Scheduled(ctx, "", j, at) }
}

func hand(req port.RunRequest) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.RunByHand(ctx, req) }
}

func retry(req port.RetryRequest) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.Retry(ctx, req) }
}

func halt(req port.StopRequest) ask {
	return func(ctx context.Context, w *world) (port.Reply, error) { return w.ctl.StopRun(ctx, req) }
}

// TestReplies asks for one thing in a world in which others came before.
func TestReplies(t *testing.T) {
	t.Parallel()
	first := scheduled(report, t0)
	done := ask(func(_ context.Context, w *world) (port.Reply, error) { w.live(); return port.Reply{}, nil })
	cases := []struct {
		name   string
		before []ask
		ask    ask
		want   port.Reply
		// tasks is how many tasks ECS has made in the end.
		tasks int
	}{
		{
			"a slot", nil, first,
			port.Reply{Run: slot, Outcome: port.Accepted, Status: run.Running, Message: "launched report/20261122T1730Z"},
			1,
		},
		{
			"the slot again",
			[]ask{first},
			first,
			port.Reply{Run: slot, Outcome: port.Duplicate, Status: run.Running, Message: "duplicate of report/20261122T1730Z, which is running"},
			1,
		},
		{
			"the slot again, later in its minute",
			[]ask{first},
			scheduled(report, t0.Add(50*time.Second)),
			port.Reply{Run: slot, Outcome: port.Duplicate, Status: run.Running, Message: "duplicate of report/20261122T1730Z, which is running"},
			1,
		},
		{
			"the slot again, after its end",
			[]ask{first, done},
			first,
			port.Reply{Run: slot, Outcome: port.Duplicate, Status: run.Succeeded, Message: "duplicate of report/20261122T1730Z, which has succeeded"},
			1,
		},
		{
			"a slot of a job without a task definition", nil, scheduled(job.Job{Name: "report"}, t0),
			port.Reply{Run: slot, Outcome: port.Refused, Status: run.Failed, Message: "report/20261122T1730Z was not launched: it has failed: job report cannot be launched: it names no taskDefinition"},
			0,
		},
		{
			"a slot of an invalid job", nil, scheduled(job.Job{Name: "report", TaskDefinition: "report", Capacity: "cloud"}, t0),
			port.Reply{Run: slot, Outcome: port.Refused, Status: run.Failed, Message: "*the job's definition is not valid: capacity: \"cloud\" is not one of*"},
			0,
		},
		{
			"by hand", nil, hand(port.RunRequest{Job: "report", RequestID: "q"}),
			port.Reply{Run: run.ByHandID("report", "q"), Outcome: port.Accepted, Status: run.Running, Message: "launched " + string(run.ByHandID("report", "q"))},
			1,
		},
		{
			"the same request by hand",
			[]ask{hand(port.RunRequest{Job: "report", RequestID: "q"})},
			hand(port.RunRequest{Job: "report", RequestID: "q"}),
			port.Reply{Run: run.ByHandID("report", "q"), Outcome: port.Duplicate, Status: run.Running, Message: "duplicate of*which is running"},
			1,
		},
		{
			"a job that nobody knows", nil, hand(port.RunRequest{Job: "nope", RequestID: "q"}),
			port.Reply{Outcome: port.Refused, Message: "refused: there is no job \"nope\"*"},
			0,
		},
		{
			"a job that is gone",
			[]ask{func(ctx context.Context, w *world) (port.Reply, error) {
				return port.Reply{}, w.ctl.Sync(ctx, nil)
			}},
			hand(port.RunRequest{Job: "report", RequestID: "q"}),
			port.Reply{Outcome: port.Refused, Message: "refused: there is no job \"report\" any more: it left the registry"},
			0,
		},
		{
			"a secret by hand",
			[]ask{registered(changeable)},
			hand(port.RunRequest{Job: "report", RequestID: "q", Inputs: map[string]string{"NOTE": "xoxb-12345678-abc"}}),
			port.Reply{Outcome: port.Refused, Message: "refused: NOTE looks like a secret*"},
			0,
		},
		{
			"what nobody may change", nil, hand(port.RunRequest{Job: "report", RequestID: "q", Inputs: map[string]string{"NOTE": "x"}}),
			port.Reply{Outcome: port.Refused, Message: "refused: report: NOTE is not one of its inputs: it runs as deployed*"},
			0,
		},
		{
			"arguments that nobody may add", nil, hand(port.RunRequest{Job: "report", RequestID: "q", Args: []string{"-v"}}),
			port.Reply{Outcome: port.Refused, Message: "refused: report: it takes no arguments*"},
			0,
		},
		{
			"too much by hand",
			[]ask{registered(changeable)},
			hand(port.RunRequest{Job: "report", RequestID: "q", Args: []string{strings.Repeat("x", 9000)}}),
			port.Reply{Outcome: port.Refused, Message: "refused: command: *ECS allows 8192 in all*"},
			0,
		},
		{
			"a retry of what runs",
			[]ask{first},
			retry(port.RetryRequest{Run: slot, RequestID: "r"}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: report/20261122T1730Z is running: stop it first, or start a new run with `run report`"},
			1,
		},
		{
			"a retry of what runs, and nothing may run beside it",
			[]ask{first, registered(forbidding)},
			retry(port.RetryRequest{Run: slot, RequestID: "r"}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: report/20261122T1730Z is running: stop it first"},
			1,
		},
		{
			"a retry of what runs, and its job is gone",
			[]ask{first, func(ctx context.Context, w *world) (port.Reply, error) {
				return port.Reply{}, w.ctl.Sync(ctx, nil)
			}},
			retry(port.RetryRequest{Run: slot, RequestID: "r"}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: report/20261122T1730Z is running: stop it first"},
			1,
		},
		{
			"a retry of a success",
			[]ask{first, done},
			retry(port.RetryRequest{Run: slot, RequestID: "r"}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: report/20261122T1730Z already succeeded: use --force to run it again"},
			1,
		},
		{
			"a forced one",
			[]ask{first, done},
			retry(port.RetryRequest{Run: slot, RequestID: "r", Force: true}),
			port.Reply{Run: slot, Outcome: port.Accepted, Status: run.Running, Message: "launched attempt 2 of report/20261122T1730Z"},
			2,
		},
		{
			"a forced one again",
			[]ask{first, done, retry(port.RetryRequest{Run: slot, RequestID: "r", Force: true})},
			retry(port.RetryRequest{Run: slot, RequestID: "r", Force: true}),
			port.Reply{Run: slot, Outcome: port.Duplicate, Status: run.Running, Message: "duplicate of a retry of*it is running"},
			2,
		},
		{
			"a retry of no run", nil, retry(port.RetryRequest{Run: slot, RequestID: "r"}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: there is no run report/20261122T1730Z: `history` and notices show the names of runs"},
			0,
		},
		{
			"a retry whose task definition is gone",
			[]ask{first, done, deregister},
			retry(port.RetryRequest{Run: slot, RequestID: "r", Force: true}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: *task definition report cannot be launched*"},
			1,
		},
		{
			"a stop",
			[]ask{first},
			halt(port.StopRequest{Run: slot, By: "ann"}),
			port.Reply{Run: slot, Outcome: port.Accepted, Status: run.Running, Message: "stopping report/20261122T1730Z"},
			1,
		},
		{
			"a stop again",
			[]ask{first, halt(port.StopRequest{Run: slot})},
			halt(port.StopRequest{Run: slot}),
			port.Reply{Run: slot, Outcome: port.Duplicate, Status: run.Running, Message: "report/20261122T1730Z is being stopped already, at the request of *"},
			1,
		},
		{
			"a stop of what has ended",
			[]ask{first, done},
			halt(port.StopRequest{Run: slot}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: report/20261122T1730Z has succeeded: there is nothing to stop"},
			1,
		},
		{
			"a stop of no run", nil, halt(port.StopRequest{Run: slot}),
			port.Reply{Run: slot, Outcome: port.Refused, Message: "refused: there is no run report/20261122T1730Z: `history` and notices show the names of runs"},
			0,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			for _, before := range c.before {
				if _, err := before(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			written := w.calls("Commit")
			got, err := c.ask(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(got.Message, "refused: ") && w.calls("Commit") != written {
				t.Error("what was refused was written")
			}
			same := like(c.want.Message, got.Message)
			got.Message = c.want.Message
			if !same || got != c.want {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
			if n := len(w.made); n != c.tasks {
				t.Errorf("%d tasks were made, want %d: %s", n, c.tasks, w.story())
			}
		})
	}
}

func deregister(ctx context.Context, w *world) (port.Reply, error) {
	w.clock.Advance(time.Hour)
	_, err := w.client.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: aws.String("report:1")})
	return port.Reply{}, err
}

// like reports whether text matches a pattern in which `*` is any text.
func like(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	for _, p := range parts[1:] {
		_, after, ok := strings.Cut(text, p)
		if !ok {
			return false
		}
		if p != "" {
			text = after
		} else {
			text = ""
		}
	}
	return len(parts) > 1 || text == pattern
}

// TestRequestsNeedAnID: without an id, a repeated request would be another run.
func TestRequestsNeedAnID(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	if _, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "report"}); err == nil {
		t.Error("a run by hand without a request id")
	}
	if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: slot}); err == nil {
		t.Error("a retry without a request id")
	}
	if len(w.runs()) != 0 {
		t.Errorf("something ran: %s", w.story())
	}
}

// TestRetryTakesTheNewest: a bug was fixed; --same takes what ran.
func TestRetryTakesTheNewest(t *testing.T) {
	t.Parallel()
	for _, same := range []bool{false, true} {
		w := quiet(t)
		w.after(0, trigger(w, report))
		w.live()
		w.register("report", "app", "sidecar")
		mended := report
		mended.Command, mended.Container = []string{"mended"}, "app"
		w.know(mended)
		if _, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: slot, RequestID: "r", Force: true, Same: same}); err != nil {
			t.Fatal(err)
		}
		r := w.runs()[0]
		newest := r.Definition == mended.Hash() && strings.HasSuffix(r.Attempts[1].TaskDefinition, ":2")
		recorded := r.Definition == report.Hash() && strings.HasSuffix(r.Attempts[1].TaskDefinition, ":1")
		if same && !recorded || !same && !newest {
			t.Errorf("same %v took %s and %s", same, r.Definition, r.Attempts[1].TaskDefinition)
		}
	}
}

// TestARetryByADefinitionThatForbids: a retry that takes a definition which forbids overlaps by now holds the
// job's lock, so no slot starts beside it.
func TestARetryByADefinitionThatForbids(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(2*time.Minute, 3), redeliver: true})
	w.know(report)
	w.triggerSlot(report, 0)
	w.clock.Advance(5 * time.Minute)
	w.know(forbidding)
	if rep, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: minute(0), RequestID: "r"}); err != nil || rep.Status != run.Running {
		t.Fatalf("the retry: %+v, %v", rep, err)
	}
	if rep, err := slotOf(forbidding, 5)(t.Context(), w); err != nil || rep.Status != run.Skipped {
		t.Errorf("a slot beside it: %+v, %v", rep, err)
	}
}

// refusing makes ECS refuse each RunTask.
type refusing struct {
	launchPort
	code, message string
}

func (r refusing) Launch(_ context.Context, l port.Launch) run.Event {
	return run.Refused{Attempt: l.Attempt, Stop: ecsstop.Stop{Kind: ecsstop.LaunchException, ErrorCode: r.code, Reason: r.message}}
}

// TestAskedAndNotLaunched: a person who retries a run or runs a job hears what ECS said about
// the launch, and that nothing will come of it if that is final.
func TestAskedAndNotLaunched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, message string
		outcome       port.Outcome
		status        run.Status
		says          string
	}{
		"ECS refuses it":      {"ClusterNotFoundException", "Cluster not found.", port.Refused, run.Failed, "report/* was not launched: it has failed: *Cluster not found."},
		"ECS limits the rate": {"ThrottlingException", "Rate exceeded", port.Accepted, run.Queued, "report/* waits to be launched: *limits the rate*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := quiet(t)
			w.after(0, trigger(w, report))
			w.live()
			w.ctl.Launcher = refusing{launchPort{w.ports}, c.code, c.message}
			got, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: slot, RequestID: "r", Force: true})
			if err != nil || got.Outcome != c.outcome || got.Status != c.status || !like(c.says, got.Message) {
				t.Errorf("a retry: got %+v, %v", got, err)
			}
			got, err = w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "q"})
			if err != nil || got.Outcome != c.outcome || got.Status != c.status || !like(c.says, got.Message) {
				t.Errorf("a run: got %+v, %v", got, err)
			}
		})
	}
}

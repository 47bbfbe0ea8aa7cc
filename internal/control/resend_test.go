package control_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestTriggerAfterTheToken: the trigger dies right after RunTask, the stop's event is lost,
// no sweep comes, and the trigger is delivered again when ECS has forgotten the client token.
// Nothing is launched a second time, and a notice reports it.
func TestTriggerAfterTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	died := false
	w.ports.onCall = func(name string) {
		if name == "Commit" && !died && len(w.tasks) > 0 {
			died, w.deaf = true, true
			panic(death{})
		}
	}
	_ = w.process(func(ctx context.Context) error { _, err := w.ctl.Scheduled(ctx, "", report, t0); return err })
	w.clock.Advance(2 * time.Hour)
	rep, err := w.ctl.Scheduled(t.Context(), "", report, t0)
	if err != nil || !died || rep.Outcome != port.Duplicate || rep.Status != run.Launching {
		t.Errorf("died: %v; %+v, %v", died, rep, err)
	}
	w.live()
	if r := w.runs()[0]; len(w.made) != 1 || r.Status != run.Failed || w.kinds() != "failed" {
		t.Errorf("it ended as %s", w.story())
	}
}

// TestStopThatNeverTakes: a task that outlives its timeout and every StopTask is reported
// once, and is asked again for as long as it runs.
func TestStopThatNeverTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(4*time.Hour, 0), redeliver: true})
	asked := 0
	w.transport(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".StopTask") {
			asked++
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
		}
		return next.RoundTrip(r)
	})
	launched(t, w, with(report, func(j *job.Job) { j.Timeout = job.Duration(time.Hour) }))
	w.live()
	if r := w.runs()[0]; w.kinds() != "stuck timed-out" || asked < 30 || r.Status != run.Failed {
		t.Errorf("asked %d times; %s", asked, w.story())
	}
	if n := w.told[0]; n.Status != run.Running || !strings.HasPrefix(n.Cause, "asked to stop at 18:31 UTC (timed out after 1h), and the task is still RUNNING") {
		t.Errorf("told %s: %s", n.Status, n.Cause)
	}
}

// TestSkipNextOutOfOrder: the slot that a person was told would be skipped is the one that is
// skipped, in whichever order triggers come.
func TestSkipNextOutOfOrder(t *testing.T) {
	t.Parallel()
	minutely := with(hourly, func(j *job.Job) { j.Schedule = "* * * * *" })
	for name, c := range map[string]struct {
		job  job.Job
		then func(w *world)
		want string
	}{
		"the later trigger first": {minutely, func(w *world) {
			w.triggerAt(clockAt(17, 32, 1), minutely, clockAt(17, 32, 0))
			w.triggerAt(clockAt(17, 32, 20), minutely, clockAt(17, 31, 0))
		}, "17:31 skipped by schedule, 17:32 running by schedule"},
		"the later trigger first, and no other": {minutely, func(w *world) {
			w.triggerAt(clockAt(17, 32, 1), minutely, clockAt(17, 32, 0))
			w.sweepAt(clockAt(17, 46, 30))
		}, "17:31 skipped, 17:32 succeeded by schedule"},
		"a schedule that changes": {minutely, func(w *world) {
			w.know(hourly)
			w.triggerAt(clockAt(19, 0, 1), hourly, clockAt(19, 0, 0))
			w.triggerAt(clockAt(19, 0, 2), hourly, clockAt(18, 0, 0))
		}, "18:00 skipped by schedule, 19:00 running by schedule"},
		"a rate, whose slots nobody knows": {with(hourly, func(j *job.Job) { j.Schedule = "rate(37 minutes)" }), func(w *world) {
			j := with(hourly, func(j *job.Job) { j.Schedule = "rate(37 minutes)" })
			w.triggerAt(clockAt(20, 11, 0), j, clockAt(20, 11, 0))
			w.triggerAt(clockAt(20, 48, 0), j, clockAt(20, 48, 0))
		}, "20:11 skipped by schedule, 20:48 running by schedule"},
		"a slot that nobody came for": {minutely, func(w *world) {
			w.know(with(minutely, func(j *job.Job) { j.Disabled = true }))
			w.clock.AdvanceTo(clockAt(18, 0, 30))
			w.know(minutely)
			w.triggerAt(clockAt(18, 1, 1), minutely, clockAt(18, 1, 0))
			if rep, err := w.ctl.SkipNext(w.t.Context(), port.SkipRequest{Job: "hourly"}); err != nil || rep.Outcome != port.Accepted {
				w.t.Errorf("asked again: %+v, %v", rep, err)
			}
			w.triggerAt(clockAt(18, 2, 1), minutely, clockAt(18, 2, 0))
		}, "18:01 running by schedule, 18:02 skipped by schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			if rep, err := w.ctl.SkipNext(t.Context(), port.SkipRequest{Job: "hourly"}); err != nil || rep.Outcome != port.Accepted {
				t.Fatalf("%+v, %v", rep, err)
			}
			c.then(w)
			if got := w.slotsOf("hourly"); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestLookStopsAtECSsLimit: a look leaves the other launches to the next one once ECS has
// refused five in a row for its rate.
func TestLookStopsAtECSsLimit(t *testing.T) {
	t.Parallel()
	now, ecs := t0, &countingECS{}
	c := &control.Control{
		Stack: stack, Store: &memory.Store{}, Launcher: ecs, Now: func() time.Time { return now }, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler), Abreast: 1,
	}
	for i := range 40 {
		if _, err := c.Scheduled(t.Context(), "", job.Job{Name: fmt.Sprintf("job-%02d", i), TaskDefinition: "report"}, t0); err != nil {
			t.Fatal(err)
		}
	}
	now, ecs.sent = now.Add(time.Minute), 0
	if looked, err := c.Look(t.Context()); err != nil || !looked.Waiting || looked.Launched != 0 || ecs.sent != 5 {
		t.Errorf("%d sends, %+v, %v", ecs.sent, looked, err)
	}
}

// countingECS is a throttledECS that counts what it refuses.
type countingECS struct {
	throttledECS

	sent int
}

func (e *countingECS) Launch(ctx context.Context, l port.Launch) run.Event {
	e.sent++
	return e.throttledECS.Launch(ctx, l)
}

// TestWaiterWithoutARevision: a run whose turn has come holds the lock while its task
// definition cannot be resolved, and its deadline counts from there.
func TestWaiterWithoutARevision(t *testing.T) {
	t.Parallel()
	queueing := with(queueing, func(j *job.Job) { j.Timeout, j.Retry.Deadline = job.Duration(8*time.Hour), job.Duration(time.Hour) })
	w := newWorld(t, setup{script: runs(2*time.Hour, 0), redeliver: true})
	w.triggerSlot(queueing, 0)
	w.triggerSlot(queueing, 1)
	w.wantItem("while the first runs", string(minute(0)), string(minute(1)))
	w.ports.unresolvable = true
	w.clock.Advance(2*time.Hour + time.Minute)
	w.look()
	w.wantItem("when its turn has come", string(minute(1)), "")
	if r := w.run(minute(1)); r.Status != run.Queued || r.Waits || r.ReadyAt.Before(t0.Add(2*time.Hour)) {
		t.Errorf("%s (%s), waits %v, ready at %s", r.Status, r.Cause, r.Waits, r.ReadyAt)
	}
	w.ports.unresolvable = false
	w.live()
	if r := w.run(minute(1)); r.Status != run.Succeeded {
		t.Errorf("it ended as %s", w.story())
	}
	w.wantItem("in the end", "", "")
}

// lostECS answers no launch and finds no task.
type lostECS struct {
	throttledECS

	sought map[string]bool
}

func (e *lostECS) Launch(_ context.Context, l port.Launch) run.Event {
	return run.NoAnswer{Attempt: l.Attempt, Err: "ServerException: service unavailable"}
}

func (e *lostECS) Find(_ context.Context, _, startedBy string) ([]string, error) {
	e.sought[startedBy] = true
	return nil, nil
}

// none is a Pacer that lets no launch out.
type none struct{}

func (none) Sent(time.Time, time.Time) {}

func (none) Take(time.Time) time.Duration { return time.Second }

// TestASearchWaitsForNoRate: launches in doubt whose tokens are too old are searched for,
// however many others wait for the rate.
func TestASearchWaitsForNoRate(t *testing.T) {
	t.Parallel()
	now, ecs := t0, &lostECS{sought: map[string]bool{}}
	c := &control.Control{
		Stack: stack, Store: &memory.Store{}, Launcher: ecs, Now: func() time.Time { return now }, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler), Abreast: 1,
	}
	for i := range 10 {
		j := job.Job{Name: fmt.Sprintf("job-%02d", i), TaskDefinition: "report"}
		if _, err := c.Scheduled(t.Context(), "", j, t0); !errors.Is(err, port.ErrOwed) {
			t.Fatal(err)
		}
	}
	c.Pace = none{}
	now = now.Add(run.DefaultTiming.TokenLife)
	if _, err := c.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(ecs.sought) != 10 {
		t.Errorf("%d of 10 tasks were searched for", len(ecs.sought))
	}
}

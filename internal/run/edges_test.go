package run_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var (
	askedToStop = run.StopAsked{By: "ann", Reason: "x"}
	accepted    = at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}
)

// TestARetryHasItsWholeAllowance: three more attempts, whatever was made before.
func TestARetryHasItsWholeAllowance(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, accepted, at{2, seen(1, 5, exited(1))})
	now := t0.Add(time.Hour)
	r = decide(t, plain, r, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "q"}, Task: task}, now)
	for r.Status != run.Failed {
		n := len(r.Attempts)
		r = decide(t, plain, r, run.Launched{Attempt: n, TaskARN: arn(n)}, now)
		r = decide(t, plain, r, seen(n, 5, eniTimeout), now)
		now = now.Add(10 * time.Minute)
		if r.Status == run.Queued {
			r = decide(t, plain, r, run.Due{}, now)
		}
	}
	if len(r.Attempts) != 4 || r.First != 2 || !strings.Contains(r.Last().Next, "3 of 3") {
		t.Errorf("%d attempts, the allowance from %d: %s", len(r.Attempts), r.First, r.Last().Next)
	}
}

// TestARetryOfAFullRun: retrying a run again and again, with the longest texts, does not make
// it too large to be stored, including its ends. With short texts many retries are possible.
func TestARetryOfAFullRun(t *testing.T) {
	t.Parallel()
	long := eniTimeout
	long.Reason += strings.Repeat(" again", 200)
	for name, c := range map[string]struct {
		text  string
		least int
	}{"texts of the greatest length": {strings.Repeat("\U0001f4a9", 1000), 10}, "short texts": {"again", 25}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, plain, accepted, at{2, seen(1, 5, exited(1))})
			now, retries := t0, 0
			for ; ; retries++ {
				now = now.Add(time.Hour)
				d := run.Decide(&plain, &r, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, By: c.text, Reason: c.text}, Task: task}, now, &run.DefaultTiming)
				if d.Result == run.Denied && strings.Contains(d.Why, "start a new run with `run report`") {
					break
				}
				if d.Result != run.Did || retries > 2000 {
					t.Fatalf("after %d retries: %s: %s", retries, d.Result, d.Why)
				}
				for r = d.Next; r.Status != run.Failed; now = now.Add(10 * time.Minute) {
					if r.Status == run.Queued {
						r = decide(t, plain, r, run.Due{}, now)
					}
					n := len(r.Attempts)
					r = decide(t, plain, decide(t, plain, r, run.Launched{Attempt: n, TaskARN: arn(n)}, now), seen(n, 5, long), now)
				}
				if b, err := json.Marshal(r); err != nil || len(b) > 300<<10 {
					t.Fatalf("after %d retries it has %d bytes, %v", retries+1, len(b), err)
				}
			}
			if retries < c.least {
				t.Errorf("%d retries, want at least %d", retries, c.least)
			}
		})
	}
}

// TestARetryAskedTwice is recognised by its id and its kind.
func TestARetryAskedTwice(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, accepted, at{2, seen(1, 5, exited(1))})
	r.Triggers = append(r.Triggers, run.Trigger{Kind: run.ByHand, Request: "hand"}, run.Trigger{Kind: run.ByRetry, Request: "a"}, run.Trigger{Kind: run.ByRetry})
	for request, want := range map[string]run.Result{"a": run.Duplicate, "b": run.Did, "hand": run.Did, "": run.Did} {
		d := decided(plain, r, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: request}, Task: task}, t0.Add(time.Hour), run.DefaultTiming)
		if more := d.Next.Duplicates - r.Duplicates; d.Result != want || (want == run.Duplicate) != (more == 1) {
			t.Errorf("request %q: %s, %d duplicates more", request, d.Result, more)
		}
	}
	if d := decided(plain, r, run.Triggered{}, t0, run.DefaultTiming); d.Next.Duplicates != r.Duplicates+1 {
		t.Errorf("a trigger again: %d duplicates", d.Next.Duplicates)
	}
}

// TestWhenItIsDue: soon while a stop waits of which ECS does not know, and later once ECS
// knows.
func TestWhenItIsDue(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	limited := plain
	limited.Timeout = job.Duration(10 * minute)
	running := seen(1, 2, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0})
	running.Look = true
	told := run.Done{Effect: run.Effect{Kind: run.Tell, Attempt: 1, Notice: "x"}}
	asked := run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}
	for name, c := range map[string]struct {
		job    job.Job
		events []at
		want   time.Duration // after the last event
	}{
		"a launch without an answer":                     {plain, []at{{1, run.NoAnswer{Attempt: 1}}}, 2 * minute},
		"one that is to be stopped":                      {plain, []at{{1, run.NoAnswer{Attempt: 1}}, {2, askedToStop}}, minute},
		"a task that is to be stopped":                   {plain, []at{accepted, {2, askedToStop}}, minute},
		"one that ECS was asked to stop":                 {plain, []at{accepted, {2, askedToStop}, {3, asked}}, 5 * minute},
		"and of which something was told":                {plain, []at{accepted, {2, askedToStop}, {3, asked}, {minute, told}}, 4*minute + 3},
		"one that has outlasted its limit":               {limited, []at{accepted, {11 * minute, running}}, minute},
		"one that has outlasted it, and ECS was asked":   {limited, []at{accepted, {11 * minute, running}, {11 * minute, asked}}, 5 * minute},
		"one that runs":                                  {plain, []at{accepted, {5 * minute, running}}, 45 * minute},
		"a task that is found although it is not wanted": {plain, []at{{1, run.NoAnswer{Attempt: 1}}, {2, askedToStop}, {3, run.Found{Attempt: 1, TaskARNs: []string{arn(1)}}}}, 0},
	} {
		r := newRun()
		r.Owed = append(r.Owed, told.Effect)
		for _, e := range c.events {
			r = decided(c.job, r, e.event, t0.Add(e.after), run.DefaultTiming).Next
		}
		if got := r.DueAt.Sub(t0.Add(c.events[len(c.events)-1].after)); got != c.want {
			t.Errorf("%s: due in %s, want %s", name, got, c.want)
		}
	}
}

// TestWhatIsStillOwed: an effect that was done is no longer owed, and no other is dropped
// with it. Notices outlast the end.
func TestWhatIsStillOwed(t *testing.T) {
	t.Parallel()
	stuck := run.Effect{Kind: run.Tell, Attempt: 1, Notice: "stuck"}
	asked := run.Effect{Kind: run.StopTask, Attempt: 1}
	seenRunning := seen(1, 2, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0})
	r := newRun()
	r.Owed = append(r.Owed, stuck)
	adopted := decide(t, plain, r, seenRunning, t0.Add(1))
	if adopted.Owes(run.StopTask) {
		t.Error("nobody asked for its stop")
	}
	r = decide(t, plain, r, askedToStop, t0.Add(1))
	if r = decide(t, plain, r, seenRunning, t0.Add(2)); !slices.Equal(r.Owed, []run.Effect{stuck, asked}) {
		t.Errorf("once its task is seen: %v", r.Owed)
	}
	if got := decide(t, plain, r, run.Done{Effect: stuck}, t0.Add(3)).Owed; !slices.Equal(got, []run.Effect{asked}) {
		t.Errorf("once that was told: %v", got)
	}
	if got := decide(t, plain, r, run.Done{Effect: asked}, t0.Add(3)).Owed; !slices.Equal(got, []run.Effect{stuck}) {
		t.Errorf("once ECS was asked: %v", got)
	}
	if got := decide(t, plain, r, seen(1, 5, userStop), t0.Add(3)).Owed; !slices.Equal(got, []run.Effect{stuck}) {
		t.Errorf("in the end: %v", got)
	}
}

// TestBounds: each limit takes effect at its very moment.
func TestBounds(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	lost := []at{{0, run.NoAnswer{Attempt: 1}}, {50 * minute, run.Due{}}, {50 * minute, run.Found{Attempt: 1}}}
	paced := at{0, run.Paced{Attempt: 1, Send: 1}}
	for name, c := range map[string]struct {
		events []at
		want   run.Status
	}{
		"launched at the deadline":                   {[]at{paced, {6 * time.Hour, run.Due{}}}, run.Launching},
		"not after it":                               {[]at{paced, {6*time.Hour + 1, run.Due{}}}, run.Failed},
		"searched for less than ten minutes":         {append(lost[:3:3], at{60*minute - 1, run.Found{Attempt: 1}}), run.Launching},
		"searched for ten minutes":                   {append(lost[:3:3], at{60 * minute, run.Found{Attempt: 1}}), run.Failed},
		"gone, and launched two minutes before":      {[]at{accepted, {3 * minute, run.Gone{Attempt: 1, At: t0.Add(2*minute + 1)}}}, run.Failed},
		"gone, and launched less than that before":   {[]at{accepted, {3 * minute, run.Gone{Attempt: 1, At: t0.Add(2 * minute)}}}, run.Running},
		"a state without a version":                  {[]at{accepted, {minute, seen(1, 0, exited(0))}}, run.Succeeded},
		"a state without one, after one that had it": {[]at{accepted, {minute, seen(1, 4, spotWarning)}, {2 * minute, seen(1, 0, exited(0))}}, run.Succeeded},
	} {
		if r, d := play(t, plain, c.events...); r.Status != c.want {
			t.Errorf("%s: %s, want %s: %s", name, r.Status, c.want, d.Why)
		}
	}
}

// TestThrottledWait: from one second to two, spread.
func TestThrottledWait(t *testing.T) {
	t.Parallel()
	waits := map[time.Duration]bool{}
	for i := range 50 {
		r := newRun()
		r.ID = run.ScheduledID("report", t0.Add(time.Duration(i)*time.Minute))
		r = decide(t, plain, r, run.Refused{Attempt: 1, Send: 1, Stop: throttled}, t0)
		wait := r.DueAt.Sub(t0)
		if wait < time.Second || wait >= 2*time.Second {
			t.Errorf("it waits for %s", wait)
		}
		waits[wait.Round(100*time.Millisecond)] = true
	}
	if len(waits) < 5 {
		t.Errorf("they all wait for %v", slices.Collect(maps.Keys(waits)))
	}
}

// TestNeverToldWords: what nobody can know is described as such.
func TestNeverToldWords(t *testing.T) {
	t.Parallel()
	refused := run.Unseen{Attempt: 1, Refused: true, Err: "AccessDeniedException"}
	for want, events := range map[string][]at{
		"in doubt, not relaunched: ": {{0, run.NoAnswer{Attempt: 1}}, {50 * time.Minute, run.Due{}}, {50 * time.Minute, refused}, {111 * time.Minute, refused}},
		"ended unseen: ":             {accepted, {6 * time.Minute, refused}, {67 * time.Minute, refused}},
	} {
		if r, _ := play(t, plain, events...); r.Status != run.Failed || !strings.HasPrefix(r.Cause, want) {
			t.Errorf("%s: %s, want %q", r.Status, r.Cause, want)
		}
	}
}

// TestLateStateKeepsTheEnd: news that a task runs whose attempt was already judged is
// reported, and takes nothing from what is known about the end.
func TestLateStateKeepsTheEnd(t *testing.T) {
	t.Parallel()
	late := seen(1, 9, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0.Add(time.Minute)})
	r, _ := play(t, plain, accepted, at{time.Minute, seen(1, 3, eniTimeout)}, at{2 * time.Minute, late})
	if a := r.Attempts[0]; !a.RanAfterAll || a.StoppedReason != eniTimeout.Reason {
		t.Errorf("ran after all: %v; %q by %s", a.RanAfterAll, a.StoppedReason, a.Rule)
	}
}

// TestTheJobsContainer: the exit code is that of the named container, or of the only one.
func TestTheJobsContainer(t *testing.T) {
	t.Parallel()
	one := []stop.Container{{Name: "other", LastStatus: "STOPPED", ExitCode: code(7)}}
	two := append(one[:1:1], stop.Container{Name: "app", LastStatus: "STOPPED", ExitCode: code(3)})
	for name, c := range map[string]struct {
		own        string
		containers []stop.Container
		want       *int64
	}{
		"the only one": {"", one, code(7)}, "the one that is named": {"app", two, code(3)},
		"none of two without a name": {"", two, nil}, "none where the one that is named is absent": {"app", one, nil},
	} {
		r := newRun()
		r.Task.Container, r.Task.Containers = c.own, nil
		e := seen(1, 5, exited(0))
		e.Stop.Containers = c.containers
		r = decided(plain, r, e, t0.Add(time.Minute), run.DefaultTiming).Next
		if got := r.Attempts[0].ExitCode; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

package run_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var stops = []stop.Stop{
	eniTimeout, pullTimeout, noImage, userStop, spotStop, spotWarning, bareFailure, exited(0), exited(1), exited(75),
}

var refusals = []stop.Stop{noCapacity, throttled, denied, inactive}

func genJob(t *rapid.T) job.Job {
	j := plain
	j.Retry.Attempts = rapid.IntRange(1, 5).Draw(t, "limit")
	j.Retry.Idempotent = rapid.Bool().Draw(t, "idempotent")
	if rapid.Bool().Draw(t, "listed") {
		j.Retry.ExitCodes = []int64{75}
	}
	return j
}

func genEvent(t *rapid.T, r run.Run) run.Event {
	n := max(1, len(r.Attempts)-rapid.IntRange(0, 1).Draw(t, "older"))
	switch rapid.IntRange(0, 9).Draw(t, "event") {
	case 0:
		return run.Due{Task: &task}
	case 1:
		return run.Launched{Attempt: n, TaskARN: arn(n), LastStatus: "PROVISIONING"}
	case 2:
		return run.Refused{Attempt: n, Stop: rapid.SampledFrom(refusals).Draw(t, "refusal")}
	case 3:
		return run.NoAnswer{Attempt: n, Err: "EOF"}
	case 4, 5, 6:
		e := seen(n, int64(rapid.IntRange(0, 9).Draw(t, "version")), rapid.SampledFrom(stops).Draw(t, "stop"))
		e.Look = rapid.Bool().Draw(t, "look")
		return e
	case 7:
		return run.Triggered{Trigger: run.Trigger{Kind: run.BySchedule}}
	case 8:
		return run.StopAsked{By: "ann", Reason: "x"}
	}
	return run.Gone{Attempt: n, At: t0.Add(time.Hour)}
}

// TestProperties plays random events and checks what must hold after each.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j, r, now := genJob(t), newRun(), t0
		for range rapid.IntRange(1, 25).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes")) * time.Minute)
			e := genEvent(t, r)
			d := run.Decide(j, r, e, now, run.DefaultTiming)
			if err := invariant(j, r, d); err != nil {
				t.Fatalf("%T in %s: %v", e, r.Status, err)
			}
			if r.Status.Terminal() && (d.Next.Status != r.Status || len(d.Next.Attempts) != len(r.Attempts)) {
				t.Fatalf("%T moved a run that had %s", e, r.Status)
			}
			if err := safe(j, r, d.Next); err != "" {
				t.Fatalf("%T: %s", e, err)
			}
			twice(t, j, d, e, now)
			r = d.Next
		}
	})
}

// safe: a further attempt exists only where the one before was proved never to
// have started, or the job allows more.
func safe(j job.Job, before, after run.Run) string {
	if len(after.Attempts) <= len(before.Attempts) || len(before.Attempts) == 0 {
		return ""
	}
	last := after.Attempts[len(after.Attempts)-2]
	switch {
	case last.Started == stop.No, j.Retry.Idempotent:
		return ""
	case last.ExitCode != nil && *last.ExitCode == 75 && len(j.Retry.ExitCodes) > 0:
		return ""
	}
	return "relaunched although " + string(last.Class) + " by " + last.Rule + ": started " + string(last.Started)
}

// twice: the same task event again changes nothing that matters.
func twice(t *rapid.T, j job.Job, d run.Decision, e run.Event, now time.Time) {
	s, ok := e.(run.Seen)
	if !ok || s.Version == 0 || s.Look {
		return
	}
	again := run.Decide(j, d.Next, e, now, run.DefaultTiming)
	if again.Outcome != run.Ignored || !reflect.DeepEqual(again.Next, d.Next) {
		t.Fatalf("the same event again: %s, %s", again.Outcome, again.Why)
	}
}

// TestOrder delivers the states of one task in any order: the end is the same.
func TestOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := genJob(t)
		end := rapid.SampledFrom(stops).Filter(func(s stop.Stop) bool { return s.LastStatus == "STOPPED" && !s.StartedAt.IsZero() }).Draw(t, "end")
		states := []run.Event{
			run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"},
			seen(1, 2, stop.Stop{Kind: stop.Task, LastStatus: "PENDING"}),
			seen(1, 3, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0}),
			seen(1, 4, end),
		}
		inOrder, shuffled := outcome(j, states), outcome(j, rapid.Permutation(states).Draw(t, "order"))
		if inOrder != shuffled {
			t.Fatalf("in order: %+v, shuffled: %+v", inOrder, shuffled)
		}
	})
}

type ending struct {
	status   run.Status
	attempts int
	cause    string
}

func outcome(j job.Job, events []run.Event) ending {
	r := newRun()
	for _, e := range events {
		r = run.Decide(j, r, e, t0.Add(time.Minute), run.DefaultTiming).Next
	}
	return ending{r.Status, len(r.Attempts), r.Cause}
}

func BenchmarkDecide(b *testing.B) {
	r := newRun()
	launched := run.Decide(plain, r, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}, t0, run.DefaultTiming).Next
	events := []struct {
		name  string
		run   run.Run
		event run.Event
	}{
		{"launched", r, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}},
		{"succeeded", launched, seen(1, 5, exited(0))},
		{"relaunched", launched, seen(1, 5, eniTimeout)},
	}
	for _, e := range events {
		b.Run(e.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run.Decide(plain, e.run, e.event, t0, run.DefaultTiming)
			}
		})
	}
}

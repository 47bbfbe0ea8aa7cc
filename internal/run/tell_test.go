package run_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatANoticeSays: an end is reported as it was, whatever the run is by then. Any other
// notice describes the run as it is.
func TestWhatANoticeSays(t *testing.T) {
	t.Parallel()
	open, _ := play(t, plain, accepted)
	over, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(3))})
	for name, c := range map[string]struct {
		run  run.Run
		owe  func(*run.Run)
		want run.Effect
	}{
		"of what runs": {open, func(r *run.Run) { r.OweTell("stuck", 0, 0, t0, run.DefaultTiming) }, run.Effect{Kind: run.Tell, Attempt: 1, Notice: "stuck"}},
		"of an end": {
			over, func(r *run.Run) { r.OweTell("ran-after-all", 1, 0, t0, run.DefaultTiming) },
			run.Effect{Kind: run.Tell, Attempt: 1, About: 1, Notice: "ran-after-all", Status: run.Failed, Cause: "exit code 3"},
		},
		"in words": {
			over, func(r *run.Run) { r.OweWords("calendar-over", "no day is left", t0, run.DefaultTiming) },
			run.Effect{Kind: run.Tell, Attempt: 1, Notice: "calendar-over", Status: run.Failed, Cause: "no day is left"},
		},
		"of missed slots": {
			run.NewEnded(newRequest(), run.Missed, "no trigger came", t0), func(r *run.Run) { r.OweMissed("missed", 3, "report/20261122T1727Z", t0, run.DefaultTiming) },
			run.Effect{Kind: run.Tell, Notice: "missed", Status: run.Missed, Cause: "no trigger came", Count: 3, First: "report/20261122T1727Z"},
		},
		"of a missed slot that was retried": {
			over, func(r *run.Run) { r.OweMissed("missed", 1, r.ID, t0, run.DefaultTiming) },
			run.Effect{Kind: run.Tell, Notice: "missed", Status: run.Missed, Cause: "it was not started in its time; asked for again since then, it has failed", Count: 1, First: over.ID},
		},
	} {
		r := c.run
		c.owe(&r)
		c.owe(&r)
		if !reflect.DeepEqual(r.Owed, []run.Effect{c.want}) || r.DueAt.IsZero() {
			t.Errorf("%s: it owes %+v, due at %s", name, r.Owed, r.DueAt)
		}
	}
}

// TestAsOwed: with the attempts that there were, and the end that the run had.
func TestAsOwed(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(3))},
		at{2 * time.Minute, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Task: task}})
	for name, c := range map[string]struct {
		owed     run.Effect
		status   run.Status
		cause    string
		attempts int
	}{
		"an end":                 {run.Effect{Kind: run.Tell, Attempt: 1, Status: run.Failed, Cause: "exit code 3"}, run.Failed, "exit code 3", 1},
		"what is under way":      {run.Effect{Kind: run.Tell, Attempt: 2}, run.Launching, "launching attempt 2", 2},
		"of more than there are": {run.Effect{Kind: run.Tell, Attempt: 9}, run.Launching, "launching attempt 2", 2},
	} {
		if got := r.AsOwed(c.owed); got.Status != c.status || got.Cause != c.cause || len(got.Attempts) != c.attempts {
			t.Errorf("%s: %s, %q, %d attempts", name, got.Status, got.Cause, len(got.Attempts))
		}
	}
}

func TestOwesSince(t *testing.T) {
	t.Parallel()
	asked := &run.StopRequest{At: t0.Add(3 * time.Minute)}
	one := []run.Attempt{{N: 1, SentAt: t0.Add(2 * time.Minute)}}
	for name, c := range map[string]struct {
		run  run.Run
		want time.Duration
	}{
		"an end":             {run.Run{Status: run.Stopped, FinishedAt: t0.Add(4 * time.Minute), Stopping: asked, Attempts: one}, 4 * time.Minute},
		"long after its end": {run.Run{Status: run.Failed, FinishedAt: t0, OwesFrom: t0.Add(5 * time.Minute)}, 5 * time.Minute},
		"a retry since":      {run.Run{Status: run.Failed, FinishedAt: t0.Add(6 * time.Minute), OwesFrom: t0.Add(5 * time.Minute)}, 6 * time.Minute},
		"while it runs":      {run.Run{Status: run.Running, Stopping: asked, Attempts: one, OwesFrom: t0.Add(5 * time.Minute)}, 5 * time.Minute},
	} {
		if got := c.run.OwesSince(); !got.Equal(t0.Add(c.want)) {
			t.Errorf("%s: since %s, want %s", name, got.Sub(t0), c.want)
		}
	}
}

// TestOwesSinceItRuns: a notice about a run that is open has been owed since the run came to owe
// it, however long ago the last request went out or the task was asked to stop; also if the run
// was retried before its end was told, and if other notices follow.
func TestOwesSinceItRuns(t *testing.T) {
	t.Parallel()
	running := decide(t, plain, newRun(), run.Launched{Attempt: 1, TaskARN: arn(1)}, t0)
	ended := decide(t, plain, running, seen(1, 4, exited(3)), t0.Add(time.Hour))
	since := func(name string, r run.Run, want time.Duration) {
		if got := r.OwesSince(); !got.Equal(t0.Add(want)) {
			t.Errorf("%s: since %s, want %s", name, got.Sub(t0), want)
		}
	}
	running.OweTell("stuck", 0, 0, t0.Add(2*time.Hour), run.DefaultTiming)
	since("a notice", running, 2*time.Hour)
	running.OweTell("ran-after-all", 1, 0, t0.Add(3*time.Hour), run.DefaultTiming)
	since("another notice", running, 2*time.Hour)
	since("one of the two was told", decide(t, plain, running, run.Done{Effect: running.Owed[0]}, t0.Add(4*time.Hour)), 2*time.Hour)

	finished := ended.FinishedAt
	ended.OweTell("failed", 0, 0, finished, run.DefaultTiming)
	retried := decide(t, plain, ended, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}, finished.Add(time.Hour))
	since("a retry", retried, finished.Sub(t0))
	told := decide(t, plain, retried, run.Done{Effect: retried.Owed[0]}, finished.Add(2*time.Hour))
	told.OweTell("relaunched", 0, 0, finished.Add(3*time.Hour), run.DefaultTiming)
	since("after that was told", told, finished.Add(3*time.Hour).Sub(t0))
}

package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestAhead: only the record of a slot that was never launched gives way, and only if it lies
// further ahead than clocks differ.
func TestAhead(t *testing.T) {
	t.Parallel()
	record := func(s run.Status, after time.Duration) run.Run {
		return run.NewEnded(newRequest(), s, "why", t0.Add(after))
	}
	launched := record(run.Missed, time.Hour)
	launched.Attempts = []run.Attempt{{N: 1}}
	for name, tt := range map[string]struct {
		r    run.Run
		want bool
	}{
		"missed":           {record(run.Missed, time.Minute+time.Second), true},
		"skipped":          {record(run.Skipped, time.Hour), true},
		"as clocks differ": {record(run.Missed, time.Minute), false},
		"failed":           {record(run.Failed, time.Hour), false},
		"launched":         {launched, false},
		"as of now":        {record(run.Missed, 0), false},
	} {
		if got := tt.r.Ahead(t0); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestReplace: the notices that a record has sent stay known, and those that it owes are owed, from now
// on by a run that is open, and due soon by one that is not.
func TestReplace(t *testing.T) {
	t.Parallel()
	was := run.NewEnded(newRequest(), run.Missed, "why", t0.Add(time.Hour))
	was.Rev, was.Told = 3, []run.Told{{Notice: "missed"}}
	was.OweTell("unexpected-minute", 0, 0, t0, run.DefaultTiming)
	for name, r := range map[string]run.Run{"launched": newRun(), "missed again": run.NewEnded(newRequest(), run.Missed, "why", t0)} {
		open := !r.Status.Terminal()
		r.Replace(&was, t0, run.DefaultTiming)
		if r.Rev != 3 || len(r.Told) != 1 || r.Owes(run.Launch) != open || !r.Owes(run.Tell) || !r.OwesSince().Equal(t0) || r.DueAt.IsZero() {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

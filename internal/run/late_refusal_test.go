package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestRefusalAfterTheSearch: the answer to a send that comes after a search for the attempt's
// task has begun settles the search too.
func TestRefusalAfterTheSearch(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]stop.Stop{"capacity": noCapacity, "throttled": throttled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			later := t0.Add(time.Hour)
			d := decided(plain, newRun(), run.Due{}, later, run.DefaultTiming)
			if !d.Next.Owes(run.Find) {
				t.Fatalf("no search after an hour: %v", d.Next.Owed)
			}
			d = decided(plain, d.Next, run.Refused{Attempt: 1, Send: 1, Stop: refusal}, later, run.DefaultTiming)
			if d.Next.Owes(run.Find) {
				t.Errorf("%s, and still owes %v", d.Next.Status, d.Next.Owed)
			}
		})
	}
}

// TestStopWhileTheRateIsLimited: a run that a person stopped while its launch was under way
// is not launched once the send turns out to be refused.
func TestStopWhileTheRateIsLimited(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]run.Event{
		"by ECS": run.Refused{Attempt: 1, Send: 1, Stop: throttled}, "by us": run.Paced{Attempt: 1, Send: 1},
	} {
		d := decided(plain, newRun(), run.StopAsked{By: "ann", Reason: "wrong day"}, t0, run.DefaultTiming)
		d = decided(plain, d.Next, e, t0, run.DefaultTiming)
		if d.Next.Status != run.Stopped || d.Next.Open() {
			t.Errorf("%s: %s, due %v, owes %v", name, d.Next.Status, d.Next.DueAt, d.Next.Owed)
		}
	}
}

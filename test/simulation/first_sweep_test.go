package simulation

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestFirstSweepDies: a sweep that copied the jobs and died before it had checked any slot leaves
// no mark. The next one begins where the jobs' plans did.
func TestFirstSweepDies(t *testing.T) {
	t.Parallel()
	now := epoch
	store := NewStore()
	c := &control.Control{Stack: stack, Store: store, Launcher: &model{}, Now: func() time.Time { return now }, Timing: run.DefaultTiming, Log: quiet}
	if err := c.Sync(t.Context(), []job.Job{{Name: "report", Schedule: "5 17 * * *"}}); err != nil {
		t.Fatal(err)
	}
	now = epoch.Add(30 * time.Minute)
	if err := c.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := store.Run(t.Context(), run.ScheduledID("report", epoch.Add(5*time.Minute)))
	if err != nil || r.Status != run.Missed {
		t.Errorf("the slot of 17:05 is %q, %v", r.Status, err)
	}
}

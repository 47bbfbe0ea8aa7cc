package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestAnEndWhileTheLockIsGiven: a run that ends after it was read as open, and before the lock
// that it is given is written, leaves the lock to the other that is open.
func TestAnEndWhileTheLockIsGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
	w.know(report)
	w.triggerSlot(report, 0)
	w.triggerSlot(report, 1)
	ended := false
	w.ports.onCall = func(name string) {
		if name != "Commit" || ended {
			return
		}
		ended = true
		if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(1), By: "ann"}); err != nil {
			t.Error(err)
		}
		w.clock.Advance(5 * time.Minute)
	}
	if err := w.ctl.Sync(t.Context(), []job.Job{forbidding}); err != nil {
		t.Fatal(err)
	}
	if s := w.run(minute(1)).Status; s != run.Stopped {
		t.Fatalf("the newest is %s", s)
	}
	if rep := w.triggerSlot(forbidding, 10); rep.Status != run.Skipped {
		t.Errorf("a slot beside the other: %+v", rep)
	}
	if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(0), By: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	if rep := w.triggerSlot(forbidding, 20); rep.Status != run.Running {
		t.Errorf("a slot after both: %+v", rep)
	}
}

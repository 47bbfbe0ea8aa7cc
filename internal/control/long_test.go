package control_test

import (
	"strings"
	"testing"
	"time"
)

// TestARunOfMoreThanADay: people hear once that a task runs that nothing would end, and that it
// succeeded after all.
func TestARunOfMoreThanADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(30*time.Hour, 0), redeliver: true})
	w.know(report)
	w.triggerSlot(report, 0)
	for range 50 {
		w.clock.Advance(45 * time.Minute)
		w.look()
	}
	if w.kinds() != "still-running recovered" || !strings.Contains(w.told[0].Cause, "has been running since 2026-11-22 17:30 UTC, and the job has no timeout") {
		t.Errorf("told %q: %+v", w.kinds(), w.told)
	}
	if want := "batchplane stop " + string(minute(0)) + ` --reason "it hangs"`; w.told[0].StopWith != want || w.told[1].StopWith != "" {
		t.Errorf("to stop it they say %q and %q, want %q", w.told[0].StopWith, w.told[1].StopWith, want)
	}
}

package plane

import (
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestTailForgets: a tail that lasts keeps only the newest runs and those that are open.
func TestTailForgets(t *testing.T) {
	t.Parallel()
	store, seen := &memory.Store{}, map[run.ID]run.Run{}
	p := &Plane{Reader: store}
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	for day := range 10 {
		for i := range tailed {
			slot := at.AddDate(0, 0, day)
			r := run.Run{ID: run.ScheduledID(fmt.Sprintf("job-%d", i), slot), ScheduledFor: slot, QueuedAt: slot, Status: run.Succeeded}
			if day == 0 && i == 0 {
				r.Status = run.Running
			}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		runs, err := p.tailOnce(t.Context(), nil, seen, day == 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			seen[r.ID] = r
		}
	}
	if _, open := seen[run.ScheduledID("job-0", at)]; !open || len(seen) > 2*tailed+1 {
		t.Errorf("it keeps %d runs, and the one that is open: %t", len(seen), open)
	}
}

package local

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// TestEveryTaskIsAsked: however many tasks run, each is asked to stop, and not only the newest.
func TestEveryTaskIsAsked(t *testing.T) {
	t.Parallel()
	const tasks = 250
	store := &memory.Store{}
	at := time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)
	for n := range tasks {
		slot := at.Add(time.Duration(n) * time.Minute)
		r := run.Run{ID: run.ScheduledID("report", slot), Status: run.Running, ScheduledFor: slot, QueuedAt: slot, DueAt: slot}
		if err := store.Commit(t.Context(), control.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	p := &Program{Control: &control.Control{Store: store}}
	over, end := context.WithCancel(t.Context())
	end()
	asked := map[run.ID]bool{}
	left, err := p.await(over, func(r run.Run) error {
		if asked[r.ID] {
			return fmt.Errorf("%s is asked again in one turn", r.ID)
		}
		asked[r.ID] = true
		return nil
	})
	if err != nil || len(asked) != tasks || left != tasks {
		t.Errorf("%d asked, %d left, %v", len(asked), left, err)
	}
}

package plane_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestTailOfACrowd: of many runs that begin between two looks, tail reports each once, also if it
// began when there was none.
func TestTailOfACrowd(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 60} {
		store, at := &memory.Store{}, time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
		begin := func(from, to int) {
			for i := from; i < to; i++ {
				r := run.Run{ID: run.ScheduledID(fmt.Sprintf("job-%03d", i), at), ScheduledFor: at, QueuedAt: at, Status: run.Succeeded}
				if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
					t.Error(err)
				}
			}
			at = at.Add(time.Hour)
		}
		begin(0, before)
		ctx, end := context.WithCancel(t.Context())
		looks := 0
		p := &plane.Plane{Reader: store, Now: func() time.Time { return at }, Sleep: func(context.Context, time.Duration) {
			switch looks++; looks {
			case 1:
				begin(before, before+200)
			case 3:
				begin(before+200, before+270)
			case 4:
				begin(before+270, before+280)
			case 6:
				end()
			}
		}}
		told := map[run.ID]int{}
		err := p.Tail(ctx, nil, func(r run.Run) error { told[r.ID]++; return nil })
		if err != nil || len(told) != 280 {
			t.Errorf("after %d runs: %d of 280, %v", before, len(told), err)
		}
		for id, n := range told {
			if n != 1 {
				t.Errorf("%s was told %d times", id, n)
			}
		}
		end()
	}
}

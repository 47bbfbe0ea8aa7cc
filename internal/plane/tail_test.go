package plane_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// listed is a store whose runs are read from lists only.
type listed struct{ *memory.Store }

func (listed) Run(context.Context, run.ID) (run.Run, error) { return run.Run{}, errLine }

// TestTailOfAnOpenRun: what came between two looks is told oldest first, and an open run that is among the
// newest is not read once more at each look.
func TestTailOfAnOpenRun(t *testing.T) {
	t.Parallel()
	store, looks := &memory.Store{}, 0
	ctx, end := context.WithCancel(t.Context())
	p := &plane.Plane{Reader: listed{store}, Sleep: func(context.Context, time.Duration) {
		for _, r := range count("a", 10*looks, 3, run.Running) {
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Error(err)
			}
		}
		if looks++; looks == 3 {
			end()
		}
	}}
	var told []string
	err := p.Tail(ctx, nil, func(r run.Run) error { told = append(told, string(r.ID)); return nil })
	if err != nil || len(told) != 6 || !slices.IsSorted(told) {
		t.Errorf("told %v, %v", told, err)
	}
}

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

package plane

import (
	"context"
	"fmt"
	"iter"
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
	remembers := tail{seen: seen}
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
		runs, err := p.tailOnce(t.Context(), nil, &remembers, day == 0)
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

// lagging is a store whose index lacks its newest run at one look.
type lagging struct {
	port.Reader
	look, lacks, walked int
}

func (l *lagging) Walk(ctx context.Context, w port.Walk) iter.Seq2[run.Run, error] {
	l.look++
	return func(yield func(run.Run, error) bool) {
		n := 0
		for r, err := range l.Reader.Walk(ctx, w) {
			l.walked++
			if n++; n == 1 && l.look == l.lacks {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// TestTailOfALaggingIndex: if the newest run is not shown for a moment, nothing of the past is told instead.
func TestTailOfALaggingIndex(t *testing.T) {
	t.Parallel()
	const jobs = 40 // of one minute
	for lacks := 2; lacks <= 6; lacks++ {
		store := &memory.Store{}
		slot := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
		begin := func(n int) {
			for i := range n {
				r := run.Run{ID: run.ScheduledID(fmt.Sprintf("job-%02d", i), slot), ScheduledFor: slot, QueuedAt: slot, Status: run.Succeeded}
				if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
					t.Fatal(err)
				}
			}
			slot = slot.Add(time.Minute)
		}
		for range 5 {
			begin(jobs)
		}
		reader := &lagging{Reader: store, lacks: lacks}
		ctx, end := context.WithCancel(t.Context())
		p := &Plane{Reader: reader, Now: func() time.Time { return slot }, Sleep: func(context.Context, time.Duration) {
			switch reader.look {
			case 2, 4:
				begin(1)
			case 7:
				end()
			}
		}}
		told := 0
		if err := p.Tail(ctx, nil, func(run.Run) error { told++; return nil }); err != nil || told != 2 || reader.walked > 8*(tailed+2) {
			t.Errorf("lacking one at look %d: %d told after %d runs were read, %v", lacks, told, reader.walked, err)
		}
		end()
	}
}

// TestTailOfALateSlot: as long as there are few runs, one of an old slot is told too.
func TestTailOfALateSlot(t *testing.T) {
	t.Parallel()
	store, at := &memory.Store{}, time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	begin := func(slot time.Time) run.ID {
		r := run.Run{ID: run.ScheduledID("late", slot), ScheduledFor: slot, QueuedAt: at, Status: run.Succeeded}
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	begin(at)
	late, remembers := run.ID(""), tail{seen: map[run.ID]run.Run{}}
	p := &Plane{Reader: store}
	for look := range 3 {
		runs, err := p.tailOnce(t.Context(), nil, &remembers, look == 0)
		if err != nil || len(runs) != 1+look {
			t.Errorf("look %d, after %s came: %d runs, %v", look, late, len(runs), err)
		}
		late = begin(at.Add(-time.Duration(look+1) * time.Hour))
	}
}

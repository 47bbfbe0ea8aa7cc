package local_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// endless is a store with which a check of the slots does not end by itself.
type endless struct {
	port.Store
	began chan struct{}
	under *atomic.Int32 // how many checks are under way
}

func (e endless) Mark(ctx context.Context, name string) (time.Time, error) {
	if name != port.MarkSlots {
		return e.Store.Mark(ctx, name)
	}
	e.under.Add(1)
	defer e.under.Add(-1)
	e.began <- struct{}{}
	<-ctx.Done()
	return time.Time{}, ctx.Err()
}

// TestLongCheck: while a check of the slots goes on, as after a long silence, slots are fired. It ends
// if the clock is put back, because it would go on to the wrong time, and when the program ends.
func TestLongCheck(t *testing.T) {
	t.Parallel()
	l, clock, _ := onTheWall(t)
	store := endless{l.Control.Store, make(chan struct{}), &atomic.Int32{}}
	l.Control.Store = store
	ctx, end := context.WithCancel(t.Context())
	defer end()
	over := make(chan error, 1)
	go func() { over <- l.Run(ctx, 0) }()
	begins(t, store.began)
	for range 2 {
		clock.Advance(time.Minute)
		id := run.ScheduledID("minutely", clock.Now().Truncate(time.Minute))
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			if _, err := l.Store.Run(t.Context(), id); err == nil {
				break
			} else if time.Now().After(end) {
				t.Fatalf("%s was not fired: %v", id, err)
			}
		}
	}
	clock.by.Add(int64(-time.Hour))
	begins(t, store.began)
	end()
	select {
	case err := <-over:
		if n := store.under.Load(); err != nil || n > 0 {
			t.Errorf("%v; %d checks are under way", err, n)
		}
	case <-time.After(patience):
		t.Fatal("the program does not end")
	}
}

const patience = 30 * time.Second

func begins(t *testing.T, check <-chan struct{}) {
	t.Helper()
	select {
	case <-check:
	case <-time.After(patience):
		t.Fatal("no check of the slots began")
	}
}

// TestLongCheckAtTheEnd: a program that was to run for a while does not end before the check of the slots
// did, which may find runs to tell about.
func TestLongCheckAtTheEnd(t *testing.T) {
	t.Parallel()
	l, clock, _ := onTheWall(t)
	store := held{l.Control.Store, make(chan struct{}), make(chan struct{}), &atomic.Int32{}}
	l.Control.Store = store
	over := make(chan error, 1)
	go func() { over <- l.Run(t.Context(), time.Second) }()
	begins(t, store.began)
	clock.Advance(time.Minute)
	if idle, err := l.Idle(t.Context()); err != nil || !idle {
		t.Fatalf("a run is open: %v", err)
	}
	for looks := store.looks.Load(); store.looks.Load() < looks+10; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-over:
			t.Fatalf("it ended while a check was under way: %v", err)
		default:
		}
	}
	close(store.ends)
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("the program does not end")
	}
}

// held is a store with which a check of the slots takes until ends is closed.
type held struct {
	port.Store
	began, ends chan struct{}
	looks       *atomic.Int32 // how often something looked for what is due
}

func (h held) Mark(ctx context.Context, name string) (time.Time, error) {
	if name == port.MarkSlots {
		h.began <- struct{}{}
		select {
		case <-h.ends:
		case <-ctx.Done():
		}
	}
	return h.Store.Mark(ctx, name)
}

func (h held) Due(ctx context.Context, lane run.Lane, at time.Time, most int) ([]run.Run, error) {
	h.looks.Add(1)
	return h.Store.Due(ctx, lane, at, most)
}

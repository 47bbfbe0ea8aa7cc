package simulation

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/storetest"
)

// locked makes the store's one racy test case fair: a world has no second thread.
type locked struct {
	*Store
	mu      sync.Mutex
	damaged map[string]bool // pending slots
}

func (l *locked) Commit(ctx context.Context, c port.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Store.Commit(ctx, c)
}

// Pending passes over damaged slots. Worlds damage none.
func (l *locked) Pending(ctx context.Context, limit int) ([]port.Pending, error) {
	all, err := l.Store.Pending(ctx, math.MaxInt)
	out := slices.DeleteFunc(all, func(p port.Pending) bool {
		damaged := l.damaged[p.ID()]
		if damaged {
			err = &port.UnreadablePendingError{Slots: map[string]error{p.ID(): port.ErrUnreadable}}
		}
		return damaged
	})
	return out[:min(limit, len(out))], err
}

func (l *locked) CorruptPending(_ context.Context, id string) error {
	l.damaged = map[string]bool{id: true}
	return nil
}

// CorruptAsked makes it as if a request could not be read. Worlds damage none.
func (l *locked) CorruptAsked(_ context.Context, a port.Asked) error {
	for i := range l.asked {
		if was := &l.asked[i]; was.ID == a.ID && was.At.Equal(a.At) {
			*was = port.UnreadableAsked(was.ID, was.At, port.ErrUnreadable)
			was.Job, was.By = a.Job, a.By
		}
	}
	return nil
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Store { return &locked{Store: NewStore()} })
	storetest.Rests(t, func(*testing.T) (mine, other port.Store) {
		s := NewStore()
		return s, s
	})
}

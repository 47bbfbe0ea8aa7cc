package console

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatIsRestoredIsReadAgain: what is kept of runs that cannot be read is as new as the
// store.
func TestWhatIsRestoredIsReadAgain(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	kept := remembering(&plane.Plane{Reader: store, Now: func() time.Time { return recentNow }})
	at := recentNow.Add(-time.Hour)
	r := run.Run{ID: run.ScheduledID("a", at), ScheduledFor: at, QueuedAt: at, FinishedAt: at.Add(time.Minute), Status: run.Failed}
	if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	if err := store.Corrupt(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	unread := func() []run.ID {
		line, err := kept.Timeline(t.Context(), recentNow.Add(-24*time.Hour), recentNow, plane.JobFilter{})
		if err != nil {
			t.Fatal(err)
		}
		return line.Unread
	}
	for range 2 {
		if got := unread(); len(got) != 1 || got[0] != r.ID {
			t.Errorf("not read: %v", got)
		}
	}
	r.Rev = 1
	if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	if got := unread(); len(got) > 0 {
		t.Errorf("restored, and not read: %v", got)
	}
}

package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestChanged: each run that changed comes once, as it is now, whoever wrote it.
func TestChanged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.db")
	s, err := sqlite.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at := time.Date(2026, 11, 24, 7, 0, 0, 0, time.UTC)
	put := func(id run.ID, rev int64, status run.Status) {
		t.Helper()
		if err := s.Commit(t.Context(), port.Change{Run: &run.Run{ID: id, Rev: rev, ScheduledFor: at, QueuedAt: at, Status: status}}); err != nil {
			t.Fatal(err)
		}
	}
	place, err := s.Place(t.Context())
	if err != nil || place != 0 {
		t.Fatalf("a new file is at %d, %v", place, err)
	}
	changed := func(limit int) (out []string) {
		t.Helper()
		var rs []run.Run
		if rs, place, err = s.Changed(t.Context(), place, limit); err != nil {
			t.Fatal(err)
		}
		for _, r := range rs {
			out = append(out, string(r.ID)+" "+string(r.Status))
		}
		return out
	}
	put("a/1", 0, run.Queued)
	put("a/2", 0, run.Queued)
	put("a/1", 1, run.Succeeded)
	if got := changed(10); !slices.Equal(got, []string{"a/2 queued", "a/1 succeeded"}) {
		t.Errorf("changed: %q", got)
	}
	if got := changed(10); got != nil {
		t.Errorf("nothing changed, and it says %q", got)
	}
	put("a/3", 0, run.Queued)
	put("a/2", 1, run.Failed)
	if got := changed(1); !slices.Equal(got, []string{"a/3 queued"}) {
		t.Errorf("the first of two: %q", got)
	}
	if got := changed(1); !slices.Equal(got, []string{"a/2 failed"}) {
		t.Errorf("the second: %q", got)
	}
	// This is how a program writes that does not know the table of changes.
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE runs SET rev = rev + 1 WHERE id = 'a/3'"); err != nil {
		t.Fatal(err)
	}
	if got := changed(10); !slices.Equal(got, []string{"a/3 queued"}) {
		t.Errorf("changed by another program: %q", got)
	}
	put("a/4", 0, run.Queued)
	put("a/5", 0, run.Queued)
	if err := s.Corrupt(t.Context(), "a/4"); err != nil {
		t.Fatal(err)
	}
	put("a/6", 0, run.Queued)
	if got := changed(2); !slices.Equal(got, []string{"a/5 queued", "a/6 queued"}) {
		t.Errorf("one that cannot be read takes the place of another: %q", got)
	}
	if _, err := s.Prune(t.Context(), at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := changed(10); got != nil {
		t.Errorf("what is removed is no change: %q", got)
	}
	reader, err := sqlite.OpenExisting(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if there, err := reader.Place(t.Context()); err != nil || there != place {
		t.Errorf("who reads beside is at %d, want %d; %v", there, place, err)
	}
}

package sqlite_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
)

// TestTook: the next process knows who took a notice, until that is old.
func TestTook(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	open := func() *sqlite.Store {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	for _, targets := range [][]string{{"a", "b"}, {"b", "c"}} {
		if err := s.SetTook(t.Context(), "failed:1", targets); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open()
	t.Cleanup(func() { _ = s.Close() })
	got, err := s.Took(t.Context(), "failed:1")
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := s.Took(t.Context(), "failed:2"); err != nil || len(got) > 0 {
		t.Errorf("of another notice: %q, %v", got, err)
	}
	if _, err := s.Prune(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Took(t.Context(), "failed:1"); err != nil || len(got) > 0 {
		t.Errorf("once it is old: %q, %v", got, err)
	}
}

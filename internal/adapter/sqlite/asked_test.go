package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/control"
)

// TestFileFromBeforeRequests: an earlier program's file reads as having no requests, and takes them
// once it is opened for writing.
func TestFileFromBeforeRequests(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().ExecContext(t.Context(), "DROP TABLE asked"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if as, err := reader.Asked(t.Context(), control.AskedQuery{}); err != nil || len(as) != 0 {
		t.Errorf("before: %+v, %v", as, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.PutAsked(t.Context(), control.Asked{ID: "r"}); err != nil {
		t.Error(err)
	}
}

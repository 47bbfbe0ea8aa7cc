package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
)

// TestPresent: an open file is missing once its path leads elsewhere, and present again once it is put
// back.
func TestPresent(t *testing.T) {
	t.Parallel()
	move := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		of   string // which file: what follows the database's name
		with func(t *testing.T, path string)
	}{
		"the database removed":  {"", func(*testing.T, string) {}},
		"the database replaced": {"", writeTo("SQLite format 3")},
		"the database emptied":  {"", writeTo("")},
		"its log removed":       {"-wal", func(*testing.T, string) {}},
		"its log replaced":      {"-wal", writeTo("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "jobs.db")
			s, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			if err := s.Present(); err != nil {
				t.Fatal(err)
			}
			move(t, path+c.of, path+".kept")
			c.with(t, path+c.of)
			if err := s.Present(); !errors.Is(err, sqlite.ErrGone) || !strings.Contains(err.Error(), path+c.of+" was removed, replaced or emptied while it is in use: put it back, or end") {
				t.Errorf("got %v", err)
			}
			move(t, path+".kept", path+c.of)
			if err := s.Present(); err != nil {
				t.Errorf("after it was put back: %v", err)
			}
		})
	}
}

// TestPresentSeesWhatIsEmptied: even if it stays the same file.
func TestPresentSeesWhatIsEmptied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Present(); !errors.Is(err, sqlite.ErrGone) {
		t.Errorf("got %v", err)
	}
}

// TestALinkIsFollowed: the write-ahead log is beside the file, not beside the link.
func TestALinkIsFollowed(t *testing.T) {
	t.Parallel()
	there, link := filepath.Join(t.TempDir(), "jobs.db"), filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(there, link); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Present(); err != nil {
		t.Error(err)
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := s.Present(); !errors.Is(err, sqlite.ErrGone) {
		t.Errorf("without the link: %v", err)
	}
}

// TestABackupIsTaken: a backup by VACUUM INTO, which makes files without WAL, can be used as it is.
func TestABackupIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "jobs.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	backup := filepath.Join(dir, "backup.db")
	if _, err := s.DB().ExecContext(t.Context(), "VACUUM INTO ?", backup); err != nil {
		t.Fatal(err)
	}
	b, err := sqlite.Open(t.Context(), backup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	if err := b.Present(); err != nil {
		t.Error(err)
	}
}

func writeTo(text string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

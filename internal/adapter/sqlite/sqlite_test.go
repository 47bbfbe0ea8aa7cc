package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/storetest"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "deep", "er", "local.db"))
	})
}

func TestRests(t *testing.T) {
	t.Parallel()
	storetest.Rests(t, func(t *testing.T) (mine, other port.Store) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "local.db")
		return open(t, path), open(t, path)
	})
}

func TestASecondProcessReadsWhileTheFirstWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	writer := open(t, path)
	tx, err := writer.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "INSERT INTO meta VALUES ('a', 'b')"); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if v, err := reader.Meta(t.Context(), "a"); err != nil || v != "" {
		t.Errorf("an unfinished write is seen: %q, %v", v, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if v, err := reader.Meta(t.Context(), "a"); err != nil || v != "b" {
		t.Errorf("a finished write is not seen: %q, %v", v, err)
	}
	if err := reader.SetMeta(t.Context(), "a", "c"); err == nil {
		t.Error("a reader wrote")
	}
}

// TestConnections: each waits for another program's lock, such as a backup's, and those that read beside
// the writer cannot write.
func TestConnections(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	s := open(t, path)
	reader, err := sqlite.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for name, c := range map[string]struct {
		db     *sql.DB
		writes bool
	}{"the writer": {s.DB(), true}, "beside it": {s.Reading(), false}, "another program": {reader.DB(), false}} {
		var waits int
		if err := c.db.QueryRowContext(t.Context(), "PRAGMA busy_timeout").Scan(&waits); err != nil || waits != 5000 {
			t.Errorf("%s waits for %d ms, %v", name, waits, err)
		}
		if _, err := c.db.ExecContext(t.Context(), "INSERT INTO meta VALUES (?, '')", name); (err == nil) != c.writes {
			t.Errorf("%s, writing: %v", name, err)
		}
	}
}

func TestAClosedFileIsReadable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.SetMeta(t.Context(), "a", "b"), s.Close()); err != nil {
		t.Fatal(err)
	}
	reader, err := sqlite.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	if v, err := reader.Meta(t.Context(), "a"); err != nil || v != "b" {
		t.Errorf("got %q, %v", v, err)
	}
}

// TestNotToBeOpened: a person who may not open a file is told what it takes.
func TestNotToBeOpened(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	path := filepath.Join(file, "local.db") // which no user can open, not even root
	s, err := sqlite.OpenExisting(t.Context(), path)
	if err == nil {
		t.Fatal(s.Close())
	}
	if !strings.Contains(err.Error(), path+" cannot be opened: ") || !strings.Contains(err.Error(), "ask as the user whom it belongs to") {
		t.Error(err)
	}
}

// TestUnusableFiles: each is refused with a sentence, and left as it was.
func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		make func(t *testing.T, path string)
		want error
		text string
	}{
		{"of a newer version", func(t *testing.T, path string) {
			t.Helper()
			s := open(t, path)
			exec(t, s.DB(), "PRAGMA user_version = 99")
			exec(t, s.DB(), "PRAGMA journal_mode = DELETE")
		}, sqlite.ErrNewer, "upgrade batchplane"},
		{"from before the first release", func(t *testing.T, path string) {
			t.Helper()
			s := open(t, path)
			exec(t, s.DB(), "PRAGMA user_version = 1")
			exec(t, s.DB(), "PRAGMA journal_mode = DELETE")
		}, sqlite.ErrOlder, "move it away"},
		{"of another program", func(t *testing.T, path string) {
			t.Helper()
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, db, "CREATE TABLE theirs (a)")
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, sqlite.ErrForeign, "--db"},
		{"that is no database", func(t *testing.T, path string) {
			t.Helper()
			write(t, path, bytes.Repeat([]byte("no database "), 500))
		}, sqlite.ErrForeign, "damaged"},
		{"that is cut off", func(t *testing.T, path string) {
			t.Helper()
			s, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(path) //nolint:gosec // a test's own file
			if err != nil {
				t.Fatal(err)
			}
			copy(b[100:], bytes.Repeat([]byte{0xff}, 3000))
			write(t, path, b)
		}, sqlite.ErrForeign, "damaged"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "local.db")
			c.make(t, path)
			before, err := os.ReadFile(path) //nolint:gosec // a test's own file
			if err != nil {
				t.Fatal(err)
			}
			for name, try := range map[string]func() (*sqlite.Store, error){
				"Open":         func() (*sqlite.Store, error) { return sqlite.Open(t.Context(), path) },
				"OpenExisting": func() (*sqlite.Store, error) { return sqlite.OpenExisting(t.Context(), path) },
			} {
				s, err := try()
				if err == nil {
					t.Fatalf("%s took it: %v", name, s.Close())
				}
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), path) {
					t.Errorf("%s: %v", name, err)
				}
			}
			after, err := os.ReadFile(path) //nolint:gosec // a test's own file
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestWhatIsNoFileIsRefused: SQLite would wait for a writer of a pipe.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe} {
		if _, err := sqlite.OpenExisting(t.Context(), path); !errors.Is(err, sqlite.ErrForeign) || !strings.Contains(err.Error(), path+" is not a batchplane database, not even a file") {
			t.Errorf("OpenExisting: %v", err)
		}
		if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, sqlite.ErrForeign) {
			t.Errorf("Open: %v", err)
		}
	}
}

func TestAbsentFileIsNotMadeByAReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "local.db")
	if _, err := sqlite.OpenExisting(t.Context(), path); !errors.Is(err, sqlite.ErrNoFile) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file was made: %v", err)
	}
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	storetest.Read(t, func(t *testing.T) storetest.ReadStore {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "deep", "er", "local.db"))
	})
}

package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
)

func TestDatabases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	absent, newer, corrupt := filepath.Join(dir, "absent.db"), filepath.Join(dir, "newer.db"), filepath.Join(dir, "corrupt.db")
	s, err := sqlite.Open(t.Context(), newer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.DB().ExecContext(t.Context(), "PRAGMA user_version = 99")
	if err := errors.Join(err, s.Close(), os.WriteFile(corrupt, []byte(strings.Repeat("not a database ", 500)), 0o600)); err != nil {
		t.Fatal(err)
	}
	jobs := filepath.Join(dir, "jobs.yaml")
	if err := os.WriteFile(jobs, []byte(jobsYAML), 0o600); err != nil {
		t.Fatal(err)
	}
	for db, says := range map[string]string{
		absent: "does not exist: start `batchplane local` first, name the right file with --db, or name a stack on AWS with --stack", newer: "upgrade batchplane", corrupt: "or is damaged: keep it",
	} {
		before, _ := os.ReadFile(db) //nolint:gosec // a test's own file; one is absent
		for _, args := range [][]string{{"history"}, {"show", "report"}, {"logs", "report"}, {"run", "report"}, {"retry", "report"}, {"stop", "report", "--reason", "x"}, {"local", "-f", jobs}} {
			if db == absent && args[0] == "local" {
				continue // makes it
			}
			r := batchplane(t, append([]string{"--db", db}, args...)...)
			if r.code != 1 || !strings.Contains(r.err, says) || !strings.Contains(r.err, db) || r.out != "" {
				t.Errorf("%s on %s: exit code %d, %q, %q", args[0], filepath.Base(db), r.code, r.out, r.err)
			}
		}
		if after, _ := os.ReadFile(db); string(after) != string(before) { //nolint:gosec // as above
			t.Errorf("%s was changed", db)
		}
	}
	if _, err := os.Stat(absent); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a reader made the file: %v", err)
	}
}

// TestLockedDatabase: another program is writing to the file, or has locked it for itself.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	for how, reads := range map[string]bool{"IMMEDIATE": true, "EXCLUSIVE": false} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, at)
			w.close()
			other, err := sqlite.Open(t.Context(), w.db)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Close() })
			jobs := filepath.Join(t.TempDir(), "jobs.yaml")
			if err := os.WriteFile(jobs, []byte(jobsYAML), 0o600); err != nil {
				t.Fatal(err)
			}
			begin, command := "BEGIN IMMEDIATE", []string{"local", "-f", jobs}
			if !reads {
				begin, command = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE theirs (a)", []string{"history"}
			}
			if _, err := other.DB().ExecContext(t.Context(), begin); err != nil {
				t.Fatal(err)
			}
			const says = "DB is locked by another program: end it, or name another file with --db"
			if reads {
				w.must("history")
			}
			refused := w.run(command...)
			if refused.code != 1 || !strings.Contains(refused.err, says) || refused.out != "" {
				t.Errorf("%s: exit code %d, %q", command[0], refused.code, refused.err)
			}
		})
	}
}

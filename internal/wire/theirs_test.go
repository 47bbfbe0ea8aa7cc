package wire_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/wire"
)

// TestAStateOfAnotherUser: nothing starts on a state that another user prepared, as in a folder where
// everybody may make files, and its token is not written there. SQLite gives its log and index to root
// if root opens them, so they are not tried here.
func TestAStateOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const other = 12345
	for name, path := range map[string]string{
		"its folder": "", "the database": "jobs.db", "its lock": "jobs.db.lock", "the tasks' logs": "jobs.logs/", "the tasks' locks": "jobs.tasks/", "a link": "jobs.db@",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			part := made(t, dir, path)
			if err := os.Lchown(part, other, other); err != nil {
				t.Fatal(err)
			}
			l, err := wire.NewLocal(t.Context(), config(filepath.Join(dir, "jobs.db")))
			if err == nil {
				mustClose(t, l)
			}
			if err == nil || !strings.Contains(err.Error(), part+" can be changed by user 12345") {
				t.Errorf("%v", err)
			}
			for _, name := range []string{"jobs.db", "jobs.db-wal"} {
				if text, _ := os.ReadFile(filepath.Join(dir, name)); strings.Contains(string(text), `"token"`) {
					t.Errorf("%s holds the token", name)
				}
			}
			if err := os.Lchown(part, 0, 0); err != nil {
				t.Fatal(err)
			}
			mustStart(t, config(filepath.Join(dir, "jobs.db")))
		})
	}
}

// TestAStateThatOthersMayWrite: neither does it start where only the file's mode lets others in.
func TestAStateThatOthersMayWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := made(t, dir, "jobs.db")
	if err := os.Chmod(db, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := wire.NewLocal(t.Context(), config(db)); err == nil || !strings.Contains(err.Error(), db+" can be changed by everybody") {
		t.Errorf("%v", err)
	}
	if err := os.Chmod(db, 0o600); err != nil {
		t.Fatal(err)
	}
	mustStart(t, config(db))
}

// TestAStateThatOthersMayRead: once a state that was restored is in use, only its owner may read it and its
// log, which hold the token.
func TestAStateThatOthersMayRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "jobs.db")
	l, err := wire.NewLocal(t.Context(), config(db))
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	if err := os.Chmod(db, 0o644); err != nil { //nolint:gosec // as a copy has it
		t.Fatal(err)
	}
	if l, err = wire.NewLocal(t.Context(), config(db)); err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, l)
	found := 0
	for _, name := range []string{db, db + "-wal", db + "-shm"} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		if text, _ := os.ReadFile(name); strings.Contains(string(text), `"token"`) { //nolint:gosec // a test's own file
			found++
		}
	}
	if found == 0 {
		t.Error("no file holds the token")
	}
}

// TestAStateOfAVolume: a pod starts again on the state of the pod before. Kubernetes gives the files of a
// volume to the fsGroup, and lets it write to them.
func TestAStateOfAVolume(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	db := filepath.Join(dir, "jobs.db")
	l, err := wire.NewLocal(t.Context(), config(db))
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	for path, mode := range map[string]fs.FileMode{dir: 0o770 | fs.ModeSetgid, db: 0o660, db + ".lock": 0o660} {
		if err := errors.Join(os.Lchown(path, -1, 2000), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	mustStart(t, config(db))
}

// made makes a file, or a folder if the name ends with /, or with @ a link to a file.
func made(t *testing.T, dir, name string) (path string) {
	t.Helper()
	path = filepath.Join(dir, strings.Trim(name, "/@"))
	var err error
	switch {
	case name == "": // the folder itself
	case strings.HasSuffix(name, "/"):
		err = os.Mkdir(path, 0o700)
	case strings.HasSuffix(name, "@"):
		err = os.Symlink(made(t, t.TempDir(), "jobs.db"), path)
	default:
		err = os.WriteFile(path, nil, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReplaceFile: a file is replaced whole, or not at all; links, modes and what is no file stay as they are.
func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, link, fresh := filepath.Join(dir, "old"), filepath.Join(dir, "link"), filepath.Join(dir, "new")
	later := filepath.Join(dir, "later")
	if err := errors.Join(os.WriteFile(old, []byte("old"), 0o600), os.Chmod(old, 0o664), os.Symlink("old", link)); err != nil { //nolint:gosec // a mode that a umask does not give
		t.Fatal(err)
	}
	reads := func(what, name, want string) {
		t.Helper()
		if b, err := os.ReadFile(name); err != nil || string(b) != want { //nolint:gosec // a test's own file
			t.Errorf("%s: %s holds %q, %v", what, name, b, err)
		}
	}
	full := errors.New("the disk is full")
	for _, name := range []string{old, link, fresh} {
		err := replaceBy(name, 0o600, func(w io.Writer) error {
			_, err := w.Write([]byte("hal"))
			return errors.Join(err, full)
		})
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
	}
	reads("a full disk", old, "old")
	if all, err := os.ReadDir(dir); err != nil || len(all) != 2 {
		t.Errorf("a full disk leaves %v, %v", all, err)
	}
	if err := os.Symlink("target", later); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{link: old, fresh: fresh, later: filepath.Join(dir, "target"), os.DevNull: ""} {
		if err := replaceFile(name, []byte("whole"), 0o600); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if to != "" {
			reads("replaced", to, "whole")
		}
	}
	for name, mode := range map[string]os.FileMode{old: 0o664, fresh: 0o600, link: os.ModeSymlink, later: os.ModeSymlink, os.DevNull: os.ModeDevice | os.ModeCharDevice} {
		if info, err := os.Lstat(name); err != nil || info.Mode().Type() != mode.Type() || mode.IsRegular() && info.Mode() != mode {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
}

// TestReplaceFileNamesTheFile: an error names the file that the person named, not the one beside it.
func TestReplaceFileNamesTheFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "no such folder", "new")
	if at, ok := errors.AsType[*fs.PathError](replaceFile(name, []byte("whole"), 0o600)); !ok || at.Path != name {
		t.Errorf("the error names %v", at)
	}
}

// TestReplaceFileKeepsTheOwner: who replaces a file as root, such as by sudo, does not take it away.
func TestReplaceFileKeepsTheOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	name := filepath.Join(t.TempDir(), "jobs.yaml")
	if err := errors.Join(os.WriteFile(name, []byte("old"), 0o600), os.Chown(name, 12345, 23456), replaceFile(name, []byte("whole"), 0o600)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != 12345 || stat.Gid != 23456 || info.Size() != int64(len("whole")) {
		t.Errorf("it is now %+v", info.Sys())
	}
}

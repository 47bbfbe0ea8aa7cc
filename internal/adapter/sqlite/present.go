package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrGone is wrapped by the error of Present: the name no longer leads to the open file.
var ErrGone = errors.New("was removed, replaced or emptied while it is in use")

// file is a path with what was there when it was opened.
type file struct {
	path string
	info fs.FileInfo
}

// hold notes which files are open: the database and its write-ahead log. The log lies beside the
// database while anybody has it open (https://sqlite.org/wal.html), or beside the target if the path is
// a link.
func (s *Store) hold() error {
	target, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return fmt.Errorf("following %s: %w", s.path, err)
	}
	for _, path := range []string{s.path, target + "-wal"} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("looking at %s: %w", path, err)
		}
		s.held = append(s.held, file{path, info})
	}
	return nil
}

// private makes a state that everybody may read, as after it was copied or restored, its owner's alone,
// with its log: it will hold the token of the local control plane. What everybody may even write to stays
// as it is, for whoever judges whether the state can be trusted. Some file systems have one mode for all
// files.
func private(path string) {
	const read, write = 0o004, 0o002
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err == nil && info.Mode()&read != 0 && info.Mode()&write == 0 {
			_ = os.Chmod(name, info.Mode().Perm()&^0o077)
		}
	}
}

// Present returns nil while the file that was opened lies at its path, and ErrGone if not: nobody else
// would see what is written then, and it would be lost with this process
// (https://sqlite.org/howtocorrupt.html, "Unlinking or renaming a database file while in use"). It
// reads only metadata. A file that is put back is present again.
func (s *Store) Present() error {
	for _, f := range s.held {
		info, err := os.Stat(f.path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("looking at %s: %w", f.path, err)
		case err != nil || !os.SameFile(info, f.info) || f.path == s.path && info.Size() == 0:
			return fmt.Errorf("%s %w: put it back, or end this program and start it again", f.path, ErrGone)
		}
	}
	return nil
}

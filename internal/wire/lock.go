package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrRunning says that another control plane runs on the same state or jobs file.
var ErrRunning = errors.New("another control plane is running on it")

// lock makes sure that only one control plane runs on the database, whichever link names it. The lock
// ends with the process, however that ends.
func (l *Local) lock(db string) error {
	if err := os.MkdirAll(filepath.Dir(db), 0o750); err != nil {
		return fmt.Errorf("making the folder of %s: %w", db, err)
	}
	if err := l.lockBeside(db, db); err != nil {
		return err
	}
	info, err := os.Lstat(db)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil //nolint:nilerr // it is not there yet
	}
	target, err := filepath.EvalSymlinks(db)
	if err != nil {
		return nil //nolint:nilerr // as above: it will be where the link leads
	}
	return l.lockBeside(db, target)
}

func (l *Local) lockBeside(db, path string) error {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // beside the file that the person named
	if err != nil {
		return fmt.Errorf("opening the lock of %s: %w", db, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("%s cannot be used: %w; end it, or name another file with --db", db, ErrRunning), f.Close())
	}
	l.closers = append(l.closers, func(context.Context) error { return unlock(f) })
	return nil
}

// unlock ends a lock. Closing the file alone leaves it to a process that was just forked, until that
// begins its program.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// LockJobs makes sure that only one control plane runs the jobs of a file, whatever folder it was
// started in and whatever state it was given. Call it again after reading the file again: an editor may
// have replaced it. If the file system has no locks, LockJobs does not fail.
func (l *Local) LockJobs(path string) error {
	f, err := os.Open(path) //nolint:gosec // the file that the person named
	if err != nil {
		return fmt.Errorf("opening the jobs file: %w", err)
	}
	if l.jobsLock != nil && sameFile(f, l.jobsLock) {
		return f.Close() //nolint:wrapcheck // it was only read
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errors.Join(fmt.Errorf("the jobs of %s are already running: %w; end it first, or they would run twice", path, ErrRunning), f.Close())
	}
	l.unlockJobs()
	l.jobsLock = f
	return nil
}

func (l *Local) unlockJobs() {
	if l.jobsLock != nil {
		_ = unlock(l.jobsLock) // it was only read
		l.jobsLock = nil
	}
}

func sameFile(a, b *os.File) bool {
	x, errX := a.Stat()
	y, errY := b.Stat()
	return errX == nil && errY == nil && os.SameFile(x, y)
}

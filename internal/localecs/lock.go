//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lockFile creates a file and locks it. The lock lasts until every process that inherited the open file
// has closed it or died.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // lockPath named it, below LockDir
	if errors.Is(err, os.ErrNotExist) {                       // somebody who tidies up may have removed the folder, which is usually empty
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("making the folder of a container's lock: %w", err)
		}
		f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // as above
	}
	if err != nil {
		return nil, fmt.Errorf("making a container's lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	return f, nil
}

// endLayout is the form in which a supervisor without a control plane notes in a command's lock when
// the command ended.
const endLayout = "2006-01-02T15:04:05.000Z"

// endIn returns the end that a lock's file notes. It returns zero if the file notes none: the
// supervisor did not live to see it.
func endIn(path string) time.Time {
	text, err := os.ReadFile(path) //nolint:gosec // lockPath named it, below LockDir
	if err != nil {
		return time.Time{}
	}
	at, err := time.Parse(endLayout, string(text))
	if err != nil {
		return time.Time{}
	}
	return at
}

// locked reports whether anybody holds the lock. It removes the file of a free lock.
func locked(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // lockPath named it, below LockDir
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, fmt.Errorf("opening a container's lock: %w", err)
	}
	defer letGo(f)
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return true, fmt.Errorf("trying %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return false, fmt.Errorf("removing a free lock: %w", err)
	}
	return false, nil
}

// letGo closes a file for which a failed close loses nothing that anybody relies on: it was read,
// locked, or opened for the supervisor to inherit.
func letGo(f *os.File) { _ = f.Close() }

//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"fmt"
	"syscall"
)

// lacking lists the system's errors for what a machine may lack for a while. A start that fails with
// one of them left nothing behind: fork(2) and execve(2) return them to the caller, before the
// command's first instruction.
var lacking = []error{
	syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.ENOSPC, syscall.EDQUOT,
	syscall.ETOOMANYREFS, // more files on their way to the supervisor than a process may have open
}

func lacksRoom(err error) bool {
	for _, errno := range lacking {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// roomFor returns the error of a start, wrapped in ErrNoRoom if it says that.
func roomFor(err error) error {
	if lacksRoom(err) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}

// err returns the error of a start that a supervisor reported.
func (r report) err() error {
	if r.NoRoom {
		return fmt.Errorf("%w: %s", ErrNoRoom, r.Error)
	}
	return errors.New(r.Error)
}

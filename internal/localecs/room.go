//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"fmt"
	"syscall"
)

// lacking are the system's words for what a machine has none of for a while. A start
// that fails by one of them left nothing: fork(2) and execve(2) return them to who
// calls, before the command's first instruction.
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

// roomFor is the error of a start, with ErrNoRoom where that is what it says.
func roomFor(err error) error {
	if lacksRoom(err) {
		return fmt.Errorf("%w: %w", ErrNoRoom, err)
	}
	return err
}

// err is the error of a start that a supervisor reports.
func (r report) err() error {
	if r.NoRoom {
		return fmt.Errorf("%w: %s", ErrNoRoom, r.Error)
	}
	return errors.New(r.Error)
}

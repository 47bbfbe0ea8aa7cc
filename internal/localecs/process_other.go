//go:build !(linux || darwin || freebsd)

package localecs

import (
	"errors"
	"time"
)

// ProcessRunner cannot run tasks on this operating system: every Start fails.
type ProcessRunner struct {
	LogDir, LockDir, Dir string
	Grace                time.Duration
}

// Start fails.
func (*ProcessRunner) Start(ContainerSpec, func(Exit)) (Process, error) {
	return nil, errors.New("tasks can be run as processes on Linux, macOS and FreeBSD only")
}

// MaybeSupervise does nothing here.
func MaybeSupervise() {}

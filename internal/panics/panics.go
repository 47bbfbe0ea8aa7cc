// Package panics keeps a fault of this program from taking down more than what it met.
package panics

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrPanicked is the error of whoever met something that its author did not think of.
var ErrPanicked = errors.New("a fault of this program")

// Recover, deferred, turns a panic into an error, so that one run, job, schedule or record
// stops neither the sweep nor the function that handles others. A panic whose value is
// neither an error nor a string is not ours and goes on: tests end a process that way.
func Recover(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("%w: %w\n%s", ErrPanicked, p, debug.Stack())
	case string:
		*err = fmt.Errorf("%w: %s\n%s", ErrPanicked, p, debug.Stack())
	default:
		panic(p)
	}
}

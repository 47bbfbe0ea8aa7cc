package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// errPanicked is of a handler that came upon what its author did not think of.
var errPanicked = errors.New("a fault of this program")

// Guard, deferred, turns a panic into an error, so that one run, job, schedule or
// record stops neither the sweep nor the function that handles others. A panic with a
// value that is no error and no text is none of ours and goes on: so tests end a process.
func Guard(err *error) {
	switch p := recover().(type) {
	case nil:
	case error:
		*err = fmt.Errorf("%w: %w\n%s", errPanicked, p, debug.Stack())
	case string:
		*err = fmt.Errorf("%w: %s\n%s", errPanicked, p, debug.Stack())
	default:
		panic(p)
	}
}

// guarded does something under Guard.
func guarded(do func()) (err error) {
	defer Guard(&err)
	do()
	return nil
}

// senseless is an error of a run that makes no sense: nothing is decided about it, and
// it is not written over, until the look sets it aside or a person has mended it.
func senseless(r *run.Run) error {
	if why := r.Nonsense(); why != "" {
		return errors.New("it makes no sense: " + why)
	}
	return nil
}

// sensible leaves out runs that make no sense, and adds them to those that cannot
// be read.
func sensible(rs []run.Run, bad *UnreadableError) ([]run.Run, *UnreadableError) {
	out := rs[:0]
	for i := range rs {
		r := &rs[i]
		why := senseless(r)
		switch {
		case why == nil && len(out) == i: // it is in its place: mostly all are
			out = rs[:i+1]
			continue
		case why == nil:
			out = append(out, *r)
			continue
		}
		if bad == nil {
			bad = &UnreadableError{}
		}
		if bad.Runs == nil {
			bad.Runs = map[run.ID]error{}
		}
		bad.Runs[r.ID] = why
		if bad.DueSince.IsZero() || r.DueAt.Before(bad.DueSince) {
			bad.DueSince = r.DueAt
		}
	}
	return out, bad
}

// untilWritten does something anew as long as somebody else changes in between what it
// read and writes.
func (c *Control) untilWritten(ctx context.Context, what string, try func() error) error {
	for n := range conflictRetries {
		if err := c.backOff(ctx, n); err != nil {
			return err
		}
		if err := try(); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%s: %w %d times", what, ErrConflict, conflictRetries)
}

// Waits between tries of what somebody else changed in between: up to 20 ms before
// the first, then doubled, up to a second. A random part of each is waited, so that
// a hundred handlers that meet at one job do not go on meeting.
const (
	firstBackoff = 20 * time.Millisecond
	mostBackoff  = time.Second
)

// backOff waits before try n, from 0, of something that met a conflict; the first
// try does not wait.
func (c *Control) backOff(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	wait := c.Backoff
	if wait == nil {
		wait = c.wait
	}
	return wait(ctx, rand.N(min(firstBackoff<<min(n-1, 10), mostBackoff))) //nolint:gosec // not a secret
}

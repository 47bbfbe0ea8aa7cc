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

// errPanicked is a handler's error when it met something that its author did not think of.
var errPanicked = errors.New("a fault of this program")

// Guard, deferred, turns a panic into an error, so that one run, job, schedule or record
// stops neither the sweep nor the function that handles others. A panic whose value is
// neither an error nor a string is not ours and goes on: tests end a process that way.
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

// guarded calls do under Guard.
func guarded(do func()) (err error) {
	defer Guard(&err)
	do()
	return nil
}

// senseless returns an error for a run that makes no sense. Nothing is decided about such a
// run and nothing overwrites it until the look sets it aside or a person has mended it.
func senseless(r *run.Run) error {
	if why := r.Nonsense(); why != "" {
		return errors.New("it makes no sense: " + why)
	}
	return nil
}

// sensible leaves out runs that make no sense and adds them to those that cannot be read.
func sensible(rs []run.Run, bad *UnreadableError) ([]run.Run, *UnreadableError) {
	out := rs[:0]
	for i := range rs {
		r := &rs[i]
		why := senseless(r)
		switch {
		case why == nil && len(out) == i: // already in its place: usually all are
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

// untilWritten repeats try as long as somebody else keeps changing what it reads and writes.
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

// Waits between tries when somebody else changed something in between: up to 20 ms before the
// first, then doubled, up to a second. Each wait is a random part of that, so that a hundred
// handlers that meet at one job do not keep meeting.
const (
	firstBackoff = 20 * time.Millisecond
	mostBackoff  = time.Second
)

// backOff waits before try n (from 0) of something that met a conflict. It does not wait
// before the first try.
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

package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// guarded calls do under panics.Recover.
func guarded(do func()) (err error) {
	defer panics.Recover(&err)
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
func sensible(rs []run.Run, bad *port.UnreadableError) ([]run.Run, *port.UnreadableError) {
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
			bad = &port.UnreadableError{}
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

// conflictRetries bounds how often something is decided anew because somebody else changed what
// it was decided by.
const conflictRetries = 20

// untilWritten repeats try as long as somebody else keeps changing what it reads and writes.
func (c *Control) untilWritten(ctx context.Context, what string, try func() error) error {
	for n := range conflictRetries {
		if err := c.backOff(ctx, n); err != nil {
			return err
		}
		if err := try(); !errors.Is(err, port.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%s: %w %d times", what, port.ErrConflict, conflictRetries)
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

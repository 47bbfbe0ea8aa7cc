package control

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

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

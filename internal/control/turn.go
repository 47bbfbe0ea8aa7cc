package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// turnLength is for how long a process takes its turn at once: that much is lost if it dies.
const turnLength = 4 * time.Second

// turn is a process's claim to be the only one that launches what waits for the rate, since
// ECS's rate is the account's. The newest process takes over from the one before at the end
// of what that one has claimed. So there is no moment at which two launch, and none at which
// nobody does.
type turn struct {
	// asks lets one at a time ask the store. It is a channel and not a mutex, so that whoever
	// waits here does not keep virtual time from going on.
	asks chan struct{}

	from, until time.Time
	// lost says that another process has taken over.
	lost bool
}

// hold returns how long a launch must wait for the process's turn. mine is false once another
// process has taken over.
func (t *turn) hold(ctx context.Context, c *Control) (wait time.Duration, mine bool, err error) {
	if !c.InTurns {
		return 0, true, nil
	}
	t.asks <- struct{}{}
	defer func() { <-t.asks }()
	now := c.Now()
	switch {
	case t.until.IsZero():
		err = t.take(ctx, c, now)
	case !t.lost && now.After(t.until.Add(-turnLength/4)):
		err = t.renew(ctx, c, now)
	}
	if err != nil || !now.Before(t.until) {
		return 0, false, err
	}
	return max(0, t.from.Sub(now)), true, nil
}

// take takes over from whoever has the turn. A mark in the far future comes from a clock that
// is wrong.
func (t *turn) take(ctx context.Context, c *Control, now time.Time) error {
	at, err := c.Store.Mark(ctx, port.MarkLaunching)
	if err != nil {
		return fmt.Errorf("asking who launches: %w", err)
	}
	from := now
	if at.After(now) && at.Before(now.Add(2*turnLength)) {
		from = at
	}
	return t.move(ctx, c, at, from)
}

func (t *turn) renew(ctx context.Context, c *Control, now time.Time) error {
	err := t.move(ctx, c, t.until, now)
	if now.Before(t.until) {
		err = nil // what is claimed lasts, and the next call tries again
	}
	return err
}

// move claims a turn. A conflict is no error: another process was first.
func (t *turn) move(ctx context.Context, c *Control, at, from time.Time) error {
	to := from.Add(turnLength).UTC().Truncate(time.Millisecond)
	err := c.Store.MoveMark(ctx, port.MarkLaunching, at, to)
	if errors.Is(err, port.ErrConflict) {
		// It may have been this very write, sent twice.
		stands, again := c.Store.Mark(ctx, port.MarkLaunching)
		if t.lost = again != nil || !stands.Equal(to); t.lost {
			return nil
		}
		err = nil
	}
	if err != nil {
		return fmt.Errorf("taking the turn to launch: %w", err)
	}
	t.from, t.until, t.lost = from, to, false
	return nil
}

// over reports whether another process has taken over.
func (t *turn) over() bool {
	t.asks <- struct{}{}
	defer func() { <-t.asks }()
	return t.lost
}

// release lets another process take its turn at once.
func (t *turn) release(ctx context.Context, c *Control) error {
	t.asks <- struct{}{}
	defer func() { <-t.asks }()
	if t.lost || !c.Now().Before(t.until) {
		return nil
	}
	t.lost = true
	if err := c.Store.MoveMark(ctx, port.MarkLaunching, t.until, c.Now().UTC().Truncate(time.Millisecond)); err != nil && !errors.Is(err, port.ErrConflict) {
		return fmt.Errorf("giving the turn to launch back: %w", err)
	}
	return nil
}

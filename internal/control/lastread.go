package control

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// lastList is where this process last saw MarkRegistry; nil if it has not seen it.
type lastList = atomic.Pointer[time.Time]

// lastRead returns when the last list of all began: jobs that have left since were there
// then.
func (c *Control) lastRead(ctx context.Context) (time.Time, error) {
	at, err := c.Store.Mark(ctx, port.MarkRegistry)
	if err != nil {
		return at, fmt.Errorf("reading when the registry was last read: %w", err)
	}
	return at, nil
}

// markRead notes that a list of all began at a time. The mark does not go back, because one
// of two processes may finish a list that it began before the other's. It goes back only if a
// wrong clock has set it in the future.
func (c *Control) markRead(ctx context.Context, at time.Time) error {
	at = at.UTC().Truncate(time.Millisecond) // as stores keep it
	for range 2 {
		stands := c.lastList.Load()
		if stands == nil {
			from, err := c.lastRead(ctx)
			if err != nil {
				return err
			}
			stands = &from
		}
		if !at.After(*stands) && !stands.After(c.Now().Add(ahead)) {
			c.lastList.Store(stands)
			return nil
		}
		err := c.Store.MoveMark(ctx, port.MarkRegistry, *stands, at)
		if err == nil {
			c.lastList.Store(&at)
			return nil
		}
		c.lastList.Store(nil)
		if !errors.Is(err, port.ErrConflict) {
			return fmt.Errorf("storing when the registry was read: %w", err)
		}
	}
	return nil // others move it
}

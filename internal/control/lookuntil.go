package control

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// LookUntil looks, and goes on while launches are due that the rate did not
// allow, until a time. It waits between looks for as long as such a launch is
// put off. What is left then is found by who looks next.
func (c *Control) LookUntil(ctx context.Context, end time.Time) (Looked, error) {
	var total Looked
	for {
		looked, err := c.Look(ctx)
		total.add(looked)
		if err != nil || !looked.Waiting || !c.Now().Add(c.Timing.Throttled).Before(end) {
			return total, err
		}
		if err := c.pause(ctx, c.Timing.Throttled); err != nil {
			return total, fmt.Errorf("waiting for the rate of launches: %w", err)
		}
	}
}

func (l *Looked) add(o Looked) {
	l.Due += o.Due
	l.Launched += o.Launched
	l.Described += o.Described
	l.Waiting = o.Waiting
}

func (c *Control) pause(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return errors.Join(ctx.Err())
	case <-t.C:
		return nil
	}
}

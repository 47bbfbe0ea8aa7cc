package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// LookUntil looks, and goes on while launches are due that the rate did not
// allow, until a time. It waits between looks for as long as such a launch is
// put off. After that time it begins with no further run; what is left then is
// found by who looks next.
func (c *Control) LookUntil(ctx context.Context, end time.Time) (Looked, error) {
	var total Looked
	var failed error
	l := look{Control: c, end: end, aside: map[run.ID]bool{}}
	for {
		looked, err := l.once(ctx)
		total.add(looked)
		if err != nil {
			failed = err // what went wrong before and still does is in it
		}
		if !looked.Waiting || ctx.Err() != nil || !c.Now().Add(c.Timing.Throttled).Before(end) {
			return total, failed
		}
		if err := c.wait(ctx, c.Timing.Throttled); err != nil {
			return total, errors.Join(failed, fmt.Errorf("waiting for the rate of launches: %w", err))
		}
	}
}

func (l *Looked) add(o Looked) {
	l.Due += o.Due
	l.Launched += o.Launched
	l.Described += o.Described
	l.Waiting, l.Oldest = o.Waiting, o.Oldest
}

func (c *Control) wait(ctx context.Context, d time.Duration) error {
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

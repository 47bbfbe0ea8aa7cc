package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// mostPutBack is how many runs of a lane are read at most after the clock was put back. If
// there are more, those due last stay as they are.
const mostPutBack = 100_000

// PutBack repairs what a clock that was ahead has left behind, after it was put back by that
// much. A run that is due at a time which the wrong clock gave becomes due that much earlier,
// or now. Without this, nobody would look at such runs, and no notice would report them,
// until that time comes. A run that is due within half of by was decided by the clock as it
// is now, and stays. Times that record what happened stay too, so a limit that counts from
// one of them comes late. Runs that cannot be read or make no sense are set aside. For the
// jobs' items see job.Item.PutBack.
func (c *Control) PutBack(ctx context.Context, by time.Duration) error {
	now := c.Now()
	c.calmJobs.clear() // they hold until times of the wrong clock
	c.quiet.clear()
	errs := []error{c.putBackItems(ctx, now)}
	for _, lane := range []run.Lane{run.LaunchLane, run.LookLane} {
		open, err := c.Store.Due(ctx, lane, now.AddDate(1000, 0, 0), mostPutBack)
		var bad *port.UnreadableError
		if err != nil && !errors.As(err, &bad) {
			errs = append(errs, fmt.Errorf("looking for open runs: %w", err))
		}
		if open, bad = sensible(open, bad); bad != nil {
			errs = append(errs, c.newLook(now).setAside(ctx, bad))
		}
		for _, r := range open {
			if r.DueAt.Sub(now) < by/2 {
				continue
			}
			errs = append(errs, c.putBack(ctx, r, by))
		}
	}
	return errors.Join(errs...)
}

func (c *Control) putBack(ctx context.Context, r run.Run, by time.Duration) error {
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		return err
	}
	next := r
	next.DueAt = r.DueAt.Add(-by)
	err = c.commit(ctx, &r, port.Change{Run: &next}, j, "the clock was put back")
	if errors.Is(err, port.ErrConflict) {
		return nil // whoever changed it knows the time
	}
	return err
}

func (c *Control) putBackItems(ctx context.Context, now time.Time) error {
	items, err := c.Store.Items(ctx)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return fmt.Errorf("loading the jobs' items: %w", err)
	}
	var errs []error
	for i := range items {
		if _, changed := items[i].PutBack(now); !changed {
			continue
		}
		errs = append(errs, c.untilWritten(ctx, "putting back the item of "+items[i].Name, func() error {
			item, err := c.item(ctx, items[i].Name)
			if err != nil {
				return err
			}
			next, _ := item.PutBack(now)
			return c.Store.Commit(ctx, port.Change{Item: &next})
		}))
	}
	return errors.Join(errs...)
}

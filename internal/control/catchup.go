package control

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// catchUp returns the missed slot to run late, if any: the newest of all whose time is up,
// unless a run of a later slot has made up for it. After a long silence, later slots are
// found in spans to come. A slot of a former plan is run late only if the plan that replaced
// it also catches up. A job that is gone runs nothing late.
func (c *Control) catchUp(ctx context.Context, w *watched, n int, newest time.Time) (time.Time, error) {
	if w.Gone || !w.Plan.Runs() || w.Plan.CatchUp != job.CatchUpLast || w.periods[n].plan.CatchUp != job.CatchUpLast {
		return time.Time{}, nil
	}
	if c.laterIsUp(w.periods[n:], newest) {
		return time.Time{}, nil
	}
	since, err := c.Store.Runs(ctx, port.Query{Job: w.Name, Scheduled: true, Since: newest, Limit: 1})
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for runs since %s: %w", newest.Format(time.RFC3339), err)
	}
	if len(since) > 0 {
		return time.Time{}, nil
	}
	return newest, nil
}

// laterIsUp reports whether the time of a later slot is up, either of the slot's own plan or
// of a plan after it.
func (c *Control) laterIsUp(periods []period, slot time.Time) bool {
	for _, o := range periods {
		if _, isRate := o.times.Spec().Rate(); isRate { // it has one slot until it runs again
			continue
		}
		next, ok := o.times.Next(later(slot, o.since))
		upTo := c.Now().Add(-time.Duration(o.plan.StartWithin))
		if ok && !next.After(upTo) && (o.until.IsZero() || !next.After(o.until)) {
			return true
		}
	}
	return false
}

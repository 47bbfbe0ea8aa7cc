package control

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// catchUp is the missed slot that is run late, if any: the newest of all whose
// time is up, unless a run of a later slot has made it up. After a long silence
// later ones are found in spans to come. One of a former plan is run late where
// the plan that replaced it catches up too, and nothing of a job that is gone.
func (c *Control) catchUp(ctx context.Context, w *watched, n int, newest time.Time) (time.Time, error) {
	if w.Gone || !w.Plan.Runs() || w.Plan.CatchUp != job.CatchUpLast || w.periods[n].plan.CatchUp != job.CatchUpLast {
		return time.Time{}, nil
	}
	if c.laterIsUp(w.periods[n:], newest) {
		return time.Time{}, nil
	}
	since, err := c.Store.Runs(ctx, Query{Job: w.Name, Scheduled: true, Since: newest, Limit: 1})
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for runs since %s: %w", newest.Format(time.RFC3339), err)
	}
	if len(since) > 0 {
		return time.Time{}, nil
	}
	return newest, nil
}

// laterIsUp is whether the time of a later slot is up, of the plan that a slot is of or
// of those after it.
func (c *Control) laterIsUp(periods []period, slot time.Time) bool {
	for _, o := range periods {
		if _, isRate := o.times.Spec().Rate(); isRate { // which has one slot until it runs again
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

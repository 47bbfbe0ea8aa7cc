package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// catchUp is the missed slot that is run late, if any: the newest of all whose
// time is up, unless a run of a later slot has made it up. After a long silence
// later ones are found in spans to come. One of a former plan is run late where
// the plan that replaced it catches up too, and nothing of a job that is gone.
func (c *Control) catchUp(ctx context.Context, item job.Item, p period, newest time.Time) (time.Time, error) {
	if item.Gone || !item.Plan.Runs() || item.Plan.CatchUp != job.CatchUpLast || p.plan.CatchUp != job.CatchUpLast {
		return time.Time{}, nil
	}
	if c.laterIsUp(item, p, newest) {
		return time.Time{}, nil
	}
	rs, err := c.Store.Runs(ctx, Query{Job: item.Name, Since: newest, Limit: existBatch})
	if err != nil {
		return time.Time{}, fmt.Errorf("looking for runs since %s: %w", newest.Format(time.RFC3339), err)
	}
	for _, r := range rs {
		if !r.ID.ByHand() && r.ScheduledFor.After(newest) {
			return time.Time{}, nil
		}
	}
	return newest, nil
}

// laterIsUp is whether the time of a later slot of the job is up.
func (c *Control) laterIsUp(item job.Item, p period, slot time.Time) bool {
	ps := periods(item)
	for _, o := range ps[slices.IndexFunc(ps, func(o period) bool { return o.since.Equal(p.since) }):] {
		if _, isRate := rate(o.plan); isRate { // which has one slot until it runs again
			continue
		}
		t, err := o.timetable()
		if err != nil {
			continue
		}
		next, ok := t.Next(later(slot, o.since))
		upTo := c.Now().Add(-time.Duration(o.plan.StartWithin))
		if ok && !next.After(upTo) && (o.until.IsZero() || !next.After(o.until)) {
			return true
		}
	}
	return false
}

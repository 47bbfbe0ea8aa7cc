package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// oddAgain is how long after a notice about a minute that nothing explains another such
// minute of the same job is not reported.
const oddAgain = 24 * time.Hour

// odd is what follows from a start at a minute that shows a shift or its end.
type odd struct {
	// shift is what the job's item will hold from then on; nil ends the shift there is.
	shift *job.Shift
	// words are for the notice; "" if there is none.
	words string
}

// or returns the shift by which a start is judged: its own, or that of the job's item.
func (o *odd) or(item *job.Item) *job.Shift {
	switch {
	case o != nil:
		return o.shift
	case item != nil:
		return item.Shift
	}
	return nil
}

// note puts the shift into the job's item and makes the run owe the notice. changed reports
// whether the item must be written; it is not if its plan is a different one by now.
func (o *odd) note(item *job.Item, r *run.Run, j job.Job, c *Control) (changed bool) {
	if o == nil {
		return false
	}
	if o.words != "" {
		r.OweWords(string(notice.Unexpected), o.words, c.Now(), c.Timing)
	}
	if !item.Plan.Equal(j.Plan()) {
		return false
	}
	item.Shift = o.shift
	return true
}

// proven starts the job at a minute that a schedule of the stack asks for, whatever our own
// reading of that schedule, because EventBridge's zone data may be newer. A notice reports a
// minute that is not expected and what is expected from then on, unless the minute belongs to
// a plan that is over.
func (c *Control) proven(ctx context.Context, a accepted, minute time.Time) (port.Reply, error) {
	t, err := timetable.Of(a.job.Plan())
	if a.job.Schedule == "" || err != nil || a.younger {
		return c.unlessFiltered(ctx, a, minute, nil)
	}
	if t.Starts(minute) && (a.item == nil || a.item.Shift == nil) { // as always
		return c.unlessFiltered(ctx, a, minute, nil)
	}
	item, err := c.itemOr(ctx, a.job.Name, a.item)
	if err != nil {
		return port.Reply{}, err
	}
	a.item = &item
	switch {
	case t.Under(item.Shift).Starts(minute):
		return c.unlessFiltered(ctx, a, minute, nil)
	case t.Starts(minute): // by our data: the shift has ended, or never was
		return c.unlessFiltered(ctx, a, minute, &odd{})
	}
	return c.unexpected(ctx, a, t, minute)
}

func (c *Control) unexpected(ctx context.Context, a accepted, t timetable.Timetable, minute time.Time) (port.Reply, error) {
	shift, slot, ok := t.Explain(minute)
	if ok {
		made, err := c.madeUp(ctx, t, a.job, slot)
		if err != nil {
			return port.Reply{}, err
		}
		if made {
			return c.again(ctx, run.ScheduledID(a.job.Name, slot))
		}
	}
	return c.unlessFiltered(ctx, a, minute, c.surprise(ctx, a, t, shift))
}

// surprise returns what follows from a minute that is not expected. A minute that nothing
// explains is reported at most once a day.
func (c *Control) surprise(ctx context.Context, a accepted, t timetable.Timetable, shift job.Shift) *odd {
	minute, last := shift.At, a.item.Shift
	if last != nil && !last.Known && !shift.Known && minute.Sub(last.At) < oddAgain {
		return nil
	}
	o := &odd{shift: &shift, words: t.Words(shift)}
	c.Log.WarnContext(ctx, "started at a minute that is not expected", "job", a.job.Name, "slot", minute, "why", o.words)
	return o
}

// madeUp reports whether we started the job for a slot ourselves: late, because no trigger
// came, or because EventBridge does not start it when the clocks change. A start for that
// slot at another minute is then no further run.
func (c *Control) madeUp(ctx context.Context, t timetable.Timetable, j job.Job, slot time.Time) (bool, error) {
	r, err := c.Store.Run(ctx, run.ScheduledID(j.Name, slot))
	switch {
	case errors.Is(err, port.ErrNotFound):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("looking for the run of %s at %s: %w", j.Name, slot.Format(time.RFC3339), err)
	}
	by := len(r.Triggers) > 0 && r.Triggers[0].Kind == run.ByCatchUp || t.SchedulerMisses(slot)
	return by && r.Status != run.Missed && r.Status != run.Skipped, nil
}

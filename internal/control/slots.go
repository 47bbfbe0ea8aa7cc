package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// period is a plan of a job and the time during which it was in force: after since and up to
// until. until is zero if the plan still is in force.
type period struct {
	plan         job.Plan
	definition   string
	since, until time.Time
	// times is the plan's timetable under the shift that is in force over it.
	times timetable.Timetable
}

// key names the period of a job.
func (p period) key(name string) [3]string { return [3]string{name, p.definition, p.since.String()} }

// watched is a job whose slots are checked.
type watched struct {
	job.Item
	// periods are the plans that have slots, the oldest first.
	periods []period
	// recheck is from when on its slots are checked in the next span; zero if that is nothing
	// special.
	recheck time.Time
	// dropped is the time before which no slots are judged; see Control.Dropped.
	dropped time.Time
	// unread says that one of its plans cannot be read.
	unread bool
	// unproved says that nothing showed that the job is still deployed when the registry was
	// last asked.
	unproved bool
}

// take makes w the job of an item. It leaves out plans that cannot be read and returns an
// error for them.
func (w *watched) take(item *job.Item) error {
	var err error
	w.Item = *item
	w.periods, err = periods(item)
	w.unread = err != nil
	return err
}

// current returns the plan that is in force; nil if none is.
func (w *watched) current() *period {
	if n := len(w.periods); n > 0 && !w.Gone && w.periods[n-1].until.IsZero() {
		return &w.periods[n-1]
	}
	return nil
}

// periods returns the plans of a job that have slots and can be read, the oldest first.
// problems are about those that cannot be read. The plan of a job that is gone ends when the
// registry was last seen to hold it.
func periods(item *job.Item) (out []period, problems error) {
	defer panics.Recover(&problems)
	read := func(p period, s *job.Shift) {
		t, err := timetable.Of(p.plan)
		if err != nil {
			problems = errors.Join(problems, err)
			return
		}
		if p.times = t.Under(s); out == nil {
			out = make([]period, 0, len(item.Former)+1)
		}
		out = append(out, p)
	}
	for _, f := range item.Former {
		if f.Plan != nil {
			read(period{plan: *f.Plan, definition: f.Definition, since: f.From, until: f.Until()}, nil)
		}
	}
	if item.Plan.Runs() {
		now := period{plan: item.Plan, definition: item.Definition, since: item.Since}
		if item.Gone {
			now.until = item.SeenAt
		}
		read(now, item.Shift)
	}
	return out, problems
}

// expected returns the slots of a plan after from and not after to, while it was in force.
func (c *Control) expected(ctx context.Context, name string, p period, from, to time.Time) ([]time.Time, error) {
	from = later(from, p.since)
	if !p.until.IsZero() && p.until.Before(to) {
		to = p.until
	}
	every, isRate := p.times.Spec().Rate()
	switch {
	case isRate && c.quietUntil(p, name).After(to):
		return nil, nil
	case isRate:
		return c.silentRate(ctx, name, p, every, to)
	}
	var out []time.Time
	for {
		next, ok := p.times.Next(from)
		if !ok || next.After(to) {
			return out, nil
		}
		out = append(out, next)
		from = next
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// quietUntil returns until when a rate cannot have fallen silent, as far as this process
// knows.
func (c *Control) quietUntil(p period, name string) time.Time {
	until, _ := c.quiet.get(p.key(name))
	return until
}

// silentRate returns the one slot that a rate has after two periods without a run that its
// schedule asked for. It has no other until it runs again, so a silence is reported once.
// EventBridge counts a rate from when the schedule was made, so its real slots are not known.
func (c *Control) silentRate(ctx context.Context, name string, p period, every time.Duration, to time.Time) ([]time.Time, error) {
	last := p.since
	newest, err := c.newest(ctx, name, p)
	if err != nil {
		return nil, err
	}
	if newest != nil && newest.ScheduledFor.After(last) {
		if newest.Status == run.Missed {
			return nil, nil
		}
		last = newest.ScheduledFor
	}
	silent, ok := silence(p.times, last, every)
	c.quiet.put(p.key(name), silent) // further runs only move it on
	if !ok || silent.After(to) {
		return nil, nil
	}
	return []time.Time{silent}, nil
}

// newest returns the newest run that a schedule of the job asked for before the plan ended; nil
// if there is none.
func (c *Control) newest(ctx context.Context, name string, p period) (*run.Run, error) {
	rs, err := c.Store.Runs(ctx, port.Query{Job: name, Until: p.until, Scheduled: true, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("looking for its newest run: %w", err)
	}
	if len(rs) == 0 {
		return nil, nil
	}
	return &rs[0], nil
}

// silence returns when a rate should have run again at the latest if it last ran at last. If
// its own terms filter that time, it gets one more period from when they no longer do.
func silence(t timetable.Timetable, last time.Time, every time.Duration) (time.Time, bool) {
	silent := last.Add(2 * every).Truncate(time.Minute)
	open, ok := t.Open(silent)
	if !ok || open.Equal(silent) {
		return open, ok
	}
	return t.Open(open.Add(every))
}

// slotAfter returns the slot of a plan after one of its slots; for a rate, one period later.
func slotAfter(p job.Plan, slot time.Time) (next time.Time, ok bool) {
	t, err := timetable.Of(p)
	if err != nil {
		return time.Time{}, false
	}
	if every, ok := t.Spec().Rate(); ok {
		return slot.Add(every), true
	}
	return t.Next(slot)
}

package control

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// expected are the slots of a job after from and not after to. Slots before the
// plan's last change are not judged: nobody knows what was deployed when.
func (c *Control) expected(ctx context.Context, item job.Item, from, to time.Time) ([]time.Time, error) {
	if item.Since.After(from) {
		from = item.Since
	}
	if every, ok := rate(item.Plan); ok {
		return c.silentRate(ctx, item, every, to)
	}
	s, err := timetable.Of(item.Plan)
	if err != nil {
		return nil, err
	}
	var out []time.Time
	for {
		next, ok := s.Next(from)
		if !ok || next.After(to) {
			return out, nil
		}
		out = append(out, next)
		from = next
	}
}

// silentRate is the one slot that a rate has after two periods without a run that
// its schedule asked for, and the only one until it runs again: a silence is told
// once. EventBridge counts a rate from when the schedule was made, so its slots
// are not known.
func (c *Control) silentRate(ctx context.Context, item job.Item, every time.Duration, to time.Time) ([]time.Time, error) {
	t, err := timetable.Of(item.Plan)
	if err != nil {
		return nil, err
	}
	last := item.Since
	newest, err := c.Store.Runs(ctx, Query{Job: item.Name, Scheduled: true, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("looking for its newest run: %w", err)
	}
	if len(newest) > 0 && newest[0].ScheduledFor.After(last) {
		if newest[0].Status == run.Missed {
			return nil, nil
		}
		last = newest[0].ScheduledFor
	}
	silent, ok := silence(t, last, every)
	if !ok || last.IsZero() || silent.After(to) {
		return nil, nil
	}
	return []time.Time{silent}, nil
}

// silence is when a rate should have run again at the latest, if it last ran
// then. Where its own terms filter that time, it has one period more from when
// they do not.
func silence(t timetable.Timetable, last time.Time, every time.Duration) (time.Time, bool) {
	silent := last.Add(2 * every).Truncate(time.Minute)
	open, ok := t.Open(silent)
	if !ok || open.Equal(silent) {
		return open, ok
	}
	return t.Open(open.Add(every))
}

func (c *Control) missing(ctx context.Context, name string, slots []time.Time) ([]time.Time, error) {
	var out []time.Time
	for len(slots) > 0 {
		batch := slots[:min(existBatch, len(slots))]
		slots = slots[len(batch):]
		ids := make([]run.ID, len(batch))
		for i, at := range batch {
			ids[i] = run.ScheduledID(name, at)
		}
		known, err := c.Store.Exist(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("looking for %d runs: %w", len(ids), err)
		}
		for i, at := range batch {
			if !known[ids[i]] {
				out = append(out, at)
			}
		}
	}
	return out, nil
}

// rate is the period of a plan whose schedule is a rate.
func rate(p job.Plan) (every time.Duration, ok bool) {
	spec, err := cron.Parse(p.Schedule)
	if err != nil {
		return 0, false
	}
	return spec.Rate()
}

// nextSlot is the slot of a plan after a time; ok is false when there is none.
func nextSlot(p job.Plan, after time.Time) (next time.Time, ok bool) {
	if p.Schedule == "" {
		return time.Time{}, false
	}
	s, err := timetable.Of(p)
	if err != nil {
		return time.Time{}, false
	}
	return s.Next(after)
}

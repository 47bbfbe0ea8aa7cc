package control

import (
	"context"
	"errors"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// startLost starts the slots that EventBridge Scheduler skips by its own rule for changes of
// the clock: nobody else triggers them.
func (c *Control) startLost(ctx context.Context, w *watched, from, to time.Time, known existing) (held bool, err error) {
	p := w.current()
	if p == nil {
		return true, nil
	}
	from = later(later(from, p.since), c.Timing.NotBefore.Add(-1))
	for slot, ok := p.times.Next(from); ok && !slot.After(to); slot, ok = p.times.Next(slot) {
		if !p.times.SchedulerMisses(slot) {
			continue
		}
		missing, err := c.missing(ctx, w.Name, []time.Time{slot}, known)
		if err != nil {
			return false, err
		}
		if len(missing) == 0 { // its run need not be readable
			continue
		}
		if held, err := c.holds(ctx, w, c.Now().Add(-recent)); !held || err != nil {
			return false, err
		}
		if w.unproved { // the slot will be recorded as missed
			return true, nil
		}
		if err := c.judge(ctx, p.definition, slot, run.BySchedule); err != nil {
			return false, err
		}
	}
	return true, nil
}

// checkPeriod records the slots of a plan after one time and up to another that have no run,
// and catches up. held reports whether the plan is what the registry holds, as far as that
// decides.
func (c *Control) checkPeriod(ctx context.Context, w *watched, n int, after, upTo time.Time, known existing, missed toTell) (held bool, err error) {
	slots, err := c.expected(ctx, w.Name, w.periods[n], after, upTo)
	if err != nil || len(slots) == 0 {
		return true, err
	}
	missing, err := c.missing(ctx, w.Name, slots, known)
	if err != nil || len(missing) == 0 {
		return true, err
	}
	late, held, err := c.late(ctx, w, n, missing[len(missing)-1])
	if err != nil || !held {
		return false, err
	}
	missed[w.Name] = true
	for _, slot := range missing {
		kind, hash := run.BySweep, w.periods[n].definition
		if slot.Equal(late) {
			kind, hash = run.ByCatchUp, w.Definition // the deployed definition runs
		}
		if err := c.judge(ctx, hash, slot, kind); err != nil {
			return false, err
		}
	}
	return true, nil
}

// late returns the missed slot to run late, if any. Whether a slot was missed is judged by
// what was deployed at its time; whether one runs late, by what is deployed now.
func (c *Control) late(ctx context.Context, w *watched, n int, newest time.Time) (late time.Time, held bool, err error) {
	if held, err = c.holds(ctx, w, newest); err != nil || !held {
		return late, false, err
	}
	if late, err = c.catchUp(ctx, w, n, newest); err != nil || late.IsZero() {
		return late, err == nil, err
	}
	if held, err = c.holds(ctx, w, c.Now().Add(-recent)); w.unproved {
		late = time.Time{}
	}
	return late, held, err
}

// judge starts a slot or records it as missed. The look performs what is still owed after
// that.
func (c *Control) judge(ctx context.Context, definition string, slot time.Time, kind run.TriggerKind) error {
	j, err := c.definition(ctx, definition)
	if err != nil {
		return err
	}
	if _, err := c.slot(ctx, *j, slot, kind, claiming{hash: definition}); err != nil && !errors.Is(err, port.ErrOwed) {
		return err
	}
	return nil
}

package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Marks of the store.
const (
	// MarkSlots is up to when slots were checked.
	MarkSlots = "slots"
	// MarkSweep is when a sweep last finished its check of the slots.
	MarkSweep = "sweep"
	// MarkFailing is since when checks of the slots have failed; it counts while
	// it is later than MarkSweep.
	MarkFailing = "failing"
	// MarkRegistry is when the registry was last read as a whole.
	MarkRegistry = "registry"
)

// slotSpan is how much time one step of the check covers: after a long silence
// the mark moves on with each step, so that a sweep that is cut off goes on from
// where it was.
const slotSpan = time.Hour

// existBatch is how many runs are looked for at once.
const existBatch = 100

// patience is for how long a job whose slots cannot be checked keeps the mark
// from moving on. Each sweep checks all jobs anew from there, so that there must
// be an end.
const patience = 3 * time.Hour

// CheckSlots finds slots that should have a run and have none. A slot is judged
// once its job's StartWithin has passed, so the mark at time T means: of every
// job, the slots up to T - StartWithin were judged. A job whose item or plan
// cannot be read is passed over; of an item, that is an error.
func (c *Control) CheckSlots(ctx context.Context) error {
	now := c.Now()
	if c.Timing.Standby {
		return c.passSlots(ctx, now)
	}
	from, err := c.Store.Mark(ctx, MarkSlots)
	if err != nil {
		return fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	items, err := c.Store.Items(ctx)
	var unreadable *UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return fmt.Errorf("loading the jobs' items: %w", err)
	}
	from = begun(from, now, items)
	missed := missing{}
	for _, item := range items {
		missed[item.Name] = item.Missed != nil
	}
	err = c.checkSpans(ctx, goBack(c.planned(ctx, items), from), from, now, missed)
	if err := errors.Join(err, c.tellAllMissed(ctx, missed), c.tellCalendars(ctx, items)); err != nil {
		return errors.Join(err, asError(unreadable))
	}
	if err := c.Store.SetMark(ctx, MarkSweep, now); err != nil {
		return fmt.Errorf("storing that the sweep was here: %w", err)
	}
	return asError(unreadable)
}

// missing is which jobs have missed slots to tell.
type missing map[string]bool

// tellAllMissed tells them once all spans are done, so that the slots of a long
// silence are told as one.
func (c *Control) tellAllMissed(ctx context.Context, missed missing) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(missed)) {
		if missed[name] && ctx.Err() == nil {
			errs = note(errs, c.tellMissed(ctx, name))
		}
	}
	return errors.Join(errs...)
}

// asError says of jobs whose items cannot be read what that means.
func asError(unreadable *UnreadableItemsError) error {
	if unreadable == nil {
		return nil
	}
	return fmt.Errorf("nobody watches the slots of these jobs: %w", unreadable)
}

// planned are the items of jobs that have slots, or had some.
func (c *Control) planned(ctx context.Context, items []job.Item) []watched {
	out := make([]watched, 0, len(items))
	for _, item := range items {
		ps, problems := periods(item)
		if problems != nil {
			c.Log.ErrorContext(ctx, "nobody watches the slots of a job whose plan cannot be read", "job", item.Name, "why", problems.Error())
		}
		if len(ps) > 0 {
			out = append(out, watched{Item: item, periods: ps})
		}
	}
	return out
}

// checkSpans goes from span to span and moves the mark with each. A job whose
// slots cannot be checked keeps the mark where it is, for as long as patience
// lasts, but no other job from being checked: the next sweep begins at that span
// again.
func (c *Control) checkSpans(ctx context.Context, items []watched, from, now time.Time, missed missing) error {
	var errs []error
	for last := false; !last; {
		to := from.Add(slotSpan)
		if last = !to.Before(now); last {
			to = now
		}
		checked, err := c.checkSpan(ctx, items, from, to, missed)
		if ctx.Err() != nil {
			return errors.Join(append(errs, err, ctx.Err())...)
		}
		if len(errs) == 0 && (err == nil || c.givesUp(ctx, now, to, err)) {
			if err := c.Store.SetMark(ctx, MarkSlots, to); err != nil {
				return fmt.Errorf("storing up to when slots were checked: %w", err)
			}
		}
		if items, from = checked, to; err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// givesUp is whether the mark moves past slots that could not be checked.
func (c *Control) givesUp(ctx context.Context, now, to time.Time, cause error) bool {
	if c.failingFor(ctx, now) < patience || now.Sub(to) < patience {
		return false
	}
	c.Log.ErrorContext(ctx, "gave up checking slots that could not be checked", "upTo", to, "why", cause.Error())
	return true
}

// failingFor is for how long no check of the slots has come to its end for
// failures; a time in which nobody checked does not count.
func (c *Control) failingFor(ctx context.Context, now time.Time) time.Duration {
	since, err := c.Store.Mark(ctx, MarkFailing)
	finished, errFinished := c.Store.Mark(ctx, MarkSweep)
	if err != nil || errFinished != nil {
		return 0
	}
	if since.IsZero() || !since.After(finished) {
		if err := c.Store.SetMark(ctx, MarkFailing, now); err != nil {
			c.Log.WarnContext(ctx, "storing since when slots cannot be checked", "why", err.Error())
		}
		return 0
	}
	return now.Sub(since)
}

// begun is from when slots must be checked: from the mark, or, where no check
// ever came to its end, from when the first job's plan was known.
func begun(mark, now time.Time, items []job.Item) time.Time {
	if !mark.IsZero() {
		return mark
	}
	first := now
	for _, item := range items {
		if !item.Since.IsZero() && item.Since.Before(first) {
			first = item.Since
		}
	}
	return first
}

// checkSpan returns the items whose jobs could be checked, in the place of those that
// it was given.
func (c *Control) checkSpan(ctx context.Context, items []watched, from, to time.Time, missed missing) (checked []watched, err error) {
	var errs []error
	known := c.runsOf(ctx, items, from, to)
	checked = items[:0]
	for _, w := range items {
		if ctx.Err() != nil {
			break
		}
		if err := c.checkJob(ctx, w, from, to, known, missed); err != nil {
			errs = append(errs, fmt.Errorf("checking the slots of job %s: %w", w.Name, err))
			continue
		}
		w.recheck = time.Time{}
		checked = append(checked, w)
	}
	return checked, errors.Join(errs...)
}

// checkJob checks a job's slots by each of its plans. Where a change became known
// only after the check had gone past it, the check goes back.
func (c *Control) checkJob(ctx context.Context, w watched, from, to time.Time, known existing, missed missing) error {
	var errs []error
	if p := w.periods[len(w.periods)-1]; p.until.IsZero() {
		errs = append(errs, c.startLost(ctx, p, from, to))
	}
	for n, p := range w.periods {
		after, upTo := c.judged(w, p, from, to)
		errs = append(errs, c.checkPeriod(ctx, w, n, after, upTo, known, missed))
	}
	return errors.Join(errs...)
}

// judged is after and up to when slots of a plan are judged in a span.
func (c *Control) judged(w watched, p period, from, to time.Time) (after, upTo time.Time) {
	within := time.Duration(p.plan.StartWithin)
	after = from.Add(-within)
	if !w.recheck.IsZero() && w.recheck.Before(after) {
		after = w.recheck
	}
	return later(after, c.Timing.NotBefore.Add(-1)), to.Add(-within) // nobody knows what ran before
}

// startLost starts the slots that EventBridge Scheduler's own rule for changes of
// the clock does not: nobody else triggers them. They are those of the plan in force.
func (c *Control) startLost(ctx context.Context, p period, from, to time.Time) error {
	from = later(later(from, p.since), c.Timing.NotBefore.Add(-1))
	for slot, ok := p.times.Next(from); ok && !slot.After(to); slot, ok = p.times.Next(slot) {
		if !p.times.SchedulerMisses(slot) {
			continue
		}
		j, err := c.definition(ctx, p.definition)
		if err != nil {
			return err
		}
		if _, err := c.slot(ctx, j, slot, run.BySchedule); err != nil && !errors.Is(err, ErrOwed) {
			return err
		}
	}
	return nil
}

// checkPeriod records the slots of a plan, after a time and up to another, that
// have no run, and catches up.
func (c *Control) checkPeriod(ctx context.Context, w watched, n int, after, upTo time.Time, known existing, told missing) error {
	slots, err := c.expected(ctx, w.Name, w.periods[n], after, upTo)
	if err != nil || len(slots) == 0 {
		return err
	}
	missing, err := c.missing(ctx, w.Name, slots, known)
	if err != nil || len(missing) == 0 {
		return err
	}
	late, err := c.catchUp(ctx, w, n, missing[len(missing)-1])
	if err != nil {
		return err
	}
	told[w.Name] = true
	for _, slot := range missing {
		kind, hash := run.BySweep, w.periods[n].definition
		if slot.Equal(late) {
			kind, hash = run.ByCatchUp, w.Definition // what is deployed runs
		}
		j, err := c.definition(ctx, hash)
		if err != nil {
			return err
		}
		if _, err := c.slot(ctx, j, slot, kind); err != nil && !errors.Is(err, ErrOwed) {
			return err
		}
	}
	return nil
}

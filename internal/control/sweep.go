package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
)

// slotSpan is how much time one step of the check covers. After a long silence the mark moves
// on with each step, so that a sweep that is cut off continues from where it was.
const slotSpan = time.Hour

// existBatch is how many runs are looked for at once.
const existBatch = 100

// CheckSlots finds slots that should have a run but have none. A slot is judged once its
// job's StartWithin has passed, so the mark at time T means that of every job the slots up to
// T - StartWithin were judged, but for those that were given up and told, see passes. A job
// whose item or plan cannot be read is not judged; for an item, that is an error.
func (c *Control) CheckSlots(ctx context.Context) error {
	l, err := c.Load(ctx)
	if err != nil {
		return err
	}
	return c.CheckLoaded(ctx, l)
}

// CheckLoaded is CheckSlots as of when the items were loaded. What others have written since
// then, the next check sees as a change after its mark.
func (c *Control) CheckLoaded(ctx context.Context, l *Loaded) error {
	if c.Timing.Standby {
		return c.passSlots(ctx, l.at)
	}
	now := l.at
	mark, err := c.Store.Mark(ctx, port.MarkSlots)
	if err != nil {
		return fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	if err := l.renew(ctx, c.restless(l, mark)); err != nil {
		return err
	}
	dropped, err := c.dropped(ctx, now)
	if err != nil {
		return err
	}
	from := later(begun(mark, now, l.items), dropped)
	missed := toTell{}
	for i := range l.items {
		if l.items[i].Missed != nil {
			missed[l.items[i].Name] = true
		}
	}
	err = c.checkSpans(ctx, l, c.planned(ctx, l.items, from, dropped, now), mark, from, missed)
	if err := errors.Join(err, c.tellAllMissed(ctx, missed), c.tellEnds(ctx, l.items)); err != nil {
		return errors.Join(err, asError(l.unreadable))
	}
	if err := c.Store.SetMark(ctx, port.MarkSweep, now); err != nil {
		return fmt.Errorf("storing that the sweep was here: %w", err)
	}
	return asError(l.unreadable)
}

// passSlots moves the marks without a check: the stack stands by, and somebody else runs the slots.
func (c *Control) passSlots(ctx context.Context, now time.Time) error {
	for _, mark := range []string{port.MarkSlots, port.MarkSweep} {
		if err := c.Store.SetMark(ctx, mark, now); err != nil {
			return fmt.Errorf("storing that the sweep was here: %w", err)
		}
	}
	return nil
}

// toTell names the jobs that have missed slots to report.
type toTell map[string]bool

// tellAllMissed reports them once all spans are done, so that the missed slots of a long
// silence are in one notice. It does so for several jobs at a time: the way a notice takes may be slow,
// and the next sweep waits.
func (c *Control) tellAllMissed(ctx context.Context, missed toTell) error {
	names := slices.Sorted(maps.Keys(missed))
	return c.severally(ctx, len(names), func(i int) error { return c.tellMissed(ctx, names[i]) })
}

// asError says what it means that the items of some jobs cannot be read.
func asError(unreadable *port.UnreadableItemsError) error {
	if unreadable == nil {
		return nil
	}
	return fmt.Errorf("nobody watches the slots of these jobs: %w", unreadable)
}

// checkSpans goes from span to span, beginning at from, and moves the mark with each. A job whose
// slots cannot be checked, or whose item cannot be read, keeps the mark where it is for as long as
// patience lasts, but keeps no other job from being checked. The next sweep begins at that span again.
//
// The mark moves no further than items are known, because a later check must see what others
// have written since as a change after it. So a check may find slots that another has judged;
// those have runs by then.
func (c *Control) checkSpans(ctx context.Context, l *Loaded, items []*watched, mark, from time.Time, missed toTell) error {
	var errs []error
	now, began, stays := l.at, from, false
	for last := false; !last; {
		to := from.Add(slotSpan)
		if last = !to.Before(now); last {
			to = now
		}
		checked, err := c.checkSpan(ctx, items, from, to, now, missed)
		if ctx.Err() != nil {
			return errors.Join(append(errs, err, ctx.Err())...)
		}
		if stays = stays || !c.passes(ctx, l, sooner(mark, from), to, err); !stays {
			if err := c.markSlots(ctx, l, began, to); err != nil {
				return fmt.Errorf("storing up to when slots were checked: %w", err)
			}
		}
		items, mark, from = checked, to, to
		if err != nil {
			errs, stays = append(errs, err), true
		}
	}
	return errors.Join(errs...)
}

// markSlots moves the mark, which was at from, to where slots were checked.
func (c *Control) markSlots(ctx context.Context, l *Loaded, from, to time.Time) error {
	if l.asOf.Before(to) {
		if to = l.asOf; to.Before(from) && !from.After(l.at) {
			return nil // another process, which knew all items, has moved it on
		}
	}
	return c.Store.SetMark(ctx, port.MarkSlots, to)
}

// dropped returns the time before which nobody can tell whether slots ran; zero if one can
// tell about all. If the clock was far ahead, all runs were dropped, and nothing says so
// about the time since.
func (c *Control) dropped(ctx context.Context, now time.Time) (time.Time, error) {
	if c.Dropped == nil {
		return time.Time{}, nil
	}
	at, err := c.Dropped(ctx)
	if err != nil || at.After(now) {
		return time.Time{}, err
	}
	return at, nil
}

// begun returns from when slots must be checked: from the mark, or from when the first job's
// plan became known, if no check has finished before or one did by a clock that showed a time
// long past.
func begun(mark, now time.Time, items []job.Item) time.Time {
	first := now
	for i := range items {
		if item := &items[i]; item.Plan.Runs() {
			first = sooner(first, item.Since)
		}
		for _, f := range items[i].Former {
			if f.Plan != nil {
				first = sooner(first, f.From)
			}
		}
	}
	return later(mark, first)
}

// checkSpan checks the jobs in a span. It returns the items whose jobs could be checked, in
// the memory of items.
func (c *Control) checkSpan(ctx context.Context, items []*watched, from, to, now time.Time, missed toTell) (checked []*watched, err error) {
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
		if w.recheck = (time.Time{}); !w.unread && to.Equal(now) {
			c.calmJobs.put(w.Name, c.calm(w, to))
		}
		checked = append(checked, w)
	}
	return checked, errors.Join(errs...)
}

// checkJob checks a job's slots by each of its plans. If a change became known only after the
// check had gone past it, the check goes back; if one becomes known now, it begins anew.
func (c *Control) checkJob(ctx context.Context, w *watched, from, to time.Time, known existing, missed toTell) (err error) {
	defer panics.Recover(&err)
	for range 2 {
		if held, err := c.checkPlans(ctx, w, from, to, known, missed); held || err != nil {
			return err
		}
		if goesBack(&w.Item, from) && (w.recheck.IsZero() || w.Recheck.Before(w.recheck)) {
			w.recheck = w.Recheck
		}
	}
	return errRaced
}

// checkPlans checks the slots by each plan. held reports whether these plans are what the
// registry holds, as far as that decides.
func (c *Control) checkPlans(ctx context.Context, w *watched, from, to time.Time, known existing, missed toTell) (held bool, err error) {
	held, err = c.startLost(ctx, w, from, to, known)
	errs := []error{err}
	for i := range w.periods {
		if !held && err == nil {
			return false, nil
		}
		after, upTo := c.judged(w, w.periods[i], from, to)
		held, err = c.checkPeriod(ctx, w, i, after, upTo, known, missed)
		errs = append(errs, err)
	}
	err = errors.Join(errs...)
	return held && err == nil, err
}

// judged returns after and up to when slots of a plan are judged in a span.
func (c *Control) judged(w *watched, p period, from, to time.Time) (after, upTo time.Time) {
	within := time.Duration(p.plan.StartWithin)
	after = from.Add(-within)
	if !w.recheck.IsZero() && w.recheck.Before(after) {
		after = w.recheck
	}
	return later(after, later(c.Timing.NotBefore, w.dropped).Add(-1)), to.Add(-within) // nobody knows what ran before
}

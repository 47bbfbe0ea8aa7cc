package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TellFor is how long a notice of a run that has ended is tried. After that the notice is given
// up, logged and kept: whoever should have been told has other things to look at, and a
// target that is gone must not be tried for ever.
const TellFor = 24 * time.Hour

// Tell performs the notices that a run owes and nothing else. It is for a program that is fed
// by the store's changes. A notice that was sent is no longer owed, so a change that is
// delivered again sends nothing.
//
// Crash window: if it crashes between sending a notice and marking it as sent, the next
// delivery sends it again. A notice twice is better than none.
func (c *Control) Tell(ctx context.Context, id run.ID) (err error) {
	defer panics.Recover(&err)
	loaded, err := c.Store.Run(ctx, id)
	if errors.Is(err, port.ErrNotFound) {
		return nil // it expired, and with it what there was to tell
	}
	if err != nil {
		return fmt.Errorf("loading run %s: %w", id, err)
	}
	r := &loaded
	if r.Nonsense() != "" {
		return nil // the look sets it aside and reports that
	}
	var errs []error
	for _, e := range slices.Clone(r.Owed) {
		if e.Kind != run.Tell {
			continue
		}
		d, err := c.perform(ctx, r, e)
		if d != nil {
			r = &d.Next
		}
		if err != nil {
			errs = append(errs, c.giveUp(ctx, r, e, err))
		}
	}
	return errors.Join(errs...)
}

// giveUp ends a notice that could not be sent for too long. A younger one stays owed, and its
// error is returned.
func (c *Control) giveUp(ctx context.Context, r *run.Run, e run.Effect, cause error) error {
	if !r.Status.Terminal() || c.Now().Sub(r.OwesSince()) < TellFor {
		return cause
	}
	reason := fmt.Sprintf("gave up sending the notice that %s %s, after %s: %v", r.ID, e.Notice, job.Duration(TellFor), cause)
	if err := c.keep(ctx, nil, reason); err != nil {
		return err
	}
	_, err := c.step(ctx, r.ID, always(run.Done{Effect: e}))
	return err
}

// tellMissed owes and sends one notice about all missed slots of a job, once their time has
// come. The newest of their runs owes it.
//
// Crash window: until the one write that owes the notice, the job's item says that there are
// missed slots to report, and the next sweep comes here.
func (c *Control) tellMissed(ctx context.Context, name string) (err error) {
	defer panics.Recover(&err)
	var owes run.Run
	what := "telling the missed slots of job " + name
	err = c.untilWritten(ctx, what, func() error {
		item, err := c.item(ctx, name)
		if err != nil || !item.MissedDue(c.Now()) {
			return err
		}
		if owes, err = c.oweMissed(ctx, item); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	})
	if err != nil || owes.ID == "" {
		return err
	}
	if _, err := c.settle(ctx, &run.Decision{Next: owes}); !errors.Is(err, port.ErrOwed) {
		return err
	}
	return nil
}

// oweMissed returns the run that now owes the notice; zero if none does, or beside an error.
func (c *Control) oweMissed(ctx context.Context, item job.Item) (owes run.Run, err error) {
	r, err := c.Store.Run(ctx, run.ID(item.Missed.Last))
	switch {
	case errors.Is(err, port.ErrNotFound), errors.Is(err, port.ErrUnreadable):
		return run.Run{}, c.keepMissed(ctx, item, err)
	case err != nil:
		return run.Run{}, err
	}
	if err := senseless(&r); err != nil {
		return run.Run{}, c.keepMissed(ctx, item, err)
	}
	j, err := c.definition(ctx, r.Definition)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return run.Run{}, c.keepMissed(ctx, item, err)
	case err != nil:
		return run.Run{}, err
	}
	next, after, owed := notice.OweMissed(item, r, j, c.Now(), c.Timing)
	if !owed {
		return run.Run{}, c.Store.Commit(ctx, port.Change{Item: &next})
	}
	if err := c.commit(ctx, &r, port.Change{Run: &after, Item: &next}, j, "its notice is owed"); err != nil {
		return run.Run{}, err
	}
	return after, nil
}

// keepMissed keeps what the notice about a job's missed slots would have said, if the newest
// of them cannot owe it. A crash or a conflict in between keeps it twice.
func (c *Control) keepMissed(ctx context.Context, item job.Item, cause error) error {
	m := item.Missed
	if err := c.keep(ctx, nil, fmt.Sprintf("no notice says that %d slots were missed, from %s to %s: of the last, %v", m.Count, m.First, m.Last, cause)); err != nil {
		return err
	}
	next := notice.MissedTold(item, c.Now())
	return c.Store.Commit(ctx, port.Change{Item: &next})
}

// ofTheJob are the notices about something that a retry of the run would not mend.
var ofTheJob = []notice.Kind{notice.HeldBack, notice.CalendarEnds, notice.CalendarOver, notice.Unscheduled, notice.Unexpected}

// noticeLogLines is how many of a task's last lines a notice shows.
const noticeLogLines = 10

func (c *Control) tell(ctx context.Context, r *run.Run, j *job.Job, e run.Effect) (took []string, err error) {
	zone := c.zone(j)
	if err := c.keepFailing(ctx, r, e); err != nil {
		return nil, err
	}
	kind, safety, told := notice.Kind(e.Notice), run.RetryOf(r.KnownFrom(c.Timing.NotBefore), *j), r.AsOwed(e)
	retriable, runs := offersRetry(kind, r, &told), r.RunsLong()
	r = &told
	n := identified(notice.New(kind, c.Stack, r, j, zone), e, r)
	if e.Count > 0 {
		first := r.ScheduledFor
		if at, ok := e.First.ScheduledFor(); ok {
			first = at
		}
		n = n.OfMissed(e.Count, first, zone)
	}
	if retriable {
		n = c.offering(n, safety)
	}
	if kind == notice.HeldBack {
		n.HeldBy = r.HeldBy
	}
	if kind == notice.HeldBack || kind == notice.StillRuns && runs {
		n = c.ending(n)
	}
	n.Logs, n.LogsUnread, n.LogsAt = c.output(ctx, r)
	took, err = c.Notifier.Notify(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("telling that %s %s: %w", r.ID, kind, err)
	}
	return took, nil
}

// identified returns the notice with the ID of what it is about.
func identified(n notice.Notice, e run.Effect, r *run.Run) notice.Notice {
	if e.About > 0 {
		n = n.About(e.About, r)
	}
	if n = n.OfRound(e.Round); n.Kind == notice.Unscheduled {
		n = n.OfWords(e.Cause)
	}
	return n
}

// zone returns the zone of the times in a job's notices.
func (c *Control) zone(j *job.Job) *time.Location {
	if c.Zones != nil {
		if zone, err := c.Zones(j.Zone()); err == nil {
			return zone
		}
	}
	return time.UTC
}

// offersRetry reports whether a notice offers a retry of the run, which it describes as told. Once
// the run was retried, the notice about that retry offers the next one.
func offersRetry(kind notice.Kind, r, told *run.Run) bool {
	ended := r.Status.Terminal() && r.Status != run.Succeeded
	return ended && len(told.Attempts) == len(r.Attempts) && !slices.Contains(ofTheJob, kind)
}

// offering returns the notice with the retry that it offers, and whether that is safe.
func (c *Control) offering(n notice.Notice, safety run.Retry) notice.Notice {
	n.Retry = &safety
	if c.RetryCommand != "" {
		n.RetryWith = c.RetryCommand + " " + fmt.Sprintf("%s --attempts %d --request-id %s", n.Run, len(n.Attempts), n.RetryID())
	}
	return n
}

// ending adds to the notice of a hold, or of a task that runs for long, the command that ends it.
func (c *Control) ending(n notice.Notice) notice.Notice {
	if id, why := n.ToStop(); c.StopCommand != "" && id != "" {
		n.StopWith = fmt.Sprintf("%s %s --reason %q", c.StopCommand, id, why)
	}
	return n
}

// keepFailing writes that a job fails when a notice says that its run failed but the item
// does not say so. That happens if the run's end was written without the item, which said so
// then, and a success came in between.
func (c *Control) keepFailing(ctx context.Context, r *run.Run, e run.Effect) error {
	if kind := notice.Kind(e.Notice); kind != notice.Failed && kind != notice.TimedOut || r.Status != run.Failed {
		return nil
	}
	return c.untilWritten(ctx, "noting that job "+r.ID.Job()+" fails", func() error {
		item, err := c.item(ctx, r.ID.Job())
		if err != nil {
			return err
		}
		if next, changed := notice.StillFails(item, r); changed {
			return c.Store.Commit(ctx, port.Change{Item: &next})
		}
		return nil
	})
}

// output returns the last lines of a run's last attempt, or that they could not be read, and where all
// lines are. An attempt that provably never started wrote nothing. A notice without log lines is better
// than none.
func (c *Control) output(ctx context.Context, r *run.Run) (lines []string, unread bool, at string) {
	a := r.Last()
	if c.Logs == nil || a == nil || a.TaskARN == "" || a.Started == stop.No {
		return nil, false, ""
	}
	o := port.Output{Run: r.ID, Attempt: a.N, TaskARN: a.TaskARN, Task: r.TaskOf(a)}
	lines, err := c.Logs.Tail(ctx, o, noticeLogLines)
	if err != nil {
		c.Log.WarnContext(ctx, "a notice goes without log lines", "run", r.ID, "why", err.Error())
	}
	return lines, err != nil, c.Logs.Where(o)
}

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
	"github.com/batchplane/batchplane/internal/timetable"
)

// tellEnds sends a notice, once, about each job that its schedule will not start for much longer: the last
// day that its calendar names is near or over, or its schedule is gone, off or at an end that somebody gave
// it. Nothing else would say why the job stopped running. If the schedules of many jobs are gone at once,
// one notice is about all.
func (c *Control) tellEnds(ctx context.Context, items []job.Item) error {
	var errs []error
	var gone []*job.Item
	for i := range items {
		kind := notice.Kind("")
		_ = guarded(func() { kind, _, _ = c.untoldEnd(&items[i]) })
		switch {
		case kind == notice.Unscheduled:
			gone = append(gone, &items[i])
		case kind != "" && ctx.Err() == nil:
			_, err := c.tellEnd(ctx, &items[i], "")
			errs = append(errs, err)
		}
	}
	more := ""
	if n := len(gone) - 1; n >= mostGone {
		more = fmt.Sprintf("; so it is with %d other jobs: see `status` and `jobs`", n)
	}
	for n, item := range gone {
		if ctx.Err() != nil {
			break
		}
		told, err := c.tellEnd(ctx, item, more)
		errs = append(errs, err)
		if told && more != "" {
			others := gone[n+1:]
			errs = append(errs, c.severally(ctx, len(others), func(i int) error { return c.needsNone(ctx, *others[i]) }))
			break
		}
	}
	return errors.Join(errs...)
}

// mostGone is how many jobs whose schedules are gone at once are told each by itself.
const mostGone = 20

// lookedThrough is how many of a job's newest runs are read to find one that makes sense. If
// none does, no notice about the end is sent.
const lookedThrough = 10

// tellEnd makes the job's newest run owe the notice, and reports whether it does. There is no notice about a
// job that never had a run. more is said beside.
func (c *Control) tellEnd(ctx context.Context, known *job.Item, more string) (told bool, err error) {
	defer panics.Recover(&err)
	newest, j, err := c.newestSensible(ctx, known.Name)
	if err != nil {
		return false, err
	}
	if newest.ID == "" {
		return false, c.needsNone(ctx, *known)
	}
	// Meanwhile another sweep may have sent it, or somebody may have mended it.
	item, err := c.item(ctx, known.Name)
	if err != nil {
		return false, err
	}
	kind, words, as := c.untoldEnd(&item)
	if kind == "" {
		return false, nil
	}
	after := newest
	after.Owed, item.EndTold = slices.Clone(after.Owed), as
	after.OweWords(string(kind), words+more, c.Now(), c.Timing)
	err = c.commit(ctx, &newest, port.Change{Run: &after, Item: &item}, j, "a notice of its job is owed")
	if errors.Is(err, port.ErrConflict) {
		return false, nil // the next sweep comes to it again
	}
	if err != nil {
		return false, fmt.Errorf("telling that nothing will start job %s: %w", item.Name, err)
	}
	if _, err := c.settle(ctx, &run.Decision{Next: after}); err != nil && !errors.Is(err, port.ErrOwed) {
		return true, err
	}
	return true, nil
}

// needsNone notes that a schedule which is gone or off needs no notice of its own. If somebody else has
// written the item, the next sweep comes to it again.
func (c *Control) needsNone(ctx context.Context, item job.Item) error {
	kind, _, told := c.untoldEnd(&item)
	if kind != notice.Unscheduled {
		return nil
	}
	item.EndTold = told
	_, err := c.putItem(ctx, item)
	return err
}

// untoldEnd returns which end of a job's schedule a notice must report, in which words, and
// how the job's item notes it (told). All are "" if there is nothing to report.
func (c *Control) untoldEnd(item *job.Item) (kind notice.Kind, words, told string) {
	only := item.Plan.Calendar.Only
	switch {
	case item.Gone || item.Plan.Disabled || item.Ended(c.Now()) || item.Awaits(c.Now()):
		kind = notice.Unscheduled
		words, told = c.unscheduled(item)
	case item.Plan.Runs() && len(only) > 0:
		kind, words = c.ends(item.Plan)
		told = slices.Max(only) + " " + string(kind)
	}
	if words == "" || told == item.EndTold {
		return "", "", ""
	}
	return kind, words, told
}

// A deployment may remove a job and make it again. After settled it is over, and after toldWithin nobody
// needs to hear of it any more.
const settled, toldWithin = 15 * time.Minute, 24 * time.Hour

// unscheduled says that the registry does not start a job any more that it should start, or not yet. Words
// are "" if it does, if the definition itself is off, or if no slot is left out. On one machine the jobs
// file says all that.
func (c *Control) unscheduled(item *job.Item) (words, told string) {
	since, what, until, plan := c.unstarted(item)
	age := c.Now().Sub(since)
	if c.Registry == nil || age < settled || age > toldWithin || !plan.Runs() {
		return "", ""
	}
	t, err := timetable.Of(plan)
	if err != nil {
		return "", ""
	}
	next, more := t.Next(c.Now())
	if !more {
		return "", ""
	}
	at := job.UTC(since)
	return "nothing starts the job " + until + ", not at " + job.UTC(next) + " either: " + what + " (" + at + "); unless that was meant, put it back: `apply` does, CloudFormation only by a drift-aware change set", at + " " + string(notice.Unscheduled)
}

// unstarted returns since when, why and until when nothing starts a job, and the plan of the slots that are
// left out. Its schedule may have been deleted since it was switched off or ended, which changes nothing.
func (c *Control) unstarted(item *job.Item) (since time.Time, what, until string, plan job.Plan) {
	plan = item.Plan
	switch {
	case item.SwitchedOff && plan.Disabled:
		plan.Disabled = false
		return item.Since, "somebody switched its schedule off", "any more", plan
	case item.Ended(c.Now()):
		plan.EndAt = time.Time{}
		return later(item.Since, item.Plan.EndAt), "somebody gave its schedule an end, which has come", "any more", plan
	case item.Awaits(c.Now()):
		plan.StartAt, plan.EndAt = time.Time{}, plan.StartAt
		return item.Since, "somebody gave its schedule that start", "before " + job.UTC(plan.EndAt), plan
	default:
		return item.GoneAt, "its schedule was deleted", "any more", plan
	}
}

// newestSensible returns the newest run of a job that makes sense and whose definition is there,
// and that definition; zero if there is none.
func (c *Control) newestSensible(ctx context.Context, name string) (r run.Run, j *job.Job, err error) {
	rs, err := c.Store.Runs(ctx, port.Query{Job: name, Limit: lookedThrough})
	if err != nil {
		return run.Run{}, nil, err
	}
	for i := range rs {
		if r = rs[i]; r.Nonsense() != "" {
			continue
		}
		if j, err = c.definition(ctx, r.Definition); !errors.Is(err, port.ErrNotFound) {
			return r, j, err
		}
	}
	return run.Run{}, nil, nil
}

// ends says that the last day of a plan's calendar is near or over; words are "" if it is
// neither.
func (c *Control) ends(p job.Plan) (kind notice.Kind, words string) {
	t, err := timetable.Of(p)
	if err != nil {
		return "", "" // planned says so
	}
	if past := t.Past(c.Now()); past != "" {
		return notice.CalendarOver, past
	}
	return notice.CalendarEnds, t.RunsOut(c.Now())
}

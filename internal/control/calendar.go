package control

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// tellCalendars sends a notice, once, about each calendar whose last named day is near or
// over. Nothing else would say why a job stopped running.
func (c *Control) tellCalendars(ctx context.Context, items []job.Item) error {
	var errs []error
	for i := range items {
		if ctx.Err() == nil {
			errs = note(errs, c.tellCalendar(ctx, &items[i]))
		}
	}
	return errors.Join(errs...)
}

// lookedThrough is how many of a job's newest runs are read to find one that makes sense. If
// none does, no notice about the calendar is sent.
const lookedThrough = 10

// tellCalendar makes the job's newest run owe the notice. There is no notice about a job that
// never had a run.
func (c *Control) tellCalendar(ctx context.Context, known *job.Item) (err error) {
	defer panics.Recover(&err)
	kind, words, told := c.untoldEnd(known)
	if words == "" {
		return nil
	}
	newest, j, err := c.newestSensible(ctx, known.Name)
	if err != nil || newest.ID == "" {
		return err
	}
	// Meanwhile another sweep may have sent it, or somebody may have named further days.
	item, err := c.item(ctx, known.Name)
	if err != nil {
		return err
	}
	if _, _, still := c.untoldEnd(&item); still != told {
		return nil
	}
	after := newest
	after.Owed, item.CalendarTold = slices.Clone(after.Owed), told
	after.OweWords(string(kind), words, c.Now(), c.Timing)
	err = c.commit(ctx, &newest, port.Change{Run: &after, Item: &item}, j, "a notice of its job is owed")
	if errors.Is(err, port.ErrConflict) {
		return nil // the next sweep comes to it again
	}
	if err != nil {
		return fmt.Errorf("telling that the calendar of job %s ends: %w", item.Name, err)
	}
	if _, err := c.settle(ctx, &run.Decision{Next: after}); err != nil && !errors.Is(err, port.ErrOwed) {
		return err
	}
	return nil
}

// untoldEnd returns which end of a job's calendar a notice must report, in which words, and
// how the job's item notes it (told). All are "" if there is nothing to report.
func (c *Control) untoldEnd(item *job.Item) (kind notice.Kind, words, told string) {
	only := item.Plan.Calendar.Only
	if item.Gone || !item.Plan.Runs() || len(only) == 0 {
		return "", "", ""
	}
	kind, words = c.ends(item.Plan)
	if told = slices.Max(only) + " " + string(kind); words == "" || told == item.CalendarTold {
		return "", "", ""
	}
	return kind, words, told
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

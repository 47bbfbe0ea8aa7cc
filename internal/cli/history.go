package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

type historyCmd struct {
	looks
	Job    []string `arg:"" optional:"" help:"Only these jobs' runs; report-* matches all that begin with report-."`
	Job2   []string `name:"job" help:"The same as the argument." placeholder:"JOB" hidden:""`
	Status []string `help:"Only runs with one of these statuses, such as failed,missed." placeholder:"S"`
	Since  string   `help:"Only runs scheduled since a duration ago (90m, 7d) or a time." placeholder:"D"`
	Until  string   `help:"Only runs scheduled up to a duration ago or a time." placeholder:"D"`
	Owner  string   `help:"Only runs of this owner's jobs." placeholder:"O"`
	Cause  string   `help:"Only runs whose cause contains this text." placeholder:"TEXT"`
	ByHand bool     `name:"by-hand" help:"Only runs that a person asked for."`
	Limit  int      `help:"Show at most this many." default:"50"`
	Before string   `help:"Continue after this run, the last of a page." placeholder:"RUN"`
}

// Run lists runs.
func (c *historyCmd) Run(ctx context.Context, a *app) error {
	f, err := c.filter(a)
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		done := a.working("reading runs")
		page, err := p.History(ctx, f, c.Limit)
		done()
		if err != nil {
			return err
		}
		if len(page.Runs) == 0 {
			if err := known(ctx, p, f.Jobs); err != nil {
				return err
			}
		}
		if err := a.printHistory(page.Rows(a.now())); err != nil {
			return err
		}
		a.warnDown(ctx, p, slices.ContainsFunc(page.Runs, func(r run.Run) bool { return !r.Status.Terminal() }))
		if page.More != "" {
			_, _ = fmt.Fprintf(a.Stderr, "there are more: add --before %s\n", page.More)
		}
		if words := plane.UnreadWords(page.Unread, a.command("show")); words != "" {
			return fmt.Errorf("not all could be read: %s", words)
		}
		return nil
	})
}

func (c *historyCmd) filter(a *app) (f plane.Filter, err error) {
	f = plane.Filter{Jobs: append(c.Job, c.Job2...), Owner: c.Owner, Cause: c.Cause, ByHand: c.ByHand}
	if f.Statuses, err = statusesOf(c.Status); err != nil {
		return f, err
	}
	if c.Limit < 1 {
		return f, usagef("--limit %d must be at least 1", c.Limit)
	}
	if f.Since, err = a.past("--since", c.Since); err != nil {
		return f, err
	}
	if f.Until, err = a.past("--until", c.Until); err != nil {
		return f, err
	}
	if !f.Until.IsZero() && f.Until.Before(f.Since) {
		return f, usagef("--until %s is before --since %s, so no run can be listed: exchange them", c.Until, c.Since)
	}
	if c.Before != "" {
		if f.Before, err = run.ParseID(c.Before); err != nil {
			return f, usagef("--before: %w", err)
		}
	}
	for _, name := range f.Jobs {
		if !job.ValidName(strings.ReplaceAll(name, "*", "x")) {
			return f, usagef("%q cannot name a job", name)
		}
	}
	return f, nil
}

// known returns an error if a job that is named, not matched by a pattern, never existed.
func known(ctx context.Context, p *plane.Plane, jobs []string) error {
	for _, name := range jobs {
		if err := p.Known(ctx, name); job.ValidName(name) && err != nil {
			return err
		}
	}
	return nil
}

func statusesOf(names []string) (out []run.Status, err error) {
	for _, name := range names {
		s := run.Status(name)
		if !s.Valid() {
			return nil, usagef("--status %q is not one of %s; a run that is starting or stopping is running, one in doubt launching", name, strings.Trim(strings.ReplaceAll(fmt.Sprint(run.Statuses), " ", ", "), "[]"))
		}
		out = append(out, s)
	}
	return out, nil
}

// past reads a time in the past, or how long ago it was. A time without a zone is in the view's.
func (a *app) past(flag, text string) (time.Time, error) {
	t, err := plane.ParsePast(text, a.zone, a.now())
	if err != nil {
		return t, usagef("%s %w", flag, err)
	}
	return t, nil
}

func (a *app) printHistory(rows []view.Row) error {
	if a.json {
		return printAll(a.Stdout, rows)
	}
	cells := make([][]string, 0, len(rows))
	for _, r := range rows {
		exit := ""
		if r.ExitCode != nil {
			exit = strconv.FormatInt(*r.ExitCode, 10)
		}
		began := a.atPointer(r.StartedAt)
		if r.AcceptedAt != nil {
			began = "accepted " + a.atPointer(r.AcceptedAt)
		}
		cells = append(cells, []string{
			string(r.Run), a.at(r.ScheduledFor), string(r.State), strconv.Itoa(r.Attempts), exit, took(r.Took()),
			began, a.atPointer(r.FinishedAt), r.By, r.Cause,
		})
	}
	return a.list([]column{
		{head: "RUN"},
		{head: "SCHEDULED FOR (" + a.zoneName() + ")", rank: 1},
		{head: "STATUS", paint: paintState},
		{head: "ATTEMPTS", rank: 4},
		{head: "EXIT", rank: 3},
		{head: "TOOK", rank: 2},
		{head: "STARTED", wide: true},
		{head: "FINISHED", wide: true},
		{head: "BY", wide: true},
		{head: "CAUSE", least: 20},
	}, cells, "no runs found")
}

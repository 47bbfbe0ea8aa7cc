package plane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Want says which of a job's runs a bare job name means.
type Want struct {
	// Fits reports whether a run can be meant; Is says the condition in words.
	Fits func(run.Run) bool
	Is   string
	// choice means that a run whose task is running goes before newer ones.
	choice bool
	// statuses are those of runs that can fit; nil means all.
	statuses []run.Status
}

// What commands want of a job's runs.
var (
	// Any is the newest run.
	Any = Want{func(run.Run) bool { return true }, "is there", false, nil}
	// WithOutput is the newest run that wrote something, as far as can be told: one whose task
	// ECS accepted.
	WithOutput = Want{func(r run.Run) bool {
		for _, a := range r.Attempts {
			if a.TaskARN != "" {
				return true
			}
		}
		return false
	}, "was launched", false, unskipped}
	// Stoppable is the newest open run. One whose task is running goes before one that waits.
	Stoppable = Want{func(r run.Run) bool { return !r.Status.Terminal() }, "is open", true, openStatuses}
	// Retryable is the newest run that was not skipped.
	Retryable = Want{func(r run.Run) bool { return r.Status != run.Skipped }, "was not skipped", false, unskipped}

	unskipped = slices.DeleteFunc(slices.Clone(run.Statuses), func(s run.Status) bool { return s == run.Skipped })
)

// RefError says why the text that a person gave does not name a run.
type RefError struct{ text string }

func (e *RefError) Error() string { return e.text }

// searched is the number of a job's newest runs to read before only those are read whose status
// can fit: an open run may have had thousands of slots skipped.
const searched = 1000

// mostSearched is the number of a job's newest runs among which one is looked for by its time of day.
const mostSearched = 100 * searched

// Find returns the run that a person named: job/20261122T1730Z is that run; job is its newest run
// that fits; job@02:30 is its newest run at that time of day in its zone. If there was a choice,
// note says which run was taken.
func (p *Plane) Find(ctx context.Context, ref string, want Want) (r run.Run, note string, err error) {
	if strings.Contains(ref, "/") {
		id, err := run.ParseID(ref)
		if err != nil {
			return run.Run{}, "", &RefError{err.Error()}
		}
		r, err := p.Run(ctx, id)
		if errors.Is(err, port.ErrNotFound) {
			return run.Run{}, "", fmt.Errorf("there is no run %s%s; `history %s` lists the job's runs", id, p.elsewhere(), id.Job())
		}
		return r, "", err
	}
	name, clock, at := strings.Cut(ref, "@")
	if !job.ValidName(name) {
		return run.Run{}, "", &RefError{fmt.Sprintf("%q is not a run: write job/20261122T1730Z, job or job@02:30", ref)}
	}
	if !at {
		return p.ofJob(ctx, name, want)
	}
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return run.Run{}, "", &RefError{fmt.Sprintf("%q is not a time of day: write %s@02:30", clock, name)}
	}
	return p.atClock(ctx, name, t.Format("15:04")) // 2:30 means 02:30
}

// elsewhere hints, for a stack, that another one may be meant.
func (p *Plane) elsewhere() string {
	if p.Registry == nil { // the local state is meant unless a stack is named
		return ""
	}
	return fmt.Sprintf(" in the stack %s: is it in another stack, or in the local state", p.Name)
}

// noRuns says that a job has no runs, or that there is no such job.
func (p *Plane) noRuns(ctx context.Context, name string) error {
	if err := p.Known(ctx, name); err != nil {
		return err
	}
	return fmt.Errorf("job %q has no runs; `history` lists all runs", name)
}

// ofJob returns a job's newest run that fits.
func (p *Plane) ofJob(ctx context.Context, name string, want Want) (run.Run, string, error) {
	c, err := p.candidates(ctx, name, want)
	switch {
	case err != nil:
		return run.Run{}, "", err
	case len(c.fitting) == 0 && len(c.left.ids()) > 0:
		return run.Run{}, "", fmt.Errorf("job %q has no run that %s; left out: %s", name, want.Is, UnreadWords(c.left.ids(), "show"))
	case c.seen == 0:
		return run.Run{}, "", p.noRuns(ctx, name)
	case len(c.fitting) == 0:
		return run.Run{}, "", fmt.Errorf("job %q has no run that %s; `history %s` lists its runs", name, want.Is, name)
	}
	found := c.fitting[0]
	if i := slices.IndexFunc(c.fitting, isRunning); want.choice && i >= 0 {
		found = c.fitting[i]
	}
	return found, c.note(name, want, &found), nil
}

// candidates are the runs that a bare job name can mean.
type candidates struct {
	fitting []run.Run
	// newer counts the runs before the first that fits; seen counts those that were looked at.
	newer, seen int
	// left are the runs whose records are damaged: nobody knows whether they fit.
	left unread
}

// note says which run was chosen where a bare name can mean others; "" where it cannot.
func (c *candidates) note(name string, want Want, found *run.Run) string {
	var notes []string
	switch n := len(c.fitting); {
	case n >= choices:
		notes = append(notes, fmt.Sprintf("%s has %d open runs or more; using %s", name, choices, found.ID))
	case n > 1:
		notes = append(notes, fmt.Sprintf("%s has %d open runs; using %s", name, n, found.ID))
	case c.newer > 0:
		notes = append(notes, fmt.Sprintf("%s is the newest of %s that %s", found.ID, name, want.Is))
	}
	if newer := c.left.after(found.ScheduledFor); len(newer) > 0 {
		notes = append(notes, "left out: "+UnreadWords(newer, "show"))
	}
	return strings.Join(notes, "; ")
}

// choices is the largest number of runs to choose from.
const choices = 10

func (p *Plane) candidates(ctx context.Context, name string, want Want) (*candidates, error) {
	c := &candidates{}
	w := port.Walk{Jobs: []string{name}, Page: choices, Unread: c.left.add}
	if err := p.choose(ctx, w, want, c); err != nil {
		return c, err
	}
	if len(c.fitting) == 0 && c.seen == searched && want.statuses != nil {
		w.Statuses = want.statuses
		if err := p.choose(ctx, w, want, c); err != nil {
			return c, err
		}
	}
	if want.choice {
		if err := p.addRunning(ctx, name, c); err != nil {
			return c, err
		}
	}
	newestFirst(c.fitting)
	if !want.choice {
		c.fitting = c.fitting[:min(1, len(c.fitting))]
	}
	return c, nil
}

func isRunning(r run.Run) bool { return r.Status == run.Running }

// addRunning adds a job's newest run whose task is running, unless there is one or all runs were
// read: it may be older than those that were.
func (p *Plane) addRunning(ctx context.Context, name string, c *candidates) error {
	all := len(c.fitting) < choices && c.seen < searched
	if all || slices.ContainsFunc(c.fitting, isRunning) {
		return nil
	}
	for r, err := range p.Walk(ctx, port.Walk{Jobs: []string{name}, Statuses: []run.Status{run.Running}, Page: 1}) {
		if err == nil {
			c.fitting = append(c.fitting, r)
		}
		return err
	}
	return nil
}

// choose adds the runs of a walk that can be meant. A walk that has no statuses ends with the run
// that is the last to be searched.
func (p *Plane) choose(ctx context.Context, w port.Walk, want Want, c *candidates) error {
	for r, err := range p.Walk(ctx, w) {
		if err != nil {
			return err
		}
		if len(c.fitting) > 0 && !want.choice && !r.ScheduledFor.Equal(c.fitting[0].ScheduledFor) {
			break
		}
		c.seen++
		switch {
		case want.Fits(r):
			c.fitting = append(c.fitting, r)
		case len(c.fitting) == 0:
			c.newer++
		}
		if len(c.fitting) == choices || c.seen == searched && w.Statuses == nil {
			break
		}
	}
	return nil
}

// newestFirst orders runs by the second for which they were scheduled, then by when they were
// queued: runs by hand of the same second would otherwise come by their names.
func newestFirst(runs []run.Run) {
	slices.SortStableFunc(runs, func(a, b run.Run) int {
		return cmp.Or(b.ScheduledFor.Compare(a.ScheduledFor), b.QueuedAt.Compare(a.QueuedAt))
	})
}

// atClock returns a job's newest run at a time of day in its zone.
func (p *Plane) atClock(ctx context.Context, name, clock string) (found run.Run, note string, err error) {
	zone, err := p.ZoneOf(ctx, name, time.UTC)
	if err != nil {
		return run.Run{}, "", err
	}
	seen := 0
	for r, err := range p.Walk(ctx, port.Walk{Jobs: []string{name}, Page: searched}) {
		if err != nil {
			return run.Run{}, "", err
		}
		if seen++; r.ScheduledFor.In(zone).Format("15:04") == clock {
			return r, "", nil
		}
		if seen == mostSearched {
			return run.Run{}, "", fmt.Errorf("none of the newest %d runs of job %q was at %s in its zone, %s; `history %s --until TIME` lists older ones", seen, name, clock, zone, name)
		}
	}
	if seen == 0 {
		return run.Run{}, "", p.noRuns(ctx, name)
	}
	return run.Run{}, "", fmt.Errorf("job %q has no run at %s in its zone, %s; `history %s` lists its runs", name, clock, zone, name)
}

// Zone returns a zone by its name, or UTC if there is none of that name.
func Zone(name string) *time.Location {
	zone, err := cron.LoadZone(name)
	if name == "" || err != nil {
		return time.UTC
	}
	return zone.Location()
}

// ZoneOf returns a job's zone, or otherwise if there is no such job. If the job cannot be read, its
// zone is not guessed.
func (p *Plane) ZoneOf(ctx context.Context, name string, otherwise *time.Location) (*time.Location, error) {
	item, err := p.Item(ctx, name)
	switch {
	case isNotFound(err):
		return otherwise, nil
	case err != nil:
		return nil, fmt.Errorf("reading the time zone of %s: %w", name, err)
	}
	return Zone(item.Plan.Timezone), nil
}

package plane

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// JobFilter selects jobs; zero fields select all deployed jobs.
type JobFilter struct {
	// Names holds names, or patterns such as report-*.
	Names []string
	Owner string
	// Cluster is the cluster as written in the definition.
	Cluster string
	// Failing and Paused select only jobs that are failing, or paused.
	Failing, Paused bool
	// Brief leaves out the runs and the definitions of jobs that are not failing, so that less is
	// read. It cannot be combined with Owner or Cluster.
	Brief bool
}

// Jobs returns the summaries of jobs, by name. Jobs whose items cannot be read are among them
// whatever the filter asks for beside their names: nobody knows whether they are failing.
func (p *Plane) Jobs(ctx context.Context, f JobFilter) ([]view.Summary, error) {
	s, err := p.selected(ctx, f)
	if err != nil {
		return nil, err
	}
	out, err := p.summaries(ctx, f, s)
	if err != nil || len(s.unread) == 0 {
		return out, err
	}
	out = append(out, s.unreadable()...)
	slices.SortFunc(out, func(a, b view.Summary) int { return cmp.Compare(a.Job, b.Job) })
	return out, nil
}

// JobPage returns the summaries of one page of the jobs that a filter selects, failing ones
// first, then by name, and the number of jobs on all pages. It reads no runs of jobs on other
// pages. The first page is 1. The jobs whose items cannot be read
// come before all others.
func (p *Plane) JobPage(ctx context.Context, f JobFilter, page, size int) (summaries []view.Summary, total int, err error) {
	s, err := p.selected(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(s.items, func(a, b job.Item) int { return b2i(failing(b)) - b2i(failing(a)) })
	broken := len(s.unread)
	total = broken + len(s.items)
	from := min(max(page-1, 0)*size, total)
	to := min(from+size, total)
	s.unread = s.unread[min(from, broken):min(to, broken)]
	s.items = s.items[max(from-broken, 0):max(to-broken, 0)]
	summaries, err = p.summaries(ctx, f, s)
	return append(s.unreadable(), summaries...), total, err
}

func failing(i job.Item) bool { return !i.Gone && !i.FailingSince.IsZero() }

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// selection holds the items of the selected jobs, the item of all jobs, and the jobs' definitions
// if the selection needed them.
type selection struct {
	items       []job.Item
	all         job.Item
	definitions map[string]job.Job
	// unread are the jobs whose items cannot be read.
	unread []string
}

// unreadable returns the summaries of the jobs whose items cannot be read.
func (s selection) unreadable() (out []view.Summary) {
	for _, name := range s.unread {
		out = append(out, view.Summary{Job: name, Unreadable: true})
	}
	return out
}

// selected returns the jobs that a filter selects.
func (p *Plane) selected(ctx context.Context, f JobFilter) (s selection, err error) {
	if s.items, s.all, s.unread, err = p.itemsAndUnread(ctx); err != nil {
		return s, err
	}
	s.unread = slices.DeleteFunc(s.unread, func(name string) bool { return name == job.All || !matchesAny(f.Names, name) })
	now := p.now()
	s.items = slices.DeleteFunc(s.items, func(i job.Item) bool {
		return !f.selects(i) || f.Paused && (i.Gone || i.PausedAt(now) == nil && s.all.PausedAt(now) == nil)
	})
	if f.Owner == "" && f.Cluster == "" {
		return s, nil
	}
	if s.definitions, err = p.definitions(ctx, s.items); err != nil {
		return s, err
	}
	s.items = slices.DeleteFunc(s.items, func(i job.Item) bool { return !f.fits(s.definitions[i.Name]) })
	return s, nil
}

// summaries returns the summaries of a selection.
func (p *Plane) summaries(ctx context.Context, f JobFilter, of selection) (out []view.Summary, err error) {
	items := of.items
	if of.definitions == nil {
		if of.definitions, err = p.definitions(ctx, f.told(items)); err != nil {
			return nil, err
		}
	}
	var names []string
	for _, item := range f.told(items) {
		names = append(names, item.Name)
	}
	runs, err := port.NewestOutlines(ctx, p.Reader, names, view.Recent)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		out = append(out, view.SummaryOf(item, of.all, of.definitions[item.Name], runs[item.Name], p.now()))
	}
	return out, nil
}

// told returns the items whose runs and definitions are read.
func (f JobFilter) told(items []job.Item) []job.Item {
	if !f.Brief {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), func(i job.Item) bool { return i.FailingSince.IsZero() })
}

// selects reports whether the filter selects a job, judging by its item.
func (f JobFilter) selects(i job.Item) bool {
	if i.Gone { // only a person who names it means it
		return slices.Contains(f.Names, i.Name) && !f.Failing
	}
	return matchesAny(f.Names, i.Name) && (!f.Failing || !i.FailingSince.IsZero())
}

// fits reports whether the filter selects a job, judging by its definition.
func (f JobFilter) fits(j job.Job) bool {
	return (f.Owner == "" || j.Owner == f.Owner) && (f.Cluster == "" || j.Cluster == f.Cluster)
}

// Known returns an error if there is no job of this name, or if its item cannot be read.
func (p *Plane) Known(ctx context.Context, name string) error {
	items, _, err := p.items(ctx)
	if err != nil || slices.ContainsFunc(items, func(i job.Item) bool { return i.Name == name }) {
		return err
	}
	var unreadable *port.UnreadableItemsError
	if _, err := p.Items(ctx); errors.As(err, &unreadable) && unreadable.Jobs[name] != nil {
		return fmt.Errorf("the job %s is there and not shown: its item cannot be read: %w", name, unreadable.Jobs[name])
	}
	return fmt.Errorf("there is no job %q here%s; `jobs` lists all jobs", name, like(items, name))
}

// like asks whether the job was meant whose name is nearest to one that no job has, if one is near.
func like(items []job.Item, name string) string {
	best, least := "", 1+len(name)/4
	for _, i := range items {
		if d := cron.Distance(i.Name, name); d <= least && (best == "" || d < least) {
			best, least = i.Name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

// matchesAny reports whether a name matches one of the patterns, or there are none.
func matchesAny(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return job.Match(p, name) })
}

// OpenRuns returns the runs that have not ended, at most limit.
func (p *Plane) OpenRuns(ctx context.Context, limit int) ([]run.Run, error) {
	return p.openRuns(ctx, limit, nil)
}

// openRuns is OpenRuns; newer is a port.Walk's Newer.
func (p *Plane) openRuns(ctx context.Context, limit int, newer func(run.ID)) ([]run.Run, error) {
	var out []run.Run
	for r, err := range p.Walk(ctx, port.Walk{Statuses: openStatuses, Page: limit, Newer: newer}) {
		if err != nil {
			return nil, err
		}
		if out = append(out, r); len(out) == limit {
			break
		}
	}
	return out, nil
}

// MissedAtMost is the largest number of missed runs that are read.
const MissedAtMost = 1000

// MissedRuns returns the missed runs of the last day, newest first, at most MissedAtMost.
func (p *Plane) MissedRuns(ctx context.Context) (Page, error) {
	return p.History(ctx, Filter{Statuses: []run.Status{run.Missed}, Since: p.now().Add(-view.MissedFor)}, MissedAtMost)
}

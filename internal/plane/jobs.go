package plane

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// JobFilter selects jobs; zero fields select all that are deployed.
type JobFilter struct {
	// Names are names, or patterns such as report-*.
	Names []string
	Owner string
	// Cluster is as the definition names it.
	Cluster string
	// Failing and Paused select jobs that are.
	Failing, Paused bool
	// Brief leaves out the runs and the definitions of jobs that are not failing: that
	// is less to read. It goes with neither Owner nor Cluster.
	Brief bool
}

// Jobs are the summaries of jobs, by name.
func (p *Plane) Jobs(ctx context.Context, f JobFilter) ([]view.Summary, error) {
	s, err := p.selected(ctx, f)
	if err != nil {
		return nil, err
	}
	return p.summaries(ctx, f, s)
}

// JobPage are the summaries of a page of the jobs that a filter selects, failing ones
// first, then by name, and how many jobs there are on all pages. Of those on other pages
// no run is read. The first page is 1.
func (p *Plane) JobPage(ctx context.Context, f JobFilter, page, size int) (summaries []view.Summary, total int, err error) {
	s, err := p.selected(ctx, f)
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(s.items, func(a, b job.Item) int { return b2i(failing(b)) - b2i(failing(a)) })
	total = len(s.items)
	from := min(max(page-1, 0)*size, total)
	s.items = s.items[from:min(from+size, total)]
	summaries, err = p.summaries(ctx, f, s)
	return summaries, total, err
}

func failing(i job.Item) bool { return !i.Gone && !i.FailingSince.IsZero() }

// selection are the items of jobs, the item of all jobs, and the jobs' definitions where
// the selection needed them.
type selection struct {
	items       []job.Item
	all         job.Item
	definitions map[string]job.Job
}

// selected are the jobs that a filter selects.
func (p *Plane) selected(ctx context.Context, f JobFilter) (s selection, err error) {
	if s.items, s.all, err = p.items(ctx); err != nil {
		return s, err
	}
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

// summaries are those of a selection.
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
	runs, err := control.NewestOutlines(ctx, p.Reader, names, view.Recent)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		out = append(out, view.SummaryOf(item, of.all, of.definitions[item.Name], runs[item.Name], p.now()))
	}
	return out, nil
}

// told are the items of which runs and definitions are read.
func (f JobFilter) told(items []job.Item) []job.Item {
	if !f.Brief {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), func(i job.Item) bool { return i.FailingSince.IsZero() })
}

// selects is whether the filter selects a job, as far as its item says.
func (f JobFilter) selects(i job.Item) bool {
	if i.Gone { // which only a person who names it means
		return slices.Contains(f.Names, i.Name) && !f.Failing
	}
	return matchesAny(f.Names, i.Name) && (!f.Failing || !i.FailingSince.IsZero())
}

// fits is whether the filter selects a job, as far as its definition says.
func (f JobFilter) fits(j job.Job) bool {
	return (f.Owner == "" || j.Owner == f.Owner) && (f.Cluster == "" || j.Cluster == f.Cluster)
}

// Known is an error that says so where a job never was.
func (p *Plane) Known(ctx context.Context, name string) error {
	items, _, err := p.items(ctx)
	if err != nil || slices.ContainsFunc(items, func(i job.Item) bool { return i.Name == name }) {
		return err
	}
	var unreadable *control.UnreadableItemsError
	if _, err := p.Items(ctx); errors.As(err, &unreadable) && unreadable.Jobs[name] != nil {
		return fmt.Errorf("the job %s is there and not shown: its item cannot be read: %w", name, unreadable.Jobs[name])
	}
	return fmt.Errorf("there is no job %q here; `jobs` lists all jobs", name)
}

// matchesAny is whether a name is one of the patterns, or there are none.
func matchesAny(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return job.Match(p, name) })
}

// OpenRuns are the runs that have not ended, at most limit.
func (p *Plane) OpenRuns(ctx context.Context, limit int) ([]run.Run, error) {
	var out []run.Run
	open := []run.Status{run.Queued, run.Launching, run.Running}
	for r, err := range p.Walk(ctx, walkOf(Filter{Statuses: open}, limit)) {
		if err != nil {
			return nil, err
		}
		if out = append(out, r); len(out) == limit {
			break
		}
	}
	return out, nil
}

// Attention is what needs somebody now.
func (p *Plane) Attention(ctx context.Context) ([]view.Attention, error) {
	summaries, err := p.Jobs(ctx, JobFilter{Brief: true})
	if err != nil {
		return nil, err
	}
	open, err := p.OpenRuns(ctx, 1000)
	if err != nil {
		return nil, err
	}
	missed, err := p.MissedRuns(ctx)
	if err != nil {
		return nil, err
	}
	return view.AttentionOf(summaries, open, missed, p.now()), nil
}

// MissedAtMost is how many missed runs are read.
const MissedAtMost = 1000

// MissedRuns are those of the last day, the newest first, at most MissedAtMost.
func (p *Plane) MissedRuns(ctx context.Context) ([]run.Run, error) {
	page, err := p.History(ctx, Filter{Statuses: []run.Status{run.Missed}, Since: p.now().Add(-view.MissedFor)}, MissedAtMost)
	return page.Runs, err
}

package plane

import (
	"context"
	"fmt"
	"slices"

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
	items, all, err := p.items(ctx)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(i job.Item) bool { return !f.selects(i) })
	definitions, err := p.definitions(ctx, f.told(items))
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(i job.Item) bool { return !f.fits(definitions[i.Name]) })
	var names []string
	for _, item := range f.told(items) {
		names = append(names, item.Name)
	}
	runs, err := p.Newest(ctx, names, view.Recent)
	if err != nil {
		return nil, err
	}
	var out []view.Summary
	for _, item := range items {
		s := view.SummaryOf(item, all, definitions[item.Name], runs[item.Name], p.now())
		if !f.Paused || s.Paused != nil {
			out = append(out, s)
		}
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
	return fmt.Errorf("there is no job %q here; `jobs` lists those there are", name)
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

// MissedRuns are those of the last day, the newest first, at most a thousand.
func (p *Plane) MissedRuns(ctx context.Context) ([]run.Run, error) {
	page, err := p.History(ctx, Filter{Statuses: []run.Status{run.Missed}, Since: p.now().Add(-view.MissedFor)}, 1000)
	return page.Runs, err
}

package plane

import (
	"context"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Candidate is a run that may be retried among many.
type Candidate struct {
	Run   run.Run    `json:"-"`
	Row   view.Row   `json:"run"`
	Retry view.Retry `json:"retry"`
}

// RequestID is the same for every request to retry the run as it now is, so that
// to ask twice is to ask once.
func (c Candidate) RequestID() string {
	return fmt.Sprintf("retry-all/%s/%d", c.Run.ID, len(c.Run.Attempts))
}

// Candidates are the runs that a filter selects, of each job the newest, without
// those whose job has succeeded since; the newest first. Of a filter without
// statuses the failed ones are meant.
func (p *Plane) Candidates(ctx context.Context, f Filter) ([]Candidate, error) {
	if len(f.Statuses) == 0 {
		f.Statuses = []run.Status{run.Failed}
	}
	w, err := p.walk(ctx, f, 1000)
	if err != nil {
		return nil, err
	}
	var runs []run.Run
	var jobs, hashes []string
	for r, err := range p.Walk(ctx, w) {
		if err != nil {
			return nil, err
		}
		if name := r.ID.Job(); f.fits(r) && !slices.Contains(jobs, name) {
			runs, jobs, hashes = append(runs, r), append(jobs, name), append(hashes, r.Definition)
		}
	}
	newest, err := p.Newest(ctx, jobs, view.Recent)
	if err != nil {
		return nil, err
	}
	definitions, err := p.Definitions(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var out []Candidate
	for _, r := range runs {
		if !succeededSince(r, newest[r.ID.Job()]) { // a definition that is gone promises nothing
			out = append(out, Candidate{Run: r, Row: view.RowOf(r), Retry: view.RetryOf(r, definitions[r.Definition])})
		}
	}
	return out, nil
}

// succeededSince is whether a run of the same job was scheduled later, or ended
// later, and succeeded.
func succeededSince(r run.Run, newest []run.Run) bool {
	return slices.ContainsFunc(newest, func(o run.Run) bool {
		return o.Status == run.Succeeded && o.ID != r.ID && (o.ScheduledFor.After(r.ScheduledFor) || o.FinishedAt.After(r.FinishedAt))
	})
}

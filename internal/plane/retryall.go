package plane

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Candidate is a run that may be retried among many.
type Candidate struct {
	Run   run.Run   `json:"-"`
	Row   view.Row  `json:"run"`
	Retry run.Retry `json:"retry"`
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
	runs, err := p.newestOfEach(ctx, f)
	if err != nil {
		return nil, err
	}
	var jobs, hashes []string
	for _, r := range runs {
		jobs, hashes = append(jobs, r.ID.Job()), append(hashes, r.Definition)
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
		if done, err := p.succeededSince(ctx, r, newest[r.ID.Job()]); err != nil {
			return nil, err
		} else if !done { // a definition that is gone promises nothing
			out = append(out, Candidate{Run: r, Row: view.RowOf(r, p.now()), Retry: run.RetryOf(r, definitions[r.Definition])})
		}
	}
	return out, nil
}

// newestOfEach are the runs that a filter selects, of each job the newest.
func (p *Plane) newestOfEach(ctx context.Context, f Filter) (out []run.Run, err error) {
	w, err := p.walk(ctx, f, 1000)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for r, err := range p.Walk(ctx, w) {
		if err != nil {
			return nil, err
		}
		if name := r.ID.Job(); f.fits(r) && !seen[name] {
			seen[name] = true
			out = append(out, r)
		}
	}
	return out, nil
}

// Changed is whether the run is no longer as it was when it was chosen: somebody
// retried it meanwhile, and what was said of it need not hold.
func (p *Plane) Changed(ctx context.Context, c Candidate) (bool, error) {
	now, err := p.Run(ctx, c.Run.ID)
	if err != nil {
		return false, fmt.Errorf("reading run %s again: %w", c.Run.ID, err)
	}
	return now.Status != c.Run.Status || len(now.Attempts) != len(c.Run.Attempts), nil
}

// earlier is how long before a run one may be scheduled that is still looked for
// where it succeeded later.
const earlier = 24 * time.Hour

// succeededSince is whether a run of the same job was scheduled later, or ended
// later, and succeeded. Where the job's newest runs do not reach back so far, the
// others are looked through.
func (p *Plane) succeededSince(ctx context.Context, r run.Run, newest []run.Run) (bool, error) {
	if slices.ContainsFunc(newest, func(o run.Run) bool { return supersedes(o, r) }) {
		return true, nil
	}
	since := r.ScheduledFor.Add(-earlier)
	if len(newest) < view.Recent || newest[len(newest)-1].ScheduledFor.Before(since) {
		return false, nil
	}
	w := control.Walk{
		Jobs: []string{r.ID.Job()}, Statuses: []run.Status{run.Succeeded}, Since: since, Until: newest[len(newest)-1].ScheduledFor,
	}
	for o, err := range p.Walk(ctx, w) {
		if err != nil {
			return false, fmt.Errorf("looking for a success since %s: %w", r.ID, err)
		}
		if supersedes(o, r) {
			return true, nil
		}
	}
	return false, nil
}

// supersedes is whether a run of the same job makes a retry of another pointless.
func supersedes(o, r run.Run) bool {
	return o.Status == run.Succeeded && o.ID != r.ID && (o.ScheduledFor.After(r.ScheduledFor) || o.FinishedAt.After(r.FinishedAt))
}

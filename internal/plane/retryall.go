package plane

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Candidate is a run that may be retried together with many others.
type Candidate struct {
	Run   run.Run   `json:"-"`
	Row   view.Row  `json:"run"`
	Retry run.Retry `json:"retry"`
}

// RequestID is the same for every request to retry the run in its present state, so that asking
// twice counts as asking once.
func (c Candidate) RequestID() string {
	return fmt.Sprintf("retry-all/%s/%d", c.Run.ID, len(c.Run.Attempts))
}

// Ask returns the request to retry the run. It is refused if the run has had a further attempt
// since it was read, or an attempt turned out to have run.
func (c Candidate) Ask() port.RetryRequest {
	n := len(c.Run.Attempts)
	r := port.RetryRequest{Run: c.Run.ID, RequestID: c.RequestID(), Attempts: &n}
	switch c.Retry.Safety {
	case run.RetrySafe, run.RetryEnded, run.RetryUnsafe:
		r.Safety = c.Retry.Safety
	case run.RetryOpen, run.RetryDone: // the run itself says it
	}
	return r
}

// Candidates returns the runs that a filter selects, only the newest of each job, newest first.
// It leaves out runs whose job has succeeded since. A retry of a job that is no longer deployed is
// unsafe. A filter without statuses selects failed runs. left has the ids of the runs that are left
// out because they cannot be read; so are the runs of their jobs that may be older.
func (p *Plane) Candidates(ctx context.Context, f Filter) (out []Candidate, left []run.ID, err error) {
	if len(f.Statuses) == 0 {
		f.Statuses = []run.Status{run.Failed}
	}
	runs, left, err := p.newestOfEach(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	var jobs, hashes []string
	for _, r := range runs {
		jobs, hashes = append(jobs, r.ID.Job()), append(hashes, r.Definition)
	}
	newest, err := p.Newest(ctx, jobs, view.Recent)
	if err != nil {
		return nil, nil, err
	}
	definitions, err := p.Definitions(ctx, hashes)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range runs {
		if done, err := p.succeededSince(ctx, r, newest[r.ID.Job()]); err != nil {
			return nil, nil, err
		} else if !done { // a definition that is gone promises nothing
			out = append(out, Candidate{Run: r, Row: view.RowOf(r, p.now()), Retry: run.RetryOf(r.KnownFrom(p.Stack.NotBefore), definitions[r.Definition])})
		}
	}
	return out, left, p.markGone(ctx, out)
}

// markGone calls the retry of a job that is no longer deployed unsafe: the job may have moved to another
// scheduler, which ran the slot.
func (p *Plane) markGone(ctx context.Context, all []Candidate) error {
	if len(all) == 0 {
		return nil
	}
	items, _, err := p.items(ctx)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for _, item := range items {
		gone[item.Name] = item.Gone
	}
	for i := range all {
		if c := &all[i]; gone[c.Run.ID.Job()] && (c.Retry.Safety == run.RetrySafe || c.Retry.Safety == run.RetryEnded) {
			c.Retry = run.Retry{Safety: run.RetryUnsafe, Why: "its job is no longer deployed, and may run elsewhere by now"}
		}
	}
	return nil
}

// newestOfEach returns the runs that a filter selects, only the newest of each job, and those that
// cannot be read.
func (p *Plane) newestOfEach(ctx context.Context, f Filter) (out []run.Run, left []run.ID, err error) {
	w, err := p.walk(ctx, f, 1000)
	if err != nil {
		return nil, nil, err
	}
	var unreadable unread
	w.Unread = unreadable.add
	seen := map[string]bool{}
	for r, err := range p.Walk(ctx, w) {
		if err != nil {
			return nil, nil, err
		}
		if name := r.ID.Job(); f.fits(r) && !seen[name] {
			seen[name] = true
			out = append(out, r)
		}
	}
	left = unreadable.ids()
	out = slices.DeleteFunc(out, func(r run.Run) bool {
		return slices.ContainsFunc(left, func(id run.ID) bool { return mayBeNewer(id, r.ID) })
	})
	return out, left, nil
}

// mayBeNewer reports whether a run may be newer than another, as far as their ids tell.
func mayBeNewer(id, than run.ID) bool {
	return id.Job() == than.Job() && (id.ByHand() || than.ByHand() || id > than)
}

// earlier bounds the search for runs that were scheduled before a given run and succeeded after
// it.
const earlier = 24 * time.Hour

// succeededSince reports whether another run of the same job succeeded that was scheduled later
// or ended later. If the job's newest runs do not reach back far enough, it searches the others.
func (p *Plane) succeededSince(ctx context.Context, r run.Run, newest []run.Run) (bool, error) {
	if slices.ContainsFunc(newest, func(o run.Run) bool { return supersedes(o, r) }) {
		return true, nil
	}
	since := r.ScheduledFor.Add(-earlier)
	if len(newest) < view.Recent || newest[len(newest)-1].ScheduledFor.Before(since) {
		return false, nil
	}
	w := port.Walk{
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

// supersedes reports whether o, a run of the same job, makes a retry of r pointless.
func supersedes(o, r run.Run) bool {
	return o.Status == run.Succeeded && (o.ScheduledFor.After(r.ScheduledFor) || o.FinishedAt.After(r.FinishedAt))
}

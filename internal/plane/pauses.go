package plane

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Pause is a pause in force, or a slot that will be skipped.
type Pause struct {
	// Job is the job's name; "*" means all jobs.
	Job string `json:"job"`
	job.Pause
	// SkipNext means that only the next slot is skipped, the one at From.
	SkipNext bool `json:"skipNext,omitempty"`
	// Unforeseen means that nobody knows when that slot is. From is then the time of the request.
	Unforeseen bool `json:"-"`
	// Skipped counts the runs that it has caused to be skipped so far; Last is the newest of
	// them.
	Skipped int    `json:"skipped"`
	Last    run.ID `json:"last,omitempty"`
}

// Pauses returns the pauses in force, those of all jobs first.
func (p *Plane) Pauses(ctx context.Context) ([]Pause, error) {
	read, all, err := p.items(ctx)
	if err != nil {
		return nil, err
	}
	now := p.now()
	var out []Pause
	for _, item := range append(read, all) {
		if item.Gone {
			continue
		}
		if in := item.PausedAt(now); in != nil {
			out = append(out, Pause{Job: item.Name, Pause: *in})
		}
		if s := view.SkipOf(&item, now); s != nil {
			out = append(out, Pause{Job: item.Name, Pause: job.Pause{From: s.At, By: s.By, Reason: s.Reason}, SkipNext: true, Unforeseen: view.Unforeseen(&item)})
		}
	}
	slices.SortStableFunc(out, func(a, b Pause) int {
		return cmp.Or(cmp.Compare(a.Job, b.Job), a.From.Compare(b.From)) // job.All is before all names
	})
	return out, p.countSkipped(ctx, read, out)
}

// countSkipped counts the runs that the pauses have had skipped, in one walk from the earliest
// pause on.
func (p *Plane) countSkipped(ctx context.Context, items []job.Item, pauses []Pause) error {
	var since time.Time
	for _, in := range pauses {
		if !in.SkipNext && (since.IsZero() || in.From.Before(since)) {
			since = in.From
		}
	}
	if since.IsZero() {
		return nil
	}
	own := make(map[string]job.Item, len(items))
	for _, item := range items {
		own[item.Name] = item
	}
	for r, err := range p.Walk(ctx, port.Walk{Statuses: []run.Status{run.Skipped}, Since: since, Page: 1000}) {
		if err != nil {
			return err
		}
		item := own[r.ID.Job()]
		for i := range pauses {
			pauses[i].count(r, item)
		}
	}
	return nil
}

// count counts a skipped run if this pause had it skipped. Within a pause, only an open run has a slot
// skipped for another reason; and a pause of all jobs counts only if the run's job was not itself paused,
// because that is checked first (run.Admit).
func (in *Pause) count(r run.Run, of job.Item) {
	mine := in.Job == r.ID.Job() || in.Job == job.All && of.PausedAt(r.ScheduledFor) == nil
	if in.SkipNext || !mine || !in.Covers(r.ScheduledFor) || r.HeldBy != "" {
		return
	}
	if in.Skipped++; in.Last == "" {
		in.Last = r.ID
	}
}

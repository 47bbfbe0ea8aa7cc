package plane

import (
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// tailed is how many of the newest runs a tail looks at, beside those that were
// open when it looked last.
const tailed = 50

// Tail gives each run that stands elsewhere than at the last look, until ctx ends
// or emit fails. What was before it began is not told.
func (p *Plane) Tail(ctx context.Context, jobs []string, emit func(run.Run) error) error {
	seen := map[run.ID]run.Run{}
	poll := poller{plane: p}
	for first := true; ctx.Err() == nil; first = false {
		runs, err := p.tailOnce(ctx, jobs, seen)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // also where that cut a read off
		}
		if err != nil {
			return err
		}
		came := false
		for _, r := range runs {
			was, known := seen[r.ID]
			seen[r.ID] = r
			if first || known && !moved(was, r, p.now()) {
				continue
			}
			came = true
			if err := emit(r); err != nil {
				return err
			}
		}
		poll.wait(ctx, came)
	}
	return nil
}

func moved(was, is run.Run, now time.Time) bool {
	return view.StateOf(was, now) != view.StateOf(is, now) || len(was.Attempts) != len(is.Attempts) || was.Duplicates != is.Duplicates
}

// tailOnce are the newest runs and those that were open, the oldest first.
func (p *Plane) tailOnce(ctx context.Context, jobs []string, seen map[run.ID]run.Run) ([]run.Run, error) {
	var out []run.Run
	has := map[run.ID]bool{}
	for r, err := range p.Walk(ctx, walkOf(Filter{Jobs: jobs}, tailed)) {
		if err != nil {
			return nil, err
		}
		has[r.ID] = true
		if out = append(out, r); len(out) == tailed {
			break
		}
	}
	for id, r := range seen {
		if has[id] || r.Status.Terminal() {
			continue
		}
		now, err := p.Run(ctx, id)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		if err == nil {
			out = append(out, now)
		}
	}
	slices.SortStableFunc(out, func(a, b run.Run) int { return a.QueuedAt.Compare(b.QueuedAt) })
	return out, nil
}

package plane

import (
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// tailed is the least number of newest runs that a tail looks at, in addition to those that were
// open at its last look. It looks at more if more are new.
const tailed = 50

// tail is what a Tail remembers.
type tail struct {
	seen map[run.ID]run.Run
	// oldest is the last of the newest runs that were looked at; zero if there were no more. A later look
	// goes no further: an index may lack a run for a moment that it showed before, and those beyond are
	// forgotten, or were there before the tail began.
	oldest run.Run
}

// Tail emits each run that has changed since the last look, until ctx ends or emit fails. It does
// not report what was there before it began. A run of a slot before the newest 50 runs, such as the
// record of a missed slot on a busy stack, or one that ended before and is retried, is not looked at.
func (p *Plane) Tail(ctx context.Context, jobs []string, emit func(run.Run) error) error {
	t := tail{seen: map[run.ID]run.Run{}}
	poll := poller{plane: p}
	for first := true; ctx.Err() == nil; first = false {
		runs, err := p.tailOnce(ctx, jobs, &t, first)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // also where that cut a read off
		}
		if err != nil {
			return err
		}
		came := false
		for _, r := range runs {
			was, known := t.seen[r.ID]
			t.seen[r.ID] = r
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

// tailOnce returns the newest runs and those that were open, oldest first. It forgets those
// that had ended and are not among the newest any more.
func (p *Plane) tailOnce(ctx context.Context, jobs []string, t *tail, first bool) ([]run.Run, error) {
	out, err := p.newestFor(ctx, jobs, t, first)
	if err != nil {
		return nil, err
	}
	has := map[run.ID]bool{}
	for _, r := range out {
		has[r.ID] = true
	}
	for id, r := range t.seen {
		if has[id] {
			continue
		}
		if r.Status.Terminal() {
			if t.oldest.Newer(&r) { // newer runs have taken its place, and a tail may last for weeks
				delete(t.seen, id)
			}
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

// newestFor returns the newest runs. After the first look, they reach back to a run that was seen
// before.
func (p *Plane) newestFor(ctx context.Context, jobs []string, t *tail, first bool) (out []run.Run, err error) {
	for r, err := range p.Walk(ctx, walkOf(Filter{Jobs: jobs}, tailed)) {
		if err != nil {
			return nil, err
		}
		if t.oldest.Newer(&r) {
			break
		}
		_, known := t.seen[r.ID]
		if out = append(out, r); len(out) >= tailed && (first || known) {
			break
		}
	}
	if len(out) >= tailed {
		t.oldest = out[len(out)-1]
	}
	return out, nil
}

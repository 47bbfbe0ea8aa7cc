package control

import (
	"errors"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// guarded calls do under panics.Recover.
func guarded(do func()) (err error) {
	defer panics.Recover(&err)
	do()
	return nil
}

// senseless returns an error for a run that makes no sense. Nothing is decided about such a
// run and nothing overwrites it until the look sets it aside or a person has mended it.
func senseless(r *run.Run) error {
	if why := r.Nonsense(); why != "" {
		return errors.New("it makes no sense: " + why)
	}
	return nil
}

// sensible leaves out runs that make no sense and adds them to those that cannot be read.
func sensible(rs []run.Run, bad *port.UnreadableError) ([]run.Run, *port.UnreadableError) {
	out := rs[:0]
	for i := range rs {
		r := &rs[i]
		why := senseless(r)
		switch {
		case why == nil && len(out) == i: // already in its place: usually all are
			out = rs[:i+1]
			continue
		case why == nil:
			out = append(out, *r)
			continue
		}
		if bad == nil {
			bad = &port.UnreadableError{}
		}
		if bad.Runs == nil {
			bad.Runs = map[run.ID]error{}
		}
		bad.Runs[r.ID] = why
		if bad.DueSince.IsZero() || r.DueAt.Before(bad.DueSince) {
			bad.DueSince = r.DueAt
		}
	}
	return out, bad
}

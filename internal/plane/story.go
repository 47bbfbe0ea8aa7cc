package plane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Story explains a run, with the places where to find out more. If its definition is gone, it
// leaves out what only the definition says.
func (p *Plane) Story(ctx context.Context, r run.Run) (view.Story, error) {
	j, err := p.Definition(ctx, r.Definition)
	switch {
	case errors.Is(err, port.ErrNotFound):
		j = job.Job{Name: r.ID.Job()}
	case err != nil:
		return view.Story{}, fmt.Errorf("reading the definition of %s: %w", r.ID, err)
	}
	now := p.now() // read once: a second, later reading could look as if a sweep had stayed away
	seen, err := p.seen(ctx, r, now)
	if err != nil {
		return view.Story{}, err
	}
	s := view.StoryOf(r.KnownFrom(p.Stack.NotBefore), j, seen)
	if away := now.Sub(seen); away > 0 && s.Next != "" && !r.Waits {
		s.DueAt, s.Next = nil, fmt.Sprintf("the sweep last finished %s ago: nothing looks at this run or launches it, and what is said of it may be old", away.Truncate(time.Second))
	}
	for i := range s.Tries {
		a := &s.Tries[i]
		if a.TaskARN == "" || p.Output == nil {
			continue
		}
		at := p.Output.Place(outputOf(r, a.Attempt))
		a.LogGroup, a.LogsTo, a.LogsAt, a.TaskAt = at.Group, at.Elsewhere, at.URL, at.TaskURL
	}
	return s, nil
}

// seen returns up to when a run's record is current. That is now, except for a run that is open
// or owes something while no sweep comes: looks leave no trace on it, so it is the time of the
// last sweep.
func (p *Plane) seen(ctx context.Context, r run.Run, now time.Time) (time.Time, error) {
	if !r.Open() {
		return now, nil
	}
	swept, err := p.Mark(ctx, port.MarkSweep)
	if err != nil {
		return now, fmt.Errorf("reading the heartbeat: %w", err)
	}
	if !swept.IsZero() && now.Sub(swept) > heartbeatWithin {
		return swept, nil
	}
	return now, nil
}

package plane

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Story explains a run, with the places where to find out more. A definition that
// is gone leaves out what only it says.
func (p *Plane) Story(ctx context.Context, r run.Run) (view.Story, error) {
	j, err := p.Definition(ctx, r.Definition)
	switch {
	case errors.Is(err, control.ErrNotFound):
		j = job.Job{Name: r.ID.Job()}
	case err != nil:
		return view.Story{}, fmt.Errorf("reading the definition of %s: %w", r.ID, err)
	}
	s := view.StoryOf(r, j, p.now())
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

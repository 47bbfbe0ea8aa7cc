package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TellFor is how long after a run's end its notice is tried. Later the notice is
// given up, logged and kept: whoever should have been told has other things to
// look at, and a target that is gone must not be tried for ever.
const TellFor = 24 * time.Hour

// Tell performs the notices that a run owes and nothing else: it is for who is
// fed by the store's changes. A notice that is told is no longer owed, so a
// change that is delivered again tells nothing.
//
// Crash window: between a notice and the mark that it was told, it is told
// again by the next delivery. A notice twice is better than none.
func (c *Control) Tell(ctx context.Context, id run.ID) error {
	r, err := c.Store.Run(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil // it expired, and with it what there was to tell
	}
	if err != nil {
		return fmt.Errorf("loading run %s: %w", id, err)
	}
	var errs []error
	for _, e := range slices.Clone(r.Owed) {
		if e.Kind != run.Tell {
			continue
		}
		if _, err := c.perform(ctx, r, e); err != nil {
			errs = append(errs, c.giveUp(ctx, r, e, err))
		}
	}
	return errors.Join(errs...)
}

// giveUp ends a notice that could not be told for too long; a younger one stays
// owed, and its error comes back.
func (c *Control) giveUp(ctx context.Context, r run.Run, e run.Effect, cause error) error {
	if r.FinishedAt.IsZero() || c.Now().Sub(r.FinishedAt) < TellFor {
		return cause
	}
	reason := fmt.Sprintf("gave up telling that %s %s, after %s: %v", r.ID, e.Notice, job.Duration(TellFor), cause)
	if err := c.keep(ctx, nil, reason); err != nil {
		return err
	}
	_, err := c.step(ctx, r.ID, func(run.Run) (run.Event, error) { return run.Done{Effect: e}, nil })
	return err
}

// Known is the newest definition of a job that is in the registry; an error that
// wraps ErrNotFound where there is none.
func (c *Control) Known(ctx context.Context, name string) (job.Job, error) {
	return c.current(ctx, name)
}

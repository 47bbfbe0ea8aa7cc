package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// claimed answers a request whose run exists. found is false if there is none, or if the
// claim is to replace it.
func (c *Control) claimed(ctx context.Context, req run.Request, how *claiming) (rep port.Reply, found bool, err error) {
	was, err := c.Store.Run(ctx, req.ID)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return port.Reply{}, false, nil
	case err != nil:
		return port.Reply{Run: req.ID}, true, fmt.Errorf("looking for run %s: %w", req.ID, err)
	case was.Ahead(c.Now()):
		c.Log.WarnContext(ctx, "the slot was recorded by a clock that was ahead, and is claimed anew", "run", req.ID, "was", was.Status, "at", was.QueuedAt)
		how.over = &was
		return port.Reply{}, false, nil
	case differs(was, req):
		return refuse(req.ID, "%s was requested with the same request ID but other inputs or arguments: use another ID", req.ID), true, nil
	}
	rep, err = c.again(ctx, req.ID)
	return rep, true, err
}

// differs reports whether a run by hand was asked for with other inputs or arguments: whoever
// repeats the id must not take that run for theirs.
func differs(was run.Run, req run.Request) bool {
	return req.ID.ByHand() && (!slices.Equal(was.Args, req.Args) || !maps.Equal(was.Environment, req.Environment))
}

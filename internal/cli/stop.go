package cli

import (
	"context"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type stopCmd struct {
	ID     string `arg:"" name:"run" help:"The run to stop; for a job, its open run."`
	Reason string `required:"" help:"Why, for the record." placeholder:"TEXT"`
}

// Run asks to stop a run.
func (c *stopCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		r, err := a.find(ctx, p, c.ID, plane.Stoppable)
		if err != nil {
			return err
		}
		return a.ask(ctx, p, entry.Request{Stop: &port.StopRequest{Run: r.ID, Reason: c.Reason}})
	})
}

package cli

import (
	"context"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type skipNextCmd struct {
	Job    string `arg:"" help:"The job whose next slot to skip."`
	Reason string `help:"Why, for the record." placeholder:"R"`
}

// Run has the next slot skipped.
func (c *skipNextCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		return a.ask(ctx, p, entry.Request{Skip: &port.SkipRequest{Job: c.Job, Reason: c.Reason}})
	})
}

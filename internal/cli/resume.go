package cli

import (
	"context"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type resumeCmd struct {
	Job string `arg:"" optional:"" help:"The job to resume."`
	All bool   `help:"End the pause of all jobs."`
}

// Run ends a pause, or cancels a skip-next.
func (c *resumeCmd) Run(ctx context.Context, a *app) error {
	name, err := oneOrAll(c.Job, c.All)
	if err == nil {
		err = a.oneState(c.All)
	}
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		return a.ask(ctx, p, entry.Request{Resume: &port.ResumeRequest{Job: name}})
	})
}

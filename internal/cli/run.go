package cli

import (
	"cmp"
	"context"
	"crypto/rand"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

type runCmd struct {
	Job       string            `arg:"" help:"The job to run."`
	Inputs    map[string]string `name:"input" short:"i" aliases:"env" help:"Set one of the job's inputs for this run." placeholder:"NAME=VALUE" mapsep:"none"`
	Force     bool              `help:"Run even a paused job."`
	RequestID string            `name:"request-id" help:"Requests with the same ID are one run; by default random." placeholder:"ID"`
	waiting
	Args []string `arg:"" optional:"" help:"Arguments added to the job's command, after --."`
}

// assignment matches an argument that looks like an input.
var assignment = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*=`)

// Run asks for a new run.
func (c *runCmd) Run(ctx context.Context, a *app) error {
	if err := c.fits(); err != nil {
		return err
	}
	if !a.apart {
		for _, arg := range c.Args {
			if assignment().MatchString(arg) {
				return usagef("%s would be an argument of the job's command: set an input with -i %s, or write -- before the arguments", arg, importer.Word(arg))
			}
		}
	}
	return c.code(a, a.withPlane(ctx, func(p *plane.Plane) error {
		return c.ask(ctx, a, p, entry.Request{Run: &port.RunRequest{
			Job: c.Job, RequestID: cmp.Or(c.RequestID, rand.Text()), Args: c.Args, Inputs: c.Inputs, Force: c.Force,
		}})
	}))
}

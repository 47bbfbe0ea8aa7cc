package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

type retryCmd struct {
	ID        *string `arg:"" optional:"" name:"run" help:"The run to retry."`
	Same      bool    `help:"Use the definition and revision the run had, not the newest."`
	Force     bool    `help:"Retry even a run that succeeded."`
	Attempts  *int    `help:"Retry only if the run still has N attempts; by default as many as this command finds." placeholder:"N"`
	Reason    string  `help:"Why, for the record." placeholder:"R"`
	RequestID string  `name:"request-id" help:"Requests with the same ID are one retry; by default random." placeholder:"ID"`
	waiting
	selection
}

// Run asks for a further attempt.
func (c *retryCmd) Run(ctx context.Context, a *app) error {
	if (c.ID == nil) != c.All {
		return usagef("name a <run>, or give --all, which takes jobs by --job")
	}
	if err := c.fits(); err != nil {
		return err
	}
	if err := a.oneState(c.All); err != nil {
		return err
	}
	return c.code(a, a.withPlane(ctx, func(p *plane.Plane) error {
		if c.All {
			return c.retryAll(ctx, a, p)
		}
		r, err := a.find(ctx, p, *c.ID, plane.Retryable)
		if err != nil {
			return err
		}
		a.warnOfRetry(ctx, p, r)
		found := len(r.Attempts)
		return c.ask(ctx, a, p, entry.Request{Retry: &port.RetryRequest{
			Run: r.ID, RequestID: cmp.Or(c.RequestID, rand.Text()), Same: c.Same, Force: c.Force, Attempts: cmp.Or(c.Attempts, &found), Reason: c.Reason,
		}})
	}))
}

// warnOfRetry says what a retry may do twice. It does not ask: whoever names a run may have checked what it
// did, and scripts and the commands of notices go on as they are. The pages ask for a reason.
func (a *app) warnOfRetry(ctx context.Context, p *plane.Plane, r run.Run) {
	j, err := p.Definition(ctx, r.Definition)
	if err != nil {
		j = job.Job{} // nothing is known to make a retry safe
	}
	switch of := run.RetryOf(r.KnownFrom(p.Stack.NotBefore), j); of.Safety {
	case run.RetryEnded, run.RetryUnsafe:
		_, _ = fmt.Fprintf(a.Stderr, "safe to retry? %s\n", notice.Printable(of.Words()))
	case run.RetrySafe, run.RetryOpen, run.RetryDone: // the last needs --force, and the refusal says so
	}
}

// fits refuses flags that would do nothing.
func (c *retryCmd) fits() error {
	switch {
	case c.All && (c.Wait || c.Follow):
		return usagef("--wait and --follow go with one run, not with --all: `history --status queued,launching,running` shows what has not ended")
	case c.All && (c.Force || c.Attempts != nil || c.RequestID != ""):
		return usagef("--force, --attempts and --request-id go with one run, not with --all")
	case !c.All && c.selects():
		return usagef("--status, --since, --job, --cause, --even and --max go with --all, which takes jobs by --job")
	}
	return c.waiting.fits()
}

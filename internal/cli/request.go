package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/wire"
)

type runCmd struct {
	Job       string            `arg:"" help:"The job to run."`
	Env       map[string]string `help:"Set a variable for this run." placeholder:"K=V" mapsep:"none"`
	Force     bool              `help:"Even if the job is paused."`
	RequestID string            `name:"request-id" help:"Makes a repeated request the same run; random unless given." placeholder:"ID"`
	Args      []string          `arg:"" optional:"" help:"Arguments added to the job's command, after --."`
}

// Run asks for a new run.
func (c *runCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		return a.ask(ctx, s, "/v1/run", control.RunRequest{
			Job: c.Job, RequestID: cmp.Or(c.RequestID, rand.Text()), By: a.User, Args: c.Args, Environment: c.Env, Force: c.Force,
		})
	})
}

type retryCmd struct {
	ID        string `arg:"" name:"run" help:"The run to retry."`
	Same      bool   `help:"With the definition and revision that it ran with, not the newest."`
	Force     bool   `help:"Even if it succeeded."`
	RequestID string `name:"request-id" help:"Makes a repeated request the same retry; random unless given." placeholder:"ID"`
}

// Run asks for a further attempt.
func (c *retryCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		id, err := resolveRun(ctx, s, c.ID)
		if err != nil {
			return err
		}
		return a.ask(ctx, s, "/v1/retry", control.RetryRequest{
			Run: id, RequestID: cmp.Or(c.RequestID, rand.Text()), By: a.User, Same: c.Same, Force: c.Force,
		})
	})
}

type stopCmd struct {
	ID     string `arg:"" name:"run" help:"The run to stop."`
	Reason string `required:"" help:"Why, for the record." placeholder:"TEXT"`
}

// Run asks to stop a run.
func (c *stopCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		id, err := resolveRun(ctx, s, c.ID)
		if err != nil {
			return err
		}
		return a.ask(ctx, s, "/v1/stop", control.StopRequest{Run: id, By: a.User, Reason: c.Reason})
	})
}

func (a *app) withStore(ctx context.Context, f func(wire.State) error) error {
	a.findState()
	s, err := wire.OpenState(ctx, a.db)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

// ask sends a request to the control plane that runs on the database and prints
// its answer.
func (a *app) ask(ctx context.Context, s wire.State, path string, req any) error {
	door, err := s.Door(ctx)
	if errors.Is(err, local.ErrNobody) {
		return a.nobody(nil)
	}
	if err != nil {
		return err
	}
	reply, err := local.Ask(ctx, door, path, req)
	if errors.Is(err, local.ErrNobody) {
		return a.nobody(err)
	}
	if err != nil {
		return err
	}
	if err := a.printReply(reply); err != nil {
		return err
	}
	if reply.Outcome == control.Refused {
		return errRefused
	}
	return nil
}

func (a *app) nobody(cause error) error {
	if cause == nil {
		cause = local.ErrNobody
	}
	return fmt.Errorf("%w on %s: start `%s -f FILE` and ask again", cause, a.db, a.command("local"))
}

func (a *app) printReply(r control.Reply) error {
	if a.json {
		return printJSON(a.Stdout, r)
	}
	if _, err := fmt.Fprintln(a.Stdout, r.Message); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

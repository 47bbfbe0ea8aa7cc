package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// withPlane opens the control plane that the flags mean.
func (a *app) withPlane(ctx context.Context, f func(*plane.Plane) error) error {
	a.findState()
	p, err := wire.LocalPlane(ctx, a.db)
	if err != nil {
		return err
	}
	if p.Now == nil {
		p.Now = a.Now
	}
	err = f(p)
	if p.Close != nil {
		err = errors.Join(err, p.Close())
	}
	return err
}

// send asks the control plane for something and returns its answer.
func (a *app) send(ctx context.Context, p *plane.Plane, r entry.Request) (control.Reply, error) {
	reply, err := p.Door.Ask(ctx, r)
	if errors.Is(err, plane.ErrNobody) {
		return reply, fmt.Errorf("%w on %s: start `%s -f FILE` and ask again", err, a.db, a.command("local"))
	}
	return reply, err
}

// ask sends a request and prints the answer; a refusal is an error.
func (a *app) ask(ctx context.Context, p *plane.Plane, r entry.Request) error {
	reply, err := a.send(ctx, p, r)
	if err != nil {
		return err
	}
	return a.printReply(reply)
}

func (a *app) printReply(r control.Reply) error {
	var err error
	if a.json {
		err = printJSON(a.Stdout, r)
	} else {
		err = a.write([]byte(notice.Printable(r.Message) + "\n"))
	}
	if err == nil && r.Outcome == control.Refused {
		return errRefused
	}
	return err
}

// find is the run that a person named. Where there was a choice it is said.
func (a *app) find(ctx context.Context, p *plane.Plane, ref string, want plane.Want) (run.Run, error) {
	r, note, err := p.Find(ctx, ref, want)
	if note != "" {
		_, _ = fmt.Fprintln(a.Stderr, note)
	}
	return r, err
}

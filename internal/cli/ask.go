package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// withPlane calls f with the control plane that the flags name.
func (a *app) withPlane(ctx context.Context, f func(*plane.Plane) error) error {
	p, err := a.plane(ctx)
	if err != nil {
		return err
	}
	a.keepTime(p.Skew)
	if p.Now == nil {
		p.Now = a.Now
	}
	err = p.Explained(f(p))
	if p.Close != nil {
		err = errors.Join(err, p.Close())
	}
	return err
}

// skewMost is how far this machine's clock may be off. An answer that takes long looks like seconds of that.
const skewMost = 2 * time.Minute

// keepTime makes the command use the control plane's time if this machine's clock is off, and says so:
// otherwise a sweep of just now would be long ago, or a pause too long. skew is how far that is ahead.
func (a *app) keepTime(skew time.Duration) {
	if skew.Abs() <= skewMost {
		return
	}
	machine, way := a.Env, "behind"
	if skew < 0 {
		way = "ahead of"
	}
	a.Now = func() time.Time { return machine.now().Add(skew) }
	_, _ = fmt.Fprintf(a.Stderr, "this machine's clock is %s %s AWS's, which is used here\n", skew.Abs().Truncate(time.Second), way)
}

func (a *app) plane(ctx context.Context) (*plane.Plane, error) {
	if a.stack == "" {
		if a.profile != "" || a.region != "" {
			return nil, usagef("--profile and --region go with a stack, and this command would act on this machine: add --stack NAME, or leave them out")
		}
		a.findState()
		return wire.LocalPlane(ctx, a.db)
	}
	done := a.working("looking for the stack " + a.stack)
	defer done()
	return wire.StackPlane(ctx, a.account(done))
}

// account says whose account and which stack is meant. free frees the terminal's line before a person is
// asked something.
func (a *app) account(free func()) wire.StackConfig {
	c := wire.StackConfig{Name: a.stack, Profile: a.profile, Region: a.region}
	if a.Screen.Asks {
		c.Code = func(ctx context.Context, device string) (string, error) {
			free()
			return a.question(input{ctx, a.Stdin}, "MFA code for "+device+": ")
		}
	}
	return c
}

// who returns who asks, for the record. On AWS that is the ARN of the credentials.
func (a *app) who(ctx context.Context, p *plane.Plane) (string, error) {
	if p.Who == nil {
		return a.User, nil
	}
	return p.Who(ctx)
}

// send asks the control plane for something and returns its answer.
func (a *app) send(ctx context.Context, p *plane.Plane, r entry.Request) (port.Reply, error) {
	by, err := a.who(ctx, p)
	if err != nil {
		return port.Reply{}, err
	}
	reply, err := p.Door.Ask(ctx, r.By(by))
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

func (a *app) printReply(r port.Reply) error {
	var err error
	if a.json {
		err = printJSON(a.Stdout, r)
	} else {
		err = a.write([]byte(notice.PrintableText(r.Message) + "\n"))
	}
	switch {
	case err != nil: // a caller that only sees a failure would ask again
		return fmt.Errorf("the answer was: %s: %s; %w", r.Outcome, r.Message, err)
	case r.Outcome == port.Refused:
		return errRefused
	}
	return nil
}

// find returns the run that a person named. If there was a choice, it prints which run it took.
func (a *app) find(ctx context.Context, p *plane.Plane, ref string, want plane.Want) (run.Run, error) {
	r, note, err := p.Find(ctx, ref, want)
	if note != "" {
		_, _ = fmt.Fprintln(a.Stderr, note)
	}
	return r, err
}

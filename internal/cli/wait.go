package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Exit codes of a command that waits for a run. Otherwise its exit code is the job's own.
const (
	exitTimedOut    = 124
	exitCannotAsk   = 125
	exitInterrupted = 130
)

// waiting holds the flags of commands that may wait for the end of their run.
type waiting struct {
	Wait    bool          `help:"Wait until the run ends. Exit code: 0 on success, else the job's own or 1; 124 if the wait timed out, 125 if there is no run: the request could not be sent, or was refused."`
	Follow  bool          `help:"Wait, and print the task's output meanwhile."`
	Timeout time.Duration `help:"Wait at most this long; the run itself goes on." placeholder:"D"`
}

// fits refuses a limit for a wait that nobody asked for.
func (w *waiting) fits() error {
	switch {
	case w.Timeout < 0:
		return usagef("--timeout %s is negative", w.Timeout)
	case w.Timeout > 0 && !w.Wait && !w.Follow:
		return usagef("--timeout limits how long --wait or --follow waits: give one of them")
	}
	return nil
}

// ask sends a request for a run and waits for its end if the flags say so.
func (w *waiting) ask(ctx context.Context, a *app, p *plane.Plane, r entry.Request) error {
	if !w.Wait && !w.Follow {
		return a.ask(ctx, p, r)
	}
	reply, err := a.send(ctx, p, r)
	if err != nil {
		return err
	}
	if a.json {
		a.told(printJSON(a.Stdout, reply))
	}
	_, _ = fmt.Fprintln(a.Stderr, notice.Printable(reply.Message))
	if reply.Outcome == port.Refused && reply.Status == "" || reply.Run == "" {
		return exitError(exitCannotAsk)
	}
	return w.until(ctx, a, p, reply.Run)
}

// code returns the exit code of a command that was told to wait. It distinguishes a request that
// could not be made from a run that failed.
func (w *waiting) code(a *app, err error) error {
	var code exitError
	if !w.Wait && !w.Follow || err == nil || errors.As(err, &code) {
		return err
	}
	_ = a.exitCode(err) // prints it
	return exitError(exitCannotAsk)
}

// until waits for the end of a run.
func (w *waiting) until(ctx context.Context, a *app, p *plane.Plane, id run.ID) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	if w.Timeout > 0 {
		inner, cancel = context.WithTimeout(inner, w.Timeout)
		defer cancel()
	}
	r, err := w.watch(inner, a, p, id)
	switch {
	case err == nil && r.Status.Terminal():
		return a.ended(r)
	case ctx.Err() != nil:
		return a.interrupted(ctx, p, id)
	case inner.Err() != nil:
		_, _ = fmt.Fprintf(a.Stderr, "%s has not ended within %s and goes on; `%s %s` follows it\n", id, w.Timeout, a.command("logs --follow"), id)
		return exitError(exitTimedOut)
	}
	_, _ = fmt.Fprintf(a.Stderr, "batchplane: it is not known how %s ends: %v; `%s %s` says it later\n", id, p.Explained(err), a.command("show"), id)
	return exitError(exitRefused)
}

// told reports an error that does not change the exit code, which is the run's: a caller must not
// take a run that there is for one that there is not.
func (a *app) told(err error) {
	if err != nil {
		_, _ = fmt.Fprintf(a.Stderr, "batchplane: %v\n", err)
	}
}

// watch waits and prints how the run stands, or with --follow what it writes.
func (w *waiting) watch(ctx context.Context, a *app, p *plane.Plane, id run.ID) (run.Run, error) {
	if w.Follow {
		return a.followRun(ctx, p, id)
	}
	return p.Wait(ctx, id, func(r run.Run) {
		_, _ = fmt.Fprintf(a.Stderr, "%s  %s %s: %s\n", a.now().In(a.zone).Format(time.TimeOnly), r.ID, view.StateOf(r, a.now()), notice.Printable(r.Cause))
	})
}

// followRun prints what each attempt writes until the run has ended.
func (a *app) followRun(ctx context.Context, p *plane.Plane, id run.ID) (run.Run, error) {
	for done := 0; ; {
		r, more, err := attemptAfter(ctx, p, id, done)
		if err != nil || !more {
			return r, err
		}
		done = max(done+1, r.First)
		lines := &linePrinter{a: a, id: id}
		_, err = p.Follow(ctx, plane.Follow{Run: id, Attempt: done, On: true}, lines.print)
		err = errors.Join(err, lines.end())
		if err != nil && !errors.Is(err, plane.ErrNoOutput) {
			return r, err
		}
		if errors.Is(err, plane.ErrNoOutput) {
			_, _ = fmt.Fprintln(a.Stderr, notice.Printable(err.Error()))
			return p.Wait(ctx, id, nil)
		}
	}
}

// attemptAfter waits until a run has more than n attempts. more is false if it has ended without.
func attemptAfter(ctx context.Context, p *plane.Plane, id run.ID, n int) (r run.Run, more bool, err error) {
	for {
		r, err = p.Run(ctx, id)
		switch {
		case err != nil:
			return r, false, err
		case len(r.Attempts) > n:
			return r, true, nil
		case r.Status.Terminal():
			return r, false, nil
		case ctx.Err() != nil:
			return r, false, ctx.Err()
		}
		p.Pause(ctx)
	}
}

// ended returns the exit code of a run that has ended.
func (a *app) ended(r run.Run) error {
	if a.json {
		a.told(printJSON(a.Stdout, view.RowOf(r, a.now())))
	}
	_, _ = fmt.Fprintf(a.Stderr, "%s %s: %s\n", r.ID, r.Status.Sentence(), notice.Printable(r.Cause))
	switch {
	case r.Status == run.Succeeded:
		return nil
	case r.ExitCode != nil && *r.ExitCode > 0 && *r.ExitCode < 256:
		return exitError(*r.ExitCode)
	}
	return exitError(exitRefused)
}

// errTerminated is why a command ends that a program ended.
var errTerminated = fmt.Errorf("terminated (%w)", context.Canceled)

// EndedBy returns the cause with which to end the context of a command that a signal ends. Only a person
// at a terminal sends os.Interrupt, and may be asked something.
func EndedBy(s os.Signal) error {
	if s == os.Interrupt {
		return context.Canceled
	}
	return errTerminated
}

// interrupted handles the end of a wait: a person who pressed Ctrl-C is asked whether to stop the run.
func (a *app) interrupted(ctx context.Context, p *plane.Plane, id run.ID) error {
	asks := a.Screen.Asks && !errors.Is(context.Cause(ctx), errTerminated)
	ctx = context.WithoutCancel(ctx)
	goesOn := fmt.Sprintf("%s goes on; `%s %s --reason TEXT` stops it", id, a.command("stop"), id)
	if !asks || !a.confirm(fmt.Sprintf("\nstop %s?", id)) {
		_, _ = fmt.Fprintln(a.Stderr, goesOn)
		return exitError(exitInterrupted)
	}
	if err := a.ask(ctx, p, entry.Request{Stop: &port.StopRequest{Run: id, Reason: "Ctrl-C while waiting for it"}}); !errors.Is(err, errRefused) { // else it is printed
		a.told(err)
	}
	return exitError(exitInterrupted)
}

// asks reports whether a person can be asked whether to go on.
func (a *app) asks() bool { return a.Screen.Asks && !a.json }

// agreed returns an error unless a person agrees, on the terminal or by --yes. nothing says what was not done.
func (a *app) agreed(yes bool, question, nothing string) error {
	switch {
	case yes:
		return nil
	case !a.asks():
		return usagef("%s: there is no terminal to ask on; give --yes", nothing)
	case !a.confirm(question):
		return errors.New(nothing)
	}
	return nil
}

// confirm asks a question. Only y and yes mean yes.
func (a *app) confirm(question string) bool {
	answer, _ := a.question(a.Stdin, question+" [y/N] ")
	return strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes")
}

// question asks a person something, and returns the line that is typed, without blanks around it.
func (a *app) question(in io.Reader, text string) (string, error) {
	_, _ = fmt.Fprint(a.Stderr, text)
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

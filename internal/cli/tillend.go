package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// changer is a command that may change something; changes reports whether its flags say so.
type changer interface{ changes() bool }

func (c *runCmd) changes() bool        { return true }
func (c *retryCmd) changes() bool      { return true }
func (c *stopCmd) changes() bool       { return true }
func (c *pauseCmd) changes() bool      { return true }
func (c *resumeCmd) changes() bool     { return true }
func (c *skipNextCmd) changes() bool   { return true }
func (c *applyCmd) changes() bool      { return true }
func (c *notifyTestCmd) changes() bool { return true }
func (c *keptCmd) changes() bool       { return c.decided() }
func (c *redriveCmd) changes() bool    { return c.decided() }
func (c *importCmd) changes() bool     { return c.Output != "" }
func (c *renderCmd) changes() bool     { return c.Output != "" }

// tillEnd makes a command that changes something go on to its end although nobody reads what it prints
// any longer, as in `retry --all | head`. By default, the next line would end the program on the spot
// (pkg.go.dev/os/signal, "SIGPIPE"), with half of the work done. end says it, if anybody still reads
// what is not the answer.
func (a *app) tillEnd(command any) (end func()) {
	if c, ok := command.(changer); !ok || !c.changes() {
		return func() {}
	}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGPIPE)
	out := &unheard{w: a.Stdout}
	a.Stdout, a.Stderr = out, &unheard{w: a.Stderr}
	return func() {
		if out.left.Load() {
			_, _ = fmt.Fprintln(a.Stderr, "batchplane: nobody read the output to its end; the command went on to its own")
		}
		signal.Stop(caught)
	}
}

// unheard drops what is printed to a reader that has left.
type unheard struct {
	w    io.Writer
	left atomic.Bool
}

func (u *unheard) Write(p []byte) (int, error) {
	if u.left.Load() {
		return len(p), nil
	}
	n, err := u.w.Write(p)
	if errors.Is(err, syscall.EPIPE) {
		u.left.Store(true)
		return len(p), nil
	}
	return n, err //nolint:wrapcheck // callers say what they print
}

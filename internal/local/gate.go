package local

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/control"
)

// Gate is a control.Pacer that lets nothing out any more once it is closed: what
// is to be launched then stays queued, and goes on at the next start. While the state
// is gone it lets nothing out either.
type Gate struct {
	// Present, when not nil, is an error while what is written of a launch would be lost.
	Present func() error
	// Pacer limits the rate while the gate is open; nil is no limit.
	control.Pacer

	closed atomic.Bool
}

// Close closes the gate for good.
func (g *Gate) Close() { g.closed.Store(true) }

// Sent implements control.Pacer.
func (g *Gate) Sent(taken, now time.Time) {
	if g.Pacer != nil {
		g.Pacer.Sent(taken, now)
	}
}

// Closed is whether the gate was closed.
func (g *Gate) Closed() bool { return g.closed.Load() }

// Why says why what a closed gate held back was not launched.
func (g *Gate) Why() string {
	if g.Closed() {
		return "waiting for the next start: the control plane is being stopped"
	}
	if err := g.present(); err != nil {
		return err.Error()
	}
	return ""
}

func (g *Gate) present() error {
	if g.Present == nil {
		return nil
	}
	if err := g.Present(); err != nil {
		return fmt.Errorf("nothing is launched: %w", err)
	}
	return nil
}

// Take implements control.Pacer.
func (g *Gate) Take(now time.Time) (wait time.Duration) {
	switch {
	case g.Closed():
		return time.Hour // whoever asks again is told the same
	case g.present() != nil:
		return time.Second
	case g.Pacer == nil:
		return 0
	}
	return g.Pacer.Take(now)
}

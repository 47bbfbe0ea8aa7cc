package local

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// Gate is a port.Pacer that lets no launch through once it is closed: what is to be launched stays
// queued, and goes on at the next start. It lets none through while the state is gone, either.
type Gate struct {
	// Present, if not nil, returns an error while whatever is written about a launch would be lost.
	Present func() error
	// Pacer limits the rate while the gate is open; nil means no limit.
	port.Pacer

	closed atomic.Bool
}

// Close closes the gate for good.
func (g *Gate) Close() { g.closed.Store(true) }

// Sent implements port.Pacer.
func (g *Gate) Sent(taken, now time.Time) {
	if g.Pacer != nil {
		g.Pacer.Sent(taken, now)
	}
}

// Closed reports whether the gate was closed.
func (g *Gate) Closed() bool { return g.closed.Load() }

// Why says why the gate lets no launch through, "" if it does.
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

// Take implements port.Pacer.
func (g *Gate) Take(now time.Time) (wait time.Duration) {
	switch {
	case g.Closed():
		return time.Hour // whoever asks again gets the same answer
	case g.present() != nil:
		return time.Second
	case g.Pacer == nil:
		return 0
	}
	return g.Pacer.Take(now)
}

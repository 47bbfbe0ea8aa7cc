package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/run"
)

// tick is how often the clock checks schedules and due runs.
const tick = 200 * time.Millisecond

// Run drives the program until ctx ends or, if length is positive, for that long and then until no run
// is open. It logs faults and tries again. When ctx ends, it finishes what it began, but launches
// nothing more.
func (p *Program) Run(ctx context.Context, length time.Duration) error {
	defer context.AfterFunc(ctx, p.Gate.Close)()
	defer p.check.stop()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	started := p.Control.Now()
	for {
		draining := length > 0 && p.Control.Now().Sub(started) >= length
		done, err := p.step(context.WithoutCancel(ctx), draining)
		p.note(err)
		if err != nil {
			p.Control.Log.ErrorContext(ctx, "the clock", "err", err)
		} else if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (p *Program) step(ctx context.Context, draining bool) (done bool, err error) {
	if err := p.Gate.present(); err != nil {
		return false, err
	}
	var fire error
	if !draining {
		fire = p.Fire(ctx)
	}
	if p.Gate.Closed() {
		return false, fire
	}
	_, look := p.Control.Look(ctx)
	checked, check := p.check.next(ctx, p.Control.Now, p.Control.CheckSlots)
	if err := errors.Join(fire, look, check); err != nil {
		return false, err
	}
	if !draining || !checked {
		return false, nil
	}
	return p.Idle(ctx)
}

// Idle reports whether no run is open.
func (p *Program) Idle(ctx context.Context) (bool, error) {
	ever := p.Control.Now().AddDate(1000, 0, 0)
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		open, err := p.Control.Store.Due(ctx, lane, ever, 1)
		if err != nil {
			return false, fmt.Errorf("looking for open runs: %w", err)
		}
		if len(open) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// check is the check of the slots, once a minute. It has a goroutine of its own, since one after a long
// silence takes minutes: meanwhile slots are fired. It is used by one goroutine at a time.
type check struct {
	ended time.Time // when the last one that succeeded did
	err   error     // of the last one
	// result gets the error of the one that is under way, and cancel ends it; nil if none is.
	result chan error
	cancel context.CancelFunc
}

// next begins the next check if it is time. done reports whether none is under way, and err is that of
// the last one. After an error, the next one begins at once.
func (c *check) next(ctx context.Context, now func() time.Time, slots func(context.Context) error) (done bool, err error) {
	if c.result != nil {
		select {
		case c.err = <-c.result:
			c.over()
			if c.err == nil {
				c.ended = now().Round(0) // without the monotonic reading, which knows of no changed clock
			}
		default:
			return false, c.err
		}
	}
	if since := now().Sub(c.ended); c.err == nil && since >= 0 && since < time.Minute {
		return true, nil
	}
	ctx, c.cancel = context.WithCancel(ctx)
	result := make(chan error, 1)
	c.result = result
	go func() { result <- checkSlots(ctx, slots) }()
	return false, c.err
}

func checkSlots(ctx context.Context, slots func(context.Context) error) (err error) {
	defer panics.Recover(&err)
	if err := slots(ctx); err != nil {
		return fmt.Errorf("checking the slots: %w", err)
	}
	return nil
}

// stop ends a check that is under way. The next one continues from where it was.
func (c *check) stop() {
	if c.result != nil {
		c.cancel()
		<-c.result //nolint:errcheck // it was cut off
		c.over()
	}
}

func (c *check) over() {
	c.cancel()
	c.result, c.cancel = nil, nil
}

package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// stopPoll is how often to check whether tasks have ended; manyPoll, whether more than few have.
const (
	stopPoll = 50 * time.Millisecond
	manyPoll = 500 * time.Millisecond
	few      = 100
)

// manyTasks is more tasks than one machine runs.
const manyTasks = 100_000

// running returns the runs whose tasks may run.
func (p *Program) running(ctx context.Context) ([]run.Run, error) {
	rs, err := p.Control.Store.Runs(ctx, port.Query{Status: run.Running, Limit: manyTasks})
	if err != nil {
		return nil, fmt.Errorf("looking for running tasks: %w", err)
	}
	return rs, nil
}

// Running returns how many tasks may run.
func (p *Program) Running(ctx context.Context) (int, error) {
	rs, err := p.running(ctx)
	return len(rs), err
}

// DrainTasks closes the gate and waits until no task runs, for a time at most or until ctx ends. left is
// how many still run.
func (p *Program) DrainTasks(ctx context.Context, within time.Duration) (left int, err error) {
	p.Gate.Close()
	return p.await(ctx, within, func(run.Run) error { return nil })
}

// StopTasks closes the gate, asks for the stop of every running task, and waits until none runs, for a
// time at most from when each was asked. Runs that wait or were not launched yet stay queued. left is
// how many tasks still run. A task that could not be asked does not keep others from being asked.
func (p *Program) StopTasks(ctx context.Context, within time.Duration) (left int, err error) {
	p.Gate.Close()
	return p.await(ctx, within, func(r run.Run) error {
		if r.Stopping != nil && r.Stopping.By == stopper {
			return nil
		}
		if _, err := p.Control.StopRun(ctx, port.StopRequest{Run: r.ID, By: stopper, Reason: "the control plane was stopped"}); err != nil {
			return fmt.Errorf("stopping %s: %w", r.ID, err)
		}
		return nil
	})
}

// stopper is recorded as who asked for the stop of tasks when the control plane ends.
const stopper = "batchplane local"

// await calls each for every running task until none runs, ctx ends, or the time is over; the time
// begins once each was called for all that ran at first. It returns the errors of the last turn.
func (p *Program) await(ctx context.Context, within time.Duration, each func(run.Run) error) (left int, err error) {
	var over <-chan time.Time
	for ended := false; ; {
		rs, failed := p.running(context.WithoutCancel(ctx))
		if failed != nil || len(rs) == 0 {
			return 0, failed
		}
		if ended {
			return len(rs), err
		}
		err = p.forAll(rs, each)
		if over == nil {
			timer := time.NewTimer(within)
			defer timer.Stop()
			over = timer.C
		}
		poll := stopPoll
		if len(rs) > few {
			poll = manyPoll
		}
		select {
		case <-ctx.Done():
			ended = true
		case <-over:
			ended = true
		case <-time.After(poll):
		}
	}
}

// forAll calls each for runs, Abreast at a time, so that their writes share what a write costs.
func (p *Program) forAll(rs []run.Run, each func(run.Run) error) error {
	errs := make([]error, len(rs))
	port.InParallel(len(rs), p.Abreast, func(i int) {
		defer panics.Recover(&errs[i])
		errs[i] = each(rs[i])
	})
	return errors.Join(errs...)
}

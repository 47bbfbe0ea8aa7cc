package local

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// stopPoll is how often to check whether tasks have ended.
const stopPoll = 50 * time.Millisecond

// manyTasks is more tasks than one machine runs.
const manyTasks = 100_000

// running returns runs whose tasks may run, at most limit; 0 means 100.
func (p *Program) running(ctx context.Context, limit int) ([]run.Run, error) {
	rs, err := p.Control.Store.Runs(ctx, control.Query{Status: run.Running, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("looking for running tasks: %w", err)
	}
	return rs, nil
}

// Running returns how many tasks may run, at most 100.
func (p *Program) Running(ctx context.Context) (int, error) {
	rs, err := p.running(ctx, 0)
	return len(rs), err
}

// DrainTasks closes the gate and waits until no task runs or ctx ends. left is how many still run; of
// more than 100 it may count only 100.
func (p *Program) DrainTasks(ctx context.Context) (left int, err error) {
	p.Gate.Close()
	return p.await(ctx, func(run.Run) error { return nil })
}

// StopTasks closes the gate, asks for the stop of every running task, and waits until none runs or ctx
// ends. Runs that wait or were not launched yet stay queued. left is how many tasks still run; of more
// than 100 it may count only 100.
func (p *Program) StopTasks(ctx context.Context, reason string) (left int, err error) {
	p.Gate.Close()
	return p.await(ctx, func(r run.Run) error {
		if r.Stopping != nil && r.Stopping.By == By {
			return nil
		}
		_, err := p.Control.StopRun(ctx, control.StopRequest{Run: r.ID, By: By, Reason: reason})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("stopping %s: %w", r.ID, err)
		}
		return nil
	})
}

// By is recorded as who asked for the stop of tasks when the control plane ends.
const By = "batchplane local"

// await calls each for every running task, and then, until none runs or ctx ends, for at most 100 at a
// time: a task that is launched meanwhile is among the newest.
func (p *Program) await(ctx context.Context, each func(run.Run) error) (left int, err error) {
	ticker := time.NewTicker(stopPoll)
	defer ticker.Stop()
	for limit := manyTasks; ; limit = 0 {
		rs, err := p.running(context.WithoutCancel(ctx), limit)
		if err != nil || len(rs) == 0 {
			return len(rs), err
		}
		for _, r := range rs {
			if err := each(r); err != nil {
				return len(rs), err
			}
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if ctx.Err() != nil { // both may have come
			return len(rs), nil
		}
	}
}

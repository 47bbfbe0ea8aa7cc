package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// lookBatch is how many due runs one look loads at a time, and how many tasks
// DescribeTasks takes (ECS API reference, DescribeTasks: 100).
const lookBatch = 100

// Looked says what one look did.
type Looked struct {
	Due, Launched, Described int
	// Waiting is whether launches are due that the rate did not allow.
	Waiting bool
}

// Look drives what time alone must drive: running tasks whose stop may have been
// lost, launches in doubt, effects that are owed, and launches that are due, the
// oldest first and no more than the rate allows. It goes on with the others when
// one run cannot be handled, and returns all errors together. Two looks at once
// do no harm.
func (c *Control) Look(ctx context.Context) (Looked, error) {
	var total Looked
	var errs []error
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		if err := c.lookAlong(ctx, lane, &total, &errs); err != nil {
			errs = append(errs, err)
		}
	}
	return total, errors.Join(errs...)
}

func (c *Control) lookAlong(ctx context.Context, lane run.Lane, total *Looked, errs *[]error) error {
	for ctx.Err() == nil {
		due, err := c.Store.Due(ctx, lane, c.Now(), lookBatch)
		var unreadable *UnreadableError
		if errors.As(err, &unreadable) {
			*errs = append(*errs, c.setAside(ctx, unreadable))
		} else if err != nil {
			return fmt.Errorf("loading due runs: %w", err)
		}
		total.Due += len(due)
		moved := c.lookAt(ctx, due, total, errs)
		// A batch in which nothing moved would be loaded again and again.
		if len(due) < lookBatch || !moved || total.Waiting {
			return nil
		}
	}
	return nil
}

// setAside takes runs that cannot be read out of the way and tells of them:
// first told, then set aside, so that a crash between tells it twice and not
// never.
func (c *Control) setAside(ctx context.Context, unreadable *UnreadableError) error {
	var errs []error
	for id, reason := range unreadable.Runs {
		if c.Notifier != nil {
			if err := c.Notifier.Notify(ctx, notice.Unreadable(c.Stack, id, reason.Error())); err != nil {
				errs = append(errs, fmt.Errorf("telling that run %s cannot be read: %w", id, err))
				continue
			}
		}
		c.Log.ErrorContext(ctx, "set aside a run that cannot be read", "run", id, "why", reason)
		if err := c.Store.SetAside(ctx, id, reason.Error()); err != nil {
			errs = append(errs, fmt.Errorf("setting run %s aside: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// lookAt handles one batch; moved is whether any run of it is no longer due.
func (c *Control) lookAt(ctx context.Context, due []run.Run, total *Looked, errs *[]error) (moved bool) {
	running := map[string][]run.Run{}
	for _, r := range due {
		if ctx.Err() != nil {
			return moved
		}
		if cluster, ok := c.toDescribe(ctx, r, errs); ok {
			running[cluster] = append(running[cluster], r)
			continue
		}
		if total.Waiting {
			return moved
		}
		next, err := c.lookAtOne(ctx, r)
		if err != nil {
			*errs = append(*errs, err)
			continue
		}
		total.Waiting = next.Status == run.Queued && r.Status == run.Queued && next.Rev > r.Rev && !next.Waits && !next.Renew
		total.Launched += len(next.Attempts) - len(r.Attempts)
		moved = moved || next.Rev != r.Rev
	}
	for cluster, rs := range running {
		total.Described += len(rs)
		moved = c.describe(ctx, cluster, rs, errs) || moved
	}
	return moved
}

// toDescribe is whether a run has a task whose state must be asked for.
func (c *Control) toDescribe(ctx context.Context, r run.Run, errs *[]error) (cluster string, ok bool) {
	a := r.Last()
	if r.Status != run.Running || a == nil || a.TaskARN == "" {
		return "", false
	}
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		*errs = append(*errs, err)
		return "", false
	}
	return j.Cluster, true
}

// lookAtOne tells a run that its time has come and performs what it owes.
func (c *Control) lookAtOne(ctx context.Context, r run.Run) (run.Run, error) {
	d, err := c.step(ctx, r.ID, func(now run.Run) (run.Event, error) { return c.dueEvent(ctx, now) })
	if err != nil {
		return r, err
	}
	return c.settle(ctx, d)
}

// dueEvent finds out what the run waits for: another run's end, or a revision of
// its task definition.
func (c *Control) dueEvent(ctx context.Context, r run.Run) (run.Event, error) {
	if !r.Waits && !r.Renew {
		return run.Due{}, nil
	}
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		return nil, err
	}
	if r.Waits {
		blocker, err := c.blocker(ctx, r.ID, j)
		if err != nil || blocker != "" {
			return run.Due{Blocked: true}, err
		}
	}
	task, err := c.Launcher.Resolve(ctx, r.Effective(j))
	if err != nil {
		return run.Unresolved{Err: err.Error(), Final: errors.Is(err, ErrUnlaunchable)}, nil
	}
	return run.Due{Task: &task}, nil
}

// describe looks at the running tasks of one cluster.
func (c *Control) describe(ctx context.Context, cluster string, rs []run.Run, errs *[]error) (moved bool) {
	byARN := make(map[string]run.Run, len(rs))
	arns := make([]string, 0, len(rs))
	for _, r := range rs {
		arn := r.Last().TaskARN
		byARN[arn] = r
		arns = append(arns, arn)
	}
	tasks, missing, err := c.Launcher.Describe(ctx, cluster, arns)
	if err != nil {
		*errs = append(*errs, fmt.Errorf("looking at %d tasks of cluster %q: %w", len(arns), cluster, err))
		return false
	}
	put := func(r run.Run, e run.Event) {
		d, err := c.task(ctx, r.ID, e)
		next := d.Next
		if err == nil {
			next, err = c.settle(ctx, d)
		}
		if err != nil {
			*errs = append(*errs, err)
		}
		moved = moved || next.Rev != r.Rev
	}
	for _, t := range tasks {
		if r, ok := byARN[t.ARN]; ok {
			put(r, seen(len(r.Attempts), t, true))
		}
	}
	for _, arn := range missing {
		if r, ok := byARN[arn]; ok {
			put(r, run.Gone{Attempt: len(r.Attempts)})
		}
	}
	return moved
}

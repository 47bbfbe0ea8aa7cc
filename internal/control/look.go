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
	l := look{Control: c}
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		l.along(ctx, lane)
	}
	return l.Looked, errors.Join(l.errs...)
}

// look is one look on its way.
type look struct {
	*Control
	Looked
	errs []error
	// throttled counts launches that ECS refused for its rate, in a row.
	throttled int
}

// mostThrottled is how many launches in a row ECS may refuse for its rate before
// a look leaves the others for the next one.
const mostThrottled = 5

func (l *look) failed(err error) bool {
	if err != nil {
		l.errs = append(l.errs, err)
	}
	return err != nil
}

// along looks at a lane until nothing in it is due, the rate is used up, or a
// whole batch did not move: it would be loaded again and again.
func (l *look) along(ctx context.Context, lane run.Lane) {
	for ctx.Err() == nil {
		due, err := l.Store.Due(ctx, lane, l.Now(), lookBatch)
		var unreadable *UnreadableError
		if errors.As(err, &unreadable) {
			l.failed(l.setAside(ctx, unreadable))
		} else if err != nil {
			l.failed(fmt.Errorf("loading due runs: %w", err))
			return
		}
		l.Due += len(due)
		if moved := l.batch(ctx, due); len(due) < lookBatch || !moved || l.Waiting {
			return
		}
	}
}

// batch handles due runs; moved is whether any of them is no longer due.
func (l *look) batch(ctx context.Context, due []run.Run) (moved bool) {
	running, others := l.split(ctx, due)
	for cluster, rs := range running {
		l.Described += len(rs)
		moved = l.describe(ctx, cluster, rs) || moved
	}
	for _, r := range others {
		// Who cannot go now keeps its place: put off, it would be behind all
		// the others.
		l.Waiting = l.Waiting || r.Status == run.Queued && !r.Waits && l.Pace != nil && !l.Pace.Free(l.Now())
		if ctx.Err() != nil || l.Waiting {
			break
		}
		moved = l.one(ctx, r) || moved
	}
	return moved
}

// one tells a run that its time has come.
func (l *look) one(ctx context.Context, r run.Run) (moved bool) {
	next, err := l.wakeUp(ctx, r)
	if l.failed(err) {
		return false
	}
	moved = next.Rev != r.Rev
	if len(next.Attempts) > len(r.Attempts) {
		l.Launched++
	}
	if moved {
		l.paced(r, next)
	}
	return moved
}

// paced notes a launch that was put off: by our own rate, then it is still due
// and no other may go before it, or by ECS, which may be about this one only.
func (l *look) paced(r, next run.Run) {
	switch putOff := next.Status == run.Queued && r.Status == run.Queued && !next.Waits && !next.Renew; {
	case !putOff:
		l.throttled = 0
	case next.DueAt.After(l.Now()):
		l.throttled++
		l.Waiting = l.throttled >= mostThrottled
	default:
		l.Waiting = true
	}
}

// split finds the runs whose task's state must be asked for, by cluster.
func (l *look) split(ctx context.Context, due []run.Run) (running map[string][]run.Run, others []run.Run) {
	running = map[string][]run.Run{}
	for _, r := range due {
		a := r.Last()
		if r.Status != run.Running || a == nil || a.TaskARN == "" {
			others = append(others, r)
			continue
		}
		j, err := l.definition(ctx, r.Definition)
		if !l.failed(err) {
			running[j.Cluster] = append(running[j.Cluster], r)
		}
	}
	return running, others
}

// setAside takes runs that cannot be read out of the way and tells of them:
// first told, then set aside, so that a crash between tells it twice and not
// never.
func (c *Control) setAside(ctx context.Context, unreadable *UnreadableError) error {
	var errs []error
	for id, reason := range unreadable.Runs {
		if errors.Is(reason, ErrNewer) {
			c.Log.WarnContext(ctx, "left a run to the newer version that wrote it", "run", id, "why", reason.Error())
			continue
		}
		if c.Notifier != nil {
			if err := c.Notifier.Notify(ctx, notice.Unreadable(c.Stack, id, reason.Error())); err != nil {
				errs = append(errs, fmt.Errorf("telling that run %s cannot be read: %w", id, err))
				continue
			}
		}
		if err := c.release(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		c.Log.ErrorContext(ctx, "set aside a run that cannot be read", "run", id, "why", reason)
		if err := c.Store.SetAside(ctx, id, reason.Error()); err != nil {
			errs = append(errs, fmt.Errorf("setting run %s aside: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

// wakeUp tells a run that its time has come and performs what it owes.
func (c *Control) wakeUp(ctx context.Context, r run.Run) (run.Run, error) {
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
func (l *look) describe(ctx context.Context, cluster string, rs []run.Run) (moved bool) {
	byARN := make(map[string]run.Run, len(rs))
	arns := make([]string, 0, len(rs))
	for _, r := range rs {
		arn := r.Last().TaskARN
		byARN[arn] = r
		arns = append(arns, arn)
	}
	asked := l.Now()
	tasks, missing, err := l.Launcher.Describe(ctx, cluster, arns)
	if err != nil {
		return !l.failed(fmt.Errorf("looking at %d tasks of cluster %q: %w", len(arns), cluster, err))
	}
	for _, t := range tasks {
		if r, ok := byARN[t.ARN]; ok {
			moved = l.put(ctx, r, seen(len(r.Attempts), t, true)) || moved
		}
	}
	for _, arn := range missing {
		if r, ok := byARN[arn]; ok {
			moved = l.put(ctx, r, run.Gone{Attempt: len(r.Attempts), At: asked}) || moved
		}
	}
	return moved
}

// put puts what was seen to a run and performs what that leads to.
func (l *look) put(ctx context.Context, r run.Run, e run.Event) (moved bool) {
	d, err := l.task(ctx, r.ID, e)
	if l.failed(err) {
		return false
	}
	next, err := l.settle(ctx, d)
	l.failed(err)
	return next.Rev != r.Rev
}

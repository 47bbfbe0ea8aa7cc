package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
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
	// Oldest is since when the first of the runs that are still due after the look
	// has been due; zero where none is.
	Oldest time.Time
}

// Look drives what time alone must drive: running tasks whose stop may have been
// lost, launches in doubt, effects that are owed, and launches that are due, the
// oldest first and no more than the rate allows. It goes on with the others when
// one run cannot be handled, and returns all errors together. Two looks at once
// do no harm.
func (c *Control) Look(ctx context.Context) (Looked, error) {
	l := look{Control: c, aside: map[run.ID]bool{}}
	return l.once(ctx)
}

// look is one look on its way.
type look struct {
	*Control
	Looked
	// end is when no further run is begun with; zero is never.
	end  time.Time
	errs []error
	// handled are the runs that this look came to: one that is still due is not
	// tried again. aside are unreadable ones, of all looks of a sweep.
	handled, aside map[run.ID]bool
	// throttled counts launches that ECS refused for its rate, in a row.
	throttled int
}

// once looks along both lanes. Looking at tasks leaves half of the time to
// launches: an ECS that is slow to describe may well launch.
func (l *look) once(ctx context.Context) (Looked, error) {
	l.Looked, l.errs, l.throttled, l.handled = Looked{}, nil, 0, map[run.ID]bool{}
	end := l.end
	if !end.IsZero() {
		l.end = l.Now().Add(end.Sub(l.Now()) / 2)
	}
	l.along(ctx, run.LookLane)
	l.end = end
	l.along(ctx, run.LaunchLane)
	return l.Looked, errors.Join(l.errs...)
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

// over is whether the look's time is up.
func (l *look) over(ctx context.Context) bool {
	return ctx.Err() != nil || !l.end.IsZero() && !l.Now().Before(l.end)
}

// leave leaves a run to the next look.
func (l *look) leave(dueSince time.Time) {
	if !dueSince.IsZero() && (l.Oldest.IsZero() || dueSince.Before(l.Oldest)) {
		l.Oldest = dueSince
	}
}

// along looks at a lane until nothing in it is due that was not tried, the rate
// is used up, or the time. What cannot be handled stays due and is loaded again,
// so that more must be loaded to come to the others.
func (l *look) along(ctx context.Context, lane run.Lane) {
	for limit := lookBatch; ; {
		if l.over(ctx) {
			l.peek(ctx, lane)
			return
		}
		due, unreadable, err := l.due(ctx, lane, limit)
		if l.failed(err) {
			return
		}
		fresh := slices.DeleteFunc(slices.Clone(due), func(r run.Run) bool { return l.handled[r.ID] })
		l.Due += len(fresh)
		moved := l.batch(ctx, fresh)
		if len(due)+unreadable < limit || l.Waiting {
			return
		}
		limit = max(lookBatch, 2*(len(due)+unreadable-moved))
	}
}

// due loads due runs, and sets those aside that cannot be read.
func (l *look) due(ctx context.Context, lane run.Lane, limit int) (due []run.Run, unreadable int, err error) {
	due, err = l.Store.Due(ctx, lane, l.Now(), limit)
	var bad *UnreadableError
	if errors.As(err, &bad) {
		l.leave(bad.DueSince)
		l.failed(l.setAside(ctx, bad))
		return due, len(bad.Runs), nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("loading due runs: %w", err)
	}
	return due, 0, nil
}

// peek notes what is due in a lane that the look does not come to.
func (l *look) peek(ctx context.Context, lane run.Lane) {
	due, err := l.Store.Due(ctx, lane, l.Now(), 1)
	var unreadable *UnreadableError
	if err != nil && !errors.As(err, &unreadable) {
		l.failed(fmt.Errorf("loading what is due: %w", err))
		return
	}
	for _, r := range due {
		l.leave(r.DueAt)
	}
}

// batch handles due runs; moved is how many of them changed.
func (l *look) batch(ctx context.Context, due []run.Run) (moved int) {
	running, others := l.split(ctx, due)
	for cluster, rs := range running {
		for some := range slices.Chunk(rs, lookBatch) {
			if !l.over(ctx) {
				moved += l.describe(ctx, cluster, some)
				continue
			}
			for _, r := range some {
				l.leave(r.DueAt)
			}
		}
	}
	for i, r := range others {
		// Who cannot go now keeps its place: put off, it would be behind all
		// the others.
		l.Waiting = l.Waiting || r.Status == run.Queued && !r.Waits && l.Pace != nil && !l.Pace.Free(l.Now())
		if l.Waiting || l.over(ctx) {
			for _, r := range others[i:] {
				l.leave(r.DueAt)
			}
			break
		}
		moved += l.done(r, l.one(ctx, r))
	}
	return moved
}

// done notes that the look came to a run.
func (l *look) done(r run.Run, moved bool) int {
	l.handled[r.ID] = true
	if moved {
		return 1
	}
	l.leave(r.DueAt)
	return 0
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
		l.leave(next.DueAt)
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
		if err != nil {
			l.failed(fmt.Errorf("looking at run %s: %w", r.ID, err))
			l.done(r, false)
			continue
		}
		running[j.Cluster] = append(running[j.Cluster], r)
	}
	return running, others
}

// setAside takes runs that cannot be read out of the way and tells of them:
// first told, then set aside, so that a crash between tells it twice and not
// never. Its job's lock is freed before: while that cannot be done, it stays due.
func (l *look) setAside(ctx context.Context, unreadable *UnreadableError) error {
	var errs []error
	for id, reason := range unreadable.Runs {
		if l.aside[id] {
			continue
		}
		l.aside[id] = true
		if errors.Is(reason, ErrNewer) {
			l.Log.WarnContext(ctx, "left a run to the newer version that wrote it", "run", id, "why", reason.Error())
			continue
		}
		if err := l.release(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		if l.Notifier != nil {
			if err := l.Notifier.Notify(ctx, notice.Unreadable(l.Stack, id, reason.Error())); err != nil {
				errs = append(errs, fmt.Errorf("telling that run %s cannot be read: %w", id, err))
				continue
			}
		}
		l.Log.ErrorContext(ctx, "set aside a run that cannot be read", "run", id, "why", reason)
		if err := l.Store.SetAside(ctx, id, reason.Error()); err != nil {
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
func (l *look) describe(ctx context.Context, cluster string, rs []run.Run) (moved int) {
	l.Described += len(rs)
	arns := make([]string, 0, len(rs))
	for _, r := range rs {
		arns = append(arns, r.Last().TaskARN)
	}
	asked := l.Now()
	tasks, missing, err := l.Launcher.Describe(ctx, cluster, arns)
	if err != nil {
		l.failed(fmt.Errorf("looking at %d tasks of cluster %q: %w", len(arns), cluster, err))
	}
	for _, r := range rs {
		// When our own time is up, no answer says nothing of ECS.
		moved += l.done(r, ctx.Err() == nil && l.put(ctx, r, answer(r, asked, tasks, missing, err)))
	}
	return moved
}

// answer is what a call of Describe says of a run's task.
func answer(r run.Run, asked time.Time, tasks []ecsevent.Task, missing []string, err error) run.Event {
	n, arn := len(r.Attempts), r.Last().TaskARN
	if i := slices.IndexFunc(tasks, func(t ecsevent.Task) bool { return t.ARN == arn }); i >= 0 {
		return seen(n, tasks[i], true)
	}
	var untold *UntoldError
	switch {
	case slices.Contains(missing, arn):
		return run.Gone{Attempt: n, At: asked}
	case errors.As(err, &untold) && untold.Tasks[arn] != "":
		return run.Unseen{Attempt: n, Refused: true, Err: untold.Tasks[arn]}
	case err == nil || untold != nil:
		return run.Unseen{Attempt: n, Refused: true, Err: "its answer does not name the task"}
	}
	return run.Unseen{Attempt: n, Refused: errors.Is(err, ErrRefused), Err: err.Error()}
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

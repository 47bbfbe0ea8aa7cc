package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
	// handled are the runs that this look came to along its lane: one that is still
	// due there is not tried again. One that left the lane to be launched may be due
	// in the other. aside are unreadable ones, of all looks of a sweep.
	handled, aside map[run.ID]bool
	// throttled counts launches that ECS refused for its rate, in a row.
	throttled int
}

// once looks along both lanes. Looking at tasks leaves half of the time to
// launches: an ECS that is slow to describe may well launch.
func (l *look) once(ctx context.Context) (Looked, error) {
	l.Looked, l.errs, l.throttled = Looked{}, nil, 0
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

func (l *look) leaveAll(rs []run.Run) {
	for _, r := range rs {
		l.leave(r.DueAt)
	}
}

// along looks at a lane until nothing in it is due that was not tried, the rate
// is used up, or the time. What cannot be handled stays due and is loaded again,
// so that more must be loaded to come to the others.
func (l *look) along(ctx context.Context, lane run.Lane) {
	l.handled = map[run.ID]bool{}
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
	l.leaveAll(due)
}

// batch handles due runs; moved is how many of them changed.
func (l *look) batch(ctx context.Context, due []run.Run) (moved int) {
	running, others := l.split(ctx, due)
	for cluster, rs := range running {
		for some := range slices.Chunk(rs, lookBatch) {
			moved += l.describe(ctx, cluster, some)
		}
	}
	return moved + l.each(ctx, others)
}

// each tells runs that their time has come, one after the other.
func (l *look) each(ctx context.Context, others []run.Run) (moved int) {
	for i, r := range others {
		// Who cannot go now keeps its place: put off, it would be behind all
		// the others.
		l.Waiting = l.Waiting || r.Status == run.Queued && !r.Waits && l.Pace != nil && !l.Pace.Free(l.Now())
		if l.Waiting || l.over(ctx) {
			l.leaveAll(others[i:])
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
	l.failed(err)
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

// wakeUp tells a run that its time has come and performs what it owes.
func (c *Control) wakeUp(ctx context.Context, r run.Run) (run.Run, error) {
	d, err := c.step(ctx, r.ID, func(now run.Run) (run.Event, error) { return c.dueEvent(ctx, now) })
	if err != nil {
		return r, err
	}
	r, err = c.settle(ctx, d)
	if c.Notifier == nil {
		c.untold.note(r)
	}
	return r, err
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

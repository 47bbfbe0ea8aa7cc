package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// lane is one pass along a lane.
type lane struct {
	*look
	which run.Lane
	end   time.Time
	// number is the number of this pass within its look.
	number int
	errs   []error
	// handled holds the runs that this pass came to: one that is still due is not tried
	// again. A run that left the lane to be launched may be due in the other lane.
	handled []run.ID
	// passed holds the capacities for which launches were left to wait for the quota; guarded
	// by mu.
	passed map[job.Capacity]bool
	// taken is when the rate was last asked for.
	taken time.Time
	// moved is how many runs changed; guarded by mu.
	moved int
}

// along looks at a lane until nothing in it is due that it has not tried, the rate is used
// up, or the time is up. Runs that cannot be handled stay due and are loaded again, so it
// must load more to come to the others.
func (l *look) along(ctx context.Context, which run.Lane, end time.Time) {
	l.begins.Do(func() { l.began = l.Now() })
	p := &lane{look: l, which: which, end: end}
	l.mu.Lock()
	l.passes++
	p.number = l.passes
	left := l.leftOf(which)
	left.oldest, left.waits = time.Time{}, false
	if which == run.LaunchLane {
		now := l.Now()
		l.soon = slices.DeleteFunc(l.soon, func(at time.Time) bool { return !at.After(now) }) // this pass loads them
		l.throttled = 0
	}
	l.mu.Unlock()
	for limit := lookBatch; ; {
		if p.over(ctx) {
			p.peek(ctx)
			return
		}
		due, unreadable, err := p.due(ctx, limit)
		if p.failed(err) {
			return
		}
		if p.awaitTurn(ctx, due) {
			continue // another process launched some of them meanwhile
		}
		moved, loaded := p.movedSoFar(), len(due)+unreadable
		all := p.batch(ctx, p.fresh(due))
		waits := p.isWaiting()
		if loaded < limit || !all || waits && limit >= lookDepth {
			return
		}
		if limit = max(lookBatch, 2*(loaded-(p.movedSoFar()-moved))); waits {
			limit = min(limit, lookDepth)
		}
	}
}

// fresh returns the runs that the pass has not come to. It reuses due.
func (p *lane) fresh(due []run.Run) []run.Run {
	handled := make(map[run.ID]bool, len(p.handled))
	for _, id := range p.handled {
		handled[id] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := due[:0]
	for i := range due {
		if id := due[i].ID; !handled[id] && !p.busy[id] {
			fresh = append(fresh, due[i])
		}
	}
	p.looked.Due += len(fresh)
	return fresh
}

func (p *lane) movedSoFar() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.moved
}

func (p *lane) isWaiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leftOf(p.which).waits
}

// waits notes that launches are due that cannot go out before again; zero means soon.
func (p *lane) waits(again time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := p.leftOf(p.which); !left.waits || again.Before(left.again) {
		left.waits, left.again = true, again
	}
}

// over reports whether the pass's time is up.
func (p *lane) over(ctx context.Context) bool {
	return ctx.Err() != nil || !p.end.IsZero() && !p.Now().Before(p.end)
}

// leave leaves a run to the next look. If a process that is gone may have found the run's
// task as it should be, this process knows only since when it has not looked itself.
func (p *lane) leave(r *run.Run) {
	if r.MayRest() && r.DueAt.Before(p.began) {
		p.leaveSince(p.began)
		return
	}
	p.leaveSince(r.DueAt)
}

func (p *lane) leaveSince(dueSince time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if left := p.leftOf(p.which); !dueSince.IsZero() {
		left.oldest = sooner(left.oldest, dueSince)
	}
}

func (p *lane) leaveAll(rs []*run.Run) {
	for _, r := range rs {
		p.leave(r)
	}
}

// due loads due runs and sets aside those that cannot be read.
func (p *lane) due(ctx context.Context, limit int) (due []run.Run, unreadable int, err error) {
	due, err = p.Store.Due(ctx, p.which, p.Now(), limit)
	bad, others := unreadableRuns(err)
	if others != nil {
		return nil, 0, fmt.Errorf("loading due runs: %w", others)
	}
	due, bad = sensible(due, bad)
	p.seeUntold(due)
	if bad == nil {
		return due, 0, nil
	}
	p.leaveSince(bad.DueSince)
	p.failed(p.setAside(ctx, bad))
	return due, len(bad.Runs), nil
}

// unreadableRuns returns what an error says about runs that cannot be read, or the error
// itself if it says nothing about them.
func unreadableRuns(err error) (*port.UnreadableError, error) {
	if bad, ok := errors.AsType[*port.UnreadableError](err); ok {
		return bad, nil
	}
	return nil, err
}

// seeUntold notes the notices that due runs owe and that others send: the pass may not begin
// with runs that wait for the rate or the quota.
func (p *lane) seeUntold(due []run.Run) {
	for i := range due {
		if p.Notifier == nil && due[i].Owes(run.Tell) {
			p.untold.note(&due[i])
		}
	}
}

// peek notes the oldest due run of a lane that the look does not come to.
func (p *lane) peek(ctx context.Context) {
	due, err := p.Store.Due(ctx, p.which, p.Now(), 1)
	if _, err = unreadableRuns(err); err != nil {
		p.failed(fmt.Errorf("loading what is due: %w", err))
		return
	}
	for i := range due {
		p.leave(&due[i])
	}
}

// batch begins with due runs. all reports whether it came to each of them.
func (p *lane) batch(ctx context.Context, due []run.Run) (all bool) {
	running, others := p.split(ctx, due)
	all = true
	for cluster, rs := range running {
		for some := range slices.Chunk(rs, lookBatch) {
			if p.over(ctx) {
				p.leaveAll(some)
				all = false
				continue
			}
			p.begin(some, func() { p.describe(ctx, cluster, some) })
		}
	}
	return p.each(ctx, others) && all
}

// each begins with runs whose time has come, one after the other, ending with those that may
// have to wait for the rate.
func (p *lane) each(ctx context.Context, others []*run.Run) (all bool) {
	others = p.endLate(ctx, others)
	p.noteHeldUp(ctx, others)
	order := lastOf(others, p.resends)
	for n, r := range order {
		// A run that cannot go now keeps its place: put off, it would be behind all others.
		may := notNow
		if !p.over(ctx) {
			may = p.may(ctx, r)
		}
		switch may {
		case behind:
			p.leave(r)
		case notNow:
			p.leaveAll(order[n:])
			return false
		case goes:
			taken := p.taken
			p.begin(order[n:n+1], func() { p.one(ctx, r, taken) })
		}
	}
	return true
}

// begin handles runs: at once, or beside others once there is a place.
func (p *lane) begin(rs []*run.Run, handle func()) {
	for _, r := range rs {
		p.handled = append(p.handled, r.ID)
	}
	if p.places == nil {
		p.failed(guarded(handle))
		return
	}
	p.mu.Lock()
	if p.busy == nil {
		p.busy = map[run.ID]bool{}
	}
	for _, r := range rs {
		p.busy[r.ID] = true
	}
	p.mu.Unlock()
	p.places <- struct{}{}
	p.handlers.Go(func() {
		defer func() { <-p.places }()
		p.failed(guarded(handle))
		p.free(rs)
	})
}

func (l *look) free(rs []*run.Run) {
	l.mu.Lock()
	for _, r := range rs {
		delete(l.busy, r.ID)
	}
	l.mu.Unlock()
	select {
	case l.answered <- struct{}{}:
	default:
	}
}

// done notes what became of a run that the look came to.
func (p *lane) done(r *run.Run, moved bool) {
	if !moved {
		p.leave(r)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved++
}

// failed keeps an error. The errors of a later pass replace those of an earlier one: whatever
// went wrong before and still does is among them.
func (p *lane) failed(err error) bool {
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errs = append(p.errs, err)
		if left := p.leftOf(p.which); left.failing == nil || left.failing.number <= p.number {
			left.failing = p
		}
	}
	return err != nil
}

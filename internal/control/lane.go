package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// lane is one pass along a lane.
type lane struct {
	*look
	which run.Lane
	end   time.Time
	// number is the pass's among those of its look.
	number int
	errs   []error
	// handled are the runs that this pass came to: one that is still due is not
	// tried again. One that left the lane to be launched may be due in the other.
	handled map[run.ID]bool
	// moved is how many of them changed; guarded by mu.
	moved int
}

// along looks at a lane until nothing in it is due that was not tried, the rate is
// used up, or the time. What cannot be handled stays due and is loaded again, so
// that more must be loaded to come to the others.
func (l *look) along(ctx context.Context, which run.Lane, end time.Time) {
	p := &lane{look: l, which: which, end: end, handled: map[run.ID]bool{}}
	l.mu.Lock()
	l.passes++
	p.number = l.passes
	l.oldest[which] = time.Time{}
	delete(l.waiting, which)
	if which == run.LaunchLane {
		l.soon, l.throttled = time.Time{}, 0
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
			continue // until then another launched some of them
		}
		moved := p.movedSoFar()
		all := p.batch(ctx, p.fresh(due))
		if len(due)+unreadable < limit || !all || limit >= lookDepth && p.isWaiting() {
			return
		}
		limit = max(lookBatch, 2*(len(due)+unreadable-(p.movedSoFar()-moved)))
	}
}

// fresh are the runs that the pass has not come to.
func (p *lane) fresh(due []run.Run) []run.Run {
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := slices.DeleteFunc(slices.Clone(due), func(r run.Run) bool { return p.handled[r.ID] || p.busy[r.ID] })
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
	_, waits := p.waiting[p.which]
	return waits
}

// waits notes that launches are due that cannot go before a time; zero is soon.
func (p *lane) waits(again time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.waiting[p.which]; !ok || again.Before(at) {
		p.waiting[p.which] = again
	}
}

// over is whether the pass's time is up.
func (p *lane) over(ctx context.Context) bool {
	return ctx.Err() != nil || !p.end.IsZero() && !p.Now().Before(p.end)
}

// leave leaves a run to the next look.
func (p *lane) leave(dueSince time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if oldest := p.oldest[p.which]; !dueSince.IsZero() && (oldest.IsZero() || dueSince.Before(oldest)) {
		p.oldest[p.which] = dueSince
	}
}

func (p *lane) leaveAll(rs []run.Run) {
	for _, r := range rs {
		p.leave(r.DueAt)
	}
}

// due loads due runs, and sets those aside that cannot be read.
func (p *lane) due(ctx context.Context, limit int) (due []run.Run, unreadable int, err error) {
	due, err = p.Store.Due(ctx, p.which, p.Now(), limit)
	var bad *UnreadableError
	if err != nil && !errors.As(err, &bad) {
		return nil, 0, fmt.Errorf("loading due runs: %w", err)
	}
	due, bad = sensible(due, bad)
	if bad == nil {
		return due, 0, nil
	}
	p.leave(bad.DueSince)
	p.failed(p.setAside(ctx, bad))
	return due, len(bad.Runs), nil
}

// peek notes what is due in a lane that the look does not come to.
func (p *lane) peek(ctx context.Context) {
	due, err := p.Store.Due(ctx, p.which, p.Now(), 1)
	var unreadable *UnreadableError
	if err != nil && !errors.As(err, &unreadable) {
		p.failed(fmt.Errorf("loading what is due: %w", err))
		return
	}
	p.leaveAll(due)
}

// batch begins with due runs; all is whether it came to each of them.
func (p *lane) batch(ctx context.Context, due []run.Run) (all bool) {
	running, others := p.split(ctx, due)
	for cluster, rs := range running {
		for some := range slices.Chunk(rs, lookBatch) {
			if p.over(ctx) {
				p.leaveAll(rs)
				return false
			}
			p.begin(some, func() { p.describe(ctx, cluster, some) })
		}
	}
	return p.each(ctx, others)
}

// each begins with runs whose time has come, one after the other; last with those
// that may have to wait for the rate.
func (p *lane) each(ctx context.Context, others []run.Run) (all bool) {
	slices.SortStableFunc(others, func(a, b run.Run) int {
		switch {
		case p.resends(a) == p.resends(b):
			return 0
		case p.resends(a):
			return 1
		}
		return -1
	})
	for i, r := range others {
		// Who cannot go now keeps its place: put off, it would be behind all the
		// others.
		may := notNow
		if !p.over(ctx) {
			may = p.may(ctx, r)
		}
		switch may {
		case behind:
			p.leave(r.DueAt)
		case notNow:
			p.leaveAll(others[i:])
			return false
		case goes:
			p.begin(others[i:i+1], func() { p.one(ctx, r) })
		}
	}
	return true
}

// begin handles runs: at once, or beside others once there is a place.
func (p *lane) begin(rs []run.Run, handle func()) {
	p.mu.Lock()
	for _, r := range rs {
		p.handled[r.ID], p.busy[r.ID] = true, true
	}
	p.mu.Unlock()
	if p.places == nil {
		handle()
		p.free(rs)
		return
	}
	p.places <- struct{}{}
	p.handlers.Go(func() {
		defer func() { <-p.places }()
		handle()
		p.free(rs)
	})
}

func (l *look) free(rs []run.Run) {
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
func (p *lane) done(r run.Run, moved bool) {
	if !moved {
		p.leave(r.DueAt)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moved++
}

// failed keeps an error. Those of a later pass take the place of an earlier one's:
// what went wrong before and still does is among them.
func (p *lane) failed(err error) bool {
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errs = append(p.errs, err)
		if newest := p.failing[p.which]; newest == nil || newest.number <= p.number {
			p.failing[p.which] = p
		}
	}
	return err != nil
}

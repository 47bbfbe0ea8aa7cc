package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// LookUntil looks until end, as long as launches are due that the rate or the account's quota
// did not allow. After end it begins with no further run; whoever looks next finds what is
// left. It finishes what it began.
func (c *Control) LookUntil(ctx context.Context, end time.Time) (Looked, error) {
	l := c.newLook(end)
	if l.places == nil {
		l.repeat(ctx, func() { l.pass(ctx) })
	} else {
		l.stays = true
		l.sideBySide(ctx)
	}
	l.handlers.Wait()
	return l.result(l.turn.release(ctx, c))
}

// sideBySide goes along the lane of launches for as long as one waits there, and meanwhile
// looks along the other only every ten seconds, since the store goes past all running tasks
// each time.
func (l *look) sideBySide(ctx context.Context) {
	launching, launched := context.WithCancel(ctx)
	var looks sync.WaitGroup
	looks.Go(func() {
		for l.along(ctx, run.LookLane, l.end); l.wait(launching, l.Timing.Crowded) == nil; {
			l.along(ctx, run.LookLane, l.end)
		}
	})
	l.repeat(ctx, func() { l.along(ctx, run.LaunchLane, l.end) })
	launched()
	looks.Wait()
}

// repeat makes passes until no launch waits any more or the time is up.
func (l *look) repeat(ctx context.Context, pass func()) {
	for {
		pass()
		wait, more := l.goesOn(ctx)
		if !more || ctx.Err() != nil || !l.Now().Add(wait).Before(l.end) || l.wait(ctx, wait) != nil {
			return
		}
	}
}

// goesOn reports whether there is a launch to wait for, and how long to wait. A launch under
// way may still be put off.
func (l *look) goesOn(ctx context.Context) (wait time.Duration, more bool) {
	for {
		wait, more, busy := l.next()
		if more || !busy || ctx.Err() != nil {
			return wait, more
		}
		l.pause(ctx, 0)
	}
}

func (l *look) next() (wait time.Duration, more, busy bool) {
	lost := l.turn.over()
	l.mu.Lock()
	defer l.mu.Unlock()
	at, more := l.comes()
	for _, of := range l.left {
		if of.waits && (!more || of.again.Before(at)) {
			at = of.again
		}
		more = more || of.waits
	}
	more = more && !lost
	return max(l.Timing.Throttled, at.Sub(l.Now())), more, len(l.busy) > 0
}

// comes returns when the first of the launches that ECS put off is due. The caller holds mu.
func (l *look) comes() (at time.Time, ok bool) {
	if len(l.soon) == 0 {
		return at, false
	}
	return slices.MinFunc(l.soon, time.Time.Compare), true
}

func (c *Control) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	return port.Sleep(ctx, d)
}

package control

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// permit is whether a look may begin with a run that waits to be launched.
type permit int

const (
	// goes: it may. Where the run is to be launched, the rate has been taken for it.
	goes permit = iota
	// behind: another that waits for the account's quota is before it. One that asks
	// for other capacity may go.
	behind
	// notNow: none may.
	notNow
)

// may asks for what a launch needs: room in the account, this process's turn, and
// the rate. A look that stays waits for the last two.
func (p *lane) may(ctx context.Context, r run.Run) permit {
	if r.Status != run.Queued || r.Waits {
		return goes
	}
	kind := p.capacity(ctx, r)
	for !p.over(ctx) {
		wait, full := p.room.ask(kind, p.Now())
		if full && wait > 0 {
			p.waits(p.Now().Add(wait))
			return behind
		}
		if !full {
			var mine bool
			if wait, mine = p.pace(ctx); !mine {
				break
			}
			if wait == 0 {
				p.room.sent(kind)
				return goes
			}
		}
		if !p.stays {
			break
		}
		p.pause(ctx, wait)
	}
	p.waits(time.Time{})
	return notNow
}

// pace is how long a launch must wait for ECS's rate; 0 takes it. mine is whether it
// is this look at all that launches.
func (p *lane) pace(ctx context.Context) (wait time.Duration, mine bool) {
	if p.isThrottled() {
		return p.Timing.Throttled, true
	}
	wait, mine, err := p.turn.hold(ctx, p.Control)
	switch {
	case p.failed(err):
		return 0, false
	case !mine || wait > 0 || p.Pace == nil:
		return wait, mine
	}
	return p.Pace.Take(p.Now()), true
}

// isThrottled is whether ECS refused the last few launches for its rate. Asked once,
// the next ones may be tried.
func (l *look) isThrottled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.throttled < mostThrottled {
		return false
	}
	if l.stays {
		l.throttled = 0
	}
	return true
}

// pause waits for a time, for an answer of ECS where none is given, or for the end.
func (l *look) pause(ctx context.Context, d time.Duration) {
	if d == 0 {
		select {
		case <-l.answered:
		case <-ctx.Done():
		}
		return
	}
	_ = l.wait(ctx, min(d, max(0, l.end.Sub(l.Now())))) // who asks next sees that the time is up
}

// one tells a run that its time has come.
func (p *lane) one(ctx context.Context, r run.Run) {
	launches := r.Status == run.Queued && !r.Waits
	if launches {
		ctx = paid(ctx)
	}
	next, err := p.wakeUp(ctx, r)
	p.failed(err)
	moved := next.Rev != r.Rev
	p.done(r, moved)
	if launches {
		p.room.answered(p.capacity(ctx, r), next.Lacks == stop.NoQuota, next.Status == run.Running, p.Now().Add(p.Timing.Crowded))
	}
	if !moved {
		return
	}
	if len(next.Attempts) > len(r.Attempts) || launches && next.Status == run.Running {
		p.mu.Lock()
		p.looked.Launched++
		p.mu.Unlock()
	}
	p.putOff(r, next)
}

// putOff notes a launch that was put off: by our own rate, then it is still due and
// no other may go before it; for the account's quota, then others of its kind wait
// behind it; or else it is due soon.
func (p *lane) putOff(r, next run.Run) {
	off := next.Status == run.Queued && r.Status == run.Queued && !next.Waits && !next.Renew
	p.mu.Lock()
	switch {
	case !off:
		p.throttled = 0
	case next.Lacks == stop.NoCapacity, next.Lacks == stop.NoQuota:
	case next.DueAt.After(p.Now()):
		p.throttled++
	}
	if off && next.DueAt.After(p.Now()) && (p.soon.IsZero() || next.DueAt.Before(p.soon)) {
		p.soon = next.DueAt
	}
	throttled := p.throttled >= mostThrottled
	p.mu.Unlock()
	switch {
	case off && next.Lacks == stop.NoQuota:
		p.waits(p.Now().Add(p.Timing.Crowded))
		p.leave(next.DueAt)
	case off && !next.DueAt.After(p.Now()):
		p.waits(time.Time{})
		p.leave(next.DueAt)
	case throttled:
		p.waits(time.Time{})
	}
}

// paid is a context of one launch for which the rate was taken before its run was
// begun with: a run is not claimed to be told that it must wait.
func paid(ctx context.Context) context.Context {
	return context.WithValue(ctx, paymentKey{}, &payment{})
}

type paymentKey struct{}

type payment struct{ used atomic.Bool }

// usePayment is whether the rate was taken for this launch; the next one of the same
// context takes it itself.
func usePayment(ctx context.Context) bool {
	p, _ := ctx.Value(paymentKey{}).(*payment)
	return p != nil && p.used.CompareAndSwap(false, true)
}

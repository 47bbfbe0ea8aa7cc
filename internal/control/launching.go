package control

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// permit says whether a look may begin with a run that waits to be launched.
type permit int

const (
	// goes: it may. If the run is to be launched, the rate has been taken for it.
	goes permit = iota
	// behind: another run that waits for the account's quota is before it. A run that asks
	// for other capacity may go.
	behind
	// notNow: none may.
	notNow
)

// queues reports whether a run waits in the queue to be launched; resends, whether its launch
// is in doubt and may be sent again. Both need the rate. A launch whose token is too old is
// searched for instead, which waits for nobody.
func queues(r *run.Run) bool { return r.Status == run.Queued && !r.Waits }

func (l *look) resends(r *run.Run) bool {
	return r.Status == run.Launching && r.Owes(run.Launch) && l.Now().Sub(r.Last().SentAt) < l.Timing.TokenLife
}

// lastOf returns runs in order, with those for which is returns true after the others. It calls
// is once for each run.
func lastOf(rs []*run.Run, is func(*run.Run) bool) []*run.Run {
	order := make([]*run.Run, 0, len(rs))
	var last []*run.Run
	for _, r := range rs {
		if is(r) {
			last = append(last, r)
		} else {
			order = append(order, r)
		}
	}
	return append(order, last...)
}

// may asks for what a launch needs: room in the account, this process's turn, and the rate. A
// look that stays waits for the last two.
func (p *lane) may(ctx context.Context, r *run.Run) permit {
	switch {
	case p.resends(r):
		return p.mayResend(ctx)
	case !queues(r):
		return goes
	}
	return p.mayLaunch(ctx, p.capacity(ctx, r), r.Lacks == stop.NoQuota)
}

// mayLaunch decides about a queued run. lacked says that the quota refused this launch
// before.
func (p *lane) mayLaunch(ctx context.Context, kind job.Capacity, lacked bool) permit {
	for !p.over(ctx) {
		wait, full := p.room.ask(kind, lacked, p.Now())
		if full && wait > 0 {
			p.passOver(kind)
			p.waits(p.Now().Add(wait))
			return behind
		}
		if !full {
			if p.passedOver(kind) {
				break // there is room by now, and the next pass begins with the oldest
			}
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

// mayResend decides about a launch in doubt. If it may not be sent again now, it is left as
// it is: counted and not sent, it would come again only minutes later.
func (p *lane) mayResend(ctx context.Context) permit {
	for !p.over(ctx) {
		wait, mine := p.pace(ctx)
		switch {
		case wait == 0 && mine:
			return goes
		case !mine || !p.stays:
			p.waits(time.Time{})
			return behind
		}
		p.pause(ctx, wait)
	}
	return notNow
}

// pace returns how long a launch must wait for ECS's rate; with 0 it takes the rate. mine
// reports whether this look is the one that launches.
func (p *lane) pace(ctx context.Context) (wait time.Duration, mine bool) {
	if p.isThrottled() {
		return p.Timing.Throttled, true
	}
	wait, mine, err := p.turn.hold(ctx, p.Control)
	if p.failed(err) || !mine || wait > 0 || p.Pace == nil {
		return wait, mine
	}
	p.taken = p.Now()
	return p.Pace.Take(p.taken), true
}

// awaitTurn waits, in a look that stays, until the process's turn to launch begins. waited
// reports whether it had to wait.
func (p *lane) awaitTurn(ctx context.Context, due []run.Run) (waited bool) {
	if !p.stays || !slices.ContainsFunc(due, func(r run.Run) bool { return queues(&r) }) {
		return false
	}
	wait, mine, err := p.turn.hold(ctx, p.Control)
	if p.failed(err) || !mine || wait == 0 {
		return false
	}
	p.pause(ctx, wait)
	return true
}

// isThrottled reports whether ECS refused the last few launches for its rate. In a look that
// stays, asking resets the count, so that the next launches may be tried.
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

// pause waits for d or, if d is 0, for an answer of ECS, but not beyond the end.
func (l *look) pause(ctx context.Context, d time.Duration) {
	if d == 0 {
		select {
		case <-l.answered:
		case <-ctx.Done():
		}
		return
	}
	_ = l.wait(ctx, min(d, max(0, l.end.Sub(l.Now())))) // whoever asks next sees that the time is up
}

// one tells a run that its time has come. If it is to be launched, the rate was taken for it
// at taken.
func (p *lane) one(ctx context.Context, r *run.Run, taken time.Time) {
	next := &run.Run{}
	if queues(r) {
		defer func() { // also if it panics: others wait for this answer
			p.room.answered(p.capacity(ctx, r), next.Lacks == stop.NoQuota, next.Status == run.Running, p.Now().Add(p.Timing.Crowded))
		}()
	}
	if queues(r) || p.resends(r) {
		ctx = paid(ctx, taken)
	}
	var err error
	next, err = p.wakeUp(ctx, r)
	p.failed(err)
	moved := next.Rev != r.Rev
	p.done(r, moved)
	if !moved {
		return
	}
	if next.Status != run.Queued && len(next.Attempts) > len(r.Attempts) || queues(r) && next.Status == run.Running {
		p.mu.Lock()
		p.looked.Launched++
		p.mu.Unlock()
	}
	if next.Lacks == stop.NoQuota {
		p.passOver(p.capacity(ctx, r))
	}
	p.putOff(r, next)
}

// putOff notes a launch that was put off. If our own rate put it off, it is still due and no
// other launch may go before it. If the account's quota did, others of its kind wait behind
// it. Otherwise it is due soon.
func (p *lane) putOff(r, next *run.Run) {
	off := next.Status == run.Queued && r.Status == run.Queued && !next.Waits && !next.Renew
	switch {
	case !off:
		p.throttle(0)
	case next.Lacks == stop.NoQuota:
		p.waits(p.Now().Add(p.Timing.Crowded))
		p.leave(next)
	case !next.DueAt.After(p.Now()):
		p.waits(time.Time{})
		p.leave(next)
	case next.Lacks == stop.NoCapacity:
		p.comesSoon(next.DueAt)
	default:
		p.comesSoon(next.DueAt)
		p.throttle(1)
	}
}

// throttle with 1 counts a launch that ECS refused for its rate, and with 0 notes that ECS
// refused none. After some refusals in a row the other launches wait.
func (p *lane) throttle(n int) {
	p.mu.Lock()
	p.throttled = n * (p.throttled + 1)
	many := p.throttled >= mostThrottled
	p.mu.Unlock()
	if many {
		p.waits(time.Time{})
	}
}

func (p *lane) comesSoon(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.soon = append(p.soon, at)
}

// paid returns a context for one launch whose rate was taken before the look began with its
// run, so that no run is claimed only to be told that it must wait.
func paid(ctx context.Context, taken time.Time) context.Context {
	return context.WithValue(ctx, paymentKey{}, &payment{at: taken})
}

// paidFor is how long the rate still counts after it was taken: a launch held up for longer
// would go out beside those of a later time.
const paidFor = time.Second

type paymentKey struct{}

type payment struct {
	at   time.Time
	used atomic.Bool
}

// mayGo reports whether a launch may go out now: the rate was taken for it, which counts for
// one launch of a context, or it can be taken now.
func (c *Control) mayGo(ctx context.Context) bool {
	if c.Pace == nil {
		return true
	}
	now := c.Now()
	p, _ := ctx.Value(paymentKey{}).(*payment)
	if p != nil && now.Sub(p.at) < paidFor && p.used.CompareAndSwap(false, true) {
		c.Pace.Sent(p.at, now)
		return true
	}
	return c.Pace.Take(now) == 0
}

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

// queues is whether a run waits in the queue to be launched; resends whether its
// launch is in doubt and may be sent again. Both need the rate. A launch whose token
// is too old is searched for, which waits for nobody.
func queues(r *run.Run) bool { return r.Status == run.Queued && !r.Waits }

func (l *look) resends(r *run.Run) bool {
	return r.Status == run.Launching && r.Owes(run.Launch) && l.Now().Sub(r.Last().SentAt) < l.Timing.TokenLife
}

// lastOf is the order of runs, by their places, with those behind the others for which
// something is so, which is asked once of each.
func lastOf(rs []run.Run, is func(*run.Run) bool) []int {
	order := make([]int, 0, len(rs))
	var last []int
	for i := range rs {
		if is(&rs[i]) {
			last = append(last, i)
		} else {
			order = append(order, i)
		}
	}
	return append(order, last...)
}

// may asks for what a launch needs: room in the account, this process's turn, and
// the rate. A look that stays waits for the last two.
func (p *lane) may(ctx context.Context, r *run.Run) permit {
	switch {
	case p.resends(r):
		return p.mayResend(ctx)
	case !queues(r):
		return goes
	}
	return p.mayLaunch(ctx, p.capacity(ctx, r), r.Lacks == stop.NoQuota)
}

// mayLaunch: lacked is whether the quota refused this launch before.
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

// mayResend: what may not be sent again now is left as it is. Counted and not sent,
// it would come again only minutes later.
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

// pace is how long a launch must wait for ECS's rate; 0 takes it. mine is whether it
// is this look at all that launches.
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

// awaitTurn waits, in a look that stays, until the process's turn to launch begins.
// waited is whether it had to.
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

// one tells a run that its time has come. Where it is to be launched, the rate was
// taken for it at a time.
func (p *lane) one(ctx context.Context, r *run.Run, taken time.Time) {
	next := &run.Run{}
	if queues(r) {
		defer func() { // also where it panics: others wait for this answer
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

// putOff notes a launch that was put off: by our own rate, then it is still due and
// no other may go before it; for the account's quota, then others of its kind wait
// behind it; or else it is due soon.
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

// throttle counts a launch that ECS refused for its rate, or with 0 notes that it
// refused none. After some in a row the others wait.
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

// paid is a context of one launch for which the rate was taken before its run was
// begun with: a run is not claimed to be told that it must wait.
func paid(ctx context.Context, taken time.Time) context.Context {
	return context.WithValue(ctx, paymentKey{}, &payment{at: taken})
}

// paidFor is how long after it was taken the rate still counts: what was held up for
// longer would go out beside those of that time.
const paidFor = time.Second

type paymentKey struct{}

type payment struct {
	at   time.Time
	used atomic.Bool
}

// mayGo is whether a launch may go out now: the rate was taken for it, which counts for
// one launch of a context, or it can be taken.
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

package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

const (
	// lookBatch is how many due runs one look loads at a time, and how many tasks
	// DescribeTasks takes (ECS API reference, DescribeTasks: 100).
	lookBatch = 100
	// lookDepth is how many due runs of a lane a look loads at most, where those
	// before them wait for the account's quota.
	lookDepth = 10 * lookBatch
	// defaultAbreast is enough for ECS's rate of 20 a second where a launch takes
	// three seconds.
	defaultAbreast = 64
	// mostThrottled is how many launches in a row ECS may refuse for its rate before
	// a look leaves the others for the next one.
	mostThrottled = 5
)

// Looked says what one look did.
type Looked struct {
	Due, Launched, Described int
	// Waiting is whether launches are due that the rate, or the account's quota, did
	// not allow.
	Waiting bool
	// Oldest is since when the first of the runs that are still due after the look
	// has been due; zero where none is.
	Oldest time.Time
}

// Look drives what time alone must drive: running tasks whose stop may have been
// lost, launches in doubt, effects that are owed, and launches that are due, the
// oldest first and no more than the rate allows. It handles Abreast of them side by
// side, goes on with the others when one run cannot be handled, and returns all
// errors together. Two looks at once do no harm.
func (c *Control) Look(ctx context.Context) (Looked, error) {
	l := c.newLook(time.Time{})
	l.pass(ctx)
	l.handlers.Wait()
	return l.result(nil)
}

// look is one look on its way. Its passes along the two lanes, and what they
// begin, run side by side.
type look struct {
	*Control
	// end is when no further run is begun with; zero is never.
	end time.Time
	// stays is whether it waits for the rate, rather than leave what is due.
	stays bool
	turn  turn

	handlers sync.WaitGroup
	// places are those of runs that are handled side by side; nil is one after the
	// other.
	places chan struct{}
	// answered is told when a handler ends.
	answered chan struct{}

	mu sync.Mutex
	// looked is what it came to, but for Oldest and Waiting.
	looked Looked
	// failing is by lane the newest pass that had errors.
	failing map[run.Lane]*lane
	// oldest is Looked.Oldest by lane, as the last pass along it left it.
	oldest map[run.Lane]time.Time
	// again is when a launch that waits may be tried again; zero is soon. It stands
	// only while waiting does.
	waiting bool
	again   time.Time
	// soon is when the first launch is due that ECS had put off.
	soon time.Time
	// busy are the runs that are being handled.
	busy map[run.ID]bool
	// aside are unreadable runs.
	aside map[run.ID]bool
	// passes counts those along a lane.
	passes int
	// throttled counts launches that ECS refused for its rate, in a row.
	throttled int
}

func (c *Control) newLook(end time.Time) *look {
	l := &look{
		Control: c, end: end, oldest: map[run.Lane]time.Time{}, failing: map[run.Lane]*lane{}, busy: map[run.ID]bool{}, aside: map[run.ID]bool{},
		answered: make(chan struct{}, 1),
	}
	if n := c.abreast(); n > 1 {
		l.places = make(chan struct{}, n)
	}
	return l
}

func (c *Control) abreast() int {
	if c.Abreast == 0 {
		return defaultAbreast
	}
	return c.Abreast
}

// pass goes along both lanes once. One after the other, looking at tasks leaves
// half of the time to launches: an ECS that is slow to describe may well launch.
func (l *look) pass(ctx context.Context) {
	end := l.end
	if l.places != nil {
		var looks sync.WaitGroup
		looks.Go(func() { l.along(ctx, run.LookLane, end) })
		l.along(ctx, run.LaunchLane, end)
		looks.Wait()
		return
	}
	half := end
	if !end.IsZero() {
		half = l.Now().Add(end.Sub(l.Now()) / 2)
	}
	l.along(ctx, run.LookLane, half)
	l.along(ctx, run.LaunchLane, end)
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

// result is what the look came to, once nothing of it is under way.
func (l *look) result(err error) (Looked, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	looked := l.looked
	looked.Waiting = l.waiting
	for _, at := range l.oldest {
		if !at.IsZero() && (looked.Oldest.IsZero() || at.Before(looked.Oldest)) {
			looked.Oldest = at
		}
	}
	for _, p := range l.failing {
		err = errors.Join(err, errors.Join(p.errs...))
	}
	return looked, err
}

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
	if which == run.LaunchLane {
		l.waiting, l.again, l.soon, l.throttled = false, time.Time{}, time.Time{}, 0
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
		moved := p.movedSoFar()
		fresh := p.fresh(due)
		all := p.batch(ctx, fresh)
		if len(due)+unreadable < limit || !all || limit >= lookDepth && l.isWaiting() {
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

func (l *look) isWaiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// waits notes that launches are due that cannot go before a time; zero is soon.
func (l *look) waits(again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.waiting || again.Before(l.again) {
		l.again = again
	}
	l.waiting = true
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
	if errors.As(err, &bad) {
		p.leave(bad.DueSince)
		p.failed(p.setAside(ctx, bad))
		return due, len(bad.Runs), nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("loading due runs: %w", err)
	}
	return due, 0, nil
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

// each begins with runs whose time has come, one after the other.
func (p *lane) each(ctx context.Context, others []run.Run) (all bool) {
	for i, r := range others {
		// Who cannot go now keeps its place: put off, it would be behind all the
		// others.
		switch may := p.may(ctx, r); {
		case may == behind:
			p.leave(r.DueAt)
		case may == notNow || p.over(ctx):
			p.leaveAll(others[i:])
			return false
		default:
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

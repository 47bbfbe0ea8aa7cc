package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const (
	// lookBatch is how many due runs one look loads at a time, and how many tasks one
	// DescribeTasks call takes (ECS API reference, DescribeTasks: 100).
	lookBatch = 100
	// lookDepth is how many due runs of a lane a look loads at most if those before them wait
	// for the account's quota.
	lookDepth = 10 * lookBatch
	// defaultAbreast is enough for ECS's rate of 20 a second if a launch takes three seconds.
	defaultAbreast = 64
	// mostThrottled is how many launches in a row ECS may refuse for its rate before a look
	// leaves the others to the next one.
	mostThrottled = 5
)

// Looked says what one look did.
type Looked struct {
	Due, Launched, Described int
	// Waiting says that launches are due that the rate or the account's quota did not allow.
	Waiting bool
	// Oldest is since when the first of the runs that are still due after the look has been
	// due; zero if none is.
	Oldest time.Time
}

// Look drives what only time drives: running tasks whose stop event may have been lost,
// launches in doubt, owed effects, and launches that are due, the oldest first and no more
// than the rate allows. It handles Abreast of them side by side, goes on with the others if
// one run cannot be handled, and returns all errors together. Two looks at once do no harm.
func (c *Control) Look(ctx context.Context) (Looked, error) {
	l := c.newLook(time.Time{})
	l.pass(ctx)
	l.handlers.Wait()
	return l.result(nil)
}

// look is one look under way. Its passes along the two lanes, and what they begin, run side
// by side.
type look struct {
	*Control
	// end is when it stops beginning with further runs; zero means never.
	end time.Time
	// stays says that it waits for the rate instead of leaving what is due.
	stays bool
	turn  turn

	handlers sync.WaitGroup
	// places holds one element for each run that is being handled; nil if runs are handled
	// one after the other.
	places chan struct{}
	// answered is signalled when a handler ends; nil when places is.
	answered chan struct{}

	mu sync.Mutex
	// looked is what the look has done, without Oldest and Waiting.
	looked Looked
	// left is what is left of each lane.
	left [2]left
	// soon is when launches are due that ECS put off and that no pass has come to again.
	soon []time.Time
	// busy holds the runs that are being handled.
	busy map[run.ID]bool
	// aside holds unreadable runs that the look has come to.
	aside map[run.ID]bool
	// passes counts passes along a lane.
	passes int
	// throttled counts launches in a row that ECS refused for its rate.
	throttled int
}

// left is what the passes along a lane have left.
type left struct {
	// failing is the newest pass that had errors.
	failing *lane
	// oldest is Looked.Oldest as the last pass left it.
	oldest time.Time
	// waits says that a launch waits, and again when it may be tried again; zero means soon.
	waits bool
	again time.Time
}

// leftOf returns what is left of a lane. The caller holds mu.
func (l *look) leftOf(which run.Lane) *left {
	if which == run.LookLane {
		return &l.left[0]
	}
	return &l.left[1]
}

func (c *Control) newLook(end time.Time) *look {
	l := &look{Control: c, end: end, turn: turn{asks: make(chan struct{}, 1)}}
	if n := c.abreast(); n > 1 {
		l.places, l.answered = make(chan struct{}, n), make(chan struct{}, 1)
	}
	return l
}

func (c *Control) abreast() int {
	if c.Abreast == 0 {
		return defaultAbreast
	}
	return c.Abreast
}

// pass goes along both lanes once. If it goes along them one after the other, looking at
// tasks leaves half of the time to launches: an ECS that is slow to describe may well launch.
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

// result returns what the look has done. Nothing of it is under way any more.
func (l *look) result(err error) (Looked, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	looked := l.looked
	for i := range l.left {
		of := &l.left[i]
		looked.Waiting = looked.Waiting || of.waits
		if !of.oldest.IsZero() {
			looked.Oldest = sooner(looked.Oldest, of.oldest)
		}
		if of.failing != nil {
			err = errors.Join(err, errors.Join(of.failing.errs...))
		}
	}
	return looked, err
}

// wakeUp tells a run that its time has come and performs what it owes.
func (c *Control) wakeUp(ctx context.Context, r *run.Run) (*run.Run, error) {
	d, err := c.stepFrom(ctx, r, func(now *run.Run) (run.Event, error) { return c.dueEvent(ctx, now) })
	if err != nil {
		return r, err
	}
	next, err := c.settle(ctx, d)
	if c.Notifier == nil {
		c.untold.note(next)
	}
	return next, err
}

// dueEvent finds out about what the run waits for: another run's end, or a revision of its
// task definition.
func (c *Control) dueEvent(ctx context.Context, r *run.Run) (run.Event, error) {
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
	task, err := c.Launcher.Resolve(ctx, r.Effective(*j))
	if err != nil {
		return run.Unresolved{Err: err.Error(), Final: errors.Is(err, port.ErrUnlaunchable)}, nil
	}
	return run.Due{Task: &task}, nil
}

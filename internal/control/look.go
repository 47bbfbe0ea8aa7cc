package control

import (
	"context"
	"errors"
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
	// answered is told when a handler ends; nil as places is.
	answered chan struct{}

	mu sync.Mutex
	// looked is what it came to, but for Oldest and Waiting.
	looked Looked
	// left is by lane what is left of it.
	left [2]left
	// soon is when launches are due that ECS had put off, as far as no pass has come to them.
	soon []time.Time
	// busy are the runs that are being handled.
	busy map[run.ID]bool
	// aside are unreadable runs.
	aside map[run.ID]bool
	// passes counts those along a lane.
	passes int
	// throttled counts launches that ECS refused for its rate, in a row.
	throttled int
}

// left is what the passes along a lane left.
type left struct {
	// failing is the newest pass that had errors.
	failing *lane
	// oldest is Looked.Oldest, as the last pass left it.
	oldest time.Time
	// waits is whether a launch waits, and again when it may be tried again; zero is
	// soon.
	waits bool
	again time.Time
}

// leftOf is what is left of a lane; mu is held.
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

// result is what the look came to, once nothing of it is under way.
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

// dueEvent finds out what the run waits for: another run's end, or a revision of
// its task definition.
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
		return run.Unresolved{Err: err.Error(), Final: errors.Is(err, ErrUnlaunchable)}, nil
	}
	return run.Due{Task: &task}, nil
}

// Package simulation plays random lives of a control plane: the real handlers of package control,
// with a store, an ECS, people, deploys and a clock that misbehave as their documentation allows.
// A world is one seed; it is single-threaded and repeats itself exactly. After a world has come
// to rest, checks compare what the simulated ECS saw with what was promised.
//
// Two handlers at once are simulated by running one in the middle of another's call to the store
// or to ECS.
package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Options say which world is played. A zero field is drawn from the seed.
type Options struct {
	Seed    uint64
	Jobs    int
	Horizon time.Duration
	// Large makes the registry a large group, unless that fault is switched off.
	Large bool
	// Timed gives the world an almanac, unless it is a large group or that fault is switched off.
	Timed bool
	// Without lists faults that are switched off.
	Without  FaultSet
	Mutation Mutation
	Trace    bool
}

// Violation is a broken promise.
type Violation struct {
	Check string
	Run   run.ID
	What  string
}

// Result is the outcome of one world.
type Result struct {
	Runs, Handlers int
	Count          [faults]int
	// Left counts slots that were left to the sweep. Unjudged counts plans that changed when
	// slots of the old one had not been judged for ten minutes or more.
	Left, Unjudged int
	Violations     []Violation
	Trace          []Line
	Jobs           int
	Horizon        time.Duration
}

// World is one simulated control plane.
type World struct {
	*stock
	opt     Options
	now     time.Time     // true time, never goes back
	skew    time.Duration // of the handlers' clock
	end     time.Time     // when the schedules stop
	calm    bool          // no more faults
	active  FaultSet
	mood    [faults]int
	count   [faults]int
	h       *handler
	handled int
	swept   int
	// sweepers are the processes that sweep, in most minutes the first.
	sweepers [2]*process
	planned  int // sweeps on the queue
	// group is nil if the whole registry is read at once.
	group *group
	// plannedSweep is one of them, as it comes.
	plannedSweep func()
	jobs         []*deployed
	dirty        bool // the registry changed since the last Sync
	syncs        int
	silent       time.Time // no sweep until then
	outage       time.Time // no RunTask until then
	down         span      // of the trigger
	denied       [faults]span
	razing       time.Time // no launch until then, since the cluster is being deleted
	untold       string    // the job whose tasks DescribeTasks does not tell of

	store    *Store
	ecs      *ecs
	control  *control.Control
	teller   *control.Control    // of notices, if the store's changes wake it
	took     map[string][]string // which targets took a notice, by its id
	minds    minds
	wrong    wrongClock
	untaken  untaken
	almanac  *almanac // nil if schedules are plain
	epoch    time.Time
	restored restoration
	records  int // that woke it, or should have
	batches  map[time.Time]*batch
	batch    int
	// unindexed holds runs that a mutation hides. deaf holds those of which it hears no record.
	// twice holds what those owed whose record came twice.
	unindexed, deaf map[run.ID]bool
	twice           map[run.ID][]run.Effect
	rate            int
	laps            bool
	people          people
	truth           truth
	trace           *[]Line
}

var epoch = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)

// stack is the name of every simulated stack.
const stack = "sim"

// errUnavailable is any passing fault of a service.
var errUnavailable = errors.New("simulated: unavailable")

// errLost means that there is no answer to a write that took effect.
var errLost = fmt.Errorf("the answer is lost: %w", errUnavailable)

// errFalseConflict is a conflict with what this very write wrote.
var errFalseConflict = fmt.Errorf("simulated: with itself: %w", port.ErrConflict)

// Play plays one world to its rest.
func Play(opt Options) (res Result) {
	w := newWorld(opt)
	w.begin()
	w.loop()
	w.judge()
	res = Result{
		Runs: len(w.store.runs), Handlers: w.handled, Count: w.count, Violations: w.truth.violations,
		Left: w.truth.left, Unjudged: w.truth.unjudged(), Jobs: len(w.jobs), Horizon: w.end.Sub(w.epoch),
	}
	if w.trace != nil {
		res.Trace = *w.trace
	}
	w.reset()
	stocks.Put(w.stock)
	return res
}

var quiet = slog.New(slog.DiscardHandler)

func newWorld(opt Options) *World {
	w := &World{stock: newStock(), opt: opt, now: epoch, epoch: epoch, active: AllFaults.minus(opt.Without), store: NewStore(), took: map[string][]string{}}
	w.store.stock = w.stock
	if opt.Trace {
		w.trace = new([]Line)
	}
	w.moods()
	w.ecs = newECS(w)
	w.truth.init()
	w.store.onCommit = w.committed
	w.store.shares, w.store.room, w.store.shelf = true, w.room, w.shelf
	w.store.blind = opt.Mutation == BlindWrites
	w.store.keeps = opt.Mutation.keeps
	w.plannedSweep = func() {
		w.planned--
		w.sweeps()
	}
	w.control = &control.Control{
		Stack: stack, Store: storePort{w}, Launcher: launcher{w}, Notifier: newNotifier(w),
		Now: w.clock, Timing: run.DefaultTiming, Log: quiet, Abreast: 1,
		Backoff: func(context.Context, time.Duration) error { return nil },
	}
	if opt.Mutation == CrowdForEver {
		w.control.Timing.Throttled = 10 * time.Minute
	}
	d := w.dice("world", 0)
	if d.chance(300) {
		w.rate = d.between(1, 4)
		w.control.Pace = &control.Window{Rate: w.rate + opt.Mutation.faster()}
	}
	w.end = epoch.Add(time.Duration(d.between(30, 300)) * time.Minute)
	if opt.Horizon > 0 {
		w.end = epoch.Add(opt.Horizon)
	}
	w.stream()
	if _, ok := w.luck(Fired, 300, "", 0); ok {
		w.control.Schedules = registry{w}
	}
	_, w.laps = w.luck(Laps, 300, "", 0)
	w.large()
	w.times()
	w.apart()
	w.misleads()
	w.untakes()
	w.sweepers = [2]*process{w.newProcess(), w.newProcess()}
	w.makeJobs(d)
	return w
}

// clock returns what handlers take for the current time.
func (w *World) clock() time.Time {
	if m := w.opt.Mutation; w.h != nil && !w.h.slot.IsZero() && (m == IgnoreLateness || m == LateIsNow && w.now.Sub(w.h.slot) > time.Hour) {
		return w.h.slot
	}
	return w.wall()
}

// begin plans what happens from outside.
func (w *World) begin() {
	w.dirty = true
	w.sweep()
	w.sweepAt(w.now.Add(time.Minute))
	w.at(w.end, w.quieten)
	w.restores()
	w.plague()
}

// storePort is the store as handlers reach it.
type storePort struct{ w *World }

// access is a call to the store, which may be refused, or take effect without an answer.
func (p storePort) access(name string, write bool, do func() error) (err error) {
	p.w.call(name, func(dice) {
		if hangs, arrives := p.w.hangs(); hangs {
			if err = errUnavailable; arrives && write {
				_ = do()
			}
			return
		}
		if err = p.refuses(write); err != nil {
			return
		}
		if err = do(); err == nil && write {
			err = p.loses(name)
		}
	})
	return err
}

// refuses says why the current call takes no effect, or returns nil if it does.
func (p storePort) refuses(write bool) error {
	h := p.w.h
	n := h.calls - 1
	if n == h.fail && !h.failAfter && p.w.strike(StoreError) {
		return errUnavailable
	}
	if write && h.conflict >= 0 && n >= h.conflict && p.w.strike(StoreConflict) {
		h.conflict = -1
		return port.ErrConflict
	}
	return nil
}

// loses returns the error in place of the answer to a write that took effect, or nil if the
// answer arrives. A conditional write may be answered with a conflict: a client that got no
// answer tries again, and meets what it wrote itself.
func (p storePort) loses(name string) error {
	h := p.w.h
	if name == "Commit" {
		if _, ok := p.w.luck(FalseConflict, 8, h.name, h.from<<8+h.calls); ok {
			h.disturbed = true
			return errFalseConflict
		}
	}
	if h.failAfter && h.fail >= 0 && h.calls-1 >= h.fail && p.w.strike(StoreLostAnswer) {
		h.fail = -1
		if d, ok := p.w.luck(FalseConflict, 1000, h.name, h.from); ok && d.chance(500) {
			return errFalseConflict
		}
		return errLost
	}
	return nil
}

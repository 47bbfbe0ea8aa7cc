// Package simulation plays random lives of a control plane: the real handlers
// of package control, with a store, an ECS, people, deploys and a clock that
// misbehave as their documentation allows. A world is one seed; it is
// single-threaded and repeats itself exactly. After a world has come to rest,
// checks hold what the simulated ECS saw against what was promised.
//
// Two handlers at once are simulated by running one in the middle of another's
// call to the store or to ECS.
package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Options say which world is played. The zero value of a field is drawn from
// the seed.
type Options struct {
	Seed    uint64
	Jobs    int
	Horizon time.Duration
	// Without are faults that are switched off.
	Without  FaultSet
	Mutation Mutation
	Trace    bool
}

// Violation is a promise that was broken.
type Violation struct {
	Check string
	Run   run.ID
	What  string
}

// Result is what came of one world.
type Result struct {
	Runs, Handlers int
	Count          [faults]int
	Violations     []Violation
	Trace          []Line
	Jobs           int
	Horizon        time.Duration
}

// World is one simulated control plane.
type World struct {
	opt     Options
	now     time.Time     // true time, never goes back
	skew    time.Duration // of the handlers' clock
	end     time.Time     // when the schedules stop
	calm    bool          // no more faults
	active  FaultSet
	mood    [faults]int
	count   [faults]int
	queue   queue
	h       *handler
	handled int
	swept   int
	jobs    []*deployed
	dirty   bool      // the registry changed since the last Sync
	silent  time.Time // no sweep until then
	outage  time.Time // no RunTask until then

	store   *Store
	ecs     *ecs
	control *control.Control
	rate    int
	people  people
	truth   truth
	trace   *[]Line
}

var epoch = time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)

// stack names every simulated stack.
const stack = "sim"

// errUnavailable is any fault of a service that passes.
var errUnavailable = errors.New("simulated: unavailable")

// Play plays one world to its rest.
func Play(opt Options) (res Result) {
	w := newWorld(opt)
	w.begin()
	w.loop()
	w.judge()
	res = Result{
		Runs: len(w.store.runs), Handlers: w.handled, Count: w.count, Violations: w.truth.violations,
		Jobs: len(w.jobs), Horizon: w.end.Sub(epoch),
	}
	if w.trace != nil {
		res.Trace = *w.trace
	}
	return res
}

var quiet = slog.New(slog.DiscardHandler)

func newWorld(opt Options) *World {
	w := &World{opt: opt, now: epoch, active: AllFaults &^ opt.Without, store: NewStore()}
	if opt.Trace {
		w.trace = new([]Line)
	}
	w.moods()
	w.ecs = newECS(w)
	w.truth.init()
	w.store.onCommit = w.committed
	w.store.blind = opt.Mutation == BlindWrites
	w.control = &control.Control{
		Stack: stack, Store: port{w}, Launcher: launcher{w}, Notifier: notifier{w},
		Now: w.clock, Timing: run.DefaultTiming, Log: quiet,
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
	w.makeJobs(d)
	return w
}

// clock is what handlers take for the time.
func (w *World) clock() time.Time {
	if w.opt.Mutation == IgnoreLateness && w.h != nil && !w.h.slot.IsZero() {
		return w.h.slot
	}
	return w.wall()
}

// begin plans what happens from outside.
func (w *World) begin() {
	w.dirty = true
	w.sweep()
	w.after(time.Minute, kindSweep, nil)
	w.at(w.end, kindCalm, nil)
	w.plague()
}

// handler is one invocation on its way; another may run in the middle of it.
type handler struct {
	name   string
	parent *handler
	// twin delivers the same input again.
	twin func()
	// slot is the time that a trigger is for.
	slot time.Time
	// from and to number its begin and its end among those of all handlers.
	from, to int
	calls    int
	dice     dice
	// What befalls its n-th call; -1 is never.
	crash, fail, conflict, interleave, stall int
	crashAfter, failAfter                    bool
	// disturbed is whether anything has befallen it.
	disturbed bool
}

type crash struct{}

// handle runs a handler and says whether it succeeded. A crash ends it alone.
func (w *World) handle(name string, twin func(), f func(context.Context) error) (ok bool) {
	h := &handler{name: name, parent: w.h, twin: twin, from: w.handled, dice: w.dice(name, uint64(w.handled))} //nolint:gosec // small
	w.handled++
	w.befall(h)
	w.h = h
	defer func() {
		w.h = h.parent
		h.to = w.handled
		switch p := recover(); {
		case p == nil:
		case p == crash{}:
			w.tell("", "%s crashed at its call %d", name, h.calls)
		default:
			w.violate("no panic", "", "%s: %v\n%s", name, p, debug.Stack())
		}
	}()
	err := f(context.Background())
	if err != nil && w.trace != nil {
		w.tell("", "%s failed: %v", name, err)
	}
	if err != nil && w.calm && !h.disturbed {
		w.truth.errors++
		w.truth.lastError = fmt.Sprintf("%s: %v", name, err)
	}
	return err == nil
}

// befall draws what happens to the handler's calls.
func (w *World) befall(h *handler) {
	h.crash, h.fail, h.conflict, h.interleave, h.stall = -1, -1, -1, -1, -1
	if w.calm {
		return
	}
	d, span := h.dice, 14
	switch r := d.IntN(1000); {
	case r < 2*w.mood[CrashBefore]:
		h.crash = d.IntN(span)
	case r < 2*w.mood[CrashBefore]+2*w.mood[CrashAfter]:
		h.crash, h.crashAfter = d.IntN(span), true
	}
	switch r := d.IntN(1000); {
	case r < 2*w.mood[StoreError]:
		h.fail = d.IntN(span)
	case r < 2*w.mood[StoreError]+2*w.mood[StoreLostAnswer]:
		h.fail, h.failAfter = d.IntN(span), true
	}
	if d.chance(3 * w.mood[StoreConflict]) {
		h.conflict = d.IntN(span)
	}
	if d.chance(12 * w.mood[Interleave]) {
		h.interleave = d.IntN(span)
	}
	if d.chance(2 * w.mood[Stall]) {
		h.stall = d.IntN(span)
	}
}

func (w *World) strike(f Fault) bool {
	if !w.active.Has(f) {
		return false
	}
	w.count[f]++
	w.h.disturbed = true
	return true
}

// call is one call of a handler to the outside: do takes effect unless the
// handler crashes before.
func (w *World) call(name string, do func(d dice)) {
	h := w.h
	n := h.calls
	h.calls++
	w.now = w.now.Add(4 * time.Millisecond)
	if n == h.crash && !h.crashAfter && w.strike(CrashBefore) {
		w.tell("", "%s dies before %s", h.name, name)
		panic(crash{})
	}
	w.meanwhile(n)
	w.h = h
	do(h.dice)
	if n == h.crash && h.crashAfter && w.strike(CrashAfter) {
		w.tell("", "%s dies after %s", h.name, name)
		panic(crash{})
	}
}

// depth bounds how many handlers run in the middle of each other.
const depth = 3

// nested is how many handlers run in the middle of each other now.
func (w *World) nested() (n int) {
	for h := w.h; h != nil; h = h.parent {
		n++
	}
	return n
}

// meanwhile lets others go on in the middle of a handler's call.
func (w *World) meanwhile(n int) {
	h := w.h
	if w.nested() > depth {
		return
	}
	if n == h.interleave && w.strike(Interleave) {
		w.another(h)
		if h.dice.chance(500) {
			h.interleave = n + h.dice.between(1, 3)
		}
	}
	if n == h.stall && w.strike(Stall) {
		until := w.now.Add(seconds(h.dice.between(1, 120)))
		for w.queue.within(until) {
			w.step()
		}
		w.now = later(w.now, until)
	}
	w.h = h
}

// hazard is what befalls RunTask more often than other calls: here is where a
// handler that dies or meets another does most harm.
func (w *World) hazard(d dice) {
	h := w.h
	switch {
	case w.hit(d, CrashBefore, 5):
		h.disturbed = true
		w.tell("", "%s dies before RunTask", h.name)
		panic(crash{})
	case w.nested() <= depth && w.hit(d, Interleave, 30):
		h.disturbed = true
		w.another(h)
		w.h = h
	}
}

// another is a handler that runs in the middle of h: what is next to come, a
// sweep, or the same input again.
func (w *World) another(h *handler) {
	switch r := h.dice.IntN(10); {
	case r < 4 && w.queue.within(w.now.Add(90*time.Second)):
		w.step()
	case r < 6:
		w.sweep()
	default:
		h.twin()
	}
}

// port is the store as handlers reach it.
type port struct{ w *World }

// access is a call to the store, which may be refused, or take effect without
// an answer.
func (p port) access(name string, write bool, do func() error) (err error) {
	w := p.w
	w.call(name, func(dice) {
		n, h := w.h.calls-1, w.h
		if n == h.fail && !h.failAfter && w.strike(StoreError) {
			err = errUnavailable
			return
		}
		if write && n >= h.conflict && h.conflict >= 0 && w.strike(StoreConflict) {
			h.conflict, err = -1, control.ErrConflict
			return
		}
		err = do()
		if write && n >= h.fail && h.fail >= 0 && h.failAfter && err == nil && w.strike(StoreLostAnswer) {
			h.fail, err = -1, errUnavailable
		}
	})
	return err
}

type notifier struct{ w *World }

func (p notifier) Notify(_ context.Context, n notice.Notice) (err error) {
	w := p.w
	w.call("Notify", func(d dice) {
		if w.hit(d, NotifyError, 60) {
			err = errUnavailable
			return
		}
		w.told(n)
	})
	return err
}

// deployed is a job as its schedule carries it now.
type deployed struct {
	job    job.Job
	every  int // minutes; 60 fires once an hour, at minute
	minute int
	gone   bool
	serial int // grows when the schedule changes
}

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
	"log/slog"
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

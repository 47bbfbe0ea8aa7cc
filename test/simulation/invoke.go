package simulation

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// handler is one invocation on its way; another may run in the middle of it.
type handler struct {
	name   string
	parent *handler
	// twin delivers the same input again.
	twin func()
	// run is what it is about, "" for a sweep.
	run run.ID
	// slot is the time that a trigger is for.
	slot time.Time
	// from and to number its begin and its end among those of all handlers.
	from, to int
	calls    int
	// pages is how many pages of schedules it listed.
	pages int
	// checking is whether it checks the slots, waits whether its look left launches to
	// wait.
	checking, waits bool
	record          int // of its batch
	dice            dice
	// What befalls its n-th call; -1 is never.
	crash, fail, conflict, interleave, stall, hang int
	crashAfter, failAfter                          bool
	// process is that of a sweep.
	process *process
	// disturbed is whether anything has befallen it.
	disturbed bool
	// denied is whether ECS refused a call of it.
	denied bool
	// rooms and shelves hold the runs and items that it was given, which no handler knows
	// after its end.
	rooms   [][]run.Run
	shelves [][]job.Item
}

type crash struct{}

// handle runs a handler and says whether it succeeded. A crash ends it alone.
func (w *World) handle(name string, id run.ID, twin func(), f func(context.Context) error) (ok bool) {
	h := w.handlers.give()
	*h = handler{name: name, parent: w.h, run: id, twin: twin, from: w.handled, dice: w.dice(name, uint64(w.handled))}
	w.handled++
	w.befall(h)
	w.h = h
	defer func() {
		w.h = h.parent
		h.to = w.handled
		w.rooms.takeBack(&h.rooms)
		w.shelves.takeBack(&h.shelves)
		switch p := recover(); p {
		case nil:
		case crash{}:
			w.tell(h.run, "%s crashed at its call %d", name, h.calls)
			w.dies(h.process)
		default:
			w.violate("no panic", "", "%s: %v\n%s", name, p, debug.Stack())
		}
	}()
	if w.opt.Mutation.defines() {
		w.control = anew(w.control)
	}
	err := f(context.Background())
	if err != nil && w.trace != nil {
		w.tell(h.run, "%s failed: %v", name, err)
	}
	if err != nil && w.calm && !h.disturbed && !h.denied && !w.excused(h) {
		w.truth.errors++
		w.truth.lastError = fmt.Sprintf("%s: %v", name, err)
	}
	return err == nil
}

// befall draws what happens to the handler's calls.
func (w *World) befall(h *handler) {
	h.crash, h.fail, h.conflict, h.interleave, h.stall, h.hang = -1, -1, -1, -1, -1, -1
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
	if d, ok := w.luck(Hang, 15, h.name, h.from); ok {
		h.hang = d.IntN(span)
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
		w.tell(h.run, "%s dies before %s", h.name, name)
		panic(crash{})
	}
	w.meanwhile(n)
	w.h = h
	do(h.dice)
	if n == h.crash && h.crashAfter && w.strike(CrashAfter) {
		w.tell(h.run, "%s dies after %s", h.name, name)
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
		w.pass(seconds(h.dice.between(1, 120)))
	}
	w.h = h
}

// pass lets time go by, and others go on.
func (w *World) pass(d time.Duration) {
	until := w.now.Add(d)
	for w.queue.within(until) {
		w.step()
	}
	w.now = later(w.now, until)
}

// hangs is whether the present call gets no answer within its time. Whether it took
// effect nobody knows.
func (w *World) hangs() (hangs, arrives bool) {
	h := w.h
	if h.calls-1 != h.hang || w.nested() > depth {
		return false, false
	}
	h.disturbed = true
	arrives = h.hang%2 == 0
	w.pass(callLimit)
	w.h = h
	return true, arrives
}

// callLimit is how long a call may take.
const callLimit = 10 * time.Second

// hazard is what befalls RunTask more often than other calls: here is where a
// handler that dies or meets another does most harm.
func (w *World) hazard(d dice) {
	h := w.h
	switch {
	case w.hit(d, CrashBefore, 5):
		h.disturbed = true
		w.tell(h.run, "%s dies before RunTask", h.name)
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

package simulation

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// handler is one running invocation. Another may run in the middle of it.
type handler struct {
	name   string
	parent *handler
	// twin delivers the same input again.
	twin func()
	// run is the run that it is about, or "" for a sweep.
	run run.ID
	// slot is the time that a trigger is for.
	slot time.Time
	// from and to number its begin and its end among those of all handlers.
	from, to int
	// began is when it began, by its function's clock.
	began time.Time
	calls int
	// pages is the number of pages of schedules that it listed.
	pages int
	// checking means that it checks the slots. waits means that its look left launches waiting.
	checking, waits bool
	record          int // index in its batch
	dice            dice
	// The call at which something befalls it; -1 means never.
	crash, fail, conflict, interleave, stall, hang int
	crashAfter, failAfter                          bool
	// function is the name of its function, if it has processes of its own. outer is what ran
	// before it.
	function string
	outer    *control.Control
	// process is the process of a sweep.
	process *process
	// disturbed means that something has befallen it.
	disturbed bool
	// denied means that ECS refused one of its calls.
	denied bool
	// finds is an attempt's own task that it was told of beside a copy.
	finds string
	// rooms and shelves hold the runs and items that it was given. No handler uses them after its
	// end.
	rooms   [][]run.Run
	shelves [][]job.Item
}

type crash struct{}

// handle runs a handler and reports whether it succeeded. A crash ends only this handler.
func (w *World) handle(name string, id run.ID, twin func(), f func(context.Context) error) (ok bool) {
	h := w.handlers.give()
	*h = handler{name: name, parent: w.h, run: id, twin: twin, from: w.handled, dice: w.dice(name, uint64(w.handled))}
	w.handled++
	w.befall(h)
	w.h = h
	h.began = w.wall()
	w.enters(h)
	defer func() {
		w.h = h.parent
		h.to = w.handled
		w.rooms.takeBack(&h.rooms)
		w.shelves.takeBack(&h.shelves)
		p := recover()
		w.leaves(h, p != nil)
		switch p {
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
		w.tell(h.run, "%s failed: %s", name, strings.ReplaceAll(err.Error(), "\n", "; "))
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

// call is one call of a handler to the outside. do takes effect unless the handler crashes
// before.
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

// depth limits how many handlers run in the middle of each other.
const depth = 3

// nested returns how many handlers now run in the middle of each other.
func (w *World) nested() (n int) {
	for h := w.h; h != nil; h = h.parent {
		n++
	}
	return n
}

// meanwhile lets others continue in the middle of a handler's call.
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

// pass lets time pass while others continue.
func (w *World) pass(d time.Duration) {
	until := w.now.Add(d)
	for w.queue.within(until) {
		w.step()
	}
	w.now = later(w.now, until)
}

// hangs reports whether the current call gets no answer within its time. Nobody knows whether it
// took effect.
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

// callLimit is the longest time that a call may take.
const callLimit = 10 * time.Second

// hazard is what befalls RunTask more often than other calls: here a handler that dies or meets
// another does the most harm.
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

// another runs a handler in the middle of h: whatever comes next, a sweep, or the same input
// again.
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

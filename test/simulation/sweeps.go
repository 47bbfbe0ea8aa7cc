package simulation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/port"
)

// sweeps performs the sweep of a minute, or none, or two at once.
func (w *World) sweeps() {
	d := w.dice("sweeps", uint64(w.swept))
	w.swept++
	w.planSweep()
	if w.now.Before(w.silent) {
		return
	}
	if w.hit(d, SweepSilent, 1) {
		w.silent = w.now.Add(time.Duration(d.between(10, 200)) * time.Minute)
		w.truth.slept = w.silent
		w.truth.troubled = later(w.truth.troubled, w.silent)
		w.tell("", "no sweep until %s", w.silent.Format("15:04"))
		w.deployUnswept()
		return
	}
	if w.hit(d, SweepTwice, 20) {
		w.sweepAt(w.now)
	}
	w.sweep()
	w.planSweep() // for what this one left if it was thought to be the last
}

// deployUnswept changes a plan while no sweep comes: the slots of the previous plan are judged
// after it is gone.
func (w *World) deployUnswept() {
	d, ok := w.luck(Deploy, 500, "unswept", w.swept)
	if !ok {
		return
	}
	j := w.jobs[d.IntN(len(w.jobs))]
	w.after(time.Duration(d.between(5, int(w.silent.Sub(w.now)/time.Minute)))*time.Minute, func() {
		if !w.calm && !j.gone {
			j.reschedule(d)
			w.deployed(j)
		}
	})
}

// planSweep puts the next sweep on the queue: in the next minute or, once the schedules have
// stopped, in the first minute at which something is due. A sweep that finds nothing due does
// nothing.
func (w *World) planSweep() {
	if w.planned > 0 {
		return
	}
	next := w.now.Truncate(time.Minute).Add(time.Minute)
	if w.calm {
		due, open := w.store.nextDue(w.sweepers[0], w.wall())
		untold := w.untoldMissed()
		waits := w.store.pendingSlots()
		if !open && len(w.queue) == 0 && !untold && !waits {
			return
		}
		if due = due.Add(time.Minute).Truncate(time.Minute); open && due.After(next) && !untold && !waits {
			next = due
		}
	}
	w.sweepAt(next)
}

// untoldMissed reports whether missed slots wait to be reported.
func (w *World) untoldMissed() bool {
	for _, missed := range w.truth.missed {
		if len(missed) > 0 {
			return true
		}
	}
	return false
}

func (w *World) sweepAt(t time.Time) {
	w.planned++
	w.at(t, w.plannedSweep)
}

// checks reports whether the sweep of this minute checks the slots.
func (w *World) checks() bool {
	return w.now.Minute()%5 == 0 || w.dirty || w.calm && w.untoldMissed()
}

func (w *World) sweep() {
	due, open := w.store.nextDue(w.sweepers[0], w.wall())
	looks := open && !due.After(w.now.Add(w.skew)) || w.store.pendingSlots() || w.group != nil
	slots := w.checks()
	if !looks && !slots || w.now.Before(w.silent) {
		return
	}
	var h *handler
	ok := w.handle("sweep", "", w.sweep, func(ctx context.Context) error {
		h = w.h
		h.process = w.sweeper()
		return w.sweepNow(ctx, slots)
	})
	if !ok && !h.denied {
		w.truth.troubled = later(w.truth.troubled, w.now)
	}
}

// sweepNow does what one sweep does.
func (w *World) sweepNow(ctx context.Context, slots bool) error {
	if w.group != nil {
		return w.sweepLarge(ctx)
	}
	var errs [5]error
	if w.dirty {
		errs[0] = w.sync(ctx)
	}
	if slots {
		if errs[1] = w.control.CheckSlots(ctx); errs[1] == nil {
			w.slotsChecked()
		}
	}
	errs[2] = w.look(ctx)
	errs[3] = w.lag(ctx)
	if w.store.pendingSlots() {
		errs[4] = w.control.TryPending(ctx)
	}
	return errors.Join(errs[:]...)
}

// look looks, and compares what is left with what was due: whatever befell one run, the look came
// to the others.
func (w *World) look(ctx context.Context) error {
	h, began := w.h, w.wall()
	looked, err := w.control.Look(ctx)
	h.waits = looked.Waiting
	if h.disturbed || looked.Waiting {
		return err
	}
	for _, rec := range w.store.open {
		_, rests := h.process.resting(rec, began)
		if !rec.run.DueAt.After(began) && !rests && (!rec.damaged || err == nil) {
			w.violate("a look comes to all", rec.run.ID, "it was due at %s, and still is: %v", rec.run.DueAt.Format("2 15:04:05"), err)
		}
	}
	return err
}

func (w *World) sync(ctx context.Context) error {
	w.dirty = false
	w.syncs++
	n, done := w.syncs, false
	// It died, or another sync wrote something newer, and this one overwrote it: the next sweep does it again.
	defer func() { w.dirty = w.dirty || !done || n != w.syncs }()
	r := port.Reading{Jobs: make([]port.Registered, 0, len(w.jobs)), Whole: w.clock()}
	for _, j := range w.jobs {
		if !j.gone {
			r.Jobs = append(r.Jobs, port.Registered{Job: j.job, Hash: j.hash()})
		}
	}
	if _, fails := w.luck(RegistryFails, 150, "", w.h.from); fails {
		w.h.disturbed = true
		if w.opt.Mutation == UnreadIsEmpty {
			return w.syncRead(ctx, port.Reading{Whole: r.Whole})
		}
		return errUnavailable
	}
	if d, ok := w.luck(RegistryPartial, 200, "", w.h.from); ok {
		w.h.disturbed = true
		r.Jobs = slices.DeleteFunc(r.Jobs, func(port.Registered) bool { return d.chance(400) })
		if w.opt.Mutation != HalfIsWhole {
			r.Whole = time.Time{}
		}
		return w.syncRead(ctx, r)
	}
	err := w.syncRead(ctx, r)
	done = err == nil
	return err
}

// syncRead syncs with what was read of the registry, as package wire/sweep does.
func (w *World) syncRead(ctx context.Context, r port.Reading) error {
	l, err := w.control.Load(ctx)
	if err != nil {
		return err
	}
	return w.control.SyncLoaded(ctx, l, r)
}

// quieten stops the schedules and all faults. From now on everything must come to rest.
func (w *World) quieten() {
	w.calm, w.silent = true, time.Time{}
	w.rightens()
	for _, j := range w.jobs {
		w.readable(j, len(j.dark)-1)
	}
	w.tell("", "the schedules stop, and so do all faults")
	checked := w.handle("sweep", "", w.sweep, w.checkAll)
	if !checked && w.anyDark() { // while an item takes up what it missed, a check may find it changed
		checked = w.handle("sweep", "", w.sweep, w.checkAll)
	}
	if !checked {
		w.violate("calm handlers succeed", "", "the slots cannot be checked though nothing is wrong any more")
	}
	w.slotsChecked()
	w.dirty = true
	w.truth.calendars = nil
	for _, j := range w.jobs {
		j.job.Disabled = true
		j.serial++
		w.put(j)
	}
	w.sweep()
	w.planSweep()
}

// checkAll checks the slots, in a process of its own.
func (w *World) checkAll(ctx context.Context) error {
	w.h.process = w.sweeper()
	if w.group != nil {
		if _, err := w.h.process.registry.Jobs(ctx); err != nil {
			return err
		}
	}
	w.h.checking = true
	return w.control.CheckSlots(ctx)
}

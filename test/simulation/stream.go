package simulation

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// stream has notices be carried as on AWS: not by who decided, but by a function
// that the store's changes wake. It is tried a few times, and then the record is
// dropped.
func (w *World) stream() {
	if _, ok := w.luck(Streamed, 250, "", 0); !ok {
		return
	}
	w.teller = &control.Control{
		Stack: stack, Store: port{w}, Notifier: w.control.Notifier, Now: w.clock, Timing: w.control.Timing, Log: quiet, Abreast: 1,
		Backoff: w.control.Backoff,
	}
	w.control.Notifier = nil
}

// recordTries is how often a record is handed over.
const recordTries = 6

// streamed is a saved change of a run on its way to the teller.
func (w *World) streamed(r *run.Run) {
	if w.teller == nil || !r.Owes(run.Tell) {
		return
	}
	w.records++
	id, n := r.ID, w.records
	if _, lost := w.luck(RecordLost, 150, string(id), n); lost || w.opt.Mutation == DeafStream {
		return
	}
	d := w.dice("record "+string(id), uint64(n))
	wait := time.Duration(d.between(200, 3000)) * time.Millisecond
	if d, late := w.luck(RecordLate, 50, string(id), n); late {
		wait = seconds(d.between(60, 3600))
	}
	w.after(wait, func() { w.notify(id, 1) })
	if d, twice := w.luck(RecordTwice, 80, string(id), n); twice {
		w.after(wait+seconds(d.between(0, 90)), func() { w.notify(id, 1) })
	}
}

func (w *World) notify(id run.ID, try int) {
	twin := func() { w.notify(id, recordTries) }
	ok := w.handle("notify", id, twin, func(ctx context.Context) error { return w.teller.Tell(ctx, id) })
	if !ok && try < recordTries {
		w.after(2*time.Second, func() { w.notify(id, try+1) })
	}
}

package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
)

// stream makes notices be sent as on AWS: not by the handler that decided, but by a function that
// the store's changes wake. It is tried a few times, and then the record is dropped.
func (w *World) stream() {
	if _, ok := w.luck(Streamed, 250, "", 0); !ok {
		return
	}
	w.teller = &control.Control{
		Stack: stack, Store: storePort{w}, Notifier: w.control.Notifier, Now: w.clock, Timing: w.control.Timing, Log: quiet, Abreast: 1,
		Backoff: w.control.Backoff,
	}
	w.control.Notifier = nil
}

// recordTries is how often a record is delivered.
const recordTries = 6

// streamed is a saved change of a run on its way to the teller.
func (w *World) streamed(r *run.Run) {
	switch {
	case !r.Owes(run.Tell):
		delete(w.truth.owes, r.ID)
	case w.truth.owes[r.ID].IsZero():
		w.truth.owes[r.ID] = w.now
	}
	if w.teller == nil || !r.Owes(run.Tell) {
		return
	}
	w.records++
	id, n := r.ID, w.records
	_, lost := w.luck(RecordLost, 150, string(id), n)
	if lost {
		w.deafen(LostIsDeaf, id)
	}
	if lost || w.deaf[id] || w.opt.Mutation == DeafStream {
		return
	}
	d := w.dice("record "+string(id), uint64(n))
	wait := time.Duration(d.between(200, 3000)) * time.Millisecond
	if d, late := w.luck(RecordLate, 50, string(id), n); late {
		wait = seconds(d.between(60, 3600))
	}
	w.record(id, wait)
	if d, twice := w.luck(RecordTwice, 80, string(id), n); twice {
		w.doubled(r)
		w.record(id, wait+seconds(d.between(0, 90)))
	}
}

// batch holds records that are delivered together.
type batch struct {
	at  time.Time
	ids []run.ID
}

// record puts a record into the batch of its time.
func (w *World) record(id run.ID, wait time.Duration) {
	at := w.now.Add(wait).Truncate(2 * time.Second).Add(2 * time.Second)
	if b := w.batches[at]; b != nil {
		b.ids = append(b.ids, id)
		return
	}
	b := &batch{at: at, ids: []run.ID{id}}
	if w.batches == nil {
		w.batches = map[time.Time]*batch{}
	}
	w.batches[at] = b
	w.at(at, func() {
		delete(w.batches, at)
		w.notify(b.ids, 1)
	})
}

// notify delivers a batch. Records that fail come again, or all of them if the batch fails as a
// whole.
func (w *World) notify(ids []run.ID, try int) {
	if len(ids) == 0 {
		return
	}
	twin := func() { w.notify(ids, recordTries) }
	var again []run.ID
	w.batch++
	d, fails := w.luck(BatchFails, 80, "", w.batch)
	ok := w.handle("notify", ids[0], twin, func(ctx context.Context) error {
		for i, id := range ids {
			if fails && i == d.IntN(len(ids)) {
				w.h.disturbed = true
				return errUnavailable
			}
			w.h.record = i
			if err := w.teller.Tell(ctx, id); err != nil {
				again = append(again, id)
			}
		}
		return nil
	})
	if !ok {
		again = ids
	}
	if !ok && fails {
		w.deafen(BatchIsDeaf, ids...)
	}
	again = slices.DeleteFunc(slices.Clone(again), func(id run.ID) bool { return w.deaf[id] })
	if len(again) > 0 && try < recordTries {
		w.after(2*time.Second, func() { w.notify(again, try+1) })
	}
}

// lag is the sweep's metric: since when the oldest notice has been owed. A notice that has been
// owed for long, while sweeps came, shows in it.
func (w *World) lag(ctx context.Context) error {
	if w.control.Notifier != nil {
		return nil
	}
	h := w.h
	shown, err := w.control.Untold(ctx)
	if w.opt.Mutation == BlindLag {
		shown = time.Time{}
	}
	// A new process knows of a notice once its run is due again, at most half an hour later.
	if err != nil || h.disturbed || w.minds.base != nil {
		return err
	}
	for _, rec := range w.store.open {
		since := w.truth.owes[rec.run.ID]
		if w.owesLong(rec, since) && (shown.IsZero() || shown.After(later(since, rec.run.OwesSince()).Add(slack))) {
			w.violate("owed notices show", rec.run.ID, "it has owed one since %s, and the oldest is said to be of %s", since.Format("2 15:04:05"), shown.Format("2 15:04:05"))
		}
	}
	return nil
}

// owesLong reports whether a run has owed a notice for so long that a look has come to it. A look
// that stops for the rate does not come to every queued run; TestUntoldOfALaunchThatWaits of
// package control covers those. New processes do not remember what is owed.
func (w *World) owesLong(rec *record, since time.Time) bool {
	if w.now.Sub(w.restored.deployed) < time.Hour || !rec.run.Owes(run.Tell) || w.wasDamaged(rec.run.ID) || w.h.waits && rec.run.Status == run.Queued {
		return false
	}
	quiet := later(later(since, rec.run.FinishedAt), later(w.truth.troubled, w.truth.slept))
	return w.now.Sub(quiet) >= looked(rec.run)
}

// looked is the time after which some look has come to a run that owes a notice. An open run is
// looked at when it is due, which may be as late as a relaunch.
func looked(r *run.Run) time.Duration {
	if r.Status.Terminal() {
		return 10 * time.Minute
	}
	return 2 * time.Hour
}

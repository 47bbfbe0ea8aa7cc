package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// damages does what a repair by hand may do: it leaves a run that can be read but makes no sense,
// or an item that names runs that have ended or never existed.
func (w *World) damages(j *deployed) {
	if d, ok := w.luck(Senseless, 25, "", int(w.now.Unix())); ok {
		w.damage(d)
	}
	if d, ok := w.luck(ItemUnread, 15, "", int(w.now.Unix())); ok {
		w.unreads(d, j)
	}
	if d, ok := w.luck(ItemOff, 60, "", int(w.now.Unix())); ok {
		w.misname(d, j)
	}
}

func (w *World) damage(d dice) {
	var whole []*record
	for _, rec := range w.store.open {
		if !w.wasDamaged(rec.run.ID) && !rec.run.Status.Terminal() {
			whole = append(whole, rec)
		}
	}
	if len(whole) == 0 {
		return
	}
	rec := whole[d.IntN(len(whole))]
	r := copyRun(*rec.run)
	if w.mends(rec, r) {
		r.DueAt = w.now // it is found soon, while its task runs
	}
	r.Rev++
	switch d.IntN(3) {
	case 0:
		r.Status = "unheard of"
	case 1:
		r.Owed = append(r.Owed, run.Effect{Kind: run.Launch, Attempt: len(r.Attempts) + 7})
	default:
		r.Attempts = append(r.Attempts, run.Attempt{N: len(r.Attempts) + 2})
	}
	rec.run, rec.damaged = &r, true
	w.tell(r.ID, "somebody damages it: %s", r.Nonsense())
}

// misname makes an item name a run that has ended or never existed, if it names none.
func (w *World) misname(d dice, j *deployed) {
	item, ok := w.store.items[j.job.Name]
	if !ok {
		return
	}
	id := run.ScheduledID(j.job.Name, epoch.AddDate(-1, 0, 0))
	if rs := w.store.byJob[j.job.Name]; len(rs) > 0 && d.chance(600) {
		if rec := rs[d.IntN(len(rs))]; rec.run.Status.Terminal() && !rec.damaged {
			id = rec.run.ID
		}
	}
	if item.Lock == "" && d.chance(500) {
		item.Lock = string(id)
	} else if item.Waiting == "" {
		item.Waiting = string(id)
	}
	item.Rev++
	w.tell(id, "somebody has the item name it: lock %q, waiting %q", item.Lock, item.Waiting)
}

// unreads makes a job's item one that cannot be read, for a while.
func (w *World) unreads(d dice, j *deployed) {
	name := j.job.Name
	if w.store.items[name] == nil || w.store.corruptItems[name] != nil {
		return
	}
	_ = w.store.CorruptItem(context.Background(), name)
	w.tell("", "the item of %s cannot be read", name)
	from := w.now
	if w.truth.checked.Before(from) { // later slots were not judged before
		from = w.truth.checked
	}
	j.dark = append(j.dark, span{from, w.end})
	n := len(j.dark) - 1
	w.after(time.Duration(d.between(1, 150))*time.Minute, func() { w.readable(j, n) })
}

// readable makes a job's item as it was again.
func (w *World) readable(j *deployed, n int) {
	if w.store.corruptItems[j.job.Name] == nil || n != len(j.dark)-1 {
		return
	}
	delete(w.store.corruptItems, j.job.Name)
	j.dark[n].until = w.now
	w.dirty = true
	w.tell("", "the item of %s can be read again", j.job.Name)
}

// anyDark reports whether the item of a job could not be read for a while.
func (w *World) anyDark() bool {
	return slices.ContainsFunc(w.jobs, func(j *deployed) bool { return len(j.dark) > 0 })
}

// untraced reports whether what befell a run since a time need not be known.
func (w *World) untraced(id run.ID, since time.Time) bool {
	return w.wasDamaged(id) || w.darkFor(id, since)
}

// darkFor reports whether a job's item can not be read, or could not a while ago: what ends its runs needs
// it, if the job may not overlap or fails.
func (w *World) darkFor(id run.ID, since time.Time) bool {
	j := w.byName(id.Job())
	return j != nil && len(j.dark) > 0 && since.Before(j.dark[len(j.dark)-1].until.Add(slack))
}

// darkAt reports whether a job's item could not be read when a slot was due, or was judged.
func (j *deployed) darkAt(slot time.Time) bool {
	return slices.ContainsFunc(j.dark, func(s span) bool {
		return slot.After(s.from.Add(-time.Hour-time.Duration(j.job.Window)-slotSlack)) && slot.Before(s.until.Add(slotSlack))
	})
}

// damagedRun reports whether a run was damaged: its former state is lost.
func (w *World) damagedRun(id run.ID) bool {
	rec := w.store.runs[id]
	return rec != nil && rec.damaged
}

// judgeDamaged: what makes no sense is set aside and reported, by the handler that sets it aside
// or by what it leaves.
func (w *World) judgeDamaged(rec *record) {
	id := rec.run.ID
	switch {
	case !rec.aside:
		w.violate("what makes no sense is told", id, "it is not set aside")
	case w.teller == nil && !w.corruptTold(id):
		w.violate("what makes no sense is told", id, "nobody is told")
	}
}

// excused reports whether a handler may fail because a run was damaged: its own run, or one that
// is not set aside yet.
func (w *World) excused(h *handler) bool {
	unseen := func(rec *record) bool { return rec.damaged && !rec.aside }
	return w.damagedRun(h.run) || slices.ContainsFunc(w.store.open, unseen)
}

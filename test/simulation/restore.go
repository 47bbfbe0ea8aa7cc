package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// restoration is a store that is restored to a point in time, as docs/lifecycle.md says: nothing
// is launched while that takes, and what was due before notBefore only if a person asks for it.
// Its times are zero until then.
type restoration struct {
	backup *backup
	// point is the point in time. Nothing was launched from standby on until at, when the restored
	// store came into use.
	point, standby, at, notBefore time.Time
	// deployed is when all processes were last replaced.
	deployed time.Time
}

// backup is what the store held at a time, and what was known then about what it holds.
type backup struct {
	runs        map[run.ID]record
	items       map[string]job.Item
	definitions map[string]*job.Job
	kept        []port.Kept
	marks       map[string]time.Time
	asked       []port.Asked
	pending     map[string]port.Pending
	took        map[string][]string
	retries     map[string]bool
	truth       truth
}

// restores plans a restoration, in a world that is long enough. No run of such a world is damaged.
func (w *World) restores() {
	d, ok := w.luck(Restored, 40, "", 0)
	third := int(w.end.Sub(w.epoch)/time.Minute) / 3
	if !ok || third < 15 || w.wrong.of != "" { // NotBefore is compared with what the wrong clock wrote
		return
	}
	w.active = w.active.Without(Senseless)
	standby := w.epoch.Add(time.Duration(third+d.between(0, third)) * time.Minute)
	w.at(standby.Add(-time.Duration(d.between(1, third))*time.Minute), func() {
		w.restored.point, w.restored.backup = w.now, w.backUp()
		w.tell("", "the store is as it will be restored")
	})
	w.at(standby, func() { w.redeploys(func(t *run.Timing) { t.Standby, w.restored.standby = true, w.now }) })
	w.at(standby.Add(time.Duration(d.between(3, third-5))*time.Minute), w.restore)
}

// redeploys replaces every process by one with another timing, once no handler runs.
func (w *World) redeploys(change func(*run.Timing)) {
	if w.h != nil {
		w.after(time.Second, func() { w.redeploys(change) })
		return
	}
	w.restored.deployed = w.now
	w.control = anew(w.control)
	change(&w.control.Timing)
	if w.teller != nil {
		w.teller = anew(w.teller)
	}
	if w.minds.base != nil {
		w.minds.base = w.control
		clear(w.minds.idle)
	}
	for i := range w.sweepers {
		w.dies(w.sweepers[i])
	}
	w.tell("", "redeployed: stands by %t, not before %s", w.control.Timing.Standby, w.control.Timing.NotBefore.Format("15:04"))
}

// restore brings the restored store into use. What was launched until then is judged by what was
// known, which is then forgotten.
func (w *World) restore() {
	if w.h != nil {
		w.after(time.Second, w.restore)
		return
	}
	w.judgeAttempts()
	w.judgeOverlap()
	b, now := w.restored.backup, w.truth
	w.restored.at, w.restored.notBefore = w.now, w.now.Truncate(time.Minute).Add(time.Minute)
	w.truth = b.truth
	w.truth.violations, w.truth.errors, w.truth.lastError, w.truth.left = now.violations, now.errors, now.lastError, now.left
	w.truth.untoldUntil, w.truth.refused, w.truth.jumped = now.untoldUntil, now.refused, now.jumped
	w.truth.slept, w.truth.troubled, w.truth.crowded = later(now.slept, w.now), later(now.troubled, w.now), w.now
	w.truth.notices = now.notices
	for _, t := range w.truth.notices {
		t.by = &handler{disturbed: true} // nothing says any more that it was told
	}
	for id := range w.people.retries {
		w.people.retries[id] = b.retries[id]
	}
	w.took = b.took
	w.store.restore(b, w.truth.order)
	for _, j := range w.jobs {
		j.forgetFrom(w.restored.point, w.store.items[j.job.Name])
	}
	for _, b := range w.batches {
		b.ids = nil // the records of the former store
	}
	w.dirty = true
	w.redeploys(func(t *run.Timing) {
		t.Standby = false
		if w.opt.Mutation != ForgetNotBefore {
			t.NotBefore = w.restored.notBefore
		}
	})
}

// forgetFrom forgets what the store came to hold of a job's schedule after a time. The store holds item.
func (j *deployed) forgetFrom(point time.Time, item *job.Item) {
	if j.held, j.heldAs = 0, (heldAs{}); item != nil {
		j.heldAs = heldAs{item.Gone, item.Definition} // of a stand before the point, even if a later one is alike
	}
	for i := range j.stands {
		s := &j.stands[i]
		if s.noted.After(point) {
			s.noted, s.by = time.Time{}, nil
		}
		if s.known.After(point) || s.seen.After(point) {
			s.known, s.seen = time.Time{}, time.Time{}
		}
	}
}

func (w *World) backUp() *backup {
	s := w.store
	b := &backup{
		runs: map[run.ID]record{}, items: map[string]job.Item{}, definitions: maps.Clone(s.definitions), kept: slices.Clone(s.kept), marks: maps.Clone(s.marks),
		asked: slices.Clone(s.asked), pending: maps.Clone(s.pending), took: maps.Clone(w.took), retries: maps.Clone(w.people.retries), truth: w.truth.copy(),
	}
	for id, rec := range s.runs {
		was, r := *rec, *rec.run
		was.run = &r
		b.runs[id] = was
	}
	for name, item := range s.items {
		b.items[name] = copyItem(*item)
	}
	return b
}

// restore makes the store hold what it held. order is the runs' order.
func (s *Store) restore(b *backup, order []run.ID) {
	s.definitions, s.kept, s.marks, s.asked, s.pending = b.definitions, b.kept, b.marks, b.asked, b.pending
	now := s.runs
	s.runs, s.byJob, s.open = map[run.ID]*record{}, map[string][]*record{}, nil
	for _, id := range order {
		was, rec := b.runs[id], now[id]
		was.place = rec.place + 1
		*rec = was
		rec.spare = nil
		s.runs[id], s.byJob[id.Job()] = rec, append(s.byJob[id.Job()], rec)
		if rec.open {
			s.open = append(s.open, rec)
		}
	}
	clear(s.items)
	for name, item := range b.items {
		s.items[name] = &item
	}
	s.names = slices.Sorted(maps.Keys(s.items))
}

func (t *truth) copy() truth {
	c := *t
	c.order, c.waits = slices.Clone(t.order), slices.Clone(t.waits)
	c.lives, c.plans, c.missed, c.skips = map[run.ID]*life{}, map[string][]plan{}, map[string]map[run.ID]bool{}, map[string]*skip{}
	for id, l := range t.lives {
		own := *l
		own.rounds, own.ends = slices.Clone(l.rounds), slices.Clone(l.ends)
		c.lives[id] = &own
	}
	for name, ps := range t.plans {
		c.plans[name] = slices.Clone(ps)
	}
	for name, ids := range t.missed {
		c.missed[name] = maps.Clone(ids)
	}
	for name, s := range t.skips {
		own := *s
		c.skips[name] = &own
	}
	c.failing, c.held, c.heldBack, c.owed, c.owes = maps.Clone(t.failing), maps.Clone(t.held), maps.Clone(t.heldBack), maps.Clone(t.owed), maps.Clone(t.owes)
	c.mistook = maps.Clone(t.mistook)
	c.calendars, c.heard, c.final, c.untold = maps.Clone(t.calendars), maps.Clone(t.heard), maps.Clone(t.final), maps.Clone(t.untold)
	c.answer, c.spotFailed, c.lacks, c.givenUp = maps.Clone(t.answer), maps.Clone(t.spotFailed), maps.Clone(t.lacks), maps.Clone(t.givenUp)
	return c
}

// known returns the tasks whose launch the store has not forgotten. The others were judged when it
// was restored.
func (w *World) known() []*task {
	if w.restored.at.IsZero() {
		return w.ecs.tasks
	}
	return slices.DeleteFunc(slices.Clone(w.ecs.tasks), func(t *task) bool {
		return t.created.After(w.restored.point) && t.created.Before(w.restored.at)
	})
}

// lacksRun reports whether a slot has no run, and should.
func (w *World) lacksRun(name string, slot time.Time) bool {
	return w.store.runs[run.ScheduledID(name, slot)] == nil && !w.lost(slot) && !w.passedOver(w.byName(name), slot)
}

// lost reports whether nobody need know what became of a slot: it was due before the store knew
// all launches, and had not been judged at the point to which it was restored.
func (w *World) lost(slot time.Time) bool {
	return slot.Before(w.restored.notBefore) && slot.After(w.restored.backup.truth.checked.Add(-time.Hour-slotSlack))
}

// knowsOf checks a send after a restoration: the slot is of a time of which the store knows all,
// or a person has asked for the run since.
func (w *World) knowsOf(l *port.Launch) {
	r := w.store.runs[l.Run].run
	asked := func(t run.Trigger) bool {
		return t.Request != "" && !w.people.when[t.Request].Before(w.restored.standby)
	}
	if w.restored.at.IsZero() || !r.ID.ByHand() && !r.ScheduledFor.Before(w.restored.notBefore) || slices.ContainsFunc(r.Triggers, asked) {
		return
	}
	w.violate("what was forgotten is not launched again", l.Run, "attempt %d is sent, and the store does not know what was launched before %s", l.Attempt, w.restored.notBefore.Format("15:04"))
}

package simulation

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// judgeRates: of a rate that fell silent, a slot is recorded: two periods after its last run or, if it never
// ran, after its plan came into force.
func (w *World) judgeRates() {
	if w.wrong.ever {
		return
	}
	for _, j := range w.jobs {
		ps := w.truth.plans[j.job.Name]
		for i, p := range ps {
			if p.gone || p.slots == nil || p.plan.Disabled || p.slots.timing.every == 0 {
				continue
			}
			until := w.truth.checked.Add(-time.Duration(p.plan.StartWithin) - slotSlack)
			if i+1 < len(ps) {
				until = w.inForce(p, ps[i+1], until)
			}
			w.judgeRate(j.job.Name, p, until)
		}
	}
}

// judgeRate looks, for each run that a rate asked for, at when its silence after that was to be recorded: if
// no later run was known by then, it must be by now.
func (w *World) judgeRate(name string, p plan, until time.Time) {
	if !w.silentBefore(name, p) {
		w.judgeSilence(name, p, until, later(p.since, p.from), p.from)
	}
	for _, rec := range w.store.byJob[name] {
		if r := rec.run; !r.ID.ByHand() && !w.bySweep(r.ID) && r.Status != run.Missed && r.ScheduledFor.After(later(p.since, p.from)) {
			w.judgeSilence(name, p, until, r.ScheduledFor, later(r.QueuedAt, r.ReadyAt)) // it may have been missed before somebody retried it
		}
	}
}

// silentBefore reports whether a plan that came back had already fallen silent: that is recorded once.
func (w *World) silentBefore(name string, p plan) bool {
	var newest *run.Run
	for _, rec := range w.store.byJob[name] {
		r := rec.run
		if !r.ID.ByHand() && r.ScheduledFor.After(p.since) && r.QueuedAt.Before(p.from) && (newest == nil || r.ScheduledFor.After(newest.ScheduledFor)) {
			newest = r
		}
	}
	return newest != nil && newest.Status == run.Missed
}

// judgeSilence judges the time after a slot that was known at a time.
func (w *World) judgeSilence(name string, p plan, until, last, known time.Time) {
	at := last.Add(2 * p.slots.timing.every)
	ends := later(later(at, known), later(w.truth.slept, w.truth.troubled)).Add(time.Duration(p.plan.StartWithin) + slotSlack + 5*time.Minute) // between two checks
	goesOn := slices.ContainsFunc(w.store.byJob[name], func(rec *record) bool {
		return !rec.run.ID.ByHand() && rec.run.ScheduledFor.After(last) && rec.run.QueuedAt.Before(ends)
	})
	if ends.Before(until) && !goesOn && !w.byName(name).darkAt(at) {
		w.violate("every slot has its run", run.ScheduledID(name, at), "its %s has been silent since %s", p.plan.Schedule, last.Format("15:04"))
	}
}

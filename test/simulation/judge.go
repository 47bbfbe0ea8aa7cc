package simulation

import (
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// judge checks the promises in a world that has come to rest. What ran, and when, is the
// simulated ECS's own record.
func (w *World) judge() {
	w.judgeAttempts()
	w.judgeOverlap()
	w.judgeTakenUp()
	w.judgeEnds()
	w.judgeMissed()
	w.judgeSlots()
	w.judgeRates()
	w.judgeSeen()
	w.judgePending()
	w.judgePace()
	w.judgeCopies()
	if w.truth.errors > 20 {
		w.violate("calm handlers succeed", "", "%d handlers failed although nothing went wrong any more; the last: %s", w.truth.errors, w.truth.lastError)
	}
}

// judgeAttempts: one task per round, and no further attempt after anything that started, unless
// the job allows it.
func (w *World) judgeAttempts() {
	byRound := map[string]*task{}
	byRun := map[run.ID][]*task{}
	for _, t := range w.known() {
		if first := byRound[t.by]; first != nil && !w.forgotten(t) {
			w.violate("one task an attempt", t.run, "attempt %d launched %s at %s and %s at %s", t.attempt,
				first.short(), first.created.Format("15:04:05"), t.short(), t.created.Format("15:04:05"))
		}
		byRound[t.by] = t
		byRun[t.run] = append(byRun[t.run], t)
	}
	for _, id := range w.truth.order {
		ts := byRun[id]
		for i, t := range ts {
			for _, next := range ts[i+1:] {
				w.judgeRelaunch(t, next)
			}
		}
	}
}

// judgeRelaunch compares a task with a later one of the same run.
func (w *World) judgeRelaunch(t, next *task) {
	if w.truth.lives[t.run] == nil || t.by == next.by || w.truth.mistook[t.run] || w.mayFollow(t, next) {
		return
	}
	switch {
	case t.ran(w.now) && (t.attempt == next.attempt || !t.mayRunAgain()):
		w.violate("nothing that started is launched again", t.run, "attempt %d ran from %s (%s), and attempt %d was launched at %s",
			t.attempt, t.ranAt.Format("15:04:05"), t.fate, next.attempt, next.created.Format("15:04:05"))
	case t.stopped.IsZero() || t.stopped.After(next.created):
		w.violate("a relaunch waits for the end", t.run, "attempt %d had not stopped when attempt %d was launched at %s",
			t.attempt, next.attempt, next.created.Format("15:04:05"))
	}
}

// mayFollow reports whether a task may follow another whatever that did: a person asked for it, or ECS
// refused a request with a token that it had forgotten, which says nothing about the first task.
func (w *World) mayFollow(t, next *task) bool {
	byPerson := slices.ContainsFunc(w.truth.lives[t.run].rounds, func(first int) bool { return t.attempt < first && first <= next.attempt })
	return byPerson || w.wrong.far && t.attempt == next.attempt || w.forgotten(t)
}

// mayRunAgain reports whether the job allows a relaunch after what the task did.
func (t *task) mayRunAgain() bool {
	return t.job.Retry.Idempotent || t.stopper == byNobody && t.exit != nil && slices.Contains(t.job.Retry.ExitCodes, *t.exit)
}

// judgeOverlap: no two tasks of a job at once if each one's definition forbids it.
func (w *World) judgeOverlap() {
	last := map[string]*task{} // for each job, the task that stops last
	for _, t := range w.known() {
		if !w.alone(t) {
			continue
		}
		name := t.run.Job()
		p := last[name]
		if p != nil && p.run != t.run && p.runsAt(t.created) && !w.forgotten(p) {
			w.violate("no overlap where forbidden", t.run, "%s of it was launched at %s, and %s of %s had not stopped",
				t.short(), t.created.Format("15:04:05"), p.short(), p.run)
		}
		// ECS did not tell of an attempt that was given up, so it counts as ended; so does one of
		// a run that makes no sense.
		if !w.truth.givenUp[t.by] && !w.damagedRun(t.run) && (p == nil || t.outlasts(p)) {
			last[name] = t
		}
	}
}

// runsAt reports whether a task that was launched before a time was not over then.
func (t *task) runsAt(at time.Time) bool { return t.over().IsZero() || t.over().After(at) }

func (t *task) outlasts(o *task) bool {
	return !o.over().IsZero() && (t.over().IsZero() || t.over().After(o.over()))
}

// judgeEnds: every run ended, owes nothing, was reported if it ended badly, and its end is what
// ECS saw.
func (w *World) judgeEnds() {
	for _, id := range w.truth.order {
		rec := w.store.runs[id]
		if rec.damaged || rec.stillAside() {
			w.judgeDamaged(rec)
			continue
		}
		if w.waitsAside(rec.run) {
			continue
		}
		if !rec.run.Status.Terminal() || len(rec.run.Owed) > 0 {
			w.violate("every run ends", id, "it is %s, due %s%s", rec.run.Status, rec.run.DueAt.Format("2 15:04:05"), owed(rec.run))
			continue
		}
		for _, e := range w.truth.lives[id].ends {
			if e.notice != "" && !w.toldAtLast(id, e.notice) && !w.vague(rec.run, e) {
				w.violate("every bad end is told once", id, "it %s at %s, and %s was never told", e.status, e.at.Format("15:04:05"), e.notice)
			}
		}
		w.judgeEnd(rec.run)
	}
}

// judgeMissed: no missed slot still waits to be reported.
func (w *World) judgeMissed() {
	for _, j := range w.jobs {
		if missed := w.truth.missed[j.job.Name]; len(missed) > 0 {
			w.violate("every bad end is told once", slices.Sorted(maps.Keys(missed))[0], "%d slots were missed and not told", len(missed))
		}
	}
}

// asked are the rules of stops that the control plane asked for. A task that ends well just
// before it hears of the stop counts as stopped all the same.
var asked = map[string]bool{stop.RuleTimedOut: true, stop.RuleEndedLate: true, stop.RuleHung: true, "hung-may-have-run": true, "asked-by-person": true}

// judgeEnd: the status matches what the last attempt's task did.
func (w *World) judgeEnd(r *run.Run) {
	a := r.Last()
	if a == nil {
		return
	}
	t := w.ecs.byARN[a.TaskARN]
	well := t != nil && t.succeeded()
	switch {
	case r.Status == run.Succeeded && !well:
		w.violate("a success is proved", r.ID, "it succeeded, and attempt %d did not", a.N)
	case r.Status == run.Failed && well && !asked[a.Rule] && a.Rule != run.RuleEndedUnseen && !a.RanAfterAll:
		w.violate("a success is seen", r.ID, "it %s (%s), and attempt %d ended well", r.Status, r.Cause, a.N)
	}
	for i := range r.Attempts {
		w.judgeLate(r, &r.Attempts[i])
	}
}

// judgeLate: a task that ran and was not known to have run is reported when its stop comes.
func (w *World) judgeLate(r *run.Run, a *run.Attempt) {
	if a.RanAfterAll || a.Started != "no" {
		return
	}
	for _, t := range w.known() {
		if t.run == r.ID && t.attempt == a.N && w.truth.heard[t.by] && t.ran(w.now) && !t.hidden {
			w.violate("what ran is known", r.ID, "attempt %d ran (%s) and its stop was taken, and it counts as never started", a.N, t.fate)
		}
	}
}

// judgeSlots: every slot has its run, up to when its plan changed, even if the slots were checked
// only after that. A job that left the registry was there when it was last checked.
func (w *World) judgeSlots() {
	for _, j := range w.jobs {
		ps := w.truth.plans[j.job.Name]
		for i, p := range ps {
			if p.gone || p.slots == nil || p.plan.Disabled || j.forgets {
				continue
			}
			until := w.truth.checked.Add(-time.Duration(p.plan.StartWithin) - slotSlack)
			if i+1 < len(ps) {
				until = w.inForce(p, ps[i+1], until)
			}
			if i+1 < len(ps) && w.wrong.ever { // when it was replaced, a wrong clock may have said
				continue
			}
			w.judgePlan(j.job.Name, p, until)
		}
	}
}

// inForce returns up to when the slots of a plan are judged that another plan followed. In a
// large group that is until the plan was changed, or until its job was last seen, as known at
// that time.
func (w *World) inForce(p, next plan, until time.Time) time.Time {
	end := next.from.Add(-slotSlack)
	switch {
	case w.group != nil && next.gone:
		end = next.seen.Add(-clocks)
	case w.group != nil:
		end = next.since.Add(-clocks)
	case next.gone:
		return p.checked.Add(-time.Duration(p.plan.StartWithin) - slotSlack)
	case next.since.Add(-clocks).Before(end):
		end = next.since.Add(-clocks) // it was read minutes before it was written
	}
	if end.Before(until) {
		return end
	}
	return until
}

// slotSlack is how long after its time the sweep may judge a slot, because clocks are off.
const slotSlack = 4 * time.Minute

func (w *World) judgePlan(name string, p plan, until time.Time) {
	for at, ok := p.slots.slot(later(p.since, p.from)); ok && at.Before(until); at, ok = p.slots.slot(at) {
		if w.lacksRun(name, at) {
			w.violate("every slot has its run", run.ScheduledID(name, at), "there is none for %s", at.Format("15:04"))
		}
	}
}

// judgePace: no more RunTask calls a second than allowed, while the clock was right.
func (w *World) judgePace() {
	if w.rate == 0 || w.count[ClockJump] > 0 {
		return
	}
	s := w.ecs.sends
	for i := w.rate; i < len(s); i++ {
		if d := s[i].at.Sub(s[i-w.rate].at); d < time.Second {
			w.violate("the rate is kept", s[i].run, "%d RunTask calls in %s, and %d a second are allowed", w.rate+1, d, w.rate)
			return
		}
	}
}

// unjudged counts the plans that changed when slots of the old one had not been judged for ten
// minutes or more, as after an outage that a deploy ends.
func (t *truth) unjudged() (n int) {
	for _, ps := range t.plans {
		for i := range len(ps) - 1 {
			judged := later(ps[i].from, ps[i].checked)
			if ps[i].slots == nil || ps[i+1].from.Sub(judged) < 10*time.Minute {
				continue
			}
			if at, ok := ps[i].slots.slot(judged); ok && at.Before(ps[i+1].from) {
				n++
			}
		}
	}
	return n
}

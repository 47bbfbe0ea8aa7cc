package simulation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

type end struct {
	status run.Status
	notice string // the id that must be told, or ""
	at     time.Time
}

// failing says whether a job's last end was bad, and which handlers know: those that began before
// since need not. A success by one that did not know has no order to it: the state is vague.
type failing struct {
	now, vague bool
	since      int
}

// ended notes an end, and the notice that must be sent about it.
func (w *World) ended(l *life, r *run.Run, withItem bool) {
	e := end{status: r.Status, at: w.now}
	if r.Status == run.Missed {
		w.missed(r)
	}
	if kind := w.wanted(r, withItem); kind != "" {
		e.notice = fmt.Sprintf("%s:%s/%s/%d", kind, stack, r.ID, len(r.Attempts))
	}
	// An end that was decided on before a sweep gave the run the lock knows nothing of that; whoever
	// asks for the lock next finds that its holder has ended.
	if item := w.store.item(r.ID.Job()); item.Lock == string(r.ID) && l.given <= w.h.from {
		w.violate("the lock is freed", r.ID, "it %s and holds the lock of its job", r.Status)
	}
	if a := r.Last(); a != nil {
		w.unseen(r, a)
	}
	l.ends = append(l.ends, e)
}

// lockGiven notes a write by which the job's item names a run as the lock's holder that is not
// written with it.
func (w *World) lockGiven(after *run.Run, item *job.Item) {
	if by := w.truth.held[item.Name].by; w.wasDamaged(by) && item.Holder == nil && (after == nil || after.ID != by) { // it was set aside
		delete(w.truth.held, item.Name)
	}
	if l := w.truth.lives[run.ID(item.Lock)]; l != nil && (after == nil || string(after.ID) != item.Lock) {
		l.given = w.handled
	}
}

// missed notes a missed slot, which is reported together with others.
func (w *World) missed(r *run.Run) {
	if w.truth.missed[r.ID.Job()] == nil {
		w.truth.missed[r.ID.Job()] = map[run.ID]bool{}
	}
	w.truth.missed[r.ID.Job()][r.ID] = true
}

// toldMissed checks the write with which a job's missed slots are reported: the newest owes the
// notice of all, unless only first failures are reported.
func (w *World) toldMissed(before, after *run.Run, item *job.Item) {
	missed := w.truth.missed[item.Name]
	if item.Missed != nil || len(missed) == 0 {
		return
	}
	w.truth.missed[item.Name] = nil
	ids := slices.Sorted(maps.Keys(missed))
	newest := ids[len(ids)-1]
	f := w.truth.failing[item.Name]
	if after == nil || after.Status != run.Succeeded { // else a person's retry came first
		w.truth.failing[item.Name] = failing{now: true, since: w.handled}
	}
	if after == nil {
		if !w.wrong.ever { // else the newest that is told may be another, whose definition wants first failures only
			w.untoldOf(newest, len(ids), f)
		}
		return
	}
	e := owesMissed(before, after)
	if !w.wrong.ever && (after.ID != newest || e.First != ids[0] || e.Count != len(ids)) { // else some may have given way to what ran
		w.violate("every bad end is told once", after.ID, "%d slots from %s are told, and %d from %s to %s were missed", e.Count, e.First, len(ids), ids[0], newest)
	}
	l := w.truth.lives[after.ID]
	l.ends = append(l.ends, end{status: run.Missed, notice: fmt.Sprintf("%s:%s/%s/0", notice.Missed, stack, after.ID), at: w.now})
}

// untoldOf: no run owes the notice of missed slots if only first failures are reported. If the
// newest run makes no sense, something is kept that says what its notice would have said.
func (w *World) untoldOf(newest run.ID, missed int, f failing) {
	if w.damagedRun(newest) {
		if !slices.ContainsFunc(w.store.kept, func(k port.Kept) bool { return strings.Contains(k.Reason, "to "+string(newest)) }) {
			w.violate("every bad end is told once", newest, "%d slots were missed, and nothing is kept that says so", missed)
		}
		return
	}
	if n := w.store.definition(w.store.runs[newest].run.Definition).Notify; !n.FirstOnly || !f.now && !f.vague {
		w.violate("every bad end is told once", newest, "%d slots were missed, and nobody is told", missed)
	}
}

// owesMissed returns the notice of missed slots that a change owes.
func owesMissed(before, after *run.Run) run.Effect {
	for _, e := range after.Owed {
		if e.Notice == string(notice.Missed) && !slices.Contains(before.Owed, e) {
			return e
		}
	}
	return run.Effect{}
}

// ranAfterAll: people are told of each attempt that turns out to have run.
func (w *World) ranAfterAll(l *life, before, after *run.Run) {
	for i := range before.Attempts {
		if !before.Attempts[i].RanAfterAll && after.Attempts[i].RanAfterAll {
			id := fmt.Sprintf("%s:%s/%s/%d", notice.RanAfterAll, stack, after.ID, i+1)
			l.ends = append(l.ends, end{status: after.Status, notice: id, at: w.now})
		}
	}
}

// wanted returns the notice that an end requires, or "".
func (w *World) wanted(r *run.Run, withItem bool) notice.Kind {
	n := w.store.definition(r.Definition).Notify
	freed := w.freed(r)
	switch r.Status {
	case run.Failed:
		return w.failed(n, r, withItem)
	case run.Succeeded:
		return w.succeeded(n, r, freed)
	case run.Skipped:
		return w.heldBack(r, withItem)
	case run.Stopped:
		if !w.truth.lives[r.ID].stopAsked { // a stop that was refused stopped nothing
			return notice.Stopped
		}
		if freed {
			return notice.Freed
		}
	}
	return ""
}

// holder is the open run because of which the last slots of a job were skipped.
type holder struct {
	by    run.ID
	slots int
}

// heldBack: the second slot in a row that an open run holds back is reported. A run that is
// claimed without the job's item, because a second one was reported before, may come late and
// changes nothing.
func (w *World) heldBack(r *run.Run, withItem bool) notice.Kind {
	switch {
	case r.HeldBy == "":
		return ""
	case !withItem && !w.truth.heldBack[r.HeldBy] && !w.wrong.ever:
		w.violate("every bad end is told once", r.ID, "%s holds it back, which nobody notes", r.HeldBy)
		return ""
	case !withItem:
		return ""
	}
	h := w.truth.held[r.ID.Job()]
	if h.by != r.HeldBy {
		h = holder{by: r.HeldBy}
	}
	h.slots++
	w.truth.held[r.ID.Job()] = h
	if h.slots == 2 {
		w.truth.heldBack[r.HeldBy] = true
		return notice.HeldBack
	}
	return ""
}

// freed reports whether a run has ended of which people were told that it holds others back.
func (w *World) freed(r *run.Run) bool {
	h := w.truth.held[r.ID.Job()]
	if h.by != r.ID {
		return false
	}
	delete(w.truth.held, r.ID.Job())
	return h.slots > 1
}

// failed: an end without the job's item, which already said that the job fails, may have been
// overtaken by a success. It is then written once it is told.
func (w *World) failed(n job.Notify, r *run.Run, withItem bool) notice.Kind {
	f := w.truth.failing[r.ID.Job()]
	w.truth.failing[r.ID.Job()] = failing{now: withItem || f.now, vague: !withItem && !f.now, since: w.handled}
	switch s := r.Stopping; {
	case n.FirstOnly && (f.now || f.vague):
		return ""
	case s != nil && s.Asker == stop.AskedByTimeout:
		return notice.TimedOut
	}
	return notice.Kind(r.Status)
}

// toldOpen reports whether people were told of a run while it was open, besides that it held others
// back.
func (w *World) toldOpen(r *run.Run) bool {
	l := w.truth.lives[r.ID]
	return !r.HeldUp.IsZero() || l != nil && l.long
}

func (w *World) succeeded(n job.Notify, r *run.Run, freed bool) notice.Kind {
	f := w.truth.failing[r.ID.Job()]
	blind := f.since > w.h.from
	w.truth.failing[r.ID.Job()] = failing{vague: (f.now || f.vague) && blind, since: w.handled}
	switch {
	case blind:
		return ""
	case f.now:
		return notice.Recovered
	case !f.vague && (freed || w.toldOpen(r)):
		return notice.Recovered
	case !f.vague && slices.Contains(n.Also, job.AlsoSucceeded):
		return notice.Succeeded
	}
	return ""
}

// unseen: a task counts as ended unseen only if ECS has forgotten it, or refuses to tell for as
// long as it would remember. While sweeps come, ECS forgets no task between two looks.
func (w *World) unseen(r *run.Run, a *run.Attempt) {
	by := r.RoundID(a.N).StartedBy(stack)
	if a.Rule != run.RuleEndedUnseen && a.Rule != run.RuleInDoubt {
		return
	}
	w.hides(w.truth.lives[r.ID], r, a)
	t := w.ecs.byARN[a.TaskARN]
	switch {
	case w.untellable(by, a), w.wrong.ever:
		w.truth.givenUp[by] = true
	case a.Rule == run.RuleInDoubt || t != nil && t.razed || w.wasDamaged(r.ID):
	case t == nil || !reached(t.stopped, w.now.Add(-50*time.Minute)):
		w.violate("no end is made up", r.ID, "attempt %d counts as ended unseen, and its task did not end an hour ago", a.N)
	case t.stopped.After(later(w.truth.troubled, w.truth.untoldUntil).Add(slack)):
		w.violate("a lost event is made up for", r.ID, "the task of attempt %d stopped at %s, and no look saw it", a.N, t.stopped.Format("15:04:05"))
	}
}

// untellable reports whether ECS refused to tell of an attempt's task for long, or it may not show
// the task because it was asked to stop, which a restored store has forgotten.
func (w *World) untellable(by string, a *run.Attempt) bool {
	return w.outlasted(by) || a.Rule == run.RuleInDoubt && !w.restored.at.IsZero()
}

// ofTheJob notes notices of a job that a change makes its newest run owe.
func (w *World) ofTheJob(l *life, before, after *run.Run) {
	for _, e := range after.Owed {
		switch k := notice.Kind(e.Notice); k {
		case notice.CalendarEnds, notice.CalendarOver, notice.Unscheduled:
			if !slices.Contains(before.Owed, e) {
				id := fmt.Sprintf("%s:%s/%s/%d", k, stack, after.ID, e.Attempt)
				if k == notice.Unscheduled {
					id = notice.Notice{ID: id}.OfWords(e.Cause).ID
				}
				l.ends = append(l.ends, end{status: after.Status, notice: id, at: w.now})
				w.truth.owed[id]++ // again if the calendar had been over meanwhile
			}
		}
	}
}

// failsAfterAll: a failure that is told makes its job fail, even if a success was decided on in
// between.
func (w *World) failsAfterAll(after *run.Run, item *job.Item) {
	if f := w.truth.failing[item.Name]; after == nil && !f.now && !item.FailingSince.IsZero() {
		w.truth.failing[item.Name] = failing{vague: true, since: w.handled}
	}
}

package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// stopLimit is the time after which a stop without effect has been reported: a timeout may have
// asked for it, and then a person once more.
const stopLimit = 100 * time.Minute

// stopStands notes since when a task has been asked to stop. If that was long, while ECS told of
// the task and sweeps came, the task must have been reported as stuck.
func (w *World) stopStands(l *life, before, after *run.Run) {
	stands := after.Status == run.Running && after.Stopping != nil
	switch {
	case stands && l.stopping.IsZero():
		l.stopping = w.now
	case !stands && w.untraced(after.ID, l.stopping):
		l.stopping = time.Time{}
	case !stands && !l.stopping.IsZero():
		since := later(l.stopping, later(w.truth.slept, w.truth.untoldUntil))
		if id := stuckID(before); w.now.Sub(since) > stopLimit && !w.everybodyTold(id) && !w.owesStuck(before) {
			w.violate("a stop without effect is told", after.ID, "attempt %d was asked to stop at %s, and did not for long", len(before.Attempts), l.stopping.Format("2 15:04:05"))
		}
		l.stopping = time.Time{}
	}
}

// endLimit is the time after which a task that has ended and is not STOPPED has been reported: the
// longest wait for a look, the half hour after it, and the rest for faults.
const endLimit = 2 * time.Hour

// endStood checks a run whose task was heard to have stopped. If ECS was stopping it for long,
// told of it, and sweeps came, people must have been told.
func (w *World) endStood(before, after *run.Run) {
	a := before.Last()
	if before.Status != run.Running || a == nil || after.Status == run.Running && len(after.Attempts) == len(before.Attempts) {
		return
	}
	t := w.ecs.byARN[a.TaskARN]
	if t == nil || t.stopped.IsZero() || w.unheard(after, a.N) {
		return
	}
	since := later(t.ended, later(a.AcceptedAt, later(w.truth.slept, later(w.truth.troubled, w.truth.untoldUntil))))
	if id := stuckID(before); t.stopped.Sub(since) > endLimit && !w.everybodyTold(id) && !w.owesStuck(before) {
		w.violate("an end that hangs is told", after.ID, "the task of attempt %d ended at %s and stopped at %s", a.N, t.ended.Format("2 15:04:05"), t.stopped.Format("2 15:04:05"))
	}
}

// unheard reports whether nobody heard how an attempt ended, or nobody looked at its run for a time.
func (w *World) unheard(r *run.Run, n int) bool {
	return r.Attempt(n).Rule == run.RuleEndedUnseen || w.wasDamaged(r.ID)
}

// stuckID is the id of the notice that the run's last task does not stop.
func stuckID(r *run.Run) string {
	return string(notice.Stuck) + ":" + r.RoundID(len(r.Attempts)).StartedBy(stack)
}

// owesStuck reports whether nobody was told because the stream is dead.
func (w *World) owesStuck(r *run.Run) bool {
	return w.teller != nil && slices.ContainsFunc(r.Owed, func(e run.Effect) bool { return e.Notice == string(notice.Stuck) })
}

// waitSlack is the time after a run's patience by which its wait for room in ECS must have been
// told: five minutes in which the run is not due, and the rest for faults.
const waitSlack = 25 * time.Minute

// waitStands notes since when a run has waited for room in ECS. If it waited for long while
// sweeps came, people must have been told that it is held up.
func (w *World) waitStands(l *life, before, after *run.Run) {
	if !l.lacking.IsZero() && len(after.Attempts) > len(before.Attempts) {
		l.lacking = w.now // a relaunch waits anew
	}
	switch {
	case after.Status == run.Queued && after.Lacks != "":
		if l.lacking.IsZero() {
			l.lacking = w.now
		}
		l.asked, l.patience = time.Time{}, max(l.patience, after.Patience())
	case l.lacking.IsZero():
	case after.Status == run.Launching: // it asks whether there is room
		if l.asked.IsZero() {
			l.asked = w.now
		}
	default:
		w.waitEnds(l, before, after)
	}
}

// waitEnds checks a wait for room in ECS that is over.
func (w *World) waitEnds(l *life, before, after *run.Run) {
	since, until := later(l.lacking, later(w.truth.slept, later(w.truth.troubled, w.truth.crowded))), w.now
	if !l.asked.IsZero() {
		until = l.asked
	}
	limit := l.patience + waitSlack
	// One whose deadline is short ends at the first look after it, however late that comes.
	expired := before.Status == run.Queued && after.Status == run.Failed && w.store.definition(after.Definition).Retry.Within() < limit
	if until.Sub(since) > limit && !expired && !w.toldHeldUp(before) && !w.wasDamaged(after.ID) {
		w.violate("a long wait is told", after.ID, "it has waited for room since %s", l.lacking.Format("2 15:04:05"))
	}
	l.lacking, l.asked, l.patience = time.Time{}, time.Time{}, 0
}

// toldHeldUp reports whether everybody was told that a run waits, whichever attempt waited,
// or is about to be told.
func (w *World) toldHeldUp(r *run.Run) bool {
	for n := range len(r.Attempts) + 1 {
		if w.everybodyTold(fmt.Sprintf("%s:%s/%s/%d", notice.HeldUp, stack, r.ID, n)) {
			return true
		}
	}
	return slices.ContainsFunc(r.Owed, func(e run.Effect) bool { return e.Notice == string(notice.HeldUp) })
}

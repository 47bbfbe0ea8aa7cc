package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// lasts makes a task of a job without a timeout run for about a day or two.
func (w *World) lasts(t *task) {
	if t.job.Timeout > 0 || t.fate != "succeed" {
		return
	}
	if d, ok := w.luck(TaskLong, 10, t.by, 0); ok {
		t.end(t.started.Add(time.Duration(d.between(22*60, 50*60))*time.Minute), d)
		t.fate = "run for a day or two"
	}
}

// longLimit is the time after a day by which a task that runs must have been told: the longest
// wait between two looks, and the rest for faults.
const longLimit = 45*time.Minute + 2*slack

// runsOn checks a run whose task has run for long once it no longer does, or once it was asked to
// stop. If ECS told of the task and sweeps came, people must have been told.
func (w *World) runsOn(l *life, before, after *run.Run) {
	for _, e := range after.Owed {
		if e.Notice == string(notice.StillRuns) && !slices.Contains(before.Owed, e) {
			l.long = true
			l.ends = append(l.ends, end{status: after.Status, notice: longID(after), at: w.now})
		}
	}
	t := w.leftAlone(before, after)
	if t == nil {
		return
	}
	until := w.now
	for _, at := range []time.Time{t.desired, t.ended, t.warned} {
		if reached(at, until) {
			until = at
		}
	}
	since := later(t.started.Add(run.LongAfter), later(w.truth.slept, later(w.truth.troubled, w.truth.untoldUntil)))
	if until.Sub(since) > longLimit && !w.everybodyTold(longID(before)) && !owes(before, notice.StillRuns) && !owes(after, notice.StillRuns) {
		w.violate("a task that runs for long is told", after.ID, "attempt %d ran from %s to %s", t.attempt, t.started.Format("2 15:04:05"), until.Format("2 15:04:05"))
	}
}

// leftAlone returns the started task, without a timeout, of a run that was running and that nobody
// had asked to stop, if with this change that is over; nil otherwise.
func (w *World) leftAlone(before, after *run.Run) *task {
	was := before.Status == run.Running && before.Stopping == nil
	still := after.Status == run.Running && after.Stopping == nil && len(after.Attempts) == len(before.Attempts)
	if !was || still || w.wasDamaged(after.ID) {
		return nil
	}
	if t := w.ecs.byARN[before.Last().TaskARN]; t != nil && !t.started.IsZero() && w.store.definition(before.Definition).Timeout == 0 {
		return t
	}
	return nil
}

// longID is the id of the notice that the run's last task runs for long.
func longID(r *run.Run) string {
	return fmt.Sprintf("%s:%s/%s/%d", notice.StillRuns, stack, r.ID, len(r.Attempts))
}

func owes(r *run.Run, k notice.Kind) bool {
	return slices.ContainsFunc(r.Owed, func(e run.Effect) bool { return e.Notice == string(k) })
}

// toldLong checks the notice that a task runs for long.
func (w *World) toldLong(n notice.Notice) {
	if n.Kind != notice.StillRuns {
		return
	}
	t := w.ecs.byARN[n.Attempts[len(n.Attempts)-1].TaskARN]
	if t == nil || t.started.IsZero() || w.now.Sub(t.started) < run.LongAfter-slack || w.store.definition(w.store.runs[n.Run].run.Definition).Timeout > 0 {
		w.violate("a task that runs for long is told", n.Run, "it is told, and attempt %d does not", len(n.Attempts))
	}
}

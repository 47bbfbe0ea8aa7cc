package simulation

import (
	"slices"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// told counts how often a notice was carried, without attempts that failed, and by whom last.
type told struct {
	times int
	by    *handler
}

// carried is a notice, by its id, at a target.
type carried struct{ target, notice string }

// told notes a notice that a target accepted. The same notice again is allowed only if its teller
// was disturbed before it could write down that it was told, or if the second was on its way
// before the first had ended.
func (w *World) told(target string, n notice.Notice) {
	if w.trace != nil {
		w.tell(n.Run, "told %s: %s %s", target, n.Kind, n.Cause)
	}
	if n.Retry != nil && len(w.store.runs[n.Run].run.Attempts) == len(n.Attempts) {
		w.retrySafe(n.Run, len(n.Attempts), n.Retry.Safety, "the retry that a notice offers")
	}
	w.toldLong(n)
	to := carried{target, n.ID}
	t := w.truth.notices[to]
	if t == nil {
		w.truth.notices[to] = &told{1, w.h}
		return
	}
	if t.by.to > 0 && t.by.to <= w.h.from && !t.by.disturbed {
		if t.times >= w.truth.owed[n.ID] && !w.wrong.ever {
			w.violate("every bad end is told once", n.Run, "%s is told again, and nothing had gone wrong the time before", n.ID)
		}
		t.times++
	}
	t.by = w.h
}

// everybodyTold reports whether all targets accepted a notice that now take any.
func (w *World) everybodyTold(id string) bool {
	return !slices.ContainsFunc(targets, func(target string) bool {
		takes := !w.untaken.covers(w.now) || !slices.Contains(w.untaken.targets, target)
		return takes && w.truth.notices[carried{target, id}] == nil
	})
}

// retrySafe checks what people are told about a retry of a run, or relied on when they asked for
// one, while it had that many attempts: one that is safe repeats nothing, and one of a run that
// has ended runs beside nothing.
func (w *World) retrySafe(id run.ID, attempts int, s run.Safety, whose string) {
	if s != run.RetrySafe && s != run.RetryEnded || w.mayRepeat(id) {
		return
	}
	for _, t := range w.ecs.tasks {
		switch {
		case t.run != id || t.attempt > attempts:
		case s == run.RetrySafe && !t.ranAt.IsZero():
			w.violate("a safe retry is safe", id, "%s is %s, and attempt %d ran or may yet run: it will %s", whose, s, t.attempt, t.fate)
		case s == run.RetryEnded && !reached(t.ended, w.now):
			w.violate("a safe retry is safe", id, "%s is %s, and attempt %d has not ended: it will %s", whose, s, t.attempt, t.fate)
		}
	}
}

// mayRepeat reports whether a run's job says that a second run does no harm, or nobody knows what
// it launched.
func (w *World) mayRepeat(id run.ID) bool {
	r := w.store.runs[id].run
	return w.truth.mistook[id] || w.store.definition(r.Definition).Retry.Idempotent || slices.ContainsFunc(r.Attempts, w.resent)
}

package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

type end struct {
	status run.Status
	notice string // the id that must be told, "" for none
	at     time.Time
}

// failing is whether a job's last end was bad, and which handlers know: who
// began before since need not. A success by one who did not is no order: vague.
type failing struct {
	now, vague bool
	since      int
}

// ended notes an end, and what must be told of it.
func (w *World) ended(l *life, r *run.Run) {
	e := end{status: r.Status, at: w.now}
	if kind := w.wanted(r); kind != "" {
		e.notice = fmt.Sprintf("%s:%s/%s/%d", kind, stack, r.ID, len(r.Attempts))
	}
	if a := r.Last(); a != nil && a.Rule == run.RuleEndedUnseen {
		w.unseen(r, a)
	}
	l.ends = append(l.ends, e)
}

// wanted is the notice that an end wants, "" for none.
func (w *World) wanted(r *run.Run) notice.Kind {
	n := w.store.definitions[r.Definition].Notify
	switch r.Status {
	case run.Failed, run.Missed:
		return w.failed(n, r)
	case run.Succeeded:
		return w.succeeded(n, r)
	case run.Stopped:
		if len(w.people.stops[r.ID]) == 0 {
			return notice.Stopped
		}
	}
	return ""
}

func (w *World) failed(n job.Notify, r *run.Run) notice.Kind {
	f := w.truth.failing[r.ID.Job()]
	w.truth.failing[r.ID.Job()] = failing{now: true, since: w.handled}
	switch s := r.Stopping; {
	case n.FirstOnly && (f.now || f.vague):
		return ""
	case s != nil && s.Asker == stop.AskedByTimeout:
		return notice.TimedOut
	}
	return notice.Kind(r.Status)
}

func (w *World) succeeded(n job.Notify, r *run.Run) notice.Kind {
	f := w.truth.failing[r.ID.Job()]
	blind := f.since > w.h.from
	w.truth.failing[r.ID.Job()] = failing{vague: f.now && blind, since: w.handled}
	switch {
	case blind:
		return ""
	case f.now:
		return notice.Recovered
	case !f.vague && slices.Contains(n.Also, job.AlsoSucceeded):
		return notice.Succeeded
	}
	return ""
}

// unseen: a task counts as ended unseen only when ECS has forgotten it, and ECS
// forgets none between two looks while sweeps come.
func (w *World) unseen(r *run.Run, a *run.Attempt) {
	t := w.ecs.byARN[a.TaskARN]
	switch {
	case t == nil || !reached(t.stopped, w.now.Add(-50*time.Minute)):
		w.violate("no end is made up", r.ID, "attempt %d counts as ended unseen, and its task did not end an hour ago", a.N)
	case t.stopped.After(w.truth.troubled.Add(slack)):
		w.violate("a lost event is made up for", r.ID, "the task of attempt %d stopped at %s, and no look saw it", a.N, t.stopped.Format("15:04:05"))
	}
}

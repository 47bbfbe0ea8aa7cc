package simulation

import (
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const (
	noCapacity = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
	rateWords  = "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)"
	taken      = "SpotInterruption"
)

// place puts a job on Spot, or back on demand.
func (w *World) place(j *deployed) {
	j.job.Capacity = ""
	if d, ok := w.luck(OnSpot, 350, j.job.Name, j.serial); ok {
		j.job.Capacity = pick(d, job.Spot, job.SpotThenOnDemand, job.SpotThenOnDemand)
	}
}

// failure returns what RunTask's failures[] say about a request, or "" if it launches.
func (w *World) failure(l *port.Launch, token string) string {
	if l.Job.Capacity == job.Spot {
		if _, ok := w.luck(SpotEmpty, 250, token, 0); ok {
			return noCapacity
		}
	}
	if _, ok := w.luck(RateFailures, 40, token, 0); ok {
		return rateWords
	}
	return ""
}

// spotFate changes the plan of a task on Spot that would have ended by itself.
func (w *World) spotFate(t *task) {
	if t.job.Capacity != job.Spot || t.fate != "succeed" && t.fate != "take long" {
		return
	}
	if d, ok := w.luck(SpotNoPlace, 200, t.by, 0); ok {
		t.notStarting(t.created.Add(seconds(d.between(5, 90))), noCapacity, d)
		t.pending, t.pulled, t.fate = time.Time{}, time.Time{}, "find no place on Spot"
		return
	}
	if d, ok := w.luck(SpotTakes, 250, t.by, 0); ok {
		t.taken(d)
	}
}

// taken: a warning while the task is RUNNING, and the stop within two minutes. Until then the job
// may end in any way (ECS developer guide, "Fargate capacity providers").
func (t *task) taken(d dice) {
	t.code, t.reason, t.stopper, t.fate = taken, "Your Spot Task was interrupted.", byOther, "be taken by Spot"
	t.exit = code(pick[int64](d, 0, 143, 137))
	t.warned = t.started.Add(seconds(d.between(1, 200)))
	if d.chance(200) { // it has just begun, and the stop shows nothing of it
		t.warned, t.started, t.hidden, t.exit = t.started.Add(time.Second), time.Time{}, true, nil
	}
	t.desired = t.warned
	t.end(t.warned.Add(seconds(d.between(1, 120))), d)
}

// failedOnSpot reports whether Spot failed an attempt: it had no capacity, or the infrastructure
// took the task away.
func (w *World) failedOnSpot(id run.ID, n int) bool {
	if w.truth.spotFailed[run.RoundID{Run: id, Attempt: n}] != nil {
		return true
	}
	for m := w.store.runs[id].run.RoundID(n); m.Round >= 0; m.Round-- {
		if w.roundFailedOnSpot(m) {
			return true
		}
	}
	return false
}

func (w *World) roundFailedOnSpot(m run.RoundID) bool {
	b := w.ecs.tokens[m.ClientToken(stack)]
	switch {
	case b == nil || b.request.Job.Capacity != job.Spot:
		return false
	case b.task == nil:
		return b.failure == noCapacity
	}
	switch b.task.code {
	case taken, "TerminationNotice", "InfrastructureHealth":
		return true
	}
	return b.task.code == failedStart && b.task.reason == noCapacity
}

// movedFrom returns the first attempt in a range that Spot failed, or 0 if there is none.
func (w *World) movedFrom(id run.ID, from, before int) int {
	for n := from; n < before; n++ {
		if w.failedOnSpot(id, n) {
			return n
		}
	}
	return 0
}

// unnoted reports whether the handler that was told that Spot had no room for an attempt may not
// have noted it.
func (w *World) unnoted(id run.ID, n int) bool {
	h := w.truth.spotFailed[run.RoundID{Run: id, Attempt: n}]
	return h != nil && h.disturbed
}

// placed checks a send against its job's capacity: on Spot first, and on demand once Spot failed
// an attempt of the round. A task that we had asked to stop before is not Spot's fault, and for
// one that was sent twice another answer may have decided.
func (w *World) placed(l *port.Launch) {
	r := w.store.runs[l.Run].run
	life := w.truth.lives[l.Run]
	if l.Attempt != len(r.Attempts) || w.truth.mistook[l.Run] {
		return
	}
	round := life.rounds[len(life.rounds)-1]
	want := w.store.definition(r.Definition).Capacity
	if want == job.SpotThenOnDemand {
		moved := r.Attempt(w.movedFrom(l.Run, round, l.Attempt))
		switch {
		case l.Attempt == round:
			want = job.Spot
		case moved == nil || asked[moved.Rule] || moved.Sends > 1 && (moved.TaskARN == "" || w.unnoted(l.Run, moved.N)):
			return
		default:
			want = job.OnDemand
		}
	}
	if l.Job.Capacity != want {
		w.violate("on demand once Spot failed", l.Run, "attempt %d is sent on %q, and %q is right", l.Attempt, l.Job.Capacity, want)
	}
}

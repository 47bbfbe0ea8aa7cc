package run

import (
	"cmp"
	"slices"
	"time"
)

// OweTell owes a notice of that kind about one attempt, 0 means the last, and about one of its
// rounds, 0 means the first or all.
func (r *Run) OweTell(notice string, attempt, round int, now time.Time, t Timing) {
	e := Effect{Kind: Tell, Attempt: len(r.Attempts), Notice: notice, About: attempt, Round: round}
	if r.Status.Terminal() {
		e.Status, e.Cause = r.Status, r.Cause
	}
	r.oweTell(e, now, t)
}

// oweTell owes a notice. It notes when, unless the run has only just ended, or is open and owes
// one already: a notice may be about the job, or about a task that ended long after its run.
func (r *Run) oweTell(e Effect, now time.Time, t Timing) {
	open, owed := !r.Status.Terminal(), r.Owes(Tell)
	if r.Owe(e); open && !owed || !open && now.Sub(r.FinishedAt) > t.ToldMost {
		r.OwesFrom = now
	}
	r.settleDue(now, &t)
}

// OweWords owes a notice of that kind, with words in place of the run's cause. It is about
// the job; the run is the job's newest.
func (r *Run) OweWords(notice, words string, now time.Time, t Timing) {
	r.oweTell(Effect{Kind: Tell, Attempt: len(r.Attempts), Notice: notice, Status: r.Status, Cause: words}, now, t)
}

// OweMissed owes the notice about missed slots, of which this run is the newest and first the
// oldest. If the run was asked for again since, its cause no longer says why it was missed.
func (r *Run) OweMissed(notice string, count int, first ID, now time.Time, t Timing) {
	cause := r.Cause
	if r.Status != Missed {
		cause = "it was not started in its time; asked for again since then, it " + r.Status.Sentence()
	}
	r.oweTell(Effect{Kind: Tell, Notice: notice, Status: Missed, Cause: cause, Count: count, First: first}, now, t)
}

// OwesSince returns roughly since when a run has owed the notices that it owes: since its end or,
// if it came to owe one long after that, since then.
func (r *Run) OwesSince() time.Time {
	switch {
	case !r.Status.Terminal(), r.OwesFrom.After(r.FinishedAt):
		return r.OwesFrom
	}
	return r.FinishedAt
}

// AsOwed returns the run as the notice that e owes describes it: with the attempts that there
// were then.
func (r Run) AsOwed(e Effect) Run {
	r.Attempts = r.Attempts[:min(e.Attempt, len(r.Attempts))]
	if e.Status != "" {
		r.Status, r.Cause = e.Status, e.Cause
	}
	return r
}

// Told is a notice of a run as it was sent.
type Told struct {
	At     time.Time `json:"at"`
	Notice string    `json:"notice"`
	// Attempt is the attempt that it was about, 0 for the last. Count is how many missed
	// slots it was about, 0 for none.
	Attempt int `json:"attempt,omitempty"`
	Count   int `json:"count,omitempty"`
	// Cause is the run's cause at that time: a retry has another.
	Cause string `json:"cause,omitempty"`
	// To are the targets that took it; none means that it was given up.
	To []string `json:"to,omitempty"`
}

// mostTold is how many notices a run remembers, so that it stays small.
const mostTold = 5

// heard notes that a notice was sent, if that is what was done.
func (r *Run) heard(e Done, now time.Time) {
	if e.Effect.Kind != Tell {
		return
	}
	t := Told{At: now, Notice: e.Effect.Notice, Attempt: e.Effect.About, Count: e.Effect.Count, Cause: cmp.Or(e.Effect.Cause, r.Cause), To: e.To}
	r.Told = append(slices.Clone(r.Told), t)
	r.Told = r.Told[max(0, len(r.Told)-mostTold):]
}

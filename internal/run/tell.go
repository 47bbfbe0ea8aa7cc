package run

import "time"

// OweTell owes a notice of that kind about one attempt; 0 means the last.
func (r *Run) OweTell(notice string, attempt int, now time.Time, t Timing) {
	e := Effect{Kind: Tell, Attempt: len(r.Attempts), Notice: notice, About: attempt}
	if r.Status.Terminal() {
		e.Status, e.Cause = r.Status, r.Cause
	}
	r.Owe(e)
	r.settleDue(now, &t)
}

// OweWords owes a notice of that kind, with words in place of the run's cause. It is about
// the job; the run is the job's newest.
func (r *Run) OweWords(notice, words string, now time.Time, t Timing) {
	r.Owe(Effect{Kind: Tell, Attempt: len(r.Attempts), Notice: notice, Status: r.Status, Cause: words})
	r.settleDue(now, &t)
}

// OweMissed owes the notice about missed slots, of which this run is the newest and first the
// oldest.
func (r *Run) OweMissed(notice string, count int, first ID, now time.Time, t Timing) {
	r.Owe(Effect{Kind: Tell, Notice: notice, Status: Missed, Cause: r.Cause, Count: count, First: first})
	r.settleDue(now, &t)
}

// OwesSince returns roughly since when a run has owed what it owes: since its end, or since
// what it last did.
func (r *Run) OwesSince() time.Time {
	switch a := r.Last(); {
	case r.Status.Terminal():
		return r.FinishedAt
	case r.Stopping != nil:
		return r.Stopping.At
	case !r.HeldUp.IsZero() && (a == nil || a.SentAt.Before(r.HeldUp)):
		return r.HeldUp
	case a != nil:
		return a.SentAt
	}
	return r.QueuedAt
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

package run

import "time"

// skew is by how much the clocks of those who record runs differ at most, and more than
// between the request and the record of one slot.
const skew = time.Minute

// Ahead is whether a slot that was not launched was recorded at a time that is still to
// come: the clock was wrong then, put ahead as by a machine's bad battery, and the slots
// that it passed are missed only by it. One whose time comes is claimed anew in the
// place of that record: nothing of it was ever launched. One that a person asked to be
// skipped stays skipped: the request is used up, and would not be found again.
func (r *Run) Ahead(now time.Time) bool {
	unlaunched := r.Status == Missed || r.Status == Skipped && !r.UsedSkip
	return unlaunched && len(r.Attempts) == 0 && r.QueuedAt.Sub(now) > skew
}

// Replace has the run take the place of a record of it, see Ahead: notices that the record
// owes are told, and those that it told stay known.
func (r *Run) Replace(was *Run, now time.Time, t Timing) {
	r.Rev, r.Told = was.Rev, was.Told
	for _, e := range was.Owed {
		r.Owe(e)
	}
	r.settleDue(now, &t)
}

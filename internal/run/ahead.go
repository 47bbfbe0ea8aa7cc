package run

import "time"

// skew is the most by which the clocks of those who record runs differ, and more than passes
// between the request and the record of one slot.
const skew = time.Minute

// Ahead reports whether a slot that was not launched was recorded at a time that is still to
// come. The clock was then wrong, put ahead perhaps by a machine's bad battery, and only
// because of it were the slots missed that it passed. When such a slot's time comes, it is
// claimed anew in place of that record, since nothing of it was ever launched. A slot that a
// person asked to skip stays skipped: the request is used up and would not be found again.
func (r *Run) Ahead(now time.Time) bool {
	unlaunched := r.Status == Missed || r.Status == Skipped && !r.UsedSkip
	return unlaunched && len(r.Attempts) == 0 && r.QueuedAt.Sub(now) > skew
}

// Replace makes the run take the place of a record of it; see Ahead. It still owes the
// notices that the record owes, and it keeps those that the record has sent.
func (r *Run) Replace(was *Run, now time.Time, t Timing) {
	r.Rev, r.Told = was.Rev, was.Told
	for _, e := range was.Owed {
		r.oweTell(e, now, t)
	}
}

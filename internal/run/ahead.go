package run

import "time"

// skew is by how much the clocks of those who record runs differ at most, and more than
// between the request and the record of one slot.
const skew = time.Minute

// Ahead is whether a slot that was not launched was recorded at a time that is still to
// come: the clock was wrong then, put ahead as by a machine's bad battery, and the slots
// that it passed are missed only by it. One whose time comes is claimed anew in the
// place of that record: nothing of it was ever launched.
func (r *Run) Ahead(now time.Time) bool {
	return (r.Status == Missed || r.Status == Skipped) && len(r.Attempts) == 0 && r.QueuedAt.Sub(now) > skew
}

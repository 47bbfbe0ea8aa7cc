package run

import (
	"cmp"
	"slices"
	"time"
)

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

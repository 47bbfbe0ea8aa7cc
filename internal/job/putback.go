package job

import (
	"slices"
	"time"
)

// PutBack gives the item once a clock that was ahead is right again. Until the times that such
// a clock gave, missed slots would not be reported, overdue slots would not be started, and a
// pause would not be in force. changed reports whether the item has such times.
func (i Item) PutBack(now time.Time) (next Item, changed bool) {
	back := func(t *time.Time, to time.Time) {
		if t.After(now) {
			*t, changed = to, true
		}
	}
	back(&i.ToldMissed, time.Time{})
	back(&i.Late, time.Time{})
	i.Pauses = slices.Clone(i.Pauses)
	for n := range i.Pauses {
		if p := &i.Pauses[n]; p.To.IsZero() { // one with an end may have ended
			back(&p.From, now)
		}
	}
	return i, changed
}

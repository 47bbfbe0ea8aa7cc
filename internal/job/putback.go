package job

import (
	"slices"
	"time"
)

// PutBack is the item once a clock that was ahead is right again. Until the times that it
// gave, missed slots would not be told, overdue ones not be started, and a pause that was
// asked for by it not be in force. changed is whether there are such times.
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
		if p := &i.Pauses[n]; p.To.IsZero() { // another may have been ended
			back(&p.From, now)
		}
	}
	return i, changed
}

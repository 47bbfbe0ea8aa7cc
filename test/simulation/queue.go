package simulation

import (
	"cmp"
	"slices"
	"time"
)

// entry is something that happens at a time.
type entry struct {
	at     int64
	happen func()
}

// queue holds what is to come, the earliest last, so that taking it moves nothing. Of entries
// with equal times, the one planned first stands after those planned later.
type queue []entry

func (q *queue) add(e entry) {
	i, _ := slices.BinarySearchFunc(*q, e.at, func(e entry, at int64) int { return cmp.Compare(at, e.at) })
	*q = slices.Insert(*q, i, e)
}

func (q *queue) take() entry {
	last := len(*q) - 1
	e := (*q)[last]
	*q = slices.Delete(*q, last, last+1)
	return e
}

func (q queue) within(t time.Time) bool {
	return len(q) > 0 && q[len(q)-1].at <= t.UnixNano()
}

func (w *World) at(t time.Time, happen func()) { w.queue.add(entry{t.UnixNano(), happen}) }

func (w *World) after(d time.Duration, happen func()) { w.at(w.now.Add(d), happen) }

// patience is how long after the schedules stopped everything must have ended.
const patience = 4 * 24 * time.Hour

func (w *World) loop() {
	for len(w.queue) > 0 && w.now.Before(w.end.Add(patience)) {
		w.step()
	}
}

// step performs the next thing that happens.
func (w *World) step() {
	e := w.queue.take()
	w.now = later(w.now, time.Unix(0, e.at).UTC())
	e.happen()
}

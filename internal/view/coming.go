package view

import (
	"cmp"
	"iter"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// coming are a job's slots after one time and before another, zero for all, that will
// run: no pause, of the job or of all, covers them, and nobody asked for them to be
// skipped. There are none of a rate(...), whose slots nobody knows beforehand.
func coming(item, all *job.Item, after, before time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		t, ok := known(item)
		if !ok {
			return
		}
		var skipped time.Time
		if item.SkipNext != nil {
			skipped, _ = t.Next(item.SkipNext.At.Add(-1))
		}
		for slot, ok := t.Next(after); ok && (before.IsZero() || slot.Before(before)); slot, ok = t.Next(after) {
			after = slot
			switch end, paused := pausedAt(item, all, slot); {
			case paused && end.IsZero():
				return
			case paused:
				after = end.Add(-1) // a pause may cover many thousands
			case !slot.Equal(skipped) && !yield(slot):
				return
			}
		}
	}
}

// known is the timetable of a job whose slots are known beforehand.
func known(item *job.Item) (t timetable.Timetable, ok bool) {
	if item.Gone || item.Plan.Schedule == "" || item.Plan.Disabled {
		return t, false
	}
	t, err := timetable.Of(item.Plan)
	if err != nil {
		return t, false
	}
	_, rate := t.Spec().Rate()
	return t, !rate
}

// pausedAt is whether a slot is in a pause, and when that ends, zero where it does not.
func pausedAt(item, all *job.Item, slot time.Time) (end time.Time, paused bool) {
	if p := cmp.Or(item.PausedAt(slot), all.PausedAt(slot)); p != nil {
		return p.To, true
	}
	return time.Time{}, false
}

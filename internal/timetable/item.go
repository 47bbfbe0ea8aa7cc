package timetable

import (
	"cmp"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// OfItem reads what a job's item says about its slots: its plan, and the clock by which
// EventBridge was seen to start the job.
func OfItem(i *job.Item) (Timetable, error) {
	t, err := Of(i.Plan)
	if err != nil {
		return t, err
	}
	return t.Under(i.Shift), nil
}

// Foreseen reports whether the slots are known beforehand. Those of a rate(...) count from a
// time that only whoever starts them knows.
func (t Timetable) Foreseen() bool {
	_, rate := t.Spec().Rate()
	return !rate
}

// NextOpen returns the first slot after a time that is in no pause, neither of the job nor of
// all jobs; ok reports whether there is one. No slot follows a pause without an end.
func (t Timetable) NextOpen(item, all *job.Item, after time.Time) (slot time.Time, ok bool) {
	for slot, ok = t.Next(after); ok; slot, ok = t.Next(after) {
		switch on := job.GoesOn(item, all, slot); {
		case on.Equal(slot):
			return slot, true
		case on.IsZero():
			return time.Time{}, false
		default:
			after = on.Add(-1) // a pause may cover many thousands of slots
		}
	}
	return time.Time{}, false
}

// Skipped returns the slot that a request to skip a job's next slot means, and the slot after
// it. It is the first slot of the current plan from the request's time on, because the plan
// may have changed since. Both are zero if nobody asked, or if the slots are not known.
func Skipped(i *job.Item) (slot, end time.Time) {
	if i.SkipNext == nil {
		return slot, end
	}
	t, err := OfItem(i)
	if err != nil || !t.Foreseen() {
		return slot, end
	}
	slot, ok := t.Next(i.SkipNext.At.Add(-1))
	if !ok {
		return time.Time{}, end
	}
	end, _ = t.Next(slot)
	return slot, end
}

// SkipLapsed reports whether the slot that a request to skip means has passed unseen, for
// example because its schedule was not deployed then. Otherwise the request would stand for
// ever.
func SkipLapsed(i *job.Item, now time.Time) bool {
	slot, end := Skipped(i)
	last := cmp.Or(end, slot)
	return !last.IsZero() && now.Sub(last) > time.Duration(i.Plan.StartWithin)
}

package timetable

import (
	"cmp"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// OfItem reads what the item of a job says of its slots: its plan, and the clock by
// which EventBridge was seen to start it.
func OfItem(i *job.Item) (Timetable, error) {
	t, err := Of(i.Plan)
	if err != nil {
		return t, err
	}
	return t.Under(i.Shift), nil
}

// Foreseen is whether the slots are known beforehand: those of a rate(...) count from a
// time that only who starts them knows.
func (t Timetable) Foreseen() bool {
	_, rate := t.Spec().Rate()
	return !rate
}

// NextOpen is the first slot after a time that is in no pause, of the job or of all; ok is
// whether there is one. A pause without an end has none behind it.
func (t Timetable) NextOpen(item, all *job.Item, after time.Time) (slot time.Time, ok bool) {
	for slot, ok = t.Next(after); ok; slot, ok = t.Next(after) {
		switch on := job.GoesOn(item, all, slot); {
		case on.Equal(slot):
			return slot, true
		case on.IsZero():
			return time.Time{}, false
		default:
			after = on.Add(-1) // a pause may cover many thousands
		}
	}
	return time.Time{}, false
}

// Skipped is the slot that the request to skip a job's next one means, and the slot after
// it: the first of the present plan from the request's time on, for the plan may have
// changed since. Both are zero where nobody asked, and where they are not known.
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

// SkipLapsed is whether the slot that a request to skip means has passed unseen, as when
// its schedule was not deployed then: the request would stand for ever.
func SkipLapsed(i *job.Item, now time.Time) bool {
	slot, end := Skipped(i)
	last := cmp.Or(end, slot)
	return !last.IsZero() && now.Sub(last) > time.Duration(i.Plan.StartWithin)
}

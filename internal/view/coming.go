package view

import (
	"cmp"
	"iter"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Slot is a future slot.
type Slot struct {
	At time.Time
	// Why says why it will not run, or is "" if it will.
	Why string
}

// SlotsOf returns a job's slots after a time, whether they will run or not. all is the item of
// all jobs. A rate(...) has none, because nobody knows its slots beforehand.
func SlotsOf(item, all *job.Item, after time.Time) iter.Seq[Slot] {
	return func(yield func(Slot) bool) {
		a, ok := aheadOf(item, all)
		if !ok {
			return
		}
		for slot, ok := a.Next(after); ok && yield(Slot{slot, a.why(slot)}); slot, ok = a.Next(slot) {
		}
	}
}

// coming returns a job's slots after one time and before another (zero means no limit) that will
// run: they are not covered by a pause of the job or of all jobs, and nobody asked to skip them.
// A rate(...) has none, because nobody knows its slots beforehand.
func coming(item, all *job.Item, after, before time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		a, ok := aheadOf(item, all)
		if !ok {
			return
		}
		for slot, ok := a.NextOpen(item, all, after); ok && (before.IsZero() || slot.Before(before)); slot, ok = a.NextOpen(item, all, slot) {
			if !slot.Equal(a.skipped) && !yield(slot) {
				return
			}
		}
	}
}

// next returns the first slot after a time that will run, or zero if none is known.
func next(item, all *job.Item, after time.Time) time.Time {
	for slot := range coming(item, all, after, time.Time{}) {
		return slot
	}
	return time.Time{}
}

// ahead is the timetable of a job whose slots are known beforehand, with what will become of
// them: what run.Admit decides if nothing else changes until then.
type ahead struct {
	timetable.Timetable
	item, all *job.Item
	skipped   time.Time
}

func aheadOf(item, all *job.Item) (a ahead, ok bool) {
	t, ok := scheduled(item)
	if !ok || !t.Foreseen() {
		return a, false
	}
	a = ahead{Timetable: t, item: item, all: all}
	a.skipped, _ = timetable.Skipped(item)
	return a, true
}

// scheduled returns the timetable of a job that has an active schedule.
func scheduled(item *job.Item) (t timetable.Timetable, ok bool) {
	if item.Gone || item.Plan.Schedule == "" || item.Plan.Disabled {
		return t, false
	}
	t, err := timetable.OfItem(item)
	return t, err == nil
}

// Unforeseen reports whether a job's schedule starts it at times that nobody knows beforehand.
func Unforeseen(item *job.Item) bool {
	t, ok := scheduled(item)
	return ok && !t.Foreseen()
}

// why says why a slot will not run.
func (a *ahead) why(slot time.Time) string {
	switch {
	case a.item.PausedAt(slot) != nil:
		return "skipped: the job is paused then"
	case a.all.PausedAt(slot) != nil:
		return "skipped: all jobs are paused then"
	case slot.Equal(a.skipped):
		return "skipped at the request of " + cmp.Or(a.item.SkipNext.By, "a person")
	}
	return ""
}

// SkipOf returns the request to skip a job's next slot, with the slot that it means as far as
// that is known. It returns nil if there is no request, or no slot that it could still mean.
func SkipOf(item *job.Item, now time.Time) *job.Skip {
	if item.SkipNext == nil || item.Gone || item.Plan.Schedule == "" || timetable.SkipLapsed(item, now) {
		return nil
	}
	skip := *item.SkipNext
	if slot, _ := timetable.Skipped(item); !slot.IsZero() {
		skip.At = slot
	}
	return &skip
}

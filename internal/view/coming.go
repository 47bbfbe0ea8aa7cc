package view

import (
	"cmp"
	"iter"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Slot is a slot to come.
type Slot struct {
	At time.Time
	// Why says why it will not run, "" where it will.
	Why string
}

// SlotsOf are a job's slots after a time, whether they will run or not. all is the item
// of all jobs. There are none of a rate(...), whose slots nobody knows beforehand.
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

// coming are a job's slots after one time and before another, zero for all, that will
// run: no pause, of the job or of all, covers them, and nobody asked for them to be
// skipped. There are none of a rate(...), whose slots nobody knows beforehand.
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

// next is the first slot after a time that will run, zero where none is known.
func next(item, all *job.Item, after time.Time) time.Time {
	for slot := range coming(item, all, after, time.Time{}) {
		return slot
	}
	return time.Time{}
}

// ahead is the timetable of a job whose slots are known beforehand, and what will be made
// of them: as run.Admit decides, where nothing else changes until then.
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

// scheduled is the timetable of a job that its schedule starts.
func scheduled(item *job.Item) (t timetable.Timetable, ok bool) {
	if item.Gone || item.Plan.Schedule == "" || item.Plan.Disabled {
		return t, false
	}
	t, err := timetable.OfItem(item)
	return t, err == nil
}

// Unforeseen is whether a job's schedule starts it at times that nobody knows beforehand.
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

// SkipOf is the request to skip a job's next slot, with the slot that it means, as far as
// that is known; nil where there is none, or no slot that it could still mean.
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

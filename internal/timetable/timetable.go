// Package timetable says which slots a job has: its schedule in its zone, without what its
// own terms filter out. Trigger, sweep, local mode and preview ask the same question here and
// get the same answer.
//
// A filtered slot is neither run nor missed.
package timetable

import (
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
)

// Timetable is a plan that has been read. Of makes one.
type Timetable struct {
	cron.Schedule
	plan       job.Plan
	zone       *time.Location
	skip, only []string // sorted
	shifted    *shifted // nil if no shift is in force
}

// Of reads a plan, which must have a schedule.
func Of(p job.Plan) (Timetable, error) {
	spec, err := specOf(p.Schedule)
	if err != nil {
		return Timetable{}, fmt.Errorf("reading the schedule: %w", err)
	}
	zone, err := cron.LoadZone(p.Timezone)
	if err != nil {
		return Timetable{}, fmt.Errorf("reading the zone: %w", err)
	}
	dst, err := cron.ParseDST(p.DST.Gap, p.DST.Overlap)
	if err != nil {
		return Timetable{}, fmt.Errorf("reading dst: %w", err)
	}
	return Timetable{
		Schedule: spec.In(zone, dst), plan: p, zone: zone.Location(),
		skip: sorted(p.Calendar.Skip), only: sorted(p.Calendar.Only),
	}, nil
}

// sorted returns days in order. Most are none, or are listed so.
func sorted(days []string) []string {
	if slices.IsSorted(days) {
		return days
	}
	return slices.Sorted(slices.Values(days))
}

// specs holds schedules that have been read, by their text. They never change, and a sweep
// asks for each of them several times.
var (
	specs  sync.Map
	nSpecs atomic.Int64
)

// maxSpecs bounds how many are kept. Any further ones are read each time.
const maxSpecs = 20_000

// specOf reads a schedule.
func specOf(text string) (*cron.Spec, error) {
	known, _ := specs.Load(text)
	if spec, ok := known.(*cron.Spec); ok {
		return spec, nil
	}
	spec, err := cron.Parse(text)
	if err != nil {
		return nil, err
	}
	if nSpecs.Add(1) <= maxSpecs {
		specs.Store(text, spec)
	}
	return spec, nil
}

// Filtered says why a slot does not count; "" if it does. EventBridge may start a crontab
// schedule on days or in repeated hours that it does not have: because EventBridge cannot
// combine both day fields (see cron.Translation), or from a template of an earlier version.
// All such starts are at the schedule's times of day. A start at any other time comes from
// somebody else and is not filtered. Only EventBridge knows which minutes a cron(...),
// rate(...) or at(...) has.
func (t Timetable) Filtered(slot time.Time) string {
	if t.isShifted(slot) {
		return t.shifted.theirs.Filtered(slot)
	}
	if t.Spec().Dialect() == cron.Crontab && t.Shows(slot) && !t.Matches(slot) {
		return fmt.Sprintf("EventBridge starts more often than %s in %s says, and this minute is not one of it", t.plan.Schedule, t.Zone().Name())
	}
	why, _ := t.filtered(slot)
	return why
}

// Place returns the slot that a start at a time stands for; ok is false if the schedule has
// none there. A rule may start more than once for one time (EventBridge user guide,
// "Troubleshooting"), the second time after its minute. So a time up to two minutes after a
// slot belongs to that slot unless it is a slot itself, and a time one minute before a slot
// belongs to that slot. Minutes at which EventBridge starts too often count as slots, so that
// Filtered can report them. A rate(...) has every minute.
func (t Timetable) Place(at time.Time) (slot time.Time, ok bool) {
	minute := at.UTC().Truncate(time.Minute)
	if _, rate := t.Spec().Rate(); rate {
		return minute, true
	}
	for _, off := range []time.Duration{0, -time.Minute, -2 * time.Minute, time.Minute} {
		if slot = minute.Add(off); t.Matches(slot) || t.Spec().Dialect() == cron.Crontab && t.Shows(slot) {
			return slot, true
		}
	}
	return minute, false
}

// Open returns the first minute from a time on that is not filtered, whether or not it is a
// slot; ok is false if there is none.
func (t Timetable) Open(from time.Time) (at time.Time, ok bool) {
	for at = from.Truncate(time.Minute); ; {
		why, until := t.filtered(at)
		switch {
		case why == "":
			return at, true
		case until.IsZero():
			return time.Time{}, false
		}
		if at = at.Add(time.Minute); until.After(at) {
			at = until.Add(time.Minute - 1).Truncate(time.Minute)
		}
	}
}

// filtered is Filtered for the schedule's own slots. It also returns the time before which no
// other slot counts; zero if none ever will.
func (t Timetable) filtered(slot time.Time) (why string, until time.Time) {
	if start := t.plan.StartAt; slot.Before(start) {
		return "before startAt " + start.UTC().Format(time.RFC3339), start
	}
	if end := t.plan.EndAt; !end.IsZero() && !slot.Before(end) {
		return "not before endAt " + end.UTC().Format(time.RFC3339), time.Time{}
	}
	if len(t.skip) == 0 && len(t.only) == 0 {
		return "", time.Time{}
	}
	local := slot.In(t.zone)
	day := local.Format(time.DateOnly)
	if _, found := slices.BinarySearch(t.skip, day); found {
		return "the calendar skips " + day, t.midnight(local.Year(), local.Month(), local.Day()+1)
	}
	if i, found := slices.BinarySearch(t.only, day); len(t.only) > 0 && !found {
		if i < len(t.only) {
			if next, err := time.Parse(time.DateOnly, t.only[i]); err == nil {
				until = t.midnight(next.Year(), next.Month(), next.Day())
			}
		}
		return "the calendar does not name " + day, until
	}
	return "", time.Time{}
}

// midnight returns a time three hours before a local day begins, because the clocks may
// change at midnight.
func (t Timetable) midnight(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, t.zone).Add(-3 * time.Hour)
}

// Next returns the first slot after a time that is not filtered; ok is false if there is
// none.
func (t Timetable) Next(after time.Time) (slot time.Time, ok bool) {
	if t.shifted != nil {
		return t.shifted.next(after)
	}
	for slot, ok = t.Schedule.Next(after); ok; slot, ok = t.Schedule.Next(after) {
		why, until := t.filtered(slot)
		switch {
		case why == "":
			return slot, true
		case until.IsZero():
			return time.Time{}, false
		}
		after = slot
		if until = until.Add(-1); until.After(after) {
			after = until
		}
	}
	return time.Time{}, false
}

// All yields the slots from a time (inclusive) to another (exclusive) that are not filtered,
// in order.
func (t Timetable) All(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		slot, ok := t.Next(from.Add(-1))
		for ok && slot.Before(to) && yield(slot) {
			slot, ok = t.Next(slot)
		}
	}
}

// Past says, in one sentence, that no slot comes any more after a time, and why; "" if one
// does.
func (t Timetable) Past(now time.Time) string {
	if _, ok := t.Next(now); ok {
		return ""
	}
	last := ""
	if len(t.only) > 0 {
		last = t.only[len(t.only)-1]
	}
	_, goesOn := t.Schedule.Next(now)
	switch end := t.plan.EndAt; {
	case !end.IsZero() && !end.After(now):
		return "endAt: " + end.UTC().Format(time.RFC3339) + " lies in the past: it will never run"
	case !goesOn:
		return "schedule: the last time of " + t.plan.Schedule + " lies in the past: it will never run"
	case last != "" && last <= now.In(t.zone).Format(time.DateOnly):
		return "calendar: the last day of only, " + last + ", lies in the past: it will never run"
	}
	return "no time of " + t.plan.Schedule + " is left before endAt on the days of the calendar: it will never run"
}

// runsOut is how long before its last day a calendar that names days is reported to run out.
const runsOut = 14 * 24 * time.Hour

// RunsOut says, in one sentence, that the last day that the job's calendar names comes within
// 14 days; "" if it does not, or if no slot is left at all.
func (t Timetable) RunsOut(now time.Time) string {
	if len(t.only) == 0 || t.Past(now) != "" {
		return ""
	}
	last := t.only[len(t.only)-1]
	day, err := time.ParseInLocation(time.DateOnly, last, t.zone)
	if end := t.plan.EndAt; err != nil || day.Sub(now) > runsOut || !end.IsZero() && !end.After(day) {
		return ""
	}
	return "calendar: the last day of only is " + last + ": name further days, or it will not run after that"
}

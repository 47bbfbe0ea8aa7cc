package preview

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// clocks lists the clock changes in the zones of the jobs that run.
func (r *Report) clocks() {
	seen := map[string]bool{}
	for _, j := range r.Jobs {
		if seen[j.Zone] || j.zone == nil {
			continue
		}
		seen[j.Zone] = true
		for _, at := range changesOf(j.zone, r.From, r.To) {
			_, a := at.Add(-time.Minute).In(j.zone).Zone()
			_, b := at.In(j.zone).Zone()
			words := "go forward by " + job.Duration(time.Duration(b-a)*time.Second).String()
			if b < a {
				words = "go back by " + job.Duration(time.Duration(a-b)*time.Second).String()
			}
			r.Clocks = append(r.Clocks, Clock{j.Zone, at, words})
		}
	}
	slices.SortStableFunc(r.Clocks, func(a, b Clock) int { return a.At.Compare(b.At) })
}

// changesOf gives the minutes at which the clocks of a zone change.
func changesOf(zone *time.Location, from, to time.Time) (out []time.Time) {
	for at := from; at.Before(to); at = at.Add(24 * time.Hour) {
		_, a := at.In(zone).Zone()
		_, b := at.Add(24 * time.Hour).In(zone).Zone()
		if a == b {
			continue
		}
		low, high := at, at.Add(24*time.Hour)
		for high.Sub(low) > time.Minute {
			middle := low.Add(high.Sub(low) / 2).Truncate(time.Minute)
			if _, c := middle.In(zone).Zone(); c == a {
				low = middle
			} else {
				high = middle
			}
		}
		out = append(out, high)
	}
	return out
}

// changed says what each change of the clocks does to a schedule, except on days that the job's own
// conditions leave out.
func changed(t timetable.Timetable, from, to time.Time) (out []string) {
	for _, at := range changesOf(t.Zone().Location(), from, to) {
		if open, ok := t.Open(at); ok && open.Equal(at) {
			out = append(out, aroundChange(t, at)...)
		}
	}
	return out
}

// aroundChange says what the change at a minute does to a schedule, in comparison with the same
// schedule on the wall clock alone. It says nothing if the runs come as if the clocks had not
// changed, as those of */15 do.
func aroundChange(t timetable.Timetable, at time.Time) []string {
	zone := t.Zone().Location()
	_, before := at.Add(-time.Minute).In(zone).Zone()
	_, after := at.In(zone).Zone()
	shift := time.Duration(after-before) * time.Second
	onWall := t.Spec().In(cron.UTC, cron.DST{})
	if _, rate := t.Spec().Rate(); rate || undisturbed(t.Schedule, onWall, at, before, max(shift, -shift)) {
		return nil
	}
	when := at.In(zone).Format("2006-01-02 15:04 MST")
	if shift > 0 {
		lost := count(onWall, wall(at, before), wall(at, before).Add(shift))
		// A run is late if the wall clock would not start it at that minute.
		late := t.Matches(at) && (!onWall.Matches(wall(at, after)) || t.Repeats(at) > 1)
		return skipped(when, lost, late)
	}
	return repeated(when, count(t.Schedule, at.Add(shift), at), count(t.Schedule, at, at.Add(-shift)))
}

// undisturbed reports whether the runs around a change, and for a day after it, are the same as
// without the change.
func undisturbed(s, onWall cron.Schedule, at time.Time, offset int, span time.Duration) bool {
	from, to := at.Add(-span), at.Add(24*time.Hour)
	var own []time.Time
	for slot := range s.All(from, to) {
		own = append(own, wall(slot, offset))
	}
	for slot := range onWall.All(wall(from, offset), wall(to, offset)) {
		if len(own) == 0 || !own[0].Equal(slot) {
			return false
		}
		own = own[1:]
	}
	return len(own) == 0
}

func skipped(when string, lost int, late bool) []string {
	switch {
	case lost == 1 && late:
		return []string{when + ": its local time is skipped, so it runs right after"}
	case lost == 1:
		return []string{when + ": its local time is skipped, and so is its run"}
	case lost > 1 && late:
		return []string{fmt.Sprintf("%s: %d of its local times are skipped, and one run right after stands for them", when, lost)}
	case lost > 1:
		return []string{fmt.Sprintf("%s: %d of its local times are skipped, and so are their runs", when, lost)}
	}
	return nil
}

func repeated(when string, first, second int) []string {
	switch {
	case first == 1 && second > 0:
		return []string{when + ": its local time comes twice, and it runs both times"}
	case first == 1:
		return []string{when + ": its local time comes twice, and it runs the first time only"}
	case first > 1 && second > 0:
		return []string{fmt.Sprintf("%s: %d of its local times come twice, and it runs both times", when, first)}
	case first > 1:
		return []string{fmt.Sprintf("%s: %d of its local times come twice, and it runs the first time only", when, first)}
	}
	return nil
}

func wall(at time.Time, offset int) time.Time { return at.Add(time.Duration(offset) * time.Second) }

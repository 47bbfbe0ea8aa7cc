package jobdiff

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// maxRuns is the most runs of a year that are compared one by one: one every quarter of an hour.
const maxRuns = 36_000

// running says when a job runs.
func running(j job.Job) string {
	switch {
	case j.Schedule == "":
		return "run by people only"
	case j.Disabled:
		return "switched off, else " + when(j)
	}
	return "run " + when(j)
}

func when(j job.Job) string {
	words := ""
	if spec, err := cron.Parse(j.Schedule); err == nil {
		words = spec.Words() + ", "
	}
	return words + j.Zone() + " time (" + j.Schedule + ")"
}

// schedule says how a job's runs change.
func (c comparison) schedule(a, b job.Job) (out []string) {
	if a.Schedule != b.Schedule || a.Zone() != b.Zone() {
		what, was, is := "schedule", running(a), running(b)
		if was == is { // only people run it
			what, was, is = "timezone", a.Zone(), b.Zone()
		}
		out = append(out, fmt.Sprintf("%s: was %s; is %s", what, was, is))
	}
	switch {
	case a.Disabled && !b.Disabled:
		out = append(out, "it is switched on")
	case !a.Disabled && b.Disabled:
		out = append(out, "it is switched off: its schedule no longer runs it")
	}
	was, is := a.Plan(), b.Plan()
	if was.Equal(is) || a.Schedule == "" || b.Schedule == "" {
		return out
	}
	return append(out, c.moves(was, is)...)
}

// comparison compares jobs over the year from a time on. Many jobs have equal schedules, so it
// works out only once what a change of such a plan means.
type comparison struct {
	from time.Time
	told map[[2]string][]string
}

func (c comparison) moves(was, is job.Plan) []string {
	a, errA := json.Marshal(was)
	b, errB := json.Marshal(is)
	if errA != nil || errB != nil {
		return moves(was, is, c.from) // strings, numbers and slices always marshal
	}
	key := [2]string{string(a), string(b)}
	words, ok := c.told[key]
	if !ok {
		words = moves(was, is, c.from)
		c.told[key] = words
	}
	return words
}

// moves compares the runs of a year with each other.
func moves(a, b job.Plan, from time.Time) []string {
	before, errA := timetable.Of(a)
	after, errB := timetable.Of(b)
	if errA != nil || errB != nil {
		return []string{"its runs cannot be compared: a schedule cannot be read"}
	}
	zone := after.Zone().Location()
	was, fineA := runs(before, from)
	is, fineB := runs(after, from)
	if !fineA || !fineB {
		return firstDifference(before, after, from, zone)
	}
	shift, moved := shifted(was, is)
	gone, more := without(was, is, shift), without(is, was, -shift)
	if shift != 0 {
		// What stays is neither dropped nor added.
		gone, more = without(gone, more, 0), without(more, gone, 0)
	} else {
		// The years of two zones do not begin at the same time.
		gone, more = others(gone, after), others(more, before)
	}
	return told(shift, moved, gone, more, from, zone)
}

// told says what happens to the runs: those that move by a shift, and the rest. It names the
// first run from a time on, because earlier runs of that day are over.
func told(shift time.Duration, moved, gone, more []time.Time, from time.Time, zone *time.Location) (out []string) {
	switch {
	case shift > 0:
		out = append(out, fmt.Sprintf("runs %s later %s", length(shift), days(moved, zone)))
	case shift < 0:
		out = append(out, fmt.Sprintf("runs %s earlier %s", length(-shift), days(moved, zone)))
	}
	if shift != 0 && sameDays(gone, more, zone) {
		return append(out, fmt.Sprintf("runs at another time %s, the first at %s instead of %s", days(more, zone), more[first(more, from)].In(zone).Format(minute), gone[first(more, from)].In(zone).Format(minute)))
	}
	if len(gone) > 0 {
		out = append(out, fmt.Sprintf("drops %s, the first at %s", days(gone, zone), gone[first(gone, from)].In(zone).Format(minute)))
	}
	if len(more) > 0 {
		out = append(out, fmt.Sprintf("adds %s, the first at %s", days(more, zone), more[first(more, from)].In(zone).Format(minute)))
	}
	return out
}

// first gives the index of the first run from a time on, or of the first of all if none is left.
func first(runs []time.Time, from time.Time) int {
	i, _ := slices.BinarySearchFunc(runs, from, time.Time.Compare)
	return i % len(runs)
}

const minute = "Mon 2006-01-02 15:04 MST"

// runs gives the slots of a year, even if the job is disabled. fine is false if there are too many.
func runs(t timetable.Timetable, from time.Time) (out []time.Time, fine bool) {
	from, to := year(t, from)
	for slot := range t.All(from, to) {
		if len(out) == maxRuns {
			return nil, false
		}
		out = append(out, slot)
	}
	return out, true
}

// year gives whole days in the job's own zone, so that a shift moves no run out of it. A day whose
// midnight is skipped begins after the gap.
func year(t timetable.Timetable, from time.Time) (start, end time.Time) {
	local := from.In(t.Zone().Location())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	return t.Zone().At(day), t.Zone().At(day.AddDate(1, 0, 0))
}

// firstDifference compares schedules that run too often to keep their runs. It stops at the first
// run that only one of them has.
func firstDifference(before, after timetable.Timetable, from time.Time, zone *time.Location) []string {
	_, to := year(after, from)
	at := from.Add(-1)
	for {
		a, b := nextIn(before, at, to), nextIn(after, at, to)
		switch {
		case a.Equal(b) && a.Equal(to):
			return nil
		case a.Equal(b):
			at = a
		case a.Before(b):
			return []string{tooOften + "drops the run at " + a.In(zone).Format(minute)}
		default:
			return []string{tooOften + "adds a run at " + b.In(zone).Format(minute)}
		}
	}
}

// nextIn gives the first run after a time, or end if there is none before it.
func nextIn(t timetable.Timetable, at, end time.Time) time.Time {
	if next, ok := t.Next(at); ok && next.Before(end) {
		return next
	}
	return end
}

const tooOften = "it runs too often to compare run by run; the first difference: "

// shifted gives the time by which most runs move, and where they move to: more than half of the
// runs of either side, by less than half a day. If several times move equally many runs, it takes
// the shortest. If as many runs stay, there is no shift.
func shifted(was, is []time.Time) (shift time.Duration, moved []time.Time) {
	const half = 12 * 60
	var tally [2*half + 1]int
	first := 0
	step := len(was)/sample + 1
	for i := 0; i < len(was); i += step {
		for first < len(is) && is[first].Sub(was[i]) <= -half*time.Minute {
			first++
		}
		for _, t := range is[first:] {
			d := t.Sub(was[i])
			if d >= half*time.Minute {
				break
			}
			tally[half+int(d/time.Minute)]++
		}
	}
	best := 0
	for d := 1; d < half; d++ {
		for _, d := range [...]int{d, -d} {
			if tally[half+d] > tally[half+best] {
				best = d
			}
		}
	}
	shift = time.Duration(best) * time.Minute
	moved = without(is, without(is, was, -shift), 0)
	if 2*len(moved) <= max(len(was), len(is)) {
		return 0, nil
	}
	return shift, moved
}

// sample is the most runs that are examined to find where they may have moved.
const sample = 2000

// without gives the elements of all that are not among the others once they are moved by d. Both
// must be in order.
func without(all, others []time.Time, d time.Duration) (out []time.Time) {
	i := 0
	for _, t := range all {
		for i < len(others) && others[i].Before(t.Add(d)) {
			i++
		}
		if i == len(others) || !others[i].Equal(t.Add(d)) {
			out = append(out, t)
		}
	}
	return out
}

// others gives the runs that a timetable does not have.
func others(runs []time.Time, t timetable.Timetable) []time.Time {
	return slices.DeleteFunc(runs, func(run time.Time) bool {
		next, _ := t.Next(run.Add(-1))
		return next.Equal(run)
	})
}

func length(d time.Duration) string {
	switch h, m := int(d/time.Hour), int(d%time.Hour/time.Minute); {
	case h == 0:
		return job.Counted(m, "minute")
	case m == 0:
		return job.Counted(h, "hour")
	default:
		return job.Counted(h, "hour") + " " + job.Counted(m, "minute")
	}
}

package jobdiff

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// maxRuns is how many runs of a year are compared one by one: one every quarter
// of an hour.
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

// schedule says how the runs of a job change.
func schedule(a, b job.Job, from time.Time) (out []string) {
	if a.Schedule != b.Schedule || a.Zone() != b.Zone() {
		out = append(out, fmt.Sprintf("schedule: was %s; is %s", running(a), running(b)))
	}
	switch {
	case a.Disabled && !b.Disabled:
		out = append(out, "it is switched on")
	case !a.Disabled && b.Disabled:
		out = append(out, "it is switched off: its schedule does not run it any more")
	}
	if a.Plan().Equal(b.Plan()) || a.Schedule == "" || b.Schedule == "" {
		return out
	}
	return append(out, moves(a, b, from)...)
}

// moves holds the runs of a year against each other.
func moves(a, b job.Job, from time.Time) (out []string) {
	was, fineA := runs(a, from)
	is, fineB := runs(b, from)
	if !fineA || !fineB {
		return []string{"it runs too often to compare run by run"}
	}
	zone := time.UTC
	if z, err := cron.LoadZone(b.Zone()); err == nil {
		zone = z.Location()
	}
	if shift, ok := shifted(was, is); ok {
		switch {
		case shift > 0:
			return []string{fmt.Sprintf("runs %s later %s", length(shift), days(is, zone))}
		case shift < 0:
			return []string{fmt.Sprintf("runs %s earlier %s", length(-shift), days(is, zone))}
		}
		return nil
	}
	if gone := without(was, is); len(gone) > 0 {
		out = append(out, fmt.Sprintf("drops %s, the first at %s", days(gone, zone), gone[0].In(zone).Format("Mon 2006-01-02 15:04 MST")))
	}
	if more := without(is, was); len(more) > 0 {
		out = append(out, fmt.Sprintf("adds %s, the first at %s", days(more, zone), more[0].In(zone).Format("Mon 2006-01-02 15:04 MST")))
	}
	return out
}

// runs are the slots of a year, whether the job is switched on or not.
func runs(j job.Job, from time.Time) (out []time.Time, fine bool) {
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return nil, false
	}
	// Whole days of the job's own zone: a shift moves no run out of the year.
	local := from.In(t.Zone().Location())
	from = time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	for slot := range t.All(from, from.AddDate(1, 0, 0)) {
		if len(out) == maxRuns {
			return nil, false
		}
		out = append(out, slot)
	}
	return out, true
}

// shifted is by how much all runs move, give or take those around a change of
// the clocks: one run in twenty may differ.
func shifted(was, is []time.Time) (time.Duration, bool) {
	if len(was) == 0 || len(was) != len(is) {
		return 0, false
	}
	times := map[time.Duration]int{}
	for i := range was {
		times[is[i].Sub(was[i])]++
	}
	for d, n := range times {
		if n*20 >= len(was)*19 && (d != 0 || n == len(was)) && d > -12*time.Hour && d < 12*time.Hour {
			return d, true
		}
	}
	return 0, false
}

func without(all, those []time.Time) (out []time.Time) {
	has := make(map[time.Time]bool, len(those))
	for _, t := range those {
		has[t] = true
	}
	for _, t := range all {
		if !has[t] {
			out = append(out, t)
		}
	}
	return out
}

// days says on which days of a year runs are.
func days(runs []time.Time, zone *time.Location) string {
	dates := map[string]bool{}
	weekday, weekend := false, false
	for _, t := range runs {
		local := t.In(zone)
		dates[local.Format(time.DateOnly)] = true
		if d := local.Weekday(); d == time.Saturday || d == time.Sunday {
			weekend = true
		} else {
			weekday = true
		}
	}
	words := ""
	switch n := len(dates); {
	case n >= 365:
		words = "every day, "
	case n >= 230 && weekday && !weekend:
		words = "on weekdays, "
	case n >= 90 && !weekday:
		words = "at weekends, "
	}
	if len(dates) == len(runs) {
		return fmt.Sprintf("%s%s a year", words, plural(len(dates), "day"))
	}
	return fmt.Sprintf("%s%s a year (%s)", words, plural(len(dates), "day"), plural(len(runs), "run"))
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func length(d time.Duration) string {
	switch h, m := int(d/time.Hour), int(d%time.Hour/time.Minute); {
	case h == 0:
		return plural(m, "minute")
	case m == 0:
		return plural(h, "hour")
	default:
		return plural(h, "hour") + " " + plural(m, "minute")
	}
}

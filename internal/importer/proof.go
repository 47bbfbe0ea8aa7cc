package importer

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
)

// exact says what was proved about a translation into EventBridge's expressions.
func exact(t cron.Translation) string {
	if t.Guard != "" {
		return "proved: it holds all the minutes of the old schedule, in every kind of month up to 2199, and the guard keeps the others out"
	}
	return "proved: the same minutes of the wall clock, in every kind of month up to 2199"
}

// Fields is a schedule of five fields as sets, read by another program's rules. Bit n is the
// value n; Sunday is 0.
type Fields struct {
	Minute, Hour, Day, Month, Weekday uint64
	// Either says that a day counts if one of the two day fields has it. Otherwise both must
	// have it.
	Either bool
}

// matches reports whether a day of the calendar counts.
func (f Fields) matches(day time.Time) bool {
	if f.Month>>int(day.Month())&1 == 0 {
		return false
	}
	date, weekday := f.Day>>day.Day()&1 != 0, f.Weekday>>int(day.Weekday())&1 != 0
	if f.Either {
		return date || weekday
	}
	return date && weekday
}

// proofDays is how many days are compared. 28 years hold every kind of month, in the order in
// which the Gregorian calendar repeats until 2100.
const proofDays = 28*365 + 7

// Prove compares the fields with an expression: day by day over 28 years from a time on, and
// minute by minute on the first day that counts. The error is the first difference.
func Prove(f Fields, s *cron.Spec, from time.Time) error {
	wall := s.In(cron.UTC, cron.DST{Gap: cron.GapSkip, Overlap: cron.OverlapOnce})
	day := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	first := time.Duration(bits.TrailingZeros64(f.Hour))*time.Hour + time.Duration(bits.TrailingZeros64(f.Minute))*time.Minute
	compared := false
	next, more := wall.Next(day.Add(-time.Minute))
	for range proofDays {
		here := more && next.Before(day.AddDate(0, 0, 1))
		if here != f.matches(day) {
			return fmt.Errorf("%s: one fires on %s and the other does not", s, day.Format(time.DateOnly))
		}
		if here && !compared {
			if at, differ := minutesDiffer(f, wall, day); differ {
				return fmt.Errorf("%s: one fires at %s and the other does not", s, at.Format("15:04"))
			}
			compared = true
		}
		if here && !next.Equal(day.Add(first)) {
			return fmt.Errorf("%s: the first fire of %s differs", s, day.Format(time.DateOnly))
		}
		day = day.AddDate(0, 0, 1)
		if here {
			next, more = wall.Next(day.Add(-time.Minute))
		}
	}
	return nil
}

func minutesDiffer(f Fields, wall cron.Schedule, day time.Time) (time.Time, bool) {
	fires := map[time.Time]bool{}
	for slot := range wall.All(day, day.AddDate(0, 0, 1)) {
		fires[slot] = true
	}
	for m := range 24 * 60 {
		at := day.Add(time.Duration(m) * time.Minute)
		if want := f.Hour>>(m/60)&1 != 0 && f.Minute>>(m%60)&1 != 0; want != fires[at] {
			return at, true
		}
	}
	return time.Time{}, false
}

// Crontab writes the fields as the five of a crontab, as cronie reads them: if a day field begins
// with *, both must match, otherwise either may.
func (f Fields) Crontab() string {
	day, weekday := set(f.Day, 1, 31), set(f.Weekday, 0, 6)
	if f.Either {
		// Neither may begin with *.
		if day == "*" {
			day = "1-31"
		}
		if weekday == "*" {
			weekday = "0-6"
		}
	}
	return strings.Join([]string{set(f.Minute, 0, 59), set(f.Hour, 0, 23), day, set(f.Month, 1, 12), weekday}, " ")
}

// set writes values: * for all, otherwise a list with ranges.
func set(values uint64, low, high int) string {
	all := uint64(1)<<(high+1) - uint64(1)<<low
	if values == all {
		return "*"
	}
	var out []string
	for v := low; v <= high; v++ {
		if values>>v&1 == 0 {
			continue
		}
		end := v
		for end < high && values>>(end+1)&1 != 0 {
			end++
		}
		switch {
		case end-v >= 2:
			out = append(out, strconv.Itoa(v)+"-"+strconv.Itoa(end))
		default:
			for n := v; n <= end; n++ {
				out = append(out, strconv.Itoa(n))
			}
		}
		v = end
	}
	return strings.Join(out, ",")
}

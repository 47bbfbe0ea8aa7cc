package jobdiff

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// calendar numbers the days of a zone. It asks the zone once for the time between two clock
// changes.
type calendar struct {
	zone       *time.Location
	start, end time.Time // of the offset; zero is no bound
	offset     int64
	known      bool
}

// secondsADay is for calendar days, which have no leap seconds.
const secondsADay = 24 * 60 * 60

// day gives the number of a local day after 1970-01-01, which was a Thursday.
func (c *calendar) day(t time.Time) int64 {
	if !c.known || t.Before(c.start) || !c.end.IsZero() && !t.Before(c.end) {
		local := t.In(c.zone)
		_, offset := local.Zone()
		c.start, c.end = local.ZoneBounds()
		c.offset, c.known = int64(offset), true
	}
	return (t.Unix() + c.offset) / secondsADay
}

// weekend reports whether a day is a Saturday or a Sunday.
func weekend(day int64) bool {
	weekday := (day + int64(time.Thursday)) % 7
	return weekday == int64(time.Saturday) || weekday == int64(time.Sunday)
}

// sameDays reports whether the runs are on the same days, one by one, as around a change of the
// clocks.
func sameDays(gone, more []time.Time, zone *time.Location) bool {
	a, b := calendar{zone: zone}, calendar{zone: zone}
	return len(gone) > 0 && slices.EqualFunc(gone, more, func(x, y time.Time) bool { return a.day(x) == b.day(y) })
}

// days says on which days of a year the runs are. They must be in order.
func days(runs []time.Time, zone *time.Location) string {
	c := calendar{zone: zone}
	n, last := 0, int64(-1)
	atWeekends, onWeekdays := false, false
	for _, t := range runs {
		day := c.day(t)
		if day == last {
			continue
		}
		n, last = n+1, day
		if weekend(day) {
			atWeekends = true
		} else {
			onWeekdays = true
		}
	}
	words := ""
	switch {
	case n >= 365:
		words = "every day, "
	case n >= 230 && !atWeekends:
		words = "on weekdays, "
	case n >= 90 && !onWeekdays:
		words = "at weekends, "
	}
	if n == len(runs) {
		return fmt.Sprintf("%s%s a year", words, job.Counted(n, "day"))
	}
	return fmt.Sprintf("%s%s a year (%s)", words, job.Counted(n, "day"), job.Counted(len(runs), "run"))
}

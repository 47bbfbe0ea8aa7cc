package plane

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// ParseTime reads a time as people write it. A time without a zone is in zone. Where the clocks skip
// midnight, the skipped times mean the beginning of the day.
func ParseTime(s string, zone *time.Location) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if wall, err := time.Parse(layout, s); err == nil && wall.Day() != t.Day() {
				_, t = t.ZoneBounds() // it took the offset from before the change
			}
			return t, true
		}
	}
	return time.Time{}, false
}

// ParsePast reads a time in the past, or how long ago it was; "" is the zero time.
func ParsePast(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := job.ParseDuration(text); err == nil {
		return now.Add(-time.Duration(d)), nil
	}
	if t, ok := ParseTime(text, zone); ok {
		return t, nil
	}
	return time.Time{}, &RefError{fmt.Sprintf("%q is neither a duration such as 24h or 7d nor a time such as 2026-11-22 or 2026-11-22T17:30Z", text)}
}

// ParseUntil reads when something ends: a time in zone, or a duration from now; "" is the zero
// time. A time of day means its next occurrence; "tomorrow" begins at midnight.
func ParseUntil(text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := job.ParseDuration(text); err == nil {
		return now.Add(time.Duration(d)), nil
	}
	local := now.In(zone)
	if strings.EqualFold(text, "tomorrow") {
		return onDay(local, 1, 0, 0), nil
	}
	if clock, err := time.Parse("15:04", text); err == nil {
		for n := 0; ; n++ {
			if t := onDay(local, n, clock.Hour(), clock.Minute()); t.After(now) {
				return t, nil
			}
		}
	}
	if t, ok := ParseTime(text, zone); ok {
		return t, nil
	}
	return time.Time{}, &RefError{fmt.Sprintf("%q is neither a duration such as 2h or 3d nor 12:00, tomorrow, or a time such as 2026-11-23T08:00", text)}
}

// onDay returns a time of day, n days after the day of a local time. Where the clocks skip
// midnight, the skipped times mean the beginning of the day.
func onDay(local time.Time, n, hour, minute int) time.Time {
	on := func(hour, minute int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+n, hour, minute, 0, 0, local.Location())
	}
	t := on(hour, minute)
	if t.Day() != on(12, 0).Day() { // time.Date took the offset from before the change
		_, t = t.ZoneBounds()
	}
	return t
}

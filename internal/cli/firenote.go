package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
)

// fireNote says what is special about a fire, or "" for most.
func fireNote(s cron.Schedule, days *clockDays, slot time.Time) string {
	change := days.of(slot)
	if change == "" {
		return ""
	}
	notes := []string{change}
	local := slot.In(s.Zone().Location())
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
	if _, rate := s.Spec().Rate(); !rate && !s.Spec().In(cron.UTC, cron.DST{}).Matches(wall) {
		notes = append(notes, "runs late: its local time is skipped")
	}
	if n := s.Repeats(slot); n > 1 {
		notes = append(notes, fmt.Sprintf("%d runs fall on this minute and are one", n))
	}
	if s.SchedulerMisses(slot) {
		notes = append(notes, "EventBridge Scheduler skips it: the sweep launches it")
	}
	return strings.Join(notes, "; ")
}

// clockDays finds the days on which a zone's clocks change. It remembers the last day, because
// fires come in order.
type clockDays struct {
	zone       *cron.Zone
	start, end time.Time
	change     string
}

// of says how the clocks change on the local day of a time, or "" if they do not.
func (d *clockDays) of(t time.Time) string {
	if !d.end.IsZero() && !t.Before(d.start) && t.Before(d.end) {
		return d.change
	}
	local := t.In(d.zone.Location())
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	d.start, d.end = d.zone.At(midnight), d.zone.At(midnight.AddDate(0, 0, 1)) // after the gap if the clocks skip midnight
	switch shift := d.zone.Offset(d.end.Add(-time.Minute)) - d.zone.Offset(d.start.Add(-time.Minute)); {
	case shift > 0:
		d.change = "clocks go forward by " + took(shift)
	case shift < 0:
		d.change = "clocks go back by " + took(-shift)
	default:
		d.change = ""
	}
	return d.change
}

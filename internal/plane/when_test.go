package plane_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
)

// TestUntil: a time of day is its next one, and tomorrow the beginning of the next day, also where
// the clocks go forward at midnight.
func TestUntil(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ zone, now, text, want string }{
		"today":                           {"Europe/Berlin", "2026-11-22T10:00:00Z", "12:00", "2026-11-22T12:00:00+01:00"},
		"tomorrow at that time":           {"Europe/Berlin", "2026-11-22T11:00:00Z", "12:00", "2026-11-23T12:00:00+01:00"},
		"tomorrow":                        {"Europe/Berlin", "2026-11-22T10:00:00Z", "Tomorrow", "2026-11-23T00:00:00+01:00"},
		"a day without midnight, Chile":   {"America/Santiago", "2026-09-06T00:00:00Z", "tomorrow", "2026-09-06T01:00:00-03:00"},
		"a day without midnight, Azores":  {"Atlantic/Azores", "2027-03-27T12:00:00Z", "tomorrow", "2027-03-28T01:00:00Z"},
		"a day without midnight, Egypt":   {"Africa/Cairo", "2027-04-29T12:00:00Z", "tomorrow", "2027-04-30T01:00:00+03:00"},
		"the date of such a day":          {"Atlantic/Azores", "2027-03-01T12:00:00Z", "2027-03-28", "2027-03-28T01:00:00Z"},
		"a skipped time of such a date":   {"America/Santiago", "2026-09-01T00:00:00Z", "2026-09-06 00:30", "2026-09-06T01:00:00-03:00"},
		"an offset on such a date":        {"Atlantic/Azores", "2027-03-01T12:00:00Z", "2027-03-28T00:30:00-01:00", "2027-03-28T00:30:00-01:00"},
		"the morning of such a day":       {"America/Santiago", "2026-09-06T00:00:00Z", "08:00", "2026-09-06T08:00:00-03:00"},
		"a skipped time of such a day":    {"America/Santiago", "2026-09-06T00:00:00Z", "00:30", "2026-09-06T01:00:00-03:00"},
		"the morning after such a day":    {"America/Santiago", "2026-09-06T12:00:00Z", "08:00", "2026-09-07T08:00:00-03:00"},
		"the evening before, still to be": {"America/Santiago", "2026-09-06T00:00:00Z", "23:30", "2026-09-05T23:30:00-04:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := plane.ParseUntil(c.text, plane.Zone(c.zone), now)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %s, %v", name, got.Format(time.RFC3339), err)
		}
	}
}

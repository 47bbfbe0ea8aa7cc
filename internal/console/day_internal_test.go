package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/preview"
)

// TestHoursOfADay: an hour is the whole time during which the clock shows it, even if the clocks
// change by half an hour, or at midnight.
func TestHoursOfADay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, day string
		long      time.Duration
		odd       string
	}{
		"as ever":                       {"Europe/Berlin", "2027-03-27", 24 * time.Hour, ""},
		"forward":                       {"Europe/Berlin", "2027-03-28", 23 * time.Hour, "2 missing"},
		"back":                          {"Europe/Berlin", "2026-10-25", 25 * time.Hour, "2 for 2h0m0s"},
		"forward at midnight":           {"Africa/Cairo", "2027-04-30", 23 * time.Hour, "0 missing"},
		"the day before":                {"Africa/Cairo", "2027-04-29", 24 * time.Hour, ""},
		"back at midnight":              {"Africa/Cairo", "2026-10-29", 25 * time.Hour, "23 for 2h0m0s"},
		"the day after":                 {"Africa/Cairo", "2026-10-30", 24 * time.Hour, ""},
		"back past midnight":            {"America/Havana", "2026-11-01", 25 * time.Hour, "0 for 2h0m0s"},
		"half an hour forward":          {"Australia/Lord_Howe", "2026-10-04", 23*time.Hour + 30*time.Minute, "2 for 30m0s"},
		"half an hour back":             {"Australia/Lord_Howe", "2027-04-04", 24*time.Hour + 30*time.Minute, "1 for 1h30m0s"},
		"a zone of three quarters more": {"Asia/Kathmandu", "2026-11-24", 24 * time.Hour, ""},
	} {
		zone := plane.Zone(c.zone)
		day, err := time.ParseInLocation("2006-01-02 15:04", c.day+" 12:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		hours := hoursOf(day.Year(), day.Month(), day.Day(), zone)
		var odd []string
		for h, next := 0, 0; h < 24; h++ {
			if next == len(hours) || hours[next].Hour != h {
				odd = append(odd, fmt.Sprint(h, " missing"))
				continue
			}
			if d := hours[next].To.Sub(hours[next].From); d != time.Hour {
				odd = append(odd, fmt.Sprint(h, " for ", d))
			}
			if next > 0 && !hours[next].From.Equal(hours[next-1].To) {
				t.Errorf("%s: %v does not follow on %v", name, hours[next], hours[next-1])
			}
			next++
		}
		if got := strings.Join(odd, ", "); got != c.odd || lengthOfDay(day, zone) != c.long {
			t.Errorf("%s: %s, and it has %s; want %s and %s", name, got, lengthOfDay(day, zone), c.odd, c.long)
		}
	}
}

// TestDoubled: the same time of day comes twice wherever the clocks go back.
func TestDoubled(t *testing.T) {
	t.Parallel()
	for zone, c := range map[string]struct{ first, last string }{
		"Europe/Berlin":       {"2026-10-25T00:00:00Z", "2026-10-25T01:59:00Z"},
		"Australia/Lord_Howe": {"2027-04-03T14:30:00Z", "2027-04-03T15:29:00Z"},
		"Africa/Cairo":        {"2026-10-29T20:00:00Z", "2026-10-29T21:59:00Z"},
		"Antarctica/Troll":    {"2026-10-24T23:00:00Z", "2026-10-25T02:59:00Z"},
	} {
		first, err := time.Parse(time.RFC3339, c.first)
		last, wrong := time.Parse(time.RFC3339, c.last)
		if err != nil || wrong != nil {
			t.Fatal(err, wrong)
		}
		for at := first.Add(-5 * time.Hour); at.Before(last.Add(5 * time.Hour)); at = at.Add(time.Minute) {
			if got, want := doubled(at.In(plane.Zone(zone))), !at.Before(first) && !at.After(last); got != want {
				t.Fatalf("%s: %s is doubled: %t", zone, at, got)
			}
		}
	}
}

// TestEveryLaunchIsInOneHour: the hours of the heat map contain all launches of the week.
func TestEveryLaunchIsInOneHour(t *testing.T) {
	t.Parallel()
	for zone, day := range map[string]time.Time{
		"Australia/Lord_Howe": time.Date(2027, 4, 1, 0, 0, 0, 0, plane.Zone("Australia/Lord_Howe")), "Africa/Cairo": time.Date(2026, 10, 27, 0, 0, 0, 0, plane.Zone("Africa/Cairo")),
		"Europe/Berlin": time.Date(2027, 3, 25, 0, 0, 0, 0, plane.Zone("Europe/Berlin")), "America/Havana": time.Date(2026, 10, 30, 0, 0, 0, 0, plane.Zone("America/Havana")),
	} {
		s := &schedule{}
		s.zone = day.Location()
		report, err := preview.Of([]job.Job{{Name: "a", Schedule: "*/15 * * * *", Timezone: zone}}, preview.Options{From: day, Days: ahead + 1, Cost: preview.CostOptions{Region: preview.Regions[0]}})
		if err != nil {
			t.Fatal(err)
		}
		s.fill(plans{Report: report}, day)
		total := 0
		for _, d := range s.Days {
			for _, h := range d.Hours {
				total += h.Launches
			}
		}
		end := hoursOf(day.Year(), day.Month(), day.Day()+ahead-1, day.Location())[23].To
		if want, _ := report.Between(day, end); total != want || len(s.Days) != ahead || s.Days[ahead-1].At.Day() != day.AddDate(0, 0, ahead-1).Day() {
			t.Errorf("%s: the hours have %d launches of %d", zone, total, want)
		}
	}
}

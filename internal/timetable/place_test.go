package timetable_test

import (
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

func of(t *testing.T, schedule, zone string) timetable.Timetable {
	t.Helper()
	tt, err := timetable.Of(job.Plan{Schedule: schedule, Timezone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return tt
}

// TestPlace: which slot a start stands for that comes a little early or late.
func TestPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schedule, at, slot string }{
		"its minute":                 {"30 2 * * *", "2026-11-22T01:30:59Z", "2026-11-22T01:30Z"},
		"a minute later":             {"30 2 * * *", "2026-11-22T01:31:59Z", "2026-11-22T01:30Z"},
		"two minutes later":          {"30 2 * * *", "2026-11-22T01:32:59Z", "2026-11-22T01:30Z"},
		"three minutes later":        {"30 2 * * *", "2026-11-22T01:33:00Z", ""},
		"a minute before":            {"30 2 * * *", "2026-11-22T01:29:00Z", "2026-11-22T01:30Z"},
		"two minutes before":         {"30 2 * * *", "2026-11-22T01:28:59Z", ""},
		"the nearest of two":         {"30,31 2 * * *", "2026-11-22T01:31:00Z", "2026-11-22T01:31Z"},
		"the one before, not after":  {"30,32 2 * * *", "2026-11-22T01:31:00Z", "2026-11-22T01:30Z"},
		"a crontab's time, its day":  {"30 2 1 * *", "2026-11-22T01:31:00Z", "2026-11-22T01:30Z"},
		"EventBridge's, another day": {"cron(30 2 1 * ? *)", "2026-11-22T01:31:00Z", ""},
		"late after the gap":         {"30 2 * * *", "2026-03-29T01:01:00Z", "2026-03-29T01:00Z"},
		"any minute of a rate":       {"rate(7 minutes)", "2026-11-22T01:33:59Z", "2026-11-22T01:33Z"},
		"before all years":           {"30 2 * * *", "0001-01-01T00:00:00Z", ""},
		"after all years":            {"* * * * *", "2200-01-01T00:05:00Z", ""},
	} {
		when, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		slot, ok := of(t, c.schedule, "Europe/Berlin").Place(when)
		if want := c.slot; ok != (want != "") || ok && slot.Format("2006-01-02T15:04Z") != want || !ok && !slot.Equal(when.Truncate(time.Minute)) {
			t.Errorf("%s: %s, %t", name, slot, ok)
		}
	}
}

// TestStarts: at which minutes a start is as always.
func TestStarts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schedule, at string
		want         bool
	}{
		{"30 2 1 * *", "2026-12-01T01:30Z", true},
		{"30 2 1 * *", "2026-12-02T01:30Z", true}, // EventBridge may start it on other days
		{"30 2 1 * *", "2026-12-01T02:30Z", false},
		{"cron(30 2 1 * ? *)", "2026-12-01T01:30Z", true},
		{"cron(30 2 1 * ? *)", "2026-12-02T01:30Z", false},
		{"30 2 * * *", "2026-03-29T01:00Z", true}, // late after the gap
		{"rate(7 minutes)", "2026-12-02T01:33Z", true},
		{"* * * * *", "1960-01-01T00:00Z", false},
	} {
		if got := of(t, c.schedule, "Europe/Berlin").Starts(at(c.at)); got != c.want {
			t.Errorf("%s at %s: %t", c.schedule, c.at, got)
		}
	}
	if why := of(t, "* * * * *", "UTC").Filtered(at("2300-01-01T00:00Z")); why != "" {
		t.Errorf("EventBridge never starts it then: %s", why)
	}
}

// TestEveryGuess: an offset explains a start if it is a multiple of a quarter of an hour, up
// to three hours, more or less than ours.
func TestEveryGuess(t *testing.T) {
	t.Parallel()
	tt, slot := of(t, "30 12 * * *", "Europe/Berlin"), at("2026-11-22T11:30Z")
	for by := -195 * time.Minute; by <= 195*time.Minute; by += 5 * time.Minute {
		if by == 0 {
			continue
		}
		s, stands, ok := tt.Explain(slot.Add(-by))
		if want := by%(15*time.Minute) == 0 && by.Abs() <= 3*time.Hour; ok != want || ok && (time.Duration(s.Offset) != time.Hour+by || !stands.Equal(slot)) {
			t.Errorf("%s: %+v, %s, %t", by, s, stands, ok)
		}
	}
}

// TestExplainWithoutASlot: a start may be explained although our own data have no slot in its
// place, because it lies in a gap that EventBridge does not have.
func TestExplainWithoutASlot(t *testing.T) {
	t.Parallel()
	for _, schedule := range []string{"at(2026-03-29T02:30:00)", "cron(30 2 29 3 ? *)"} {
		s, slot, ok := of(t, schedule, "Europe/Berlin").Explain(at("2026-03-29T01:30Z"))
		if !ok || time.Duration(s.Offset) != time.Hour || !s.From.Equal(at("2026-03-29T01:30Z").Add(-1)) || !slot.IsZero() {
			t.Errorf("%s: %+v, %s, %t", schedule, s, slot, ok)
		}
	}
}

// TestTheCalendarStaysAsItIs: the days of a plan are not put in order, because others read
// them at the same time.
func TestTheCalendarStaysAsItIs(t *testing.T) {
	t.Parallel()
	days := []string{"2027-01-02", "2027-01-01"}
	plan := job.Plan{Schedule: "0 9 * * *", Timezone: "UTC", When: job.When{Calendar: job.Calendar{Only: days}}}
	tt, err := timetable.Of(plan)
	if err != nil || !slices.Equal(days, []string{"2027-01-02", "2027-01-01"}) {
		t.Errorf("%v, %v", days, err)
	}
	for slot := range tt.All(at("2026-01-01T00:00Z"), at("2028-01-01T00:00Z")) {
		if !slot.Equal(at("2027-01-01T09:00Z")) {
			t.Errorf("the first is %s", slot)
		}
		break
	}
}

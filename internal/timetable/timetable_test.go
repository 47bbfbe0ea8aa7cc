package timetable_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04Z07:00", s)
	if err != nil {
		panic(err)
	}
	return t
}

// TestSlots: which slots count, and why the others do not.
func TestSlots(t *testing.T) {
	t.Parallel()
	weekdays := job.Plan{Schedule: "0 9 * * 1-5", Timezone: "Asia/Tokyo"}
	with := func(p job.Plan, change func(*job.Plan)) job.Plan { change(&p); return p }
	for name, c := range map[string]struct {
		plan     job.Plan
		from, to string
		want     string // the slots, in order
		filtered string // a slot that does not count
		why      string
	}{
		"everything":   {weekdays, "2026-12-31T00:00Z", "2027-01-05T00:00Z", "2026-12-31T00:00Z 2027-01-01T00:00Z 2027-01-04T00:00Z", "", ""},
		"a holiday":    {with(weekdays, func(p *job.Plan) { p.Calendar.Skip = []string{"2027-01-01", "2026-12-31"} }), "2026-12-30T00:00Z", "2027-01-05T00:00Z", "2026-12-30T00:00Z 2027-01-04T00:00Z", "2027-01-01T00:00Z", "the calendar skips 2027-01-01"},
		"local days":   {with(weekdays, func(p *job.Plan) { p.Schedule, p.Calendar.Skip = "0 1 * * *", []string{"2027-01-01"} }), "2026-12-30T12:00Z", "2027-01-02T00:00Z", "2026-12-30T16:00Z 2027-01-01T16:00Z", "2026-12-31T16:00Z", "the calendar skips 2027-01-01"},
		"only":         {with(weekdays, func(p *job.Plan) { p.Calendar.Only = []string{"2028-03-01", "2027-01-04"} }), "2026-12-30T00:00Z", "2030-01-01T00:00Z", "2027-01-04T00:00Z 2028-03-01T00:00Z", "2027-01-05T00:00Z", "the calendar does not name 2027-01-05"},
		"only, a past": {with(weekdays, func(p *job.Plan) { p.Calendar.Only = []string{"2020-01-06"} }), "2026-12-30T00:00Z", "2030-01-01T00:00Z", "", "2027-01-05T00:00Z", "the calendar does not name"},
		"from startAt": {with(weekdays, func(p *job.Plan) { p.StartAt = at("2027-01-01T00:00Z") }), "2026-12-30T00:00Z", "2027-01-05T00:00Z", "2027-01-01T00:00Z 2027-01-04T00:00Z", "2026-12-31T00:00Z", "before startAt"},
		"before endAt": {with(weekdays, func(p *job.Plan) { p.EndAt = at("2027-01-01T00:00Z") }), "2026-12-30T00:00Z", "2027-01-05T00:00Z", "2026-12-30T00:00Z 2026-12-31T00:00Z", "2027-01-01T00:00Z", "not before endAt"},
		"both fields":  {job.Plan{Schedule: "0 9 */2 * 1", Timezone: "UTC"}, "2026-12-01T00:00Z", "2027-01-01T00:00Z", "2026-12-07T09:00Z 2026-12-21T09:00Z", "2026-12-14T09:00Z", "EventBridge starts more often than 0 9 */2 * 1 in UTC says"},
		"all hours":    {job.Plan{Schedule: "0 0-23 * * *", Timezone: "Europe/Berlin"}, "2026-10-25T00:00Z", "2026-10-25T03:00Z", "2026-10-25T00:00Z 2026-10-25T02:00Z", "2026-10-25T01:00Z", "this minute is not one of it"},
		"told once":    {job.Plan{Schedule: "*/30 * * * *", Timezone: "Europe/Berlin", When: job.When{DST: job.DST{Overlap: "once"}}}, "2026-10-25T00:30Z", "2026-10-25T02:30Z", "2026-10-25T00:30Z 2026-10-25T02:00Z", "2026-10-25T01:30Z", "this minute is not one of it"},
		"another day":  {weekdays, "2026-12-31T00:00Z", "2027-01-01T00:00Z", "2026-12-31T00:00Z", "2027-01-02T00:00Z", "this minute is not one of it"},
		"another time": {weekdays, "2026-12-31T00:00Z", "2027-01-01T00:00Z", "2026-12-31T00:00Z", "", ""},
		"run late":     {job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin"}, "2027-03-28T00:00Z", "2027-03-29T00:00Z", "2027-03-28T01:00Z", "", ""},
		"skip the gap": {job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin", When: job.When{DST: job.DST{Gap: "skip"}}}, "2027-03-28T00:00Z", "2027-03-29T00:00Z", "", "", ""},
		"twice":        {job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin", When: job.When{DST: job.DST{Overlap: "twice"}}}, "2027-10-31T00:00Z", "2027-11-01T00:00Z", "2027-10-31T00:30Z 2027-10-31T01:30Z", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt, err := timetable.Of(c.plan)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for slot := range tt.All(at(c.from), at(c.to)) {
				got = append(got, slot.Format("2006-01-02T15:04Z"))
				if why := tt.Filtered(slot); why != "" {
					t.Errorf("%s is given and filtered: %s", slot, why)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), c.want)
			}
			if c.filtered != "" && !strings.Contains(tt.Filtered(at(c.filtered)), c.why) {
				t.Errorf("%s: %q, want %q", c.filtered, tt.Filtered(at(c.filtered)), c.why)
			}
		})
	}
}

// TestEverySlotIsJudgedAlike: Next and Filtered agree on each of the schedule's
// own slots, across the changes of the clocks.
func TestEverySlotIsJudgedAlike(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia"} {
		p := job.Plan{Schedule: "*/30 * * * *", Timezone: zone}
		p.Calendar.Skip = []string{"2018-11-04", "2022-03-27", "2026-03-29", "2026-10-25", "2026-12-31", "2011-12-31"}
		p.StartAt, p.EndAt = at("2011-12-20T03:15Z"), at("2026-11-11T11:30Z")
		tt, err := timetable.Of(p)
		if err != nil {
			t.Fatal(err)
		}
		next, ok := tt.Next(at("2011-12-01T00:00Z"))
		for slot := range tt.Schedule.All(at("2011-12-01T00:01Z"), at("2027-01-02T00:00Z")) {
			counts := tt.Filtered(slot) == ""
			if counts != (ok && slot.Equal(next)) {
				t.Fatalf("%s: %s counts: %v; Next says %v", zone, slot, counts, next)
			}
			if counts {
				next, ok = tt.Next(slot)
			}
		}
		if ok {
			t.Errorf("%s: %s after the end", zone, next)
		}
	}
}

// TestEventBridgeKnowsItsOwn: the minutes of an expression in EventBridge's own dialect are
// not judged, nor are a slot's seconds.
func TestEventBridgeKnowsItsOwn(t *testing.T) {
	t.Parallel()
	for _, schedule := range []string{"cron(0 9 * * ? *)", "rate(7 minutes)", "at(2026-12-31T09:00:00)"} {
		tt, err := timetable.Of(job.Plan{Schedule: schedule, Timezone: "UTC"})
		if err != nil || tt.Filtered(at("2026-12-31T09:01Z")) != "" {
			t.Errorf("%s: %q, %v", schedule, tt.Filtered(at("2026-12-31T09:01Z")), err)
		}
	}
	tt, err := timetable.Of(job.Plan{Schedule: "0 9 * * *", Timezone: "UTC"})
	if err != nil || tt.Filtered(at("2026-12-31T09:00Z").Add(59*time.Second)) != "" {
		t.Errorf("the minute's last second is filtered, %v", err)
	}
	if why := tt.Filtered(at("2026-12-31T09:01Z")); why != "" {
		t.Errorf("a time of day that EventBridge cannot have started is filtered: %s", why)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]job.Plan{
		"reading the schedule": {Schedule: "0 30 * * *", Timezone: "UTC"},
		"reading the zone":     {Schedule: "0 3 * * *", Timezone: "Nowhere"},
		"reading dst":          {Schedule: "0 3 * * *", Timezone: "UTC", When: job.When{DST: job.DST{Gap: "x"}}},
	} {
		if _, err := timetable.Of(p); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

// TestOpen: the first minute that is not filtered, slot or not.
func TestOpen(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		when, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for name, c := range map[string]struct {
		zone       string
		when       job.When
		from, want string
	}{
		"nothing filters":           {"UTC", job.When{}, "2026-11-22 17:31", "2026-11-22 17:31"},
		"a skipped day":             {"UTC", job.When{Calendar: job.Calendar{Skip: []string{"2026-11-22"}}}, "2026-11-22 17:31", "2026-11-23 00:00"},
		"two skipped days":          {"UTC", job.When{Calendar: job.Calendar{Skip: []string{"2026-11-22", "2026-11-23"}}}, "2026-11-22 17:31", "2026-11-24 00:00"},
		"a day of another zone":     {"Asia/Tokyo", job.When{Calendar: job.Calendar{Skip: []string{"2026-11-23"}}}, "2026-11-22 17:31", "2026-11-23 15:00"},
		"clocks change at midnight": {"America/Havana", job.When{Calendar: job.Calendar{Skip: []string{"2026-03-07"}}}, "2026-03-07 17:31", "2026-03-08 05:00"},
		"the next named day":        {"UTC", job.When{Calendar: job.Calendar{Only: []string{"2026-11-20", "2026-12-24"}}}, "2026-11-22 17:31", "2026-12-24 00:00"},
		"no day is named any more":  {"UTC", job.When{Calendar: job.Calendar{Only: []string{"2026-11-20"}}}, "2026-11-22 17:31", ""},
		"it has not begun":          {"UTC", job.When{StartAt: at("2026-12-01 09:00")}, "2026-11-22 17:31", "2026-12-01 09:00"},
		"it has ended":              {"UTC", job.When{EndAt: at("2026-11-22 17:31")}, "2026-11-22 17:31", ""},
	} {
		table, err := timetable.Of(job.Plan{Schedule: "rate(6 hours)", Timezone: c.zone, When: c.when})
		if err != nil {
			t.Fatal(err)
		}
		got, ok := table.Open(at(c.from))
		if ok != (c.want != "") || ok && !got.Equal(at(c.want)) {
			t.Errorf("%s: got %s, %t, want %s", name, got, ok, c.want)
		}
	}
}

// TestPast: a job whose times are over, and which of its terms is the reason.
func TestPast(t *testing.T) {
	t.Parallel()
	now := at("2026-11-22T17:30Z")
	for name, c := range map[string]struct {
		plan job.Plan
		want string
	}{
		"every day":           {job.Plan{Schedule: "0 3 * * *"}, ""},
		"from next year on":   {job.Plan{Schedule: "0 3 * * *", When: job.When{StartAt: at("2027-01-01T00:00Z")}}, ""},
		"once, tomorrow":      {job.Plan{Schedule: "at(2026-11-23T00:00:00)"}, ""},
		"once, in 2020":       {job.Plan{Schedule: "at(2020-01-01T00:00:00)"}, "schedule: the last time of at(2020-01-01T00:00:00) lies in the past: it will never run"},
		"years that are over": {job.Plan{Schedule: "cron(0 3 * * ? 2020-2025)"}, "schedule: the last time of cron(0 3 * * ? 2020-2025) lies in the past: it will never run"},
		"it has ended":        {job.Plan{Schedule: "0 3 * * *", When: job.When{EndAt: at("2020-01-01T00:00Z")}}, "endAt: 2020-01-01T00:00:00Z lies in the past: it will never run"},
		"it ends now":         {job.Plan{Schedule: "0 3 * * *", When: job.When{EndAt: now}}, "endAt: 2026-11-22T17:30:00Z lies in the past: it will never run"},
		"days that are over":  {job.Plan{Schedule: "0 3 * * *", When: job.When{Calendar: job.Calendar{Only: []string{"2020-01-02", "2020-01-01"}}}}, "calendar: the last day of only, 2020-01-02, lies in the past: it will never run"},
		"today was the last":  {job.Plan{Schedule: "0 3 * * *", When: job.When{Calendar: job.Calendar{Only: []string{"2026-11-22"}}}}, "calendar: the last day of only, 2026-11-22, lies in the past: it will never run"},
		"none left before it": {job.Plan{Schedule: "0 3 * * *", When: job.When{EndAt: at("2026-11-23T03:00Z")}}, "no time of 0 3 * * * is left before endAt on the days of the calendar: it will never run"},
		"none on those days":  {job.Plan{Schedule: "0 3 * * *", When: job.When{EndAt: at("2026-12-01T00:00Z"), Calendar: job.Calendar{Only: []string{"2026-12-24"}}}}, "no time of 0 3 * * * is left before endAt on the days of the calendar: it will never run"},
		"a rate that goes on": {job.Plan{Schedule: "rate(7 days)"}, ""},
	} {
		c.plan.Timezone = "UTC"
		tt, err := timetable.Of(c.plan)
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.Past(now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRunsOut: a calendar that names days is reported to run out two weeks before its last
// day, and to have run out after its last slot.
func TestRunsOut(t *testing.T) {
	t.Parallel()
	plan := job.Plan{Schedule: "0 9 * * *", Timezone: "Asia/Tokyo", When: job.When{Calendar: job.Calendar{Only: []string{"2026-12-20", "2026-11-20"}}}}
	ends := plan
	ends.EndAt = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	between, later := plan, plan
	between.Calendar.Only, between.EndAt = []string{"2026-11-27", "2026-12-05"}, ends.EndAt
	later.EndAt = time.Date(2027, 12, 1, 0, 0, 0, 0, time.UTC)
	skips := plan
	skips.Calendar = job.Calendar{Skip: []string{"2026-12-20"}}
	for name, c := range map[string]struct {
		plan       job.Plan
		now        string
		soon, past bool
	}{
		"long before":                   {plan, "2026-12-05T14:59:59Z", false, false},
		"two weeks before, in its zone": {plan, "2026-12-05T15:00:00Z", true, false},
		"before its last slot":          {plan, "2026-12-19T23:59:59Z", true, false},
		"after its last slot":           {plan, "2026-12-20T00:00:00Z", false, true},
		"where it ends before that":     {ends, "2026-11-25T00:00:00Z", false, true},
		"where it ends before the last": {between, "2026-11-25T00:00:00Z", false, false},
		"where it ends after that":      {later, "2026-12-19T00:00:00Z", true, false},
		"one that leaves days out":      {skips, "2026-12-19T00:00:00Z", false, false},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		tt, err := timetable.Of(c.plan)
		if err != nil {
			t.Fatal(err)
		}
		if soon, past := tt.RunsOut(now), tt.Past(now); (soon != "") != c.soon || (past != "") != c.past || c.soon && !strings.Contains(soon, "2026-12-20") {
			t.Errorf("%s: %q, %q", name, soon, past)
		}
	}
}

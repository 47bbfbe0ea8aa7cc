package timetable_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// TestSkipped: which slot a request to skip the next one means, and how long the request
// stands.
func TestSkipped(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	daily := job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin", StartWithin: job.Duration(15 * time.Minute)}
	later := &job.Shift{Known: true, Offset: job.Offset(2 * time.Hour), From: at(20, 0, 0)} // an hour earlier in UTC
	for name, c := range map[string]struct {
		item            job.Item
		slot, end, over time.Time // over is the last minute at which it stands
	}{
		"nobody asked":                  {job.Item{Plan: daily}, time.Time{}, time.Time{}, time.Time{}},
		"the slot":                      {job.Item{Plan: daily, SkipNext: &job.Skip{At: at(23, 1, 30)}}, at(23, 1, 30), at(24, 1, 30), at(24, 1, 45)},
		"the plan has changed since":    {job.Item{Plan: job.Plan{Schedule: "0 * * * *", Timezone: "UTC"}, SkipNext: &job.Skip{At: at(23, 1, 30)}}, at(23, 2, 0), at(23, 3, 0), at(23, 3, 0)},
		"EventBridge has another clock": {job.Item{Plan: daily, Shift: later, SkipNext: &job.Skip{At: at(23, 0, 30)}}, at(23, 0, 30), at(24, 0, 30), at(24, 0, 45)},
		"the last slot":                 {job.Item{Plan: job.Plan{Schedule: "at(2026-11-23T01:30:00)", Timezone: "UTC", StartWithin: daily.StartWithin}, SkipNext: &job.Skip{At: at(23, 1, 30)}}, at(23, 1, 30), time.Time{}, at(23, 1, 45)},
		"no slot is left":               {job.Item{Plan: job.Plan{Schedule: "at(2026-11-23T01:30:00)", Timezone: "UTC"}, SkipNext: &job.Skip{At: at(23, 1, 31)}}, time.Time{}, time.Time{}, time.Time{}},
		"a rate":                        {job.Item{Plan: job.Plan{Schedule: "rate(5 minutes)", Timezone: "UTC"}, SkipNext: &job.Skip{At: at(23, 1, 30)}}, time.Time{}, time.Time{}, time.Time{}},
		"only people run it now":        {job.Item{SkipNext: &job.Skip{At: at(23, 1, 30)}}, time.Time{}, time.Time{}, time.Time{}},
	} {
		slot, end := timetable.Skipped(&c.item)
		if !slot.Equal(c.slot) || !end.Equal(c.end) {
			t.Errorf("%s: %s to %s, want %s to %s", name, slot, end, c.slot, c.end)
		}
		if c.over.IsZero() {
			c.over = at(30, 0, 0)
			if timetable.SkipLapsed(&c.item, c.over.Add(time.Minute)) {
				t.Errorf("%s: it has lapsed", name)
			}
		} else if timetable.SkipLapsed(&c.item, c.over) || !timetable.SkipLapsed(&c.item, c.over.Add(time.Minute)) {
			t.Errorf("%s: it does not stand until %s", name, c.over)
		}
	}
}

// TestNextOpen: the next slot that no pause covers, neither the job's nor that of all jobs.
func TestNextOpen(t *testing.T) {
	t.Parallel()
	tt := of(t, "*/10 * * * *", "UTC")
	pause := func(from, to string) (p job.Pause) {
		if p.From = at(from); to != "" {
			p.To = at(to)
		}
		return p
	}
	for name, c := range map[string]struct {
		item, all []job.Pause
		want      string
	}{
		"no pause":                   {nil, nil, "2026-11-22T12:10Z"},
		"a pause that is over":       {[]job.Pause{pause("2026-11-22T11:00Z", "2026-11-22T12:10Z")}, nil, "2026-11-22T12:10Z"},
		"a pause of the job":         {[]job.Pause{pause("2026-11-22T12:10Z", "2026-11-22T12:30Z")}, nil, "2026-11-22T12:30Z"},
		"a pause of all jobs":        {nil, []job.Pause{pause("2026-11-22T12:05Z", "2026-11-22T12:31Z")}, "2026-11-22T12:40Z"},
		"one after the other":        {[]job.Pause{pause("2026-11-22T12:00Z", "2026-11-22T12:30Z")}, []job.Pause{pause("2026-11-22T12:25Z", "2026-11-22T13:00Z")}, "2026-11-22T13:00Z"},
		"one that begins after that": {[]job.Pause{pause("2026-11-22T12:11Z", "")}, nil, "2026-11-22T12:10Z"},
		"a pause of years":           {[]job.Pause{pause("2026-11-22T12:00Z", "2150-01-01T00:01Z")}, nil, "2150-01-01T00:10Z"},
		"a pause without an end":     {[]job.Pause{pause("2026-11-22T12:00Z", "")}, nil, ""},
		"a pause beyond all slots":   {[]job.Pause{pause("2026-11-22T12:00Z", "2300-01-01T00:00Z")}, nil, ""},
	} {
		slot, ok := tt.NextOpen(&job.Item{Pauses: c.item}, &job.Item{Pauses: c.all}, at("2026-11-22T12:00Z"))
		if ok != (c.want != "") || ok && !slot.Equal(at(c.want)) || !ok && !slot.IsZero() {
			t.Errorf("%s: %s, %t", name, slot, ok)
		}
	}
}

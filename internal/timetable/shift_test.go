package timetable_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// TestShift: what a minute that the schedule does not have tells, and which slots are
// expected from then on.
func TestShift(t *testing.T) {
	t.Parallel()
	berlin := job.Plan{Schedule: "30 2 * * *", Timezone: "Europe/Berlin"}
	with := func(p job.Plan, change func(*job.Plan)) job.Plan { change(&p); return p }
	for name, c := range map[string]struct {
		plan     job.Plan
		start    string
		offset   time.Duration // 0 if nothing explains it
		from, to string
		slots    string
	}{
		"an hour more": {berlin, "2026-11-22T00:30Z", 2 * time.Hour, "2026-11-20T00:00Z", "2026-11-24T00:00Z", "20T01:30 21T01:30 22T00:30 23T00:30"},
		"an hour less": {berlin, "2026-11-22T02:30Z", 0, "2026-11-20T00:00Z", "2026-11-24T00:00Z", "20T01:30 21T01:30 22T02:30 23T02:30"},
		"until our data have it too": {
			berlin, "2026-10-22T01:30Z", time.Hour, "2026-10-22T00:00Z", "2026-10-27T00:00Z", "22T01:30 23T01:30 24T01:30 25T01:30 26T01:30",
		},
		"and not after that": {
			berlin, "2026-10-22T01:30Z", time.Hour, "2027-04-01T00:00Z", "2027-04-03T00:00Z", "01T00:30 02T00:30",
		},
		"a zone that left its summer time for good": {
			berlin, "2027-03-29T01:30Z", time.Hour, "2027-10-29T00:00Z", "2027-11-03T00:00Z", "29T01:30 30T01:30 31T01:30 01T01:30 02T01:30",
		},
		"one-time":    {with(berlin, func(p *job.Plan) { p.Schedule = "at(2026-11-22T02:30:00)" }), "2026-11-22T00:30Z", 2 * time.Hour, "2026-11-20T00:00Z", "2026-11-24T00:00Z", "22T00:30"},
		"its own day": {with(berlin, func(p *job.Plan) { p.Schedule, p.Calendar.Skip = "30 0 * * *", []string{"2026-11-23"} }), "2026-11-21T22:30Z", 2 * time.Hour, "2026-11-21T20:00Z", "2026-11-24T20:00Z", "21T22:30 23T22:30"},
		"nothing":     {berlin, "2026-11-22T00:37Z", 0, "2026-11-21T00:00Z", "2026-11-23T00:00Z", "21T01:30 22T01:30"},
		"too far":     {berlin, "2026-11-22T21:30Z", 0, "2026-11-21T00:00Z", "2026-11-23T00:00Z", "21T01:30 22T01:30"},
		"of UTC":      {with(berlin, func(p *job.Plan) { p.Timezone = "UTC" }), "2026-11-22T01:30Z", 0, "2026-11-21T00:00Z", "2026-11-23T00:00Z", "21T02:30 22T02:30"},
		"of Etc":      {with(berlin, func(p *job.Plan) { p.Timezone = "Etc/GMT-1" }), "2026-11-22T00:30Z", 0, "2026-11-21T00:00Z", "2026-11-23T00:00Z", "21T01:30 22T01:30"},
		"a quarter":   {with(berlin, func(p *job.Plan) { p.Timezone = "Asia/Kathmandu" }), "2026-11-21T21:00Z", 5*time.Hour + 30*time.Minute, "2026-11-21T00:00Z", "2026-11-23T00:00Z", "21T21:00 22T21:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt, err := timetable.Of(c.plan)
			if err != nil {
				t.Fatal(err)
			}
			if tt.Starts(at(c.start)) {
				t.Fatal("the schedule has that minute")
			}
			s, slot, ok := tt.Explain(at(c.start))
			if by := time.Duration(s.Offset) - tt.Zone().Offset(at(c.start)); ok && !slot.Equal(at(c.start).Add(by)) {
				t.Errorf("it stands for %s", slot)
			}
			if explained := c.offset != 0 || name == "an hour less"; ok != explained || s.Known != explained || ok && time.Duration(s.Offset) != c.offset {
				t.Errorf("made of it: %+v, %t", s, ok)
			}
			under := tt.Under(&s)
			var got []string
			for slot := range under.All(at(c.from), at(c.to)) {
				got = append(got, slot.Format("02T15:04"))
				if !under.Starts(slot) || under.Filtered(slot) != "" {
					t.Errorf("%s is given; starts %t, filtered %q", slot, under.Starts(slot), under.Filtered(slot))
				}
			}
			if strings.Join(got, " ") != c.slots {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), c.slots)
			}
			if len(c.plan.Calendar.Skip) > 0 && under.Filtered(at("2026-11-22T22:30Z")) == "" {
				t.Error("a day that the calendar skips counts")
			}
		})
	}
}

// TestShiftInWords: a person reads which minute it was and what follows.
func TestShiftInWords(t *testing.T) {
	t.Parallel()
	tt, err := timetable.Of(job.Plan{Schedule: "30 2 * * *", Timezone: "Asia/Kathmandu"})
	if err != nil {
		t.Fatal(err)
	}
	s, slot, _ := tt.Explain(at("2026-11-21T21:00Z"))
	if !slot.Equal(at("2026-11-21T20:45Z")) {
		t.Errorf("it stands for %s", slot)
	}
	for _, says := range []string{"2026-11-21 21:00 UTC", "30 2 * * * in Asia/Kathmandu", "goes by UTC+05:30", "have UTC+05:45", "until both agree"} {
		if words := strings.ReplaceAll(tt.Words(s), "go by", "goes by"); !strings.Contains(words, says) {
			t.Errorf("%q does not say %q", words, says)
		}
	}
	west := of(t, "30 2 * * *", "America/St_Johns")
	s, _, _ = west.Explain(at("2026-11-21T05:00Z"))
	if words := west.Words(s); !strings.Contains(words, "to go by UTC-02:30 there") || !strings.Contains(words, "have UTC-03:30;") {
		t.Errorf("%q", words)
	}
	s, _, _ = tt.Explain(at("2026-11-21T21:01Z"))
	if words := tt.Words(s); !strings.Contains(words, "look whether that schedule says what the job does") {
		t.Errorf("%q", words)
	}
}

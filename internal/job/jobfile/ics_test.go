package jobfile

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestICSDays(t *testing.T) {
	t.Parallel()
	event := func(lines ...string) string {
		return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	}
	for name, c := range map[string]struct {
		text, days, err string
	}{
		"one day":             {event("DTSTART;VALUE=DATE:20270101"), "2027-01-01", ""},
		"with its end":        {event("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270102"), "2027-01-01", ""},
		"several":             {event("DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102"), "2026-12-30 2026-12-31 2027-01-01", ""},
		"a time of day":       {event("SUMMARY:Eve", "DTSTART:20261224T230000Z", "DTEND:20261225T230000Z"), "", `line 4, the event "Eve": DTSTART has a time of day`},
		"a time in a zone":    {event("DTSTART;TZID=Europe/Berlin:20261224T000000"), "", "DTSTART has a time of day"},
		"an end with a time":  {event("DTSTART;VALUE=DATE:20261224", "DTEND:20261225T230000Z"), "", "line 4, the event \"\": DTEND has a time of day"},
		"a duration":          {event("DTSTART;VALUE=DATE:20261224", "DURATION:P4D"), "", "line 4, the event \"\": DURATION is not supported"},
		"an end at its day":   {event("DTSTART;VALUE=DATE:20270101", "DTEND;VALUE=DATE:20270101"), "2027-01-01", ""},
		"an end before":       {event("DTSTART;VALUE=DATE:20270102", "DTEND;VALUE=DATE:20270101"), "", "line 4, the event \"\": it ends before it begins"},
		"a line behind":       {event("SUMMARY:a", "  b", "DTSTART:x"), "", `line 5, the event "a b": "x" is not a date`},
		"cut off":             {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\n", "", "line 2, the event \"\": it does not end"},
		"cut off, the next":   {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20270102\n", "", "line 5, "},
		"folded":              {event("DTSTART;VALUE=DA", " TE:20270101"), "2027-01-01", ""},
		"an alarm in it":      {event("DTSTART:20270101", "BEGIN:VALARM", "TRIGGER:-PT1H", "DURATION:PT15M", "END:VALARM"), "2027-01-01", ""},
		"a day that is not":   {event("DTSTART:20270230"), "", `"20270230" is not a date`},
		"no start":            {event("SUMMARY:x"), "", "it has no DTSTART"},
		"it recurs":           {event("DTSTART:20270101", "RRULE:FREQ=YEARLY"), "", "recurs (RRULE)"},
		"too long":            {event("DTSTART:20270101", "DTEND:20990101"), "", "longer than 366 days"},
		"cancelled":           {event("STATUS:CANCELLED", "DTSTART:20270101"), "", "it has no event"},
		"cancelled, in lower": {event("STATUS:cancelled", "DTSTART:20270101"), "", "it has no event"},
		"in lower case":       {"begin:vcalendar\nbegin:vevent\ndtstart;value=date:20270101\nend:vevent \nend:vcalendar\n", "2027-01-01", ""},
		"an event in lower":   {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\nBEGIN:vevent\nDTSTART:20270102\nEND:vevent\nEND:VCALENDAR\n", "2027-01-01 2027-01-02", ""},
		"not a calendar":      {"hello", "", "this is not an iCalendar file"},
		"an end that is bad":  {event("DTSTART:20270101", "DTEND:soon"), "", "is not a date"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			days, err := icsDays(c.text)
			if strings.Join(days, " ") != c.days || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v, %v", days, err)
			}
		})
	}
}

// FuzzICS: any text gives days in order, or an error; a few bytes never give many days.
func FuzzICS(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nDTEND:20270104\nEND:VEVENT\n")
	f.Fuzz(func(t *testing.T, text string) {
		days, err := icsDays(text)
		if (err == nil) != (len(days) > 0) || !slices.IsSorted(days) {
			t.Fatalf("%v, %v", days, err)
		}
		for _, day := range days {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzFromTemplate: any text gives jobs or an error.
func FuzzFromTemplate(f *testing.F) {
	f.Add([]byte("Resources:\n  A:\n    Type: AWS::Scheduler::Schedule\n    Properties:\n      Target: {Input: '{\"job\":{\"name\":\"a\"}}'}\n"))
	f.Add([]byte("Resources: {A: {Type: AWS::Events::Rule, Properties: {Targets: [{InputTransformer: {InputTemplate: x}}]}}}"))
	f.Add([]byte("Resources: {A: {Type: AWS::ECS::TaskDefinition, Properties: {Family: [a], Cpu: {Ref: x}, ContainerDefinitions: [[1], {Environment: [x]}]}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := FromTemplate(data)
		if err != nil && len(file.Jobs)+len(file.Definitions) > 0 {
			t.Fatalf("%v, %v", file, err)
		}
	})
}

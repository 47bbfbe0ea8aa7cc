package jobfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// calendarFile reads the days of an .ics file.
func (d *decoder) calendarFile(name string) ([]string, error) {
	if !strings.HasSuffix(strings.ToLower(name), ".ics") {
		return nil, fmt.Errorf("%q is neither a list of days nor an .ics file", name)
	}
	if d.options.ReadFile == nil {
		return nil, errors.New("no file can be read here: write the days out")
	}
	data, err := d.options.ReadFile(d.sources[d.file].Name, name)
	if err != nil {
		return nil, fmt.Errorf("the calendar: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s has %d bytes; at most %d are read", name, len(data), MaxBytes)
	}
	found, err := icsDays(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return found, nil
}

// maxEventDays bounds one event of a calendar.
const maxEventDays = 366

// maxICSDays bounds all events, each day counted as often as it is named.
const maxICSDays = 20_000

// icsDays gives the days of the events of an iCalendar file (RFC 5545), sorted.
// An event's end is exclusive. Events that recur are refused: what they mean
// depends on more than the file, and a wrong holiday is a run too few.
func icsDays(text string) ([]string, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text) // folded lines
	if !strings.Contains(text, "BEGIN:VCALENDAR") {
		return nil, errors.New("this is not an iCalendar file")
	}
	out, err := allEventDays(text)
	if err != nil {
		return nil, err
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 {
		return nil, errors.New("it has no event")
	}
	return out, nil
}

func allEventDays(text string) (out []string, err error) {
	var e map[string]string
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		name, _, _ = strings.Cut(strings.ToUpper(name), ";")
		switch {
		case name == "BEGIN" && value == "VEVENT":
			e = map[string]string{}
		case name == "END" && value == "VEVENT" && e != nil:
			days, err := eventDays(e)
			if err != nil {
				return nil, err
			}
			if out, e = append(out, days...), nil; len(out) > maxICSDays {
				return nil, fmt.Errorf("it names more than %d days", maxICSDays)
			}
		case e != nil:
			e[name] = value
		}
	}
	return out, nil
}

func eventDays(e map[string]string) ([]string, error) {
	if e["STATUS"] == "CANCELLED" {
		return nil, nil
	}
	for _, key := range []string{"RRULE", "RDATE"} {
		if e[key] != "" {
			return nil, fmt.Errorf("the event %q recurs (%s): write its days out", e["SUMMARY"], key)
		}
	}
	first, err := icsDay(e["DTSTART"])
	if err != nil {
		return nil, fmt.Errorf("the event %q: %w", e["SUMMARY"], err)
	}
	end := first.AddDate(0, 0, 1)
	if e["DTEND"] != "" {
		if end, err = icsDay(e["DTEND"]); err != nil {
			return nil, fmt.Errorf("the event %q: %w", e["SUMMARY"], err)
		}
		if len(e["DTEND"]) > 8 || !end.After(first) {
			end = end.AddDate(0, 0, 1) // it ends within a day
		}
	}
	var out []string
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		if len(out) == maxEventDays {
			return nil, fmt.Errorf("the event %q is longer than %d days", e["SUMMARY"], maxEventDays)
		}
		out = append(out, day.Format(time.DateOnly))
	}
	return out, nil
}

// icsDay is the day of a DATE or DATE-TIME as it is written.
func icsDay(value string) (time.Time, error) {
	if len(value) < 8 {
		return time.Time{}, fmt.Errorf("%q is not a date", value)
	}
	t, err := time.Parse("20060102", value[:8])
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date", value)
	}
	return t, nil
}

package jobfile

import (
	"errors"
	"fmt"
	"path/filepath"
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
		return nil, errors.New("no file can be read here: list the days instead")
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.sources[d.file].Name), name)
	}
	data, err := d.options.ReadFile(path)
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

// maxEventDays is the most days that one event of a calendar may have.
const maxEventDays = 366

// maxICSDays is the most days that all events may have. A day counts each time it is named.
const maxICSDays = 20_000

// icsDays gives the days of the events of an iCalendar file (RFC 5545), sorted. The end of an
// event is exclusive. It refuses what means more than days: events that recur, times of day,
// whose day depends on a zone, and durations. With a wrong holiday a run would be left out.
func icsDays(text string) ([]string, error) {
	if !strings.Contains(strings.ToUpper(text), "BEGIN:VCALENDAR") {
		return nil, errors.New("this is not an iCalendar file")
	}
	out, err := allEventDays(unfold(text))
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

// icsLine is a line of a calendar, with the number of its first line in the file.
type icsLine struct {
	number      int
	name, value string
}

// unfold joins lines that continue on a next line, which begins with a blank.
func unfold(text string) (out []icsLine) {
	var whole []string
	number := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		number++
		if line != "" && (line[0] == ' ' || line[0] == '\t') && len(whole) > 0 {
			whole = append(whole, line[1:])
			continue
		}
		out = closeLine(out, whole)
		whole = append(whole[:0], line)
		out = append(out, icsLine{number: number})
	}
	return closeLine(out, whole)
}

// closeLine sets the name and the value of the last line.
func closeLine(lines []icsLine, parts []string) []icsLine {
	if len(lines) > 0 {
		last := &lines[len(lines)-1]
		name, value, _ := strings.Cut(strings.Join(parts, ""), ":")
		name, _, _ = strings.Cut(strings.ToUpper(name), ";")
		switch name {
		case "BEGIN", "END", "STATUS": // which iCalendar compares without case (RFC 5545, section 2)
			value = strings.ToUpper(strings.TrimSpace(value))
		}
		last.name, last.value = name, value
	}
	return lines
}

// icsEvent holds the lines of an event, by name.
type icsEvent map[string]icsLine

func (e icsEvent) fault(at icsLine, format string, args ...any) error {
	return fmt.Errorf("line %d, the event %q: "+format, append([]any{at.number, e["SUMMARY"].value}, args...)...)
}

func allEventDays(lines []icsLine) (out []string, err error) {
	for len(lines) > 0 {
		line := lines[0]
		lines = lines[1:]
		if line.name != "BEGIN" || line.value != "VEVENT" {
			continue
		}
		e := icsEvent{"BEGIN": line}
		if lines, err = e.read(lines); err != nil {
			return nil, err
		}
		days, err := e.days()
		if err != nil {
			return nil, err
		}
		if out = append(out, days...); len(out) > maxICSDays {
			return nil, fmt.Errorf("it names more than %d days", maxICSDays)
		}
	}
	return out, nil
}

// read takes the lines of the event up to its end, without those of its alarms, which have
// durations of their own. rest is what follows the event.
func (e icsEvent) read(lines []icsLine) (rest []icsLine, err error) {
	inner := ""
	for i, line := range lines {
		switch {
		case inner != "":
			if line.name == "END" && line.value == inner {
				inner = ""
			}
		case line.name == "END" && line.value == "VEVENT":
			return lines[i+1:], nil
		case line.name == "BEGIN":
			inner = line.value
		default:
			e[line.name] = line
		}
	}
	return nil, e.fault(e["BEGIN"], "it does not end: is the file cut off?")
}

func (e icsEvent) days() ([]string, error) {
	if e["STATUS"].value == "CANCELLED" {
		return nil, nil
	}
	for _, key := range []string{"RRULE", "RDATE"} {
		if at, found := e[key]; found {
			return nil, e.fault(at, "it recurs (%s): list its days instead", key)
		}
	}
	if at, found := e["DURATION"]; found {
		return nil, e.fault(at, "DURATION is not supported: write DTEND, the day after its last")
	}
	first, end, err := e.span()
	if err != nil {
		return nil, err
	}
	var out []string
	for day := first; day.Before(end); day = day.AddDate(0, 0, 1) {
		if len(out) == maxEventDays {
			return nil, e.fault(e["DTSTART"], "it is longer than %d days", maxEventDays)
		}
		out = append(out, day.Format(time.DateOnly))
	}
	return out, nil
}

// span gives the first day and the day after the last.
func (e icsEvent) span() (first, end time.Time, err error) {
	if first, err = e.day("DTSTART"); err != nil {
		return first, end, err
	}
	at, found := e["DTEND"]
	if !found {
		return first, first.AddDate(0, 0, 1), nil
	}
	end, err = e.day("DTEND")
	switch {
	case err != nil:
	case end.Before(first):
		err = e.fault(at, "it ends before it begins")
	case end.Equal(first): // many programs write a single day this way
		end = first.AddDate(0, 0, 1)
	}
	return first, end, err
}

// day reads the DATE of a line.
func (e icsEvent) day(name string) (time.Time, error) {
	at, found := e[name]
	if !found {
		return time.Time{}, e.fault(e["BEGIN"], "it has no %s", name)
	}
	if len(at.value) > 8 && at.value[8] == 'T' {
		return time.Time{}, e.fault(at, "%s has a time of day, and its day depends on a zone: write a day, as in %s;VALUE=DATE:20261224", name, name)
	}
	t, err := time.Parse("20060102", at.value)
	if err != nil {
		return time.Time{}, e.fault(at, "%q is not a date", at.value)
	}
	return t, nil
}

package systemd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// calendar is what an OnCalendar says (systemd.time(7), "Calendar Events"). A day counts only if the
// weekdays and the date have it.
type calendar struct {
	fields importer.Fields
	zone   string
	// fromEnd is the day counted from the month's end, 1 for the last; 0 if the fields say the days.
	// weekly says that it is the last weekday of the fields in the month.
	fromEnd int
	weekly  bool
	// seconds says that it names a second other than 0, which no schedule here has.
	seconds bool
}

// shorthands are systemd's words for calendar events.
var shorthands = map[string]string{
	"minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00", "weekly": "Mon *-*-* 00:00:00", "monthly": "*-*-01 00:00:00",
	"yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00", "anually": "*-01-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00",
	"semiannually": "*-01,07-01 00:00:00", "semi-annually": "*-01,07-01 00:00:00", "biannually": "*-01,07-01 00:00:00", "bi-annually": "*-01,07-01 00:00:00",
}

var (
	errYears  = errors.New("it names years, which no schedule that repeats has: use `startAt` and `endAt`, or at(...) for a single time")
	errOften  = errors.New("it names several times in a minute, and a schedule here has whole minutes: let the command do that by itself")
	errEnd    = errors.New("it counts days from the end of the month in a way that EventBridge does not: cron(0 4 L * ? *) is the last day, cron(0 4 ? * 2L *) the last Monday")
	errUnread = errors.New("it could not be read as systemd.time(7) says")
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// parse reads an OnCalendar. The error is the second half of a sentence.
func parse(text string) (c calendar, err error) {
	words, zone := written(text)
	c.zone = zone
	c.fields = importer.Fields{Weekday: 1<<7 - 1}
	if len(words) > 0 && letter(words[0]) {
		if c.fields.Weekday, err = days(words[0]); err != nil {
			return c, err
		}
		words = words[1:]
	}
	date, clock := "*-*-*", "00:00:00"
	if len(words) > 0 && !strings.Contains(words[0], ":") {
		date, words = words[0], words[1:]
	}
	if len(words) > 0 {
		clock, words = words[0], words[1:]
	}
	if len(words) > 0 {
		return c, errUnread
	}
	if err := c.date(date); err != nil {
		return c, err
	}
	return c, c.clock(clock)
}

// written gives the words of a calendar event without its zone, which is its last, and without shorthands.
func written(text string) (words []string, zone string) {
	words = strings.Fields(text)
	if n := len(words); n > 1 && isZone(words[n-1]) {
		words, zone = words[:n-1], words[n-1]
	}
	if len(words) == 1 && shorthands[strings.ToLower(words[0])] != "" {
		words = strings.Fields(shorthands[strings.ToLower(words[0])])
	}
	return words, zone
}

func letter(word string) bool {
	return word != "" && (word[0]|0x20 >= 'a' && word[0]|0x20 <= 'z')
}

func isZone(word string) bool {
	_, err := cron.LoadZone(word)
	return letter(word) && err == nil
}

// days reads weekdays: names in lists and ranges, of which Monday is the first and Sunday the last.
func days(text string) (set uint64, err error) {
	for item := range strings.SplitSeq(strings.TrimSuffix(text, ","), ",") {
		from, to, ranged := strings.Cut(item, "..")
		if !ranged {
			from, to, ranged = strings.Cut(item, "-")
		}
		low, okLow := weekday(from)
		high, okHigh := weekday(cmp.Or(to, from))
		if !okLow || !okHigh || ranged && to == "" || low > high {
			return 0, errUnread
		}
		for d := low; d <= high; d++ {
			set |= 1 << ((d + 1) % 7)
		}
	}
	return set, nil
}

func weekday(name string) (int, bool) {
	name = strings.ToLower(name)
	for i, short := range weekdays {
		if name == short || len(name) > 3 && name == strings.ToLower(time.Weekday((i+1)%7).String()) {
			return i, true
		}
	}
	return 0, false
}

// date reads [[YEAR-]MONTH-]DAY. A ~ in the place of the last - counts days from the month's end.
func (c *calendar) date(text string) (err error) {
	before, day, end := strings.Cut(text, "~")
	if at := strings.LastIndexByte(text, '-'); !end && at >= 0 {
		before, day = text[:at], text[at+1:]
	} else if !end {
		return errUnread
	}
	year, month, dated := strings.Cut(before, "-")
	if !dated {
		year, month = "*", before
	}
	if year != "*" {
		return errYears
	}
	if c.fields.Month, err = list(month, 1, 12); err != nil {
		return err
	}
	if end {
		return c.end(day)
	}
	c.fields.Day, err = list(day, 1, 31)
	return err
}

// end reads the days from the month's end that EventBridge can say as well.
func (c *calendar) end(day string) error {
	c.fields.Day = 1<<32 - 2
	every := c.fields.Weekday == 1<<7-1
	switch one := c.fields.Weekday & (c.fields.Weekday - 1); {
	case every && (day == "01" || day == "1"):
		c.fromEnd = 1
	case one == 0 && slices.Contains([]string{"07/1", "7/1", "01..07", "1..7"}, day):
		c.weekly = true
	default:
		return errEnd
	}
	return nil
}

// clock reads HOUR:MINUTE[:SECOND].
func (c *calendar) clock(text string) (err error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return errUnread
	}
	if c.fields.Hour, err = list(parts[0], 0, 23); err != nil {
		return err
	}
	if c.fields.Minute, err = list(parts[1], 0, 59); err != nil || len(parts) == 2 {
		return err
	}
	whole, fraction, _ := strings.Cut(parts[2], ".")
	seconds, err := list(whole, 0, 59)
	switch {
	case err != nil:
		return err
	case seconds&(seconds-1) != 0 || strings.Trim(fraction, "0") != "" && strings.ContainsAny(fraction, "/,.*"):
		return errOften
	}
	c.seconds = seconds != 1 || strings.Trim(fraction, "0") != ""
	return nil
}

// value matches what a list has between its commas.
var value = lazyregexp.New(`^(?:\*|(\d{1,2})(?:\.\.(\d{1,2}))?(?:/(\d{1,2}))?)$`)

// list reads the values of a field.
func list(text string, low, high int) (set uint64, err error) {
	for one := range strings.SplitSeq(text, ",") {
		more, err := item(one, low, high)
		if err != nil {
			return 0, err
		}
		set |= more
	}
	return set, nil
}

// item reads *, N or N..M, the latter two with a step or without. N/STEP goes on to the field's end, and
// has to have a second value.
func item(text string, low, high int) (set uint64, err error) {
	m := value().FindStringSubmatch(text)
	if m == nil {
		return 0, errUnread
	}
	from, to, step := importer.Number(m[1], low), importer.Number(m[2], high), importer.Number(m[3], 1)
	if m[1] != "" && m[2] == "" { // one number
		if m[3] == "" {
			to = from
		} else if from+step > high {
			return 0, errUnread
		}
	}
	if from < low || to > high || from > to || step < 1 {
		return 0, fmt.Errorf("%s is not from %d to %d", importer.Clip(text), low, high)
	}
	for v := from; v <= to; v += step {
		set |= 1 << v
	}
	return set, nil
}

// units of a time span (systemd.time(7), "Parsing Time Spans").
var spanUnits = map[string]time.Duration{
	"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second, "ms": time.Millisecond, "msec": time.Millisecond, "us": time.Microsecond, "usec": time.Microsecond,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute, "h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

var spanPart = lazyregexp.New(`^\s*(\d{1,9})\s*([A-Za-z]*)`)

// span reads a time span. ok is false for months, years and what is none.
func span(text string) (d time.Duration, ok bool) {
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := spanPart().FindStringSubmatch(rest)
		if m == nil {
			return 0, false
		}
		unit, known := spanUnits[m[2]]
		if !known || d > 1<<60 {
			return 0, false
		}
		d += time.Duration(min(int64(importer.Number(m[1], 0)), 1<<61/int64(unit)) * int64(unit))
		rest, ok = rest[len(m[0]):], true
	}
	return d, ok
}

package cron

import (
	"strconv"
	"strings"
	"time"
)

// maxRate is the longest rate, in minutes: a hundred years.
const maxRate = 100 * 366 * minutesPerDay

var rateUnits = [...]struct {
	name    string
	minutes int64
}{{"minute", 1}, {"hour", 60}, {"day", minutesPerDay}}

// readRate reads "5 minutes".
func (s *Spec) readRate(text string, inside place) error {
	s.minute, s.hour, s.month = 1<<60-1, 1<<24-1, 1<<12-1
	s.day = dayRule{dom: allDays}
	bad := func(problem, hint string) error {
		return &SyntaxError{
			Field: "rate", Value: clip(text[inside.start:inside.end]), Offset: inside.start,
			Problem: problem, Hint: hint, Allowed: "a number and minutes, hours or days",
		}
	}
	number, unit, found := strings.Cut(strings.Trim(text[inside.start:inside.end], " "), " ")
	n, err := strconv.ParseUint(number, 10, 32)
	if !found || err != nil {
		return bad("not of the form rate(5 minutes)", "")
	}
	if n == 0 {
		return bad("a rate is at least 1 minute", "")
	}
	unit = strings.TrimLeft(unit, " ")
	for _, u := range rateUnits {
		switch {
		case unit == u.name && n > 1:
			return bad("more than one needs the plural", "write rate("+number+" "+u.name+"s)")
		case unit != u.name && unit != u.name+"s":
			continue
		case int64(n) > maxRate/u.minutes:
			return bad("longer than a hundred years", "")
		}
		s.rateEvery = int64(n) * u.minutes
		return nil
	}
	return bad("unknown unit", "")
}

// readAt reads "2026-11-22T13:00:00" as one minute of the calendar.
func (s *Spec) readAt(text string, inside place) error {
	value := text[inside.start:inside.end]
	at, err := time.Parse("2006-01-02T15:04:05", value)
	if err != nil || len(value) != len("2006-01-02T15:04:05") {
		return &SyntaxError{
			Field: "at", Value: clip(value), Offset: inside.start,
			Problem: "not a date and time of the form 2026-11-22T13:00:00",
			Hint:    "the zone is given beside it, not in it",
		}
	}
	if at.Year() < firstYear || at.Year() > lastYear {
		return &SyntaxError{Field: "at", Value: value, Offset: inside.start, Problem: "the year is outside", Allowed: yearField.allowed}
	}
	s.oneTime = true
	s.minute, s.hour, s.month = 1<<at.Minute(), 1<<at.Hour(), 1<<(at.Month()-1)
	s.day = dayRule{dom: 1 << at.Day()}
	year := at.Year() - tableYear
	s.years = &yearSet{}
	s.years[year>>6] = 1 << (year & 63)
	return nil
}

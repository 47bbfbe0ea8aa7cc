package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Normal writes an EventBridge expression so that both Scheduler and scheduled rules take
// it. This package reads more than their guides document. Rules take rate(1 minute) but not
// rate(1 minutes), and six fields only. No guide has steps of a * or of a range, ranges
// around the end of a field, steps of weekdays, or small letters (EventBridge user guide,
// "Setting a schedule pattern for scheduled rules"; Scheduler guide, "Schedule types").
// Normal writes such fields as lists and leaves the others as they are.
//
// The error is a sentence: the lists may need more than 256 characters. Translate deals with
// crontab expressions.
func (s *Spec) Normal() (string, error) {
	switch {
	case s.dialect != AWS:
		return "", fmt.Errorf("%s is no EventBridge expression", clip(s.text))
	case s.oneTime:
		return s.text, nil
	}
	inside := s.text[strings.IndexByte(s.text, '(')+1 : len(s.text)-1]
	fields := strings.Fields(inside)
	if s.rateEvery > 0 {
		unit := strings.TrimSuffix(fields[1], "s")
		if n, _ := strconv.Atoi(fields[0]); n > 1 {
			unit += "s"
		}
		return "rate(" + fields[0] + " " + unit + ")", nil
	}
	if len(fields) == 5 {
		fields = append(fields, "*")
	}
	for i, f := range fields {
		if !plainField(f, awsFields[i]) {
			fields[i] = s.field(i, f)
		}
	}
	text := "cron(" + strings.Join(fields, " ") + ")"
	if len(text) > maxAWS {
		return "", fmt.Errorf("%s takes %d characters once its steps are written out as lists, as EventBridge's guides have them, and at most %d are possible: write a step as 0/5, or two jobs",
			clip(s.text), len(text), maxAWS)
	}
	return text, nil
}

// plainField reports whether the field is written as the guides have it.
func plainField(text string, f *field) bool {
	if text == "*" || text == "?" {
		return true
	}
	for item := range strings.SplitSeq(text, ",") {
		if !marked(item, f) && !plainItem(item, f) {
			return false
		}
	}
	return true
}

// marked reports whether item is L, LW, 15W, 6L or 2#1, which have no other form.
func marked(item string, f *field) bool {
	switch f {
	case &domField:
		return strings.ContainsAny(item, "LW")
	case &awsDowField:
		return strings.ContainsAny(item, "L#") && strings.Trim(item, "0123456789L#") == ""
	}
	return false
}

// plainItem reports whether item is n, n-n in ascending order, or n/n (not of weekdays).
func plainItem(item string, f *field) bool {
	value, _, stepped := strings.Cut(item, "/")
	if stepped {
		return f != &awsDowField && strings.Trim(value, "0123456789") == ""
	}
	low, high, ranged := strings.Cut(value, "-")
	from := plainValue(low, f)
	return from >= 0 && (!ranged || plainValue(high, f) >= from)
}

// plainValue reads a number or a name in capitals; -1 means anything else.
func plainValue(text string, f *field) int {
	if n := indexName(f.names, text); n >= 0 && len(text) == 3 && text == strings.ToUpper(text) {
		return f.low + n
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return -1
}

// field rewrites field i as a list where it can.
func (s *Spec) field(i int, text string) string {
	day := &s.day
	switch awsFields[i] {
	case &minuteField:
		return list(s.minute, 0, 60)
	case &hourField:
		return list(uint64(s.hour), 0, 24)
	case &domField:
		return withMarks(list(uint64(day.dom>>1), 1, 31), text)
	case &monthField:
		return list(uint64(s.month), 1, 12)
	case &yearField:
		return s.yearList(text)
	}
	switch {
	case day.nth > 0:
		return strconv.Itoa(int(day.nthDow)+1) + "#" + strconv.Itoa(int(day.nth))
	case day.lastDow == 0:
		return list(uint64(day.dow), 1, 7)
	case day.dow == 0 && bits.OnesCount8(day.lastDow) == 1:
		return strconv.Itoa(bits.TrailingZeros8(day.lastDow)+1) + "L"
	}
	return text // several L: no guide has them, and there is no other form
}

// withMarks adds to a list of dates the L, LW and 15W of the field that it replaces.
func withMarks(dates, text string) string {
	for item := range strings.SplitSeq(text, ",") {
		if marked(item, &domField) {
			dates += "," + item
		}
	}
	return dates
}

// yearList writes years as a step where it can, since a list of them would be long.
func (s *Spec) yearList(text string) string {
	if s.years == nil {
		return "*"
	}
	if step, ok := strings.CutPrefix(text, "*/"); ok {
		return strconv.Itoa(firstYear) + "/" + step
	}
	var years []string
	for y := s.years.next(0); y < tableYears; y = s.years.next(y + 1) {
		years = append(years, strconv.Itoa(tableYear+y))
	}
	return strings.Join(years, ",")
}

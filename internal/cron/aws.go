package cron

import "strings"

// maxAWS is the longest schedule expression that EventBridge Scheduler takes,
// in characters (CreateSchedule, ScheduleExpression).
const maxAWS = 256

// ParseAWS reads an EventBridge expression:
//
//	cron(minute hour day-of-month month day-of-week [year])
//	rate(5 minutes)
//	at(2026-11-22T13:00:00)
//
// One of the two day fields is ?. The week counts from Sunday = 1. The day of month takes
// L (the last day), LW (the last weekday) and 15W (the weekday nearest to the 15th, within
// the month; a month without such a day has none). The day of week takes L (Saturday), 6L
// (the last Friday) and 2#1 (the first Monday). A range may wrap around the end of its
// field, such as 22-2, but not in years. The sources are "Schedule types" in Scheduler's
// guide and CreateSchedule in its API.
//
// ParseAWS drops the seconds of at(...), since Scheduler is precise to the minute only. The
// error is a *SyntaxError. Text longer than 256 bytes is refused unread.
func ParseAWS(text string) (*Spec, error) {
	if len(text) > maxAWS {
		return nil, wrong(text, maxAWS, "longer than 256 characters", "")
	}
	open := strings.IndexByte(text, '(')
	if open < 0 || text[len(text)-1] != ')' {
		return nil, wrong(text, 0, "not of the form cron(...), rate(...) or at(...)", "")
	}
	s := &Spec{text: text, dialect: AWS}
	inside := place{open + 1, len(text) - 1}
	var err error
	switch text[:open] {
	case "cron":
		err = s.readCron(text, inside)
	case "rate":
		err = s.readRate(text, inside)
	case "at":
		err = s.readAt(text, inside)
	default:
		err = wrong(text[:open], 0, "not one of cron, rate and at", "")
	}
	if err != nil {
		return nil, err
	}
	s.seal()
	return s, nil
}

// place is the start and the end of one part of the expression.
type place struct{ start, end int }

var awsFields = [...]*field{&minuteField, &hourField, &domField, &monthField, &awsDowField, &yearField}

func (s *Spec) readCron(text string, inside place) error {
	places, n := [6]place{}, 0
	for i := skipBlanks(text, inside.start); i < inside.end; i = skipBlanks(text, i) {
		if n == len(places) {
			return wrong(text[i:inside.end], i, "more than six fields", awsForm)
		}
		places[n] = place{i, min(skipField(text, i), inside.end)}
		i = places[n].end
		n++
	}
	if n < 5 {
		return wrong(text, inside.end, "the "+awsFields[n].name+" is missing", awsForm)
	}
	var sets [6]bitset
	rule := awsScanner{}
	for i, p := range places[:n] {
		rule.scanner = scanner{text: text, pos: p.start, start: p.start, end: p.end, field: awsFields[i]}
		if err := rule.list(); err != nil {
			return err
		}
		sets[i] = rule.values
	}
	if rule.any != 1 {
		return questionMarks(text, places[2], places[4], rule.any)
	}
	s.minute, s.hour, s.month = sets[0][0], uint32(sets[1][0]), uint16(sets[3][0])
	s.day = rule.day
	s.day.dom |= uint32(sets[2][0]) << 1
	s.day.dow |= uint8(sets[4][0])
	if n == 6 {
		s.setYears(&sets[5])
	}
	return nil
}

const awsForm = "six fields: minute hour day-of-month month day-of-week year"

func questionMarks(text string, dom, dow place, marks int) error {
	value := text[dom.start:dow.end]
	if marks == 2 {
		return wrong(value, dom.start, "both day fields are ?", "give one of them a value, or *")
	}
	if text[dom.start:dom.end] == "*" || text[dow.start:dow.end] == "*" {
		return wrong(value, dom.start, "one of day-of-month and day-of-week must be ?", "write ? for one that is *")
	}
	return wrong(value, dom.start, "one of day-of-month and day-of-week must be ?",
		"EventBridge cannot combine them; two schedules can")
}

// everyYear is the set that the year field's * selects.
var everyYear = bitset{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<(lastYear-firstYear+1-3*64) - 1}

// setYears keeps the years, unless they are all years.
func (s *Spec) setYears(set *bitset) {
	if *set == everyYear {
		return
	}
	years := yearSet{}
	carry := uint64(0)
	for i, word := range set {
		years[i] = word<<(firstYear-tableYear) | carry
		carry = word >> (64 - (firstYear - tableYear))
	}
	s.years = &years
}

// awsScanner reads a field by EventBridge's grammar.
type awsScanner struct {
	scanner
	day dayRule // what L, W and # select
	any int     // how many ? it has read
}

func (a *awsScanner) list() error {
	from := a.pos
	if a.isDay() && a.text[a.start:a.end] == "?" {
		a.any++
		return nil
	}
	for {
		if err := a.item(); err != nil {
			return err
		}
		if a.pos == a.end {
			return nil
		}
		if a.day.nth > 0 && a.field == &awsDowField {
			return a.bad(from, "only one # is possible, and nothing beside it", "")
		}
		if !a.take(',') {
			return a.unknown(a.pos)
		}
	}
}

func (a *awsScanner) isDay() bool { return a.field == &domField || a.field == &awsDowField }

// item reads one of *[/step], n[/step], n-n[/step], and L, W and # where they are allowed.
func (a *awsScanner) item() error {
	from := a.pos
	if a.take('*') {
		return a.stepped(a.field.low, a.field.high, from)
	}
	if a.isDay() && a.take('L') {
		return a.lastOf(from)
	}
	n, ok := a.value()
	if !ok {
		return a.unknown(from)
	}
	switch c := a.peek(); {
	case c == '-':
		return a.rangeFrom(n, from)
	case c == '/':
		return a.stepped(n, a.field.high, from)
	case a.isMark(c):
		return a.special(n, c, from)
	}
	return a.fill(n, n, 1, from)
}

// isMark reports whether c is a letter that may follow a number in this field.
func (a *awsScanner) isMark(c byte) bool {
	return a.field == &domField && c == 'W' || a.field == &awsDowField && (c == 'L' || c == '#')
}

func (a *awsScanner) rangeFrom(low, from int) error {
	a.pos++
	at := a.pos
	high, ok := a.value()
	if !ok {
		return a.unknown(at)
	}
	return a.stepped(low, high, from)
}

// lastOf reads what may follow an L without a number.
func (a *awsScanner) lastOf(from int) error {
	switch {
	case a.field == &awsDowField:
		a.values.set(6)
	case a.take('W'):
		a.day.lastWeekday = true
	case a.peek() == '-':
		return a.bad(from, "EventBridge's guide knows L and LW only", "days before the last are not documented")
	default:
		a.day.last = true
	}
	return nil
}

// special reads the rest of 15W, 6L and 2#1.
func (a *awsScanner) special(n int, c byte, from int) error {
	a.pos++
	if n < a.field.low || n > a.field.high {
		return a.outside(n, from)
	}
	switch c {
	case 'W':
		a.day.nearest |= 1 << n
	case 'L':
		a.day.lastDow |= 1 << (n - 1)
	default:
		k, _ := a.number()
		if k < 1 || k > 5 {
			return a.bad(from, "# is followed by 1 to 5", "2#1 is the first Monday")
		}
		if a.values[0] != 0 || a.day.lastDow != 0 {
			return a.bad(from, "only one # is possible, and nothing beside it", "")
		}
		a.day.nth, a.day.nthDow = uint8(k), uint8(n-1)
	}
	return nil
}

// stepped sets low to high with an optional step, and wraps around the end if low > high.
func (a *awsScanner) stepped(low, high, from int) error {
	step := 1
	if a.take('/') {
		if step, _ = a.number(); step == 0 {
			return a.bad(from, "a step is a number from 1", "")
		}
	}
	for _, v := range [...]int{low, high} {
		if v < a.field.low || v > a.field.high {
			return a.outside(v, from)
		}
	}
	if a.field == &yearField {
		return a.steppedYears(low, high, step, from)
	}
	if low <= high {
		return a.fill(low, high, step, from)
	}
	size := a.field.high - a.field.low + 1
	for v := low; v <= high+size; v += step {
		a.values.set((v - a.field.low) % size)
	}
	return nil
}

func (a *awsScanner) steppedYears(low, high, step, from int) error {
	switch {
	case low > high:
		return a.bad(from, "the range runs backwards", "")
	case low == firstYear && high == lastYear && step == 1:
		a.values = everyYear
		return nil
	}
	return a.fill(low, high, step, from)
}

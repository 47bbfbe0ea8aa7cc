package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Words describes the expression in English, on the wall clock of its zone: "at 09:00 on
// Monday to Friday".
func (s *Spec) Words() string {
	switch {
	case s.rateEvery > 0:
		return "every " + period(s.rateEvery) + ", counted from the start of the schedule"
	case s.never:
		return "never: there is no such date"
	case s.oneTime:
		at := s.next(0, never)
		return "once, at " + time.Unix(at*60, 0).UTC().Format("15:04 on 2 January 2006")
	}
	words := s.timeWords()
	if days := s.dayWords(); days != "" {
		words += " " + days
	}
	if s.month != 1<<12-1 {
		words += " in " + ranges(uint64(s.month), func(i int) string { return time.Month(i + 1).String() })
	}
	if s.years != nil {
		words += " in " + s.yearWords()
	}
	return words
}

func period(minutes int64) string {
	for i := len(rateUnits) - 1; i > 0; i-- {
		if u := rateUnits[i]; minutes%u.minutes == 0 {
			return plural(minutes/u.minutes, u.name)
		}
	}
	return plural(minutes, "minute")
}

// plural gives "minute" or "5 minutes", to stand after "every".
func plural(n int64, unit string) string {
	if n == 1 {
		return unit
	}
	return count(n, unit)
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}

// timeWords describes the times of a day: one by one if they are few, otherwise as minutes
// and hours.
func (s *Spec) timeWords() string {
	const few = 6
	if bits.OnesCount64(s.minute)*bits.OnesCount32(s.hour) <= few {
		return "at " + s.clockTimes()
	}
	step := stepOf(s.minute, 60)
	every := minuteWords(s.minute, step)
	if s.hour == 1<<24-1 {
		if step == 0 {
			return every + " of every hour"
		}
		return every
	}
	hours := uint64(s.hour)
	if from, to := bits.TrailingZeros64(hours), bits.Len64(hours)-1; to-from+1 == bits.OnesCount64(hours) && step > 0 {
		return fmt.Sprintf("%s from %02d:00 to %02d:%02d", every, from, to, bits.Len64(s.minute)-1)
	}
	return every + " of the hours " + ranges(hours, strconv.Itoa)
}

func (s *Spec) clockTimes() string {
	var times []string
	for h := range 24 {
		for m := range 60 {
			if s.hour>>h&1 != 0 && s.minute>>m&1 != 0 {
				times = append(times, fmt.Sprintf("%02d:%02d", h, m))
			}
		}
	}
	return and(times)
}

// stepOf gives n if set is 0, n, 2n ... and n divides size, otherwise 0.
func stepOf(set uint64, size int) int {
	for n := 1; n < size; n++ {
		if size%n != 0 {
			continue
		}
		var multiples uint64
		for v := 0; v < size; v += n {
			multiples |= 1 << v
		}
		if multiples == set {
			return n
		}
	}
	return 0
}

// minuteWords describes the minutes of an hour. step is 0 if they have none.
func minuteWords(minutes uint64, step int) string {
	first, shifted := bits.TrailingZeros64(minutes), shiftedStep(minutes)
	switch {
	case step == 1:
		return "every minute"
	case step > 1:
		return fmt.Sprintf("every %d minutes", step)
	case minutes&(minutes-1) == 0:
		return "at minute " + strconv.Itoa(first)
	case shifted > 1:
		return fmt.Sprintf("every %d minutes from minute %d", shifted, first)
	}
	return "at minutes " + ranges(minutes, strconv.Itoa)
}

// shiftedStep gives the step of evenly spaced minutes that do not begin at 0. It is 0 if they
// are uneven, or few enough to be named.
func shiftedStep(minutes uint64) int {
	const few = 6
	if bits.OnesCount64(minutes) <= few {
		return 0
	}
	return stepOf(minutes>>bits.TrailingZeros64(minutes), 60)
}

func (s *Spec) dayWords() string {
	r := &s.day
	fullDom, fullDow := r.dom == allDays, r.dow == allWeek
	dates := "day " + ranges(uint64(r.dom>>1), func(i int) string { return strconv.Itoa(i + 1) }) + " of the month"
	week := weekWords(r.dow)
	switch {
	case fullDom && fullDow, !r.and && (fullDom || fullDow):
		return s.everyDay()
	case s.dialect == AWS:
		return "on " + s.awsDayWords(dates, week)
	case fullDom:
		return "on " + week
	case fullDow:
		return "on " + dates
	case r.and:
		return "on " + week + ", if it is " + dates
	}
	return "on " + dates + " or on " + week
}

// everyDay gives "every day", or nothing if the words for the time imply it.
func (s *Spec) everyDay() string {
	if s.hour == 1<<24-1 || strings.HasPrefix(s.timeWords(), "every") {
		return ""
	}
	return "every day"
}

func (s *Spec) awsDayWords(dates, week string) string {
	r, parts := &s.day, []string(nil)
	if r.dom != 0 {
		parts = append(parts, dates)
	}
	if r.dow != 0 {
		parts = append(parts, week)
	}
	for rest := r.nearest; rest != 0; rest &= rest - 1 {
		parts = append(parts, fmt.Sprintf("the weekday nearest to day %d of the month", bits.TrailingZeros32(rest)))
	}
	if r.last {
		parts = append(parts, "the last day of the month")
	}
	if r.lastWeekday {
		parts = append(parts, "the last weekday of the month")
	}
	for rest := r.lastDow; rest != 0; rest &= rest - 1 {
		parts = append(parts, "the last "+weekdayName(bits.TrailingZeros8(rest))+" of the month")
	}
	if r.nth > 0 {
		nth := [...]string{"first", "second", "third", "fourth", "fifth"}[r.nth-1]
		parts = append(parts, "the "+nth+" "+weekdayName(int(r.nthDow))+" of the month")
	}
	return and(parts)
}

// weekWords begins the week on Monday, so that 5-7 is Friday to Sunday.
func weekWords(dow uint8) string {
	return ranges(uint64(dow>>1|dow<<6&0x40), func(i int) string { return weekdayName((i + 1) % 7) })
}

func weekdayName(i int) string { return time.Weekday(i).String() }

func (s *Spec) yearWords() string {
	var parts []string
	for y := s.years.next(0); y < tableYears; {
		end := y
		for end+1 < tableYears && s.years.has(end+1) {
			end++
		}
		parts = append(parts, strconv.Itoa(tableYear+y))
		if end > y {
			parts[len(parts)-1] += " to " + strconv.Itoa(tableYear+end)
		}
		y = s.years.next(end + 1)
	}
	return and(parts)
}

// ranges names the members of a set, with runs of three and more as "a to b".
func ranges(set uint64, name func(int) string) string {
	var parts []string
	for set != 0 {
		start := bits.TrailingZeros64(set)
		run := bits.TrailingZeros64(^(set >> start))
		if run < 3 {
			run = 1
		}
		parts = append(parts, name(start))
		if run > 1 {
			parts[len(parts)-1] += " to " + name(start+run-1)
		}
		set &^= (1<<run - 1) << start
	}
	return and(parts)
}

func and(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

package cron

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Warnings says what is legal but probably not meant, one sentence each. It is nil for most
// expressions.
func (s *Spec) Warnings() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.zeroEnd {
		add("a range that ends in 0 is read as ending in 7, in every field")
	}
	if k, n, ok := s.meansNth(); ok {
		day := time.Weekday(n)
		add("either day field may match, so it fires on day %d to %d of the month and on every %s; cron(%s %s ? %s %d#%d *) is the %s number %d of the month",
			7*k-6, 7*k, day, list(s.minute, 0, 60), list(uint64(s.hour), 0, 24), list(uint64(s.month), 1, 12), n+1, k, day, k)
	}
	if short := s.shortMonths(); short != 0 {
		has := "has"
		if bits.OnesCount16(short) > 1 {
			has = "have"
		}
		add("not in %s, which %s no such day", ranges(uint64(short), func(i int) string { return time.Month(i + 1).String() }), has)
	}
	s.eachStep(func(f *field, item string, low, high, step int) {
		if w := stepWarning(f, item, low, high, step); w != "" {
			all = append(all, w)
		}
	})
	return all
}

// stepWarning says how a step differs from what its author probably means, or returns "".
func stepWarning(f *field, item string, low, high, step int) string {
	switch {
	case low < high && low+step > high:
		return fmt.Sprintf("%s selects one %s only, %d: a step ends with its field and begins anew", item, f.name, low)
	case high != f.high || low >= step:
		return ""
	case f == &minuteField && 60%step != 0:
		return fmt.Sprintf("%d does not divide 60: the last step of each hour takes %s", step, count(int64(60-(high-low)/step*step), "minute"))
	case f == &hourField && 24%step != 0:
		return fmt.Sprintf("%d does not divide 24: the last step of each day takes %s", step, count(int64(24-(high-low)/step*step), "hour"))
	}
	return ""
}

// meansNth finds a week of dates beside one weekday, such as 1-7 * 1, whose author probably
// means the kth such weekday of the month.
func (s *Spec) meansNth() (k, n int, ok bool) {
	if s.dialect != Crontab || s.day.and || bits.OnesCount8(s.day.dow) != 1 {
		return 0, 0, false
	}
	for k = 1; k <= 4; k++ {
		if s.day.dom == 0xFE<<(7*(k-1)) {
			return k, bits.TrailingZeros8(s.day.dow), true
		}
	}
	return 0, 0, false
}

// shortMonths gives the named months (bit 0 = January) in which the expression never fires,
// although it fires in others.
func (s *Spec) shortMonths() (short uint16) {
	if s.never || s.oneTime {
		return 0
	}
	for month := range 12 {
		var days uint32
		longest := monthLength(2000, month)
		for first := range 7 {
			days |= s.mask[kindOf(longest, first)]
		}
		if s.month>>month&1 != 0 && days == 0 {
			short |= 1 << month
		}
	}
	return short
}

// eachStep calls what for each item with a step, and gives the values that it steps through.
func (s *Spec) eachStep(what func(f *field, item string, low, high, step int)) {
	fields, text := crontabFields[:], s.text
	if s.dialect == AWS {
		fields, text = awsFields[:], strings.Trim(strings.TrimPrefix(text, "cron("), ")")
	}
	texts := strings.Fields(text)
	for i, f := range fields[:min(len(fields), len(texts))] {
		for item := range strings.SplitSeq(texts[i], ",") {
			base, stepText, _ := strings.Cut(item, "/")
			step, err := strconv.Atoi(stepText)
			if err != nil {
				continue
			}
			low, high := f.low, f.high
			if base != "*" {
				from, to, ranged := strings.Cut(base, "-")
				if low = anyValue(from, f); ranged {
					high = anyValue(to, f)
				}
			}
			what(f, item, low, high, step)
		}
	}
}

// anyValue reads a number or a name of a text that has been parsed before.
func anyValue(text string, f *field) int { return plainValue(strings.ToUpper(text), f) }

package cron

import (
	"math/bits"
	"time"
)

// Dialect is the language in which an expression is written.
type Dialect uint8

const (
	// Crontab is the five fields, or @word, of a crontab line.
	Crontab Dialect = iota + 1
	// AWS is cron(...), rate(...) or at(...) of EventBridge.
	AWS
)

// String gives the dialect's name as people know it.
func (d Dialect) String() string {
	if d == AWS {
		return "EventBridge expression"
	}
	return "crontab expression"
}

// Spec is a parsed expression: the minutes of a calendar that it selects, without a zone. It
// is immutable and safe for concurrent use. The zero value is not usable; Parse makes a Spec.
type Spec struct {
	text    string
	dialect Dialect
	oneTime bool // at(...)
	// wildcard is cron's word for an entry whose minute or hour field begins with *. It
	// decides what happens when the clocks change.
	wildcard  bool
	random    bool // a ~ range was resolved
	zeroEnd   bool // a range x-0 was read as x-7 where 7 is not Sunday
	never     bool
	first     int16  // first minute of a day on which it fires
	minute    uint64 // bit 0 to 59
	hour      uint32 // bit 0 to 23
	month     uint16 // bit 0 (January) to 11
	day       dayRule
	mask      [kindCount]uint32
	years     *yearSet // nil = every year
	rateEvery int64    // minutes; rate(...) only
}

// yearSet has bit i for the year tableYear+i.
type yearSet [4]uint64

func (y *yearSet) has(i int) bool { return y[i>>6]>>(i&63)&1 != 0 }

// next gives the first year at or after i, or tableYears.
func (y *yearSet) next(i int) int {
	for i < tableYears {
		if rest := y[i>>6] >> (i & 63); rest != 0 {
			return i + bits.TrailingZeros64(rest)
		}
		i = (i>>6 + 1) << 6
	}
	return tableYears
}

// seal computes what the searches read. It is the last step of parsing.
func (s *Spec) seal() {
	s.mask = s.day.masks()
	s.first = int16(bits.TrailingZeros32(s.hour)*60 + bits.TrailingZeros64(s.minute))
	s.never = s.next(int64(monthStart[epochMonth])*minutesPerDay, never) == never
}

// String gives the expression as it was written.
func (s *Spec) String() string { return s.text }

// Dialect gives the language in which the expression is written.
func (s *Spec) Dialect() Dialect { return s.dialect }

// NeverFires reports whether the expression selects no minute from 1970 to 2199, such as 30
// February. Parsing has found that out, so the call is cheap.
func (s *Spec) NeverFires() bool { return s.never }

// Rate gives the period of a rate(...) expression; ok is false for any other.
func (s *Spec) Rate() (every time.Duration, ok bool) {
	return time.Duration(s.rateEvery) * time.Minute, s.rateEvery > 0
}

// OneTime reports whether this is an at(...) expression.
func (s *Spec) OneTime() bool { return s.oneTime }

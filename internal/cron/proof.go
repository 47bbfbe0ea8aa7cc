package cron

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
)

// ErrRate refuses to compare or translate a rate. A rate counts from the creation of its
// schedule and knows no zone, so it selects no fixed minutes.
var ErrRate = errors.New("a rate(...) has no fixed minutes to compare: use cron(...)")

// DifferenceError is the error of a comparison that failed. It names the first local minute
// at which the two sides differ.
type DifferenceError struct {
	// At is the minute on the wall clock, given as if in UTC. It is zero if the sides differ
	// only before the time at which the search began.
	At time.Time
	// Missing is true if the wanted expression fires at that minute and none of the others
	// does; it is false for the opposite.
	Missing bool
	// Want is the text of the wanted expression.
	Want string
}

// Error gives one sentence.
func (d *DifferenceError) Error() string {
	at := "some earlier minute"
	if !d.At.IsZero() {
		at = d.At.Format(minuteLayout)
	}
	if d.Missing {
		return fmt.Sprintf("%s fires at %s, the other does not", clip(d.Want), at)
	}
	return fmt.Sprintf("%s does not fire at %s, the other does", clip(d.Want), at)
}

const (
	minuteLayout = "2006-01-02 15:04"

	// maxProof is how many expressions can be compared with one.
	maxProof = 3
)

// Prove returns nil if the expressions of got together fire at exactly the local minutes of
// want. Otherwise it returns a *DifferenceError with the first such minute from the given
// time on. It does not sample. It compares minutes and hours as sets, and days in each of the
// 91 kinds of month that exist (12 months by 7 weekdays of the 1st, and 7 for a leap
// February). If an expression names years, it compares every month up to 2199. It compares at
// most three expressions with one. For rates the error is ErrRate.
func Prove(want *Spec, got []*Spec, from time.Time) error {
	return prove(want, got, from, false)
}

func prove(want *Spec, got []*Spec, from time.Time, superset bool) error {
	if len(got) > maxProof {
		return fmt.Errorf("comparing %d expressions: at most %d", len(got), maxProof)
	}
	c := comparison{superset: superset, count: 1 + len(got)}
	c.specs[0] = want
	copy(c.specs[1:], got)
	dated := false
	for _, s := range c.specs[:c.count] {
		if s.rateEvery > 0 {
			return ErrRate
		}
		dated = dated || s.years != nil
	}
	for p := range 1 << c.count {
		c.bad[p] = c.firstBad(p, 0) >= 0
	}
	if !dated && c.sameKinds() {
		return nil
	}
	if at, found := c.search(localMinute(from)); found {
		return &DifferenceError{At: time.Unix(at*60, 0).UTC(), Missing: c.missing(at), Want: want.text}
	}
	if at, found := c.search(0); found {
		return &DifferenceError{Missing: c.missing(at), Want: want.text}
	}
	return nil
}

// localMinute gives the minute that the wall clock of t shows.
func localMinute(t time.Time) int64 {
	_, offset := t.Zone()
	return min(max(floorDiv(t.Unix()+int64(offset), 60), 0), horizon-1)
}

// comparison holds the wanted expression first, then those compared with it. The day's
// pattern says which of them select the day: bit i is for specs[i]. The minutes of a day
// depend on its pattern alone.
type comparison struct {
	specs    [1 + maxProof]*Spec
	count    int
	superset bool
	bad      [1 << (1 + maxProof)]bool // by pattern: whether its minutes differ
}

// firstBad gives the first minute of a day, at or after t, at which the two sides differ if
// the day has pattern p, or -1.
func (c *comparison) firstBad(p, t int) int {
	for hour := t / 60; hour < 24; hour++ {
		want, got := c.minutes(p, hour)
		differ := want &^ got
		if !c.superset {
			differ = want ^ got
		}
		if hour == t/60 {
			differ = differ >> (t % 60) << (t % 60)
		}
		if differ != 0 {
			return hour*60 + bits.TrailingZeros64(differ)
		}
	}
	return -1
}

func (c *comparison) minutes(p, hour int) (want, got uint64) {
	for i, s := range c.specs[:c.count] {
		if p>>i&1 == 0 || s.hour>>hour&1 == 0 {
			continue
		}
		if i == 0 {
			want = s.minute
		} else {
			got |= s.minute
		}
	}
	return want, got
}

// sameKinds compares the 91 kinds of month.
func (c *comparison) sameKinds() bool {
	for month := range 12 {
		longest := monthLength(2000, month)
		for length := monthLength(2001, month); length <= longest; length++ {
			for first := range 7 {
				if c.badDays(month, kindOf(length, first)) != 0 {
					return false
				}
			}
		}
	}
	return true
}

// badDays gives the dates on which the two sides differ in a month (0 to 11) of a kind. It
// ignores years.
func (c *comparison) badDays(month int, kind uint8) uint32 {
	var masks [1 + maxProof]uint32
	for i, s := range c.specs[:c.count] {
		if s.month>>month&1 != 0 {
			masks[i] = s.mask[kind]
		}
	}
	return c.badDates(&masks)
}

func (c *comparison) badDates(masks *[1 + maxProof]uint32) uint32 {
	var differ uint32
	for p := 1; p < 1<<c.count; p++ {
		if !c.bad[p] {
			continue
		}
		days := allDays
		for i := range c.count {
			if p>>i&1 != 0 {
				days &= masks[i]
			} else {
				days &^= masks[i]
			}
		}
		differ |= days
	}
	return differ
}

// search finds the first local minute at or after from at which the sides differ.
func (c *comparison) search(from int64) (at int64, found bool) {
	for k := monthOf(floorDiv(from, minutesPerDay)); monthStart[k] < horizonDay; k++ {
		masks := c.masksIn(k)
		for rest := c.badDates(&masks); rest != 0; rest &= rest - 1 {
			date := bits.TrailingZeros32(rest)
			day := int64(monthStart[k]) + int64(date) - 1
			t := max(int(from-day*minutesPerDay), 0) // beyond the end of a day before the first one
			if t = c.firstBad(c.pattern(&masks, date), t); t >= 0 {
				return day*minutesPerDay + int64(t), true
			}
		}
	}
	return 0, false
}

// masksIn gives the dates that each expression selects in month k, years included.
func (c *comparison) masksIn(k int) (masks [1 + maxProof]uint32) {
	for i, s := range c.specs[:c.count] {
		if s.selects(k) {
			masks[i] = s.mask[monthKind[k]]
		}
	}
	return masks
}

func (c *comparison) pattern(masks *[1 + maxProof]uint32, date int) int {
	p := 0
	for i := range c.count {
		p |= int(masks[i]>>date&1) << i
	}
	return p
}

func (c *comparison) missing(at int64) bool { return c.specs[0].matches(at) }

// firstBoth gives the first local minute from the given time on at which two expressions fire
// that differ in their days only, and false if there is none up to 2199. There two schedules
// of one job would start it twice, if both starts did not have the same slot.
func firstBoth(a, b *Spec, from time.Time) (time.Time, bool) {
	both := *a
	for kind := range both.mask {
		both.mask[kind] &= b.mask[kind]
	}
	m := both.next(localMinute(from), horizon)
	if m == never {
		return time.Time{}, false
	}
	return time.Unix(m*60, 0).UTC(), true
}

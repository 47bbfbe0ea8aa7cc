package cron

import (
	"iter"
	"math"
	"time"
)

// Schedule is a Spec in a zone: the minutes, in UTC, at which it fires. It is a small value,
// safe for concurrent use. The zero value is not usable; Spec.In makes a Schedule.
type Schedule struct {
	spec *Spec
	zone *Zone
	// A gap of up to lateMax minutes makes its runs late; a longer one drops them. An overlap
	// of twiceMin minutes or more repeats its runs.
	lateMax, twiceMin int64
	anchor            int64 // of a rate
}

// In puts the expression into a zone; nil is UTC.
//
// By default crontab expressions follow the cron daemon (cronie, main and find_jobs in
// src/cron.c). When the clocks go forward by less than three hours, an entry with a fixed
// time runs right after the gap. When they go back by less than three hours, it runs the
// first time only. An entry whose minute or hour begins with * follows the clock: it has no
// runs in the gap and runs in both passes of an overlap. EventBridge expressions follow
// Scheduler: it skips the gap and runs once in the overlap (Scheduler guide, "Schedule
// types").
//
// Each half of dst that is not the default replaces that rule, for changes of any size.
func (s *Spec) In(zone *Zone, dst DST) Schedule {
	if zone == nil {
		zone = UTC
	}
	c := Schedule{spec: s, zone: zone, twiceMin: math.MaxInt64}
	if s.dialect == Crontab {
		// cron runs everything that a jump of up to four minutes skips. Beyond three
		// hours it takes the new time as it is.
		c.lateMax, c.twiceMin = 179, 182
		if s.wildcard {
			c.lateMax, c.twiceMin = 4, 1
		}
	}
	switch dst.Gap {
	case GapRunLate:
		c.lateMax = math.MaxInt64
	case GapSkip:
		c.lateMax = 0
	}
	switch dst.Overlap {
	case OverlapOnce:
		c.twiceMin = math.MaxInt64
	case OverlapTwice:
		c.twiceMin = 1
	}
	return c
}

// Spec gives the expression.
func (c Schedule) Spec() *Spec { return c.spec }

// Zone gives the zone.
func (c Schedule) Zone() *Zone { return c.zone }

// Next gives the first minute strictly after the given time, in UTC. ok is false if there is
// none up to the end of 2199.
//
// A run's minute identifies it: several runs that the rule for the gap puts on one minute
// are one slot. See Repeats.
func (c Schedule) Next(after time.Time) (time.Time, bool) {
	m := max(floorDiv(after.Unix(), 60)+1, 0)
	if m < horizon {
		m = c.next(m)
	}
	if m >= horizon {
		return time.Time{}, false
	}
	return time.Unix(m*60, 0).UTC(), true
}

// next gives the first run at or after the UTC minute m, or never.
func (c *Schedule) next(m int64) int64 {
	if c.spec.rateEvery > 0 {
		return m + floorMod(c.anchor-m, c.spec.rateEvery)
	}
	i := c.zone.segmentAt(m)
	local := c.spec.next(c.enter(i, m), never)
	for local != never {
		seg := &c.zone.segments[i]
		if local < seg.localEnd {
			// If local is before localStart, this is a late run of the gap.
			return max(local-seg.offset(), seg.start)
		}
		if i++; i == len(c.zone.segments) {
			break
		}
		local = c.cross(i, local)
	}
	return never
}

// enter gives the local minute from which runs count at the UTC minute m of segment i.
func (c *Schedule) enter(i int, m int64) int64 {
	seg := &c.zone.segments[i]
	local := m + seg.offset()
	if i == 0 {
		return local
	}
	reached := c.zone.segments[i-1].localEnd
	switch {
	case m == seg.start && c.late(seg.localStart-reached):
		return reached
	case local < reached && !c.twice(reached-seg.localStart):
		return reached
	}
	return local
}

// cross moves the first run at or after the end of segment i-1 into segment i.
func (c *Schedule) cross(i int, local int64) int64 {
	start, reached := c.zone.segments[i].localStart, c.zone.segments[i-1].localEnd
	switch {
	case local < start && !c.late(start-reached):
		return c.spec.next(start, never)
	case c.twice(reached - start):
		return min(local, c.spec.next(start, reached))
	}
	return local
}

func (c *Schedule) late(gap int64) bool { return gap > 0 && gap <= c.lateMax }

func (c *Schedule) twice(overlap int64) bool { return overlap >= c.twiceMin }

// All gives the slots from a time (inclusive) to another (exclusive), in order.
func (c Schedule) All(from, to time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		slot, ok := c.Next(from.Add(-1))
		for ok && slot.Before(to) && yield(slot) {
			slot, ok = c.Next(slot)
		}
	}
}

// NeverFires reports whether the schedule has no slot at all: that of an expression for which
// Spec.NeverFires is true, or of an at(...) in a gap that is skipped.
func (c Schedule) NeverFires() bool {
	_, ok := c.Next(time.Unix(-1, 0))
	return !ok
}

// Matches reports whether slot is one of the schedule's minutes. It drops the seconds.
func (c Schedule) Matches(slot time.Time) bool {
	next, ok := c.Next(slot.Truncate(time.Minute).Add(-1))
	return ok && next.Equal(slot.Truncate(time.Minute))
}

// Shows reports whether the zone's clocks show one of the expression's hours and minutes at
// slot. It ignores the day and the rule for changes of the clock, and is false before 1970 and
// after 2199. It is meant for crontab expressions: a rate(...) has all hours and minutes.
func (c Schedule) Shows(slot time.Time) bool {
	m := floorDiv(slot.Unix(), 60)
	if m != minuteOf(slot) {
		return false
	}
	t := floorMod(m+c.zone.segments[c.zone.segmentAt(m)].offset(), minutesPerDay)
	return c.spec.hour>>(t/60)&1 != 0 && c.spec.minute>>(t%60)&1 != 0
}

// Repeats gives the number of runs that the rule for the gap puts on the slot. It is 0 if the
// slot is not the schedule's, and otherwise 1, or more if several fixed times of a crontab
// expression fell into a gap that ends at this minute. cron starts that many runs; here one
// slot stands for all of them.
func (c Schedule) Repeats(slot time.Time) int {
	if !c.Matches(slot) {
		return 0
	}
	m := floorDiv(slot.Unix(), 60)
	i := c.zone.segmentAt(m)
	n := 0
	last := m + c.zone.segments[i].offset()
	for local := c.enter(i, m); c.spec.rateEvery == 0; local++ {
		if local = c.spec.next(local, last+1); local == never {
			break
		}
		n++
	}
	return max(n, 1)
}

// Since sets the anchor of a rate(...) expression, from which its periods count. Scheduler
// takes the schedule's start date, or else its creation. The default is the epoch. Since
// drops the seconds. It changes nothing for other expressions.
func (c Schedule) Since(anchor time.Time) Schedule {
	c.anchor = floorDiv(anchor.Unix(), 60)
	return c
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// Shortest returns the shortest time between two slots, of 1,500 from 2026 on, which is enough for a
// day with a slot in every minute; 0 if there are fewer than two.
func (c Schedule) Shortest() time.Duration {
	return c.ShortestAfter(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), 1500)
}

// ShortestAfter returns the shortest time between two of the first n+1 slots after from; 0 if there are
// fewer than two.
func (c Schedule) ShortestAfter(from time.Time, n int) (shortest time.Duration) {
	at, ok := c.Next(from)
	for range n {
		next, more := c.Next(at)
		if !ok || !more {
			break
		}
		if d := next.Sub(at); shortest == 0 || d < shortest {
			shortest = d
		}
		at = next
	}
	return shortest
}

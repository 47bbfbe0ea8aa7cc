package cron

import "math/bits"

// dayRule says which dates of a month an expression selects. Both dialects set dom and dow.
// Only EventBridge sets the other fields, which add dates to those two sets.
type dayRule struct {
	dom uint32 // bit 1 to 31
	dow uint8  // bit 0 (Sunday) to 6
	and bool   // both sets must hold; otherwise either may

	last        bool   // L: the last day
	lastWeekday bool   // LW: the last day from Monday to Friday
	nearest     uint32 // nW: bit n, the day from Monday to Friday nearest to n
	lastDow     uint8  // nL: bit 0 to 6, the last such weekday
	nth         uint8  // n#k: k in 1 to 5, 0 = not used
	nthDow      uint8  // n#k: n as 0 to 6
}

const (
	allDays  = uint32(1<<32 - 2)
	allWeek  = uint8(1<<7 - 1)
	workdays = uint8(1<<6 - 2)

	// fiveWeeks repeats a set of weekdays over 42 days when multiplied by it.
	fiveWeeks = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28 | 1<<35
)

// weekMask selects, in a month whose 1st is the weekday first, the dates 1 to
// 31 that fall on a weekday of dow.
func weekMask(dow uint8, first int) uint32 {
	return uint32(uint64(dow) * fiveWeeks >> first << 1)
}

// masks computes the day mask of every kind of month: bit d is the date d.
func (r *dayRule) masks() (masks [kindCount]uint32) {
	for first := range 7 {
		days := weekMask(r.dow, first)
		if r.and {
			days &= r.dom
		} else {
			days |= r.dom
		}
		for length := 28; length <= 31; length++ {
			masks[kindOf(length, first)] = (days | r.special(length, first)) & (1<<(length+1) - 2)
		}
	}
	return masks
}

// special gives the dates that EventBridge's L, W and # select in one kind of month.
func (r *dayRule) special(length, first int) uint32 {
	var mask uint32
	if r.last {
		mask |= 1 << length
	}
	inMonth := uint32(1)<<(length+1) - 2
	working := weekMask(workdays, first) & inMonth
	if r.lastWeekday {
		mask |= 1 << (bits.Len32(working) - 1)
	}
	for rest := r.nearest & inMonth; rest != 0; rest &= rest - 1 {
		mask |= nearestWorkday(bits.TrailingZeros32(rest), working)
	}
	for rest := r.lastDow; rest != 0; rest &= rest - 1 {
		same := weekMask(rest&-rest, first) & inMonth
		mask |= 1 << (bits.Len32(same) - 1)
	}
	if r.nth > 0 {
		same := weekMask(1<<r.nthDow, first) & inMonth
		mask |= same & (0xFE << (7 * (r.nth - 1)))
	}
	return mask
}

// nearestWorkday stays within the month: for Saturday the 1st it gives Monday the 3rd, and
// for a Sunday at the end it gives the Friday before.
func nearestWorkday(day int, working uint32) uint32 {
	for _, d := range [...]int{day, day - 1, day + 1, day - 2, day + 2} {
		if d > 0 && working>>d&1 != 0 {
			return 1 << d
		}
	}
	return 0
}

package cron

import "math/bits"

// The searches below run on local minutes: minutes since 1970-01-01T00:00 as a wall clock
// shows them, with 1,440 in each day. Schedule deals with the zone.

// next gives the first selected minute at or after m and before limit, or never.
func (s *Spec) next(m, limit int64) int64 {
	day := floorDiv(m, minutesPerDay)
	k := monthOf(day)
	if s.selects(k) {
		date := int(day) - int(monthStart[k]) + 1
		mask := s.mask[monthKind[k]] >> date
		if mask&1 != 0 {
			if t := s.timeFrom(int(m - day*minutesPerDay)); t >= 0 {
				return before(day*minutesPerDay+int64(t), limit)
			}
		}
		if mask >>= 1; mask != 0 {
			day += 1 + int64(bits.TrailingZeros32(mask))
			return before(day*minutesPerDay+int64(s.first), limit)
		}
	}
	for k = s.nextMonth(k + 1); k < monthCount; k = s.nextMonth(k + 1) {
		start := int64(monthStart[k])
		if start*minutesPerDay >= limit {
			break
		}
		if mask := s.mask[monthKind[k]]; mask != 0 {
			day = start + int64(bits.TrailingZeros32(mask)) - 1
			return before(day*minutesPerDay+int64(s.first), limit)
		}
	}
	return never
}

func before(m, limit int64) int64 {
	if m < limit {
		return m
	}
	return never
}

// timeFrom gives the first selected minute of a day at or after t, or -1.
func (s *Spec) timeFrom(t int) int {
	hour := t / 60
	if s.hour>>hour&1 != 0 {
		if rest := s.minute >> (t - hour*60); rest != 0 {
			return t + bits.TrailingZeros64(rest)
		}
	}
	rest := s.hour >> (hour + 1)
	if rest == 0 {
		return -1
	}
	return (hour+1+bits.TrailingZeros32(rest))*60 + bits.TrailingZeros64(s.minute)
}

// selects reports whether the expression names the month k and its year.
func (s *Spec) selects(k int) bool {
	year := k / 12
	return s.month>>(k-year*12)&1 != 0 && (s.years == nil || s.years.has(year))
}

// nextMonth gives the first named month at or after k, or monthCount or more.
func (s *Spec) nextMonth(k int) int {
	for k < monthCount {
		year := k / 12
		if s.years != nil && !s.years.has(year) {
			k = s.years.next(year) * 12
			continue
		}
		if rest := s.month >> (k - year*12); rest != 0 {
			return k + bits.TrailingZeros16(rest)
		}
		k = (year + 1) * 12
	}
	return k
}

// matches reports whether the local minute m is selected.
func (s *Spec) matches(m int64) bool {
	day := floorDiv(m, minutesPerDay)
	k := monthOf(day)
	t := int(m - day*minutesPerDay)
	return s.selects(k) &&
		s.mask[monthKind[k]]>>(int(day)-int(monthStart[k])+1)&1 != 0 &&
		s.hour>>(t/60)&1 != 0 && s.minute>>(t%60)&1 != 0
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if q*b > a {
		q--
	}
	return q
}

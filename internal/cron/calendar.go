package cron

// The calendar is a table of whole months: the day that each starts on, and its kind. A
// kind is the pair (length, weekday of the 1st), which alone decides which dates of a month
// an expression selects. There are 28 kinds, so a Spec holds 28 day masks and need not look
// at single days.

const (
	minutesPerDay = 24 * 60

	// Schedules are defined for these years, the ones that EventBridge accepts in an
	// expression (Scheduler guide, "Schedule types"). The table has one more year at
	// either end, for local times of the first and the last day.
	firstYear = 1970
	lastYear  = 2199

	tableYear  = firstYear - 1
	tableYears = lastYear - tableYear + 2
	monthCount = tableYears * 12

	// epochMonth is the index of January 1970.
	epochMonth = 12

	kindCount = 4 * 7
)

// never is a minute later than all others.
const never = int64(1) << 62

// monthStart[k] is the day number (1970-01-01 = 0) of the 1st of month k, and monthKind[k]
// is the month's kind. Month 0 is January 1969.
var (
	monthStart [monthCount + 1]int32
	monthKind  [monthCount]uint8
)

func init() {
	day := int32(-365)
	for k := range monthCount {
		length := monthLength(tableYear+k/12, k%12)
		monthStart[k], monthKind[k] = day, kindOf(length, weekday(int(day)))
		day += int32(length)
	}
	monthStart[monthCount] = day
}

// monthLength gives the number of days in a month; month 0 is January.
func monthLength(year, month int) int {
	if month == 1 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31 - (month%7)&1
}

// weekday gives the weekday of a day number, 0 = Sunday. 1970-01-01 was a Thursday.
func weekday(day int) int {
	return ((day+4)%7 + 7) % 7
}

func kindOf(length, first int) uint8 {
	return uint8((length-28)*7 + first)
}

// kindLength gives the number of days in a month of the kind.
func kindLength(kind int) int { return 28 + kind/7 }

// monthOf finds the month of a day number inside the table.
func monthOf(day int64) int {
	// 146,097 days are 4,800 months; the guess is at most two too early.
	k := max(int((day+365)*4800/146097)-1, 0)
	for int64(monthStart[k+1]) <= day {
		k++
	}
	return k
}

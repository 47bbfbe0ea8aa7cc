package console

import "time"

// wallHour is an hour that the wall clock shows on a day: the whole time during which it shows
// it, which is shorter or longer than an hour if the clocks change.
type wallHour struct {
	Hour     int
	From, To time.Time
}

// step divides every change of the clocks.
const step = 15 * time.Minute

// hoursOf returns the hours of a local day in order. Hours that the clocks skip are missing.
func hoursOf(year int, month time.Month, day int, zone *time.Location) (out []wallHour) {
	want := time.Date(year, month, day, 12, 0, 0, 0, zone).Day()
	// Midnight may be skipped, or come twice.
	for at := time.Date(year, month, day, 0, 0, 0, 0, zone).Add(-3 * time.Hour); len(out) == 0 || at.In(zone).Day() == want; at = at.Add(step) {
		if local := at.In(zone); local.Day() != want {
			continue
		} else if n := len(out); n == 0 || out[n-1].Hour != local.Hour() {
			out = append(out, wallHour{Hour: local.Hour(), From: at})
		}
		out[len(out)-1].To = at.Add(step)
	}
	return out
}

// lengthOfDay returns the length of the local day of a time.
func lengthOfDay(at time.Time, zone *time.Location) time.Duration {
	local := at.In(zone)
	hours := hoursOf(local.Year(), local.Month(), local.Day(), zone)
	return hours[len(hours)-1].To.Sub(hours[0].From)
}

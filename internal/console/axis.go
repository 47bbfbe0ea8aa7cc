package console

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// clock formats a time of day in the future, with its day if that is not today. A day of the week
// means one of the next six days.
func clock(at, now time.Time, zone *time.Location) string {
	at, now = at.In(zone), now.In(zone)
	switch week := time.Date(now.Year(), now.Month(), now.Day()+7, 0, 0, 0, 0, zone); {
	case at.YearDay() == now.YearDay() && at.Year() == now.Year():
		return at.Format("15:04")
	case at.Before(week):
		return at.Format("Mon 15:04")
	case at.Year() == now.Year():
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// ticksOf returns the times of an axis, by the wall clock of the zone.
func ticksOf(from, to time.Time, span time.Duration, zone *time.Location) []tick {
	step := map[time.Duration]int{3 * time.Hour: 1, 24 * time.Hour: 6}[span]
	step = cmp.Or(step, 24)
	var out []tick
	var named bool
	first := from.In(zone)
	// Days are counted by the calendar: where the clocks skip midnight, time.Date may return a time of
	// the day before.
	for n := 0; ; n++ {
		hour := func(h int) time.Time { return time.Date(first.Year(), first.Month(), first.Day()+n, h, 0, 0, 0, zone) }
		if !hour(0).Before(to) {
			return out
		}
		for h := 0; h < 24; h += step {
			at := hour(h)
			if at.Before(from) || !at.Before(to) || at.Hour() != h {
				continue
			}
			share := float64(at.Sub(from)) / float64(to.Sub(from))
			k := tick{At: percent(100 * share), Day: h == 0, at: at}
			text := tickText(at, step == 24, !named)
			if float64(len(text))/2 <= letters*min(share, 1-share) {
				k.Text, named = text, true
			}
			out = append(out, k)
		}
	}
}

// letters is how many letters the axis has room for where it is narrowest. A text stands in the middle
// of its tick; one that would not be all above the axis has none: cut off, it reads as another time.
const letters = 80

// room is the share of the axis that a tick's text and the word "now" need beside each other.
const room = 0.08

// giveWay removes the text of the tick next to the present if the two lack room. It returns the
// side on which the word "now" then goes: where that text was.
func giveWay(ticks []tick, from, to, now time.Time) (side string) {
	away := func(k tick) float64 { return float64(k.at.Sub(now)) / float64(to.Sub(from)) }
	next := -1
	for i, k := range ticks {
		if math.Abs(away(k)) < room && (next < 0 || math.Abs(away(k)) < math.Abs(away(ticks[next]))) {
			next = i
		}
	}
	if next < 0 {
		return ""
	}
	ticks[next].Text = ""
	if away(ticks[next]) < 0 {
		return "end"
	}
	return "start"
}

// tickText returns the text of a tick. If all ticks are days, the texts must fit beside each
// other.
func tickText(at time.Time, days, first bool) string {
	switch {
	case days && (first || at.Day() == 1):
		return at.Format("2 Jan")
	case days:
		return at.Format("Mon 2")
	case at.Hour() == 0:
		return at.Format("Mon 2 Jan")
	}
	return at.Format("15:04")
}

func percent(x float64) string { return fmt.Sprintf("%.2f%%", x) }

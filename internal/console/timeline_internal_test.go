package console

import (
	"strings"
	"testing"
	"time"
)

// TestNowHasRoom: at any time of day, the word "now" and the texts of the axis do not overlap,
// and at most one text is removed.
func TestNowHasRoom(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// The width of an axis at its narrowest, in letters of half the width of a text: a page gives
	// a week 45 of 74 rem, and everything else 33 of 62.
	letters := map[time.Duration]float64{3 * time.Hour: 80, 24 * time.Hour: 80, 7 * 24 * time.Hour: 105}
	for span, wide := range letters {
		for minute := range 24 * 6 {
			now := time.Date(2026, 10, 24, 0, 10*minute, 0, 0, zone)
			from, to := now.Add(-span), now.Add(span)
			ticks := ticksOf(from, to, span, zone)
			before := len(ticks)
			side := giveWay(ticks, from, to, now)
			place := func(at time.Time) float64 { return wide * float64(at.Sub(from)) / float64(to.Sub(from)) }
			begin := map[string]float64{"": -1.5, "end": -3, "start": 0}[side] + place(now)
			gone := 0
			for _, k := range ticks {
				if k.Text == "" {
					gone++
					continue
				}
				half := float64(len(k.Text)) / 2
				if place(k.at)-half < begin+3 && place(k.at)+half > begin {
					t.Errorf("span %s at %s: %q lies on now, which stands %q", span, now, k.Text, side)
				}
			}
			if gone > 1 || before == 0 || (gone == 1) != strings.Contains("end start", side) && side != "" {
				t.Errorf("span %s at %s: %d of %d texts gave way, side %q", span, now, gone, before, side)
			}
		}
	}
}

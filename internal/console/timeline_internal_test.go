package console

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
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
	widths := map[time.Duration]float64{3 * time.Hour: 80, 24 * time.Hour: 80, 7 * 24 * time.Hour: 105}
	for span, wide := range widths {
		for minute := range 24 * 6 {
			now := time.Date(2026, 10, 24, 0, 10*minute, 0, 0, zone)
			from, to := now.Add(-span), now.Add(span)
			ticks := ticksOf(from, to, span, zone)
			before := len(ticks)
			for i, k := range ticks {
				half, at := float64(len(k.Text))/2, wide*float64(k.at.Sub(from))/float64(to.Sub(from))
				if at < half || at > wide-half || k.Text == "" && i > 0 && i < before-1 {
					t.Errorf("span %s at %s: the text %q of tick %d", span, now, k.Text, i)
				}
			}
			first, last := ticks[0], ticks[before-1]
			side := giveWay(ticks, from, to, now)
			place := func(at time.Time) float64 { return wide * float64(at.Sub(from)) / float64(to.Sub(from)) }
			begin := map[string]float64{"": -1.5, "end": -3, "start": 0}[side] + place(now)
			gone := 0
			for _, k := range ticks {
				if k.Text == "" {
					if (first.Text != "" || k.at != first.at) && (last.Text != "" || k.at != last.at) {
						gone++
					}
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

// TestTicksWhereMidnightIsSkipped: the axis ends, and (but for a text on its edge) has the days and hours around it, also where
// the clocks go forward at midnight.
func TestTicksWhereMidnightIsSkipped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone, day string
		span      time.Duration
		want      string
	}{
		"days, the Azores":  {"Atlantic/Azores", "2027-03-28", 7 * 24 * time.Hour, "22 Mar,Tue 23,Wed 24,Thu 25,Fri 26,Sat 27,Mon 29,Tue 30,Wed 31,1 Apr,Fri 2,Sat 3,Sun 4"},
		"hours, the Azores": {"Atlantic/Azores", "2027-03-28", 24 * time.Hour, ",18:00,06:00,12:00,18:00,Mon 29 Mar,06:00"},
		"hours, Chile":      {"America/Santiago", "2026-09-06", 24 * time.Hour, ",18:00,06:00,12:00,18:00,Mon 7 Sep,06:00"},
		"hours, Egypt":      {"Africa/Cairo", "2027-04-30", 24 * time.Hour, ",18:00,06:00,12:00,18:00,Sat 1 May,06:00"},
	} {
		zone := plane.Zone(c.zone)
		noon, err := time.ParseInLocation("2006-01-02 15:04", c.day+" 12:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, k := range ticksOf(noon.Add(-c.span), noon.Add(c.span), c.span, zone) {
			texts = append(texts, k.Text)
		}
		if got := strings.Join(texts, ","); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

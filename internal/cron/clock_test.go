package cron

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// dstRules gives all rules that a job can have for changes of the clock.
func dstRules() (all []DST) {
	for _, gap := range []Gap{GapDefault, GapRunLate, GapSkip} {
		for _, overlap := range []Overlap{OverlapDefault, OverlapOnce, OverlapTwice} {
			all = append(all, DST{gap, overlap})
		}
	}
	return all
}

// allHours are fields that select every hour; only the first two are wildcards.
var allHours = []string{"*", "*/1", "0-23", "0-11,12-23", "0-23/1", "0,1-22,23", "0-23,*"}

// randomOften gives a line that, most times, selects every hour of every day.
func randomOften(rng *rand.Rand) string {
	minute := []string{"0", "30", "0,30", "*/15", "*/30", "*", "5,35", "0-59/20", "0-59", "7"}[rng.IntN(10)]
	if rng.IntN(4) == 0 {
		minute = randomField(rng, 0, 59)
	}
	days := []string{"* * *", "* * *", "1-31 * *", "* 1-12 *", "* * 0-6", "* * 1-5", "1 * 5", "*/2 * 1"}[rng.IntN(8)]
	return minute + " " + allHours[rng.IntN(len(allHours))] + " " + days
}

// TestTranslationsAcrossChanges compares what Scheduler starts, by its guide, with what the
// daemon would run, across changes of the clock and under every rule that a job can have.
// Only a translation with a guard may start a minute that is not the line's, and
// SchedulerMisses must know every slot that is lost.
func TestTranslationsAcrossChanges(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(13, 17))
	for n := range 25 * len(crossings) {
		cross := crossings[n%len(crossings)]
		text, dst := randomOften(rng), dstRules()[rng.IntN(9)]
		if rng.IntN(3) == 0 {
			text = randomCrontab(rng)
		}
		zone := zoneNamed(t, cross.zone)
		from := at(t, cross.change).Add(-time.Duration(rng.IntN(2*24*60)) * time.Minute)
		name := fmt.Sprintf("%s in %s, gap %q, overlap %q, from %s", text, cross.zone, dst.Gap, dst.Overlap, from.Format(isoMinute))
		acrossChange(t, name, text, zone, dst, from, from.Add(3*24*time.Hour))
	}
}

func acrossChange(t *testing.T, name, text string, zone *Zone, dst DST, from, to time.Time) {
	t.Helper()
	schedule := parse(t, text).In(zone, dst)
	if schedule.Spec().NeverFires() {
		return
	}
	want := newOracle(text).daemon(zone.Location(), dst, from, to)
	if got := minutesOf(schedule, from, to); !slices.Equal(got, want) {
		t.Fatalf("%s:\n got %v\nwant %v", name, got, want)
	}
	translation, err := schedule.Translate(from)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	started, lines := map[string]bool{}, map[string]bool{}
	for _, slot := range want {
		lines[slot] = true
	}
	for _, aws := range translation.AWS {
		for _, slot := range newOracle(aws).scheduler(zoneNamed(t, translation.Zone).Location(), from, to) {
			started[slot] = true
			if translation.Guard == "" && !lines[slot] {
				t.Fatalf("%s: %s in %s starts %s, which is not the line's", name, aws, translation.Zone, slot)
			}
		}
	}
	for _, slot := range want {
		if schedule.SchedulerMisses(at(t, slot)) == started[slot] {
			t.Fatalf("%s: %v in %s starts %s: %v; SchedulerMisses says the contrary", name, translation.AWS, translation.Zone, slot, started[slot])
		}
	}
}

// TestExtraStarts has cases that could start twice: all hours written out, and a wildcard
// that its job makes run once.
func TestExtraStarts(t *testing.T) {
	t.Parallel()
	once := DST{GapSkip, OverlapOnce}
	for _, c := range []struct {
		text, zone string
		dst        DST
		want       string
	}{
		{"0 0-23 * * *", "Europe/Berlin", DST{}, "Europe/Berlin"},
		{"0,30 0-23 * * *", "America/New_York", DST{}, "America/New_York"},
		{"5,35 0-11,12-23 * * *", "Australia/Lord_Howe", DST{}, "Australia/Lord_Howe"},
		{"*/15 * * * *", "Europe/Berlin", once, "Europe/Berlin"},
		{"*/15 * * * *", "Europe/Berlin", DST{Gap: GapSkip}, "UTC"},
		{"0 0-23 * * *", "Europe/Berlin", DST{Overlap: OverlapTwice}, "UTC"},
		{"0 0-23 * * *", "Asia/Tokyo", DST{}, "UTC"},
		{"0 0-23 * * *", "Africa/Cairo", DST{}, "Africa/Cairo"},
		{"0 0-23 * * *", "Africa/Casablanca", DST{}, "Africa/Casablanca"},
	} {
		zone := zoneNamed(t, c.zone)
		schedule := parse(t, c.text).In(zone, c.dst)
		translation, err := schedule.Translate(proofStart)
		if err != nil || translation.Zone != c.want {
			t.Errorf("%s in %s: %s, %v", c.text, c.zone, translation.Zone, err)
			continue
		}
		own := minutesOf(schedule, proofStart, proofStart.AddDate(1, 0, 0))
		aws := parse(t, translation.AWS[0]).In(zoneNamed(t, translation.Zone), DST{})
		for _, slot := range minutesOf(aws, proofStart, proofStart.AddDate(1, 0, 0)) {
			if _, found := slices.BinarySearch(own, slot); !found {
				t.Errorf("%s in %s: %s is started and not the line's", c.text, c.zone, slot)
			}
		}
	}
}

// TestTurnedToUTCFromNowOn: a zone that will never repeat an hour again is even from then on,
// and not before.
func TestTurnedToUTCFromNowOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, from, want string }{
		{"Europe/Moscow", "2014-10-25T22:59Z", "Europe/Moscow"}, // went back for the last time at 22:00
		{"Europe/Moscow", "2014-10-25T23:00Z", "UTC"},
		{"Asia/Singapore", "1981-12-31T15:59Z", "Asia/Singapore"}, // 7:30 ahead of UTC up to 16:00
		{"Asia/Singapore", "1981-12-31T16:00Z", "UTC"},
	} {
		schedule := parse(t, "0 0-23 * * *").In(zoneNamed(t, c.zone), DST{})
		if got, err := schedule.Translate(at(t, c.from)); err != nil || got.Zone != c.want {
			t.Errorf("%s from %s: %s, %v", c.zone, c.from, got.Zone, err)
		}
	}
}

func randomCrontab(rng *rand.Rand) string {
	return strings.Join([]string{
		randomField(rng, 0, 59), randomField(rng, 0, 23), randomField(rng, 1, 31), randomField(rng, 1, 12), randomField(rng, 0, 7),
	}, " ")
}

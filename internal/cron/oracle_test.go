package cron

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The oracle is a second implementation of both dialects, slow and plain: it expands fields
// into sets, asks every minute, and applies the cron daemon's clock rule as the daemon does.
type oracle struct {
	text   string
	fields []string
	sets   [6]map[int]bool
}

func newOracle(text string) *oracle {
	o := &oracle{text: text, fields: strings.Fields(strings.TrimSuffix(strings.TrimPrefix(text, "cron("), ")"))}
	low, high := []int{0, 0, 1, 1, 0, 1970}, []int{59, 23, 31, 12, 7, 2199}
	if o.aws() {
		low[4] = 1
	}
	for i, f := range o.fields {
		o.sets[i] = map[int]bool{}
		for item := range strings.SplitSeq(f, ",") {
			o.expand(o.sets[i], item, low[i], high[i])
		}
	}
	return o
}

func (o *oracle) aws() bool { return strings.HasPrefix(o.text, "cron(") }

func (o *oracle) expand(set map[int]bool, item string, low, high int) {
	item, stepText, stepped := strings.Cut(item, "/")
	step := 1
	if stepped {
		step, _ = strconv.Atoi(stepText)
	}
	from, to := low, high
	if item != "*" {
		a, b, isRange := strings.Cut(item, "-")
		var err error
		if from, err = strconv.Atoi(a); err != nil {
			return // L, W, # and ?: see day
		}
		if isRange {
			to, _ = strconv.Atoi(b)
		} else if !stepped {
			to = from
		}
	}
	if to < from {
		to += high - low + 1
	}
	for v := from; v <= to; v += step {
		set[low+(v-low)%(high-low+1)] = true
	}
}

// fires reports whether the expression selects a minute of the wall clock.
func (o *oracle) fires(t time.Time) bool {
	return o.sets[0][t.Minute()] && o.sets[1][t.Hour()] && o.sets[3][int(t.Month())] &&
		(len(o.fields) < 6 || o.sets[5][t.Year()]) && o.day(t)
}

func (o *oracle) day(t time.Time) bool {
	weekday := int(t.Weekday())
	if !o.aws() {
		dom := o.sets[2][t.Day()]
		dow := o.sets[4][weekday] || weekday == 0 && o.sets[4][7]
		if o.fields[2][0] == '*' || o.fields[4][0] == '*' {
			return dom && dow
		}
		return dom || dow
	}
	if o.fields[2] == "?" {
		return o.awsWeekday(t, weekday+1)
	}
	last := t.AddDate(0, 1, -t.Day()).Day()
	switch f := o.fields[2]; {
	case f == "L":
		return t.Day() == last
	case f == "LW":
		d := time.Date(t.Year(), t.Month(), last, 0, 0, 0, 0, time.UTC)
		for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			d = d.AddDate(0, 0, -1)
		}
		return t.Day() == d.Day()
	case strings.HasSuffix(f, "W"):
		n, _ := strconv.Atoi(f[:len(f)-1])
		return n <= last && t.Day() == nearest(t.Year(), t.Month(), n, last)
	}
	return o.sets[2][t.Day()]
}

func nearest(year int, month time.Month, n, last int) int {
	switch time.Date(year, month, n, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if n == 1 {
			return 3
		}
		return n - 1
	case time.Sunday:
		if n == last {
			return n - 2
		}
		return n + 1
	}
	return n
}

func (o *oracle) awsWeekday(t time.Time, weekday int) bool {
	f := o.fields[4]
	switch {
	case f == "L":
		return weekday == 7
	case strings.HasSuffix(f, "L"):
		n, _ := strconv.Atoi(f[:len(f)-1])
		return weekday == n && t.AddDate(0, 0, 7).Month() != t.Month()
	case strings.Contains(f, "#"):
		a, b, _ := strings.Cut(f, "#")
		n, _ := strconv.Atoi(a)
		k, _ := strconv.Atoi(b)
		return weekday == n && (t.Day()+6)/7 == k
	}
	return o.sets[4][weekday]
}

// daemon runs the minutes from one time to another as cron's main loop does. virtual is the
// last minute of the wall clock whose entries have run. What dst says replaces the loop's own
// answer to a change of any size.
func (o *oracle) daemon(location *time.Location, dst DST, from, to time.Time) []string {
	wild := !o.aws() && (o.fields[0][0] == '*' || o.fields[1][0] == '*')
	wall := func(t time.Time) time.Time {
		_, offset := t.In(location).Zone()
		return t.Add(time.Duration(offset) * time.Second)
	}
	const lead = 4 * time.Hour // the daemon has been up for a while
	virtual := wall(from.Add(-lead - time.Minute))
	var fires []string
	for t := from.Add(-lead); t.Before(to); t = t.Add(time.Minute) {
		now := wall(t)
		diff := int(now.Sub(virtual) / time.Minute)
		run := o.fires(now)
		switch {
		case diff > 1 && dst.Gap != GapDefault:
			run = run || dst.Gap == GapRunLate && o.any(virtual, now)
		case diff < 1 && dst.Overlap != OverlapDefault:
			run = run && dst.Overlap == OverlapTwice
		case diff == 1 || diff > 180 || diff < -180:
		case diff >= 2 && diff <= 5:
			run = o.any(virtual, now)
		case diff > 5:
			run = wild && run || !wild && o.any(virtual, now)
		default:
			run = wild && run
		}
		if diff >= 1 || diff < -180 && dst.Overlap == OverlapDefault {
			virtual = now
		}
		if run && !t.Before(from) {
			fires = append(fires, t.Format(isoMinute))
		}
	}
	return fires
}

// any reports whether a minute after the first one and up to the last is selected.
func (o *oracle) any(after, last time.Time) bool {
	for t := after.Add(time.Minute); !t.After(last); t = t.Add(time.Minute) {
		if o.fires(t) {
			return true
		}
	}
	return false
}

// scheduler runs the minutes by Scheduler's rule: it skips a time that does not exist, and
// runs one that exists twice the first time only.
func (o *oracle) scheduler(location *time.Location, from, to time.Time) []string {
	seen := map[time.Time]bool{}
	var fires []string
	for t := from.Add(-26 * time.Hour); t.Before(to); t = t.Add(time.Minute) {
		_, offset := t.In(location).Zone()
		wall := t.Add(time.Duration(offset) * time.Second)
		if !seen[wall] && o.fires(wall) && !t.Before(from) {
			fires = append(fires, t.Format(isoMinute))
		}
		seen[wall] = true
	}
	return fires
}

// crossings are changes of the clock worth crossing.
var crossings = []struct{ zone, change string }{
	{"Europe/Berlin", "2026-03-29T01:00Z"},
	{"Europe/Berlin", "2026-10-25T01:00Z"},
	{"America/New_York", "2028-03-12T07:00Z"},
	{"America/New_York", "2026-11-01T06:00Z"},
	{"Australia/Lord_Howe", "2026-10-03T15:30Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00Z"},
	{"Africa/Casablanca", "2026-02-15T02:00Z"},
	{"Africa/Casablanca", "2026-03-22T02:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00Z"},
	{"Africa/Cairo", "2026-10-29T21:00Z"},
	{"Antarctica/Troll", "2026-03-29T01:00Z"},
	{"Antarctica/Troll", "2026-10-25T01:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00Z"},
	{"Asia/Kathmandu", "2026-05-01T00:00Z"},
	{"UTC", "2028-02-29T00:00Z"},
}

func TestRandomLinesAgainstOracle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 11))
	for n := range 40 * len(crossings) {
		cross := crossings[n%len(crossings)]
		text := randomLine(rng)
		zone, o := zoneNamed(t, cross.zone), newOracle(text)
		from := at(t, cross.change).Add(-time.Duration(rng.IntN(3*24*60)) * time.Minute)
		to := from.Add(4 * 24 * time.Hour)
		want := o.daemon(zone.Location(), DST{}, from, to)
		if o.aws() {
			want = o.scheduler(zone.Location(), from, to)
		}
		c := parse(t, text).In(zone, DST{})
		if got := minutesOf(c, from, to); !slices.Equal(got, want) {
			t.Fatalf("%s in %s from %s:\n got %v\nwant %v", text, cross.zone, from.Format(isoMinute), got, want)
		}
	}
}

// TestRandomDaysAgainstOracle asks about noon of every day of 28 years, which have all kinds
// of month.
func TestRandomDaysAgainstOracle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 5))
	from, to := at(t, "2026-01-01T00:00Z"), at(t, "2054-01-01T00:00Z")
	for range 60 {
		text := randomLine(rng)
		f := strings.Fields(text)
		f[0], f[1] = "0", "12"
		if strings.HasPrefix(text, "cron(") {
			f[0] = "cron(0"
		}
		text = strings.Join(f, " ")
		o := newOracle(text)
		var want []string
		for noon := from.Add(12 * time.Hour); noon.Before(to); noon = noon.AddDate(0, 0, 1) {
			if o.fires(noon) {
				want = append(want, noon.Format(isoMinute))
			}
		}
		if got := minutesOf(parse(t, text).In(UTC, DST{}), from, to); !slices.Equal(got, want) {
			t.Fatalf("%s: %d days, want %d", text, len(got), len(want))
		}
	}
}

func randomLine(rng *rand.Rand) string {
	if rng.IntN(3) == 0 {
		return randomAWS(rng)
	}
	return strings.Join([]string{
		randomField(rng, 0, 59), randomField(rng, 0, 23), randomField(rng, 1, 31), randomField(rng, 1, 12), randomField(rng, 0, 7),
	}, " ")
}

func randomAWS(rng *rand.Rand) string {
	dom, dow := randomField(rng, 1, 31), "?"
	switch rng.IntN(6) {
	case 0:
		dom = []string{"L", "LW", "1W", "15W", "30W", "31W"}[rng.IntN(6)]
	case 1:
		dom, dow = "?", fmt.Sprintf("%d#%d", 1+rng.IntN(7), 1+rng.IntN(5))
	case 2:
		dom, dow = "?", []string{"L", "1L", "6L", "7L"}[rng.IntN(4)]
	case 3:
		dom, dow = "?", randomField(rng, 1, 7)
	case 4:
		dom = fmt.Sprintf("%d-%d", 20+rng.IntN(12), 1+rng.IntN(9))
	}
	hour := randomField(rng, 0, 23)
	if rng.IntN(4) == 0 {
		hour = fmt.Sprintf("%d-%d/%d", 12+rng.IntN(12), rng.IntN(12), 1+rng.IntN(3))
	}
	year := []string{"", " *", " 2026-2030", " 2011,2026/2"}[rng.IntN(4)]
	return "cron(" + strings.Join([]string{randomField(rng, 0, 59), hour, dom, randomField(rng, 1, 12), dow}, " ") + year + ")"
}

func randomField(rng *rand.Rand, low, high int) string {
	items := make([]string, 1+rng.IntN(2))
	for i := range items {
		a := low + rng.IntN(high-low+1)
		b := a + rng.IntN(high-a+1)
		switch rng.IntN(6) {
		case 0, 1:
			items[i] = "*"
		case 2:
			items[i] = fmt.Sprintf("*/%d", 1+rng.IntN(high))
		case 3:
			items[i] = fmt.Sprintf("%d-%d", a, b)
		case 4:
			items[i] = fmt.Sprintf("%d-%d/%d", a, b, 1+rng.IntN(9))
		default:
			items[i] = strconv.Itoa(a)
		}
	}
	return strings.Join(items, ",")
}

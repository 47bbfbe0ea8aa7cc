package cron

import (
	"errors"
	"testing"
	"time"
)

func TestNeverFires(t *testing.T) {
	t.Parallel()
	never := []string{"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "cron(0 0 29 2 ? 2027)", "cron(0 0 29 2 ? 2100)", "cron(0 0 30W 2 ? *)"}
	for _, text := range never {
		s := parse(t, text)
		if !s.NeverFires() || s.Words() != "never: there is no such date" {
			t.Errorf("%s: %s", text, s.Words())
		}
		if _, ok := s.In(UTC, DST{}).Next(time.Unix(0, 0)); ok {
			t.Errorf("%s fires", text)
		}
	}
	sometimes := []string{"0 0 29 2 *", "0 0 29 2 */7", "cron(0 0 29 2 ? 2096)", "cron(0 0 ? 2 7#5 *)", "rate(1 day)", "at(2199-12-31T23:59:59)"}
	for _, text := range sometimes {
		if parse(t, text).NeverFires() {
			t.Errorf("%s never fires", text)
		}
	}
}

// TestEnds has the first and the last minute that a schedule can have.
func TestEnds(t *testing.T) {
	t.Parallel()
	every := parse(t, "* * * * *")
	for _, name := range []string{"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Monrovia"} {
		c := every.In(zoneNamed(t, name), DST{})
		first, ok := c.Next(time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC))
		if !ok || !first.Equal(time.Unix(0, 0)) {
			t.Errorf("%s begins at %v", name, first)
		}
		end := at(t, "2199-12-31T23:59Z")
		if last, ok := c.Next(end.Add(-1)); !ok || !last.Equal(end) {
			t.Errorf("%s ends at %v", name, last)
		}
		if _, ok := c.Next(end); ok {
			t.Errorf("%s goes on", name)
		}
		for _, text := range []string{"0 0 1 1 *", "30 0 1 1 *"} { // the next is in 2200
			if slot, ok := parse(t, text).In(zoneNamed(t, name), DST{}).Next(at(t, "2199-01-02T00:00Z")); ok && !slot.Before(end) {
				t.Errorf("%s in %s fires at %v", text, name, slot)
			}
		}
	}
	if slot, ok := parse(t, "rate(12 hours)").In(nil, DST{}).Next(at(t, "2199-12-31T12:00Z")); ok {
		t.Errorf("a rate fires at %v", slot)
	}
}

// TestOutsideTheYears: a time before 1970 or after 2199 is nobody's slot, and asking about it
// does no harm.
func TestOutsideTheYears(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Europe/Berlin"} {
		for _, text := range []string{"* * * * *", "0 0 30 2 *", "cron(* * * * ? *)"} {
			c := parse(t, text).In(zoneNamed(t, zone), DST{})
			for _, slot := range []time.Time{{}, at(t, "1969-12-31T23:59Z"), at(t, "2200-01-01T00:00Z"), at(t, "9999-12-31T23:59Z")} {
				if c.Matches(slot) || c.Shows(slot) || c.SchedulerMisses(slot) || c.Repeats(slot) != 0 {
					t.Errorf("%s in %s at %v: matches %v, shows %v, misses %v, repeats %d", text, zone, slot, c.Matches(slot), c.Shows(slot), c.SchedulerMisses(slot), c.Repeats(slot))
				}
			}
		}
	}
}

// TestShows: the hour and the minute count, on the wall clock, and nothing else.
func TestShows(t *testing.T) {
	t.Parallel()
	c := parse(t, "15,59 0,23 1 1 *").In(zoneNamed(t, "America/St_Johns"), DST{}) // 02:30 or 03:30 behind UTC
	for slot, want := range map[string]bool{
		"2026-06-05T02:45Z": true,  // 00:15
		"2026-06-05T02:44Z": false, // 00:14
		"2026-06-05T03:45Z": false, // 01:15
		"2026-12-05T03:29Z": true,  // 23:59
		"2026-12-05T02:29Z": false, // 22:59
		"1970-01-01T03:45Z": true,  // 00:15
		"2199-12-31T03:29Z": true,  // 23:59
		"1970-01-01T00:00Z": false,
		"2199-12-31T23:59Z": false,
	} {
		if got := c.Shows(at(t, slot)); got != want {
			t.Errorf("%s: %v", slot, got)
		}
	}
	for _, end := range []string{"1970-01-01T00:00Z", "2199-12-31T23:59Z"} {
		if !parse(t, "* * * * *").In(nil, DST{}).Shows(at(t, end)) {
			t.Errorf("%s is not shown", end)
		}
	}
}

func TestNextIsStrict(t *testing.T) {
	t.Parallel()
	c := parse(t, "0 9 * * *").In(nil, DST{})
	nine := at(t, "2026-11-22T09:00Z")
	cases := []struct {
		from time.Time
		next string
	}{
		{nine, "2026-11-23T09:00Z"},
		{nine.Add(-1), "2026-11-22T09:00Z"},
		{nine.Add(1), "2026-11-23T09:00Z"},
		{nine.Add(30 * time.Second), "2026-11-23T09:00Z"},
	}
	for _, k := range cases {
		next, _ := c.Next(k.from)
		if next.Format(isoMinute) != k.next {
			t.Errorf("%v: next %v", k.from, next)
		}
	}
	if !c.Matches(nine.Add(59*time.Second)) || c.Matches(nine.Add(time.Minute)) {
		t.Error("Matches")
	}
	for slot := range c.All(nine, nine.AddDate(0, 0, 2)) {
		if !slot.Equal(nine) {
			t.Errorf("the first is %v", slot)
		}
		break
	}
}

func TestScheduleNeverFires(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	cases := []struct {
		expr string
		dst  DST
		want bool
	}{
		{"at(2026-03-29T02:30:00)", DST{}, true},
		{"at(2026-03-29T02:30:00)", DST{Gap: GapRunLate}, false},
		{"at(2026-03-29T03:30:00)", DST{}, false},
		{"0 0 30 2 *", DST{}, true},
		{"* * * * *", DST{}, false},
		{"rate(1 day)", DST{}, false},
		{"at(1970-01-01T01:00:00)", DST{}, false},
	}
	for _, c := range cases {
		if got := parse(t, c.expr).In(berlin, c.dst).NeverFires(); got != c.want {
			t.Errorf("%s: %v", c.expr, got)
		}
	}
}

func TestParseDST(t *testing.T) {
	t.Parallel()
	for _, gap := range []string{"", "run-late", "skip"} {
		for _, overlap := range []string{"", "once", "twice"} {
			dst, err := ParseDST(gap, overlap)
			if err != nil || dst.Gap.String() != gap || dst.Overlap.String() != overlap {
				t.Errorf("%q %q: %v %v", gap, overlap, dst, err)
			}
		}
	}
	if dst, err := ParseDST("run-late", "twice"); err != nil || dst != (DST{GapRunLate, OverlapTwice}) {
		t.Error(dst, err)
	}
	for _, bad := range [][2]string{{"late", ""}, {"", "never"}, {"once", "skip"}} {
		if _, err := ParseDST(bad[0], bad[1]); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	s := parse(t, "rate(7 minutes)")
	if every, ok := s.Rate(); !ok || every != 7*time.Minute {
		t.Errorf("rate is %v, %v", every, ok)
	}
	c := s.In(zoneNamed(t, "Europe/Berlin"), DST{}).Since(at(t, "2026-11-22T10:03Z"))
	next, _ := c.Next(at(t, "2026-11-22T10:03Z"))
	if next.Format("15:04") != "10:10" {
		t.Errorf("next %v", next)
	}
	if _, ok := parse(t, "0 9 * * *").Rate(); ok {
		t.Error("a crontab line is no rate")
	}
	if parse(t, "rate(36600 days)").String() != "rate(36600 days)" { // the longest
		t.Error("it is another")
	}
}

// TestRateOfAMinute: it goes on through the hour that comes twice, and is a rate like others.
func TestRateOfAMinute(t *testing.T) {
	t.Parallel()
	s := parse(t, "rate(1 minute)")
	c := s.In(zoneNamed(t, "Europe/Berlin"), DST{})
	from, to := at(t, "2026-10-25T00:00Z"), at(t, "2026-10-25T03:00Z")
	if got := minutesOf(c, from, to); len(got) != 180 {
		t.Errorf("%d of 180 minutes", len(got))
	}
	if every, ok := s.Rate(); !ok || every != time.Minute {
		t.Errorf("its rate is %v, %v", every, ok)
	}
	if err := Prove(s, nil, from); !errors.Is(err, ErrRate) {
		t.Error(err)
	}
	if c.SchedulerMisses(at(t, "2026-10-25T01:30Z")) {
		t.Error("Scheduler misses none of it")
	}
}

// TestKinds: what an expression says about itself.
func TestKinds(t *testing.T) {
	t.Parallel()
	once, line := parse(t, "at(2026-11-22T13:05:00)"), parse(t, "0 9 * * *")
	if !once.OneTime() || line.OneTime() {
		t.Errorf("one time: %v, %v", once.OneTime(), line.OneTime())
	}
	if once.Dialect().String() != "EventBridge expression" || line.Dialect().String() != "crontab expression" {
		t.Errorf("%s, %s", once.Dialect(), line.Dialect())
	}
}

package cron

import (
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
}

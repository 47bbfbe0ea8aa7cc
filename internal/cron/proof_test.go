package cron

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestProofFindsTheFirstMinute has wrong translations, most of them made by tools in use, and
// the first minute at which each differs.
func TestProofFindsTheFirstMinute(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, crontab string
		aws           []string
		at            string
		missing       bool
	}{
		{"a minute later", "0 9 * * *", []string{"cron(1 9 * * ? *)"}, "2026-01-01T09:00Z", true},
		{"an hour less", "0 9-17 * * *", []string{"cron(0 9-16 * * ? *)"}, "2026-01-01T17:00Z", true},
		{"an hour more", "0 9-16 * * *", []string{"cron(0 9-17 * * ? *)"}, "2026-01-01T17:00Z", false},
		{"naive +1 of the week", "0 0 * * 5-7", []string{"cron(0 0 ? * 6-7 *)"}, "2026-01-04T00:00Z", true},
		{"0 taken for 1", "0 9 * * 1-5", []string{"cron(0 9 ? * 1-5 *)"}, "2026-01-02T09:00Z", true},
		{"*/2 taken for every day", "0 9 */2 * *", []string{"cron(0 9 * * ? *)"}, "2026-01-02T09:00Z", false},
		{"the step of the week grown", "0 9 * * 1-5/2", []string{"cron(0 9 ? * 2-6/3 *)"}, "2026-01-01T09:00Z", false},
		{"either taken for one", "0 9 1 * 5", []string{"cron(0 9 ? * 6 *)"}, "2026-01-01T09:00Z", true},
		{"both taken for one", "0 9 */2 * 1", []string{"cron(0 9 ? * 2 *)"}, "2026-01-12T09:00Z", false},
		{"28 taken for the last", "0 9 28 2 *", []string{"cron(0 9 L 2 ? *)"}, "2028-02-28T09:00Z", true},
		{"31 taken for the last", "0 9 31 * *", []string{"cron(0 9 L * ? *)"}, "2026-02-28T09:00Z", false},
		{"only from 2027", "0 9 * * *", []string{"cron(0 9 * * ? 2027-2199)"}, "2026-01-01T09:00Z", true},
		{"one of two only from 2027", "0 9,10 * * *", []string{"cron(0 9 * * ? 2027-2199)", "cron(0 10 * * ? *)"}, "2026-01-01T09:00Z", true},
		{"from the first year up to 2026", "0 9 * * *", []string{"cron(0 9 * * ? 1970-2026)"}, "2027-01-01T09:00Z", true},
		{"the last hour lost", "0 9,23 * * *", []string{"cron(0 9 * * ? *)"}, "2026-01-01T23:00Z", true},
		{"up to 2098", "0 9 * * *", []string{"cron(0 9 * * ? 2026-2098)"}, "2099-01-01T09:00Z", true},
		{"leap years until 2099", "0 0 29 2 *", []string{"cron(0 0 29 2 ? 2000/4)"}, "", false},
		{"leap years until 2096", "0 0 29 2 *", []string{"cron(0 0 29 2 ? 2000-2096/4)"}, "2104-02-29T00:00Z", true},
		{"one of three days lost", "0 9 1,15 * 5", []string{"cron(0 9 1 * ? *)", "cron(0 9 ? * 6 *)"}, "2026-01-15T09:00Z", true},
		{"another month", "0 9 1 1 *", []string{"cron(0 9 1 2 ? *)"}, "2026-01-01T09:00Z", true},
		{"nothing", "0 9 1 7 *", nil, "2026-07-01T09:00Z", true},
		{"two halves are the whole", "*/30 9 * * *", []string{"cron(0 9 * * ? *)", "cron(30 9 * * ? *)"}, "", false},
	}
	for _, c := range cases {
		err := Prove(parse(t, c.crontab), parseAll(t, c.aws...), proofStart)
		if c.at == "" {
			// 29 February 1972 to 1996 fires only before the start.
			var d *DifferenceError
			if errors.As(err, &d) && !d.At.IsZero() || c.name == "two halves are the whole" && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var d *DifferenceError
		if !errors.As(err, &d) || d.At.Format(isoMinute) != c.at || d.Missing != c.missing {
			t.Errorf("%s: %v, want %s, missing %v", c.name, err, c.at, c.missing)
		}
	}
}

// TestProofOfMutations changes one set of a right translation at random. Prove must find the
// same first difference as a walk through both minute by minute.
func TestProofOfMutations(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	for range 300 {
		text := strings.Join([]string{
			randomField(rng, 0, 59), randomField(rng, 0, 23), randomField(rng, 1, 31), randomField(rng, 1, 12), randomField(rng, 0, 7),
		}, " ")
		s := parse(t, text)
		wrong := *s
		switch rng.IntN(4) {
		case 0:
			wrong.minute ^= 1 << rng.IntN(60)
		case 1:
			wrong.hour ^= 1 << rng.IntN(24)
		case 2:
			wrong.month ^= 1 << rng.IntN(12)
		case 3:
			wrong.mask[rng.IntN(kindCount)] ^= 1 << (1 + rng.IntN(28))
		}
		err := Prove(s, []*Spec{&wrong}, proofStart)
		want, found := firstDifference(s, &wrong)
		var d *DifferenceError
		if found != errors.As(err, &d) || found && !d.At.Equal(want) {
			t.Fatalf("%s: %v, want %v", text, err, want)
		}
	}
}

// firstDifference compares 40 years hour by hour.
func firstDifference(a, b *Spec) (time.Time, bool) {
	start := proofStart.Unix() / 60
	for m := start; m < start+40*366*minutesPerDay; m += 60 {
		if a.matchesHour(m) == 0 && b.matchesHour(m) == 0 {
			continue
		}
		for i := range int64(60) {
			if a.matches(m+i) != b.matches(m+i) {
				return time.Unix((m+i)*60, 0).UTC(), true
			}
		}
	}
	return time.Time{}, false
}

func (s *Spec) matchesHour(m int64) uint64 {
	day := floorDiv(m, minutesPerDay)
	k := monthOf(day)
	if !s.selects(k) || s.mask[monthKind[k]]>>(int(day)-int(monthStart[k])+1)&1 == 0 || s.hour>>(m%minutesPerDay/60)&1 == 0 {
		return 0
	}
	return s.minute
}

// TestProofFromWithinADay: differences before the start do not count, not even in its own
// hour.
func TestProofFromWithinADay(t *testing.T) {
	t.Parallel()
	s, got := parse(t, "10,20 9 * * *"), parseAll(t, "cron(20 9 * * ? *)")
	for from, want := range map[string]string{
		"2026-05-05T09:10Z": "2026-05-05T09:10Z",
		"2026-05-05T09:11Z": "2026-05-06T09:10Z",
		"2026-05-31T23:59Z": "2026-06-01T09:10Z",
	} {
		var d *DifferenceError
		err := Prove(s, got, at(t, from))
		if !errors.As(err, &d) || d.At.Format(isoMinute) != want || !strings.Contains(err.Error(), d.At.Format(minuteLayout)) {
			t.Errorf("from %s: %v, want %s", from, err, want)
		}
	}
	if err := Prove(s, got, at(t, "2199-12-31T23:00Z")); err == nil || !strings.Contains(err.Error(), "earlier") {
		t.Errorf("after the last one: %v", err)
	}
}

func TestProofLimits(t *testing.T) {
	t.Parallel()
	s := parse(t, "0 9 * * *")
	if err := Prove(s, parseAll(t, "rate(1 day)"), proofStart); !errors.Is(err, ErrRate) {
		t.Error(err)
	}
	if err := Prove(s, []*Spec{s, s, s, s}, proofStart); err == nil {
		t.Error("four against one")
	}
	if err := prove(s, parseAll(t, "cron(0 9-10 * * ? *)"), proofStart, true); err != nil {
		t.Error(err)
	}
	if err := prove(s, parseAll(t, "cron(0 9 ? * 2-6 *)"), proofStart, true); err == nil {
		t.Error("a subset covers")
	}
}

func TestFirstBoth(t *testing.T) {
	t.Parallel()
	cases := []struct{ a, b, want string }{
		{"cron(0 9 1 * ? *)", "cron(0 9 ? * 6 *)", "2026-05-01T09:00Z"},
		{"cron(30 4 1,15 * ? *)", "cron(30 4 ? * 6 *)", "2026-05-01T04:30Z"},
		{"cron(0 0 13 7 ? *)", "cron(0 0 ? 7 6 *)", "2029-07-13T00:00Z"},
		{"cron(0 9 8 * ? *)", "cron(0 9 ? * 2#1 *)", ""},
	}
	for _, c := range cases {
		specs := parseAll(t, c.a, c.b)
		got, ok := firstBoth(specs[0], specs[1], proofStart)
		if ok != (c.want != "") || ok && got.Format(isoMinute) != c.want {
			t.Errorf("%s and %s: %v %v", c.a, c.b, got, ok)
		}
	}
}

// TestProofOfYears: expressions that all name years are compared in these years.
func TestProofOfYears(t *testing.T) {
	t.Parallel()
	err := Prove(parse(t, "cron(0 9 * * ? 2026)"), parseAll(t, "cron(0 9 * * ? 2027)"), proofStart)
	var d *DifferenceError
	if !errors.As(err, &d) || d.At.Format(isoMinute) != "2026-01-01T09:00Z" || !d.Missing {
		t.Errorf("%v", err)
	}
}

// TestProofOfThree: three expressions, the most, are compared with one.
func TestProofOfThree(t *testing.T) {
	t.Parallel()
	thirds := parseAll(t, "cron(0 9 * * ? *)", "cron(20 9 * * ? *)", "cron(40 9 * * ? *)")
	if err := Prove(parse(t, "*/20 9 * * *"), thirds, proofStart); err != nil {
		t.Errorf("three thirds: %v", err)
	}
}

// TestProofBeginsByTheWallClock: the minutes of a difference are those of the clock from which the
// comparison begins.
func TestProofBeginsByTheWallClock(t *testing.T) {
	t.Parallel()
	want, got := parse(t, "0 9,20 * * *"), parseAll(t, "cron(0 8 * * ? *)")
	nine := time.Date(2026, 1, 1, 9, 1, 0, 0, time.FixedZone("", 6*60*60))
	for _, c := range []struct {
		want *Spec
		got  []*Spec
		says string
	}{
		{want, got, "0 9,20 * * * fires at 2026-01-01 20:00, the other does not"},
		{got[0], []*Spec{want}, "cron(0 8 * * ? *) does not fire at 2026-01-01 20:00, the other does"},
	} {
		if err := Prove(c.want, c.got, nine); err == nil || err.Error() != c.says {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
}

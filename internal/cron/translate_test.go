package cron

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var proofStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTranslate(t *testing.T) {
	t.Parallel()
	const odd = "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31"
	cases := []struct {
		crontab string
		aws     []string
		guard   bool
	}{
		{"0 9 * * 1-5", []string{"cron(0 9 ? * 2-6 *)"}, false},
		{"47 6 * * 7", []string{"cron(47 6 ? * 1 *)"}, false},
		{"0 0 * * 5-7", []string{"cron(0 0 ? * 1,6,7 *)"}, false},
		{"5 4 * * sun", []string{"cron(5 4 ? * 1 *)"}, false},
		{"0 9 */2 * *", []string{"cron(0 9 " + odd + " * ? *)"}, false},
		{"0 9 * * */2", []string{"cron(0 9 ? * 1,3,5,7 *)"}, false},
		{"0 9 * * 1-5/2", []string{"cron(0 9 ? * 2,4,6 *)"}, false},
		{"0 9 * * 0-6/3", []string{"cron(0 9 ? * 1,4,7 *)"}, false},
		{"0 9 */2 * 1", []string{"cron(0 9 ? * 2 *)"}, true},
		{"0 9 1 * 5", []string{"cron(0 9 1 * ? *)", "cron(0 9 ? * 6 *)"}, false},
		{"30 4 1,15 * 5", []string{"cron(30 4 1,15 * ? *)", "cron(30 4 ? * 6 *)"}, false},
		{"30 6 */10 * *", []string{"cron(30 6 1,11,21,31 * ? *)"}, false},
		{"23 0-23/2 * * *", []string{"cron(23 0,2,4,6,8,10,12,14,16,18,20,22 * * ? *)"}, false},
		{"*/7 * * * *", []string{"cron(0,7,14,21,28,35,42,49,56 * * * ? *)"}, false},
		{"0 9 1-31 * 1", []string{"cron(0 9 * * ? *)"}, false},
		{"0 0 * * 0-7", []string{"cron(0 0 * * ? *)"}, false},
		{"0 7 */10 * mon", []string{"cron(0 7 1,11,21,31 * ? *)"}, true}, // fewer than the Mondays
		{"0 7 */30 * 1-6", []string{"cron(0 7 1,31 * ? *)"}, true},
		{"0 9 1-7 * */7", []string{"cron(0 9 ? * 1#1 *)"}, false},
		{"0 9 24-30 6 */7", []string{"cron(0 9 ? 6 1L *)"}, false},
		{"0 9 10-12 * */7", []string{"cron(0 9 ? * 1#2 *)"}, true},
		{"0 9 31 */2 *", []string{"cron(0 9 31 1,3,5,7,9,11 ? *)"}, false},
		{"@hourly", []string{"cron(0 * * * ? *)"}, false},
		{"@yearly", []string{"cron(0 0 1 1 ? *)"}, false},
		{"* * * * *", []string{"cron(* * * * ? *)"}, false},
	}
	for _, c := range cases {
		got, err := Translate(parse(t, c.crontab), nil, proofStart)
		if err != nil {
			t.Errorf("%s: %v", c.crontab, err)
			continue
		}
		guard := ""
		if c.guard {
			guard = c.crontab
		}
		if !slices.Equal(got.AWS, c.aws) || got.Guard != guard {
			t.Errorf("%s: %q guard %q, want %q guard %q", c.crontab, got.AWS, got.Guard, c.aws, guard)
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Translate(parse(t, "0 0 30 2 *"), nil, proofStart); !errors.Is(err, ErrNeverFires) {
		t.Error(err)
	}
	if _, err := Translate(parse(t, "cron(0 9 * * ? *)"), nil, proofStart); err == nil || !strings.Contains(err.Error(), "already") {
		t.Error(err)
	}
}

// TestTranslateZone: what fires at the same minutes in UTC is scheduled there.
func TestTranslateZone(t *testing.T) {
	t.Parallel()
	cases := []struct{ crontab, zone, want string }{
		{"*/15 * * * *", "Europe/Berlin", "UTC"},
		{"0 * * * *", "Europe/Berlin", "UTC"},
		{"0 * * * 1-5", "Europe/Berlin", "Europe/Berlin"},
		{"0 1-23 * * *", "Europe/Berlin", "Europe/Berlin"},
		{"0 * * * *", "Australia/Lord_Howe", "Australia/Lord_Howe"},
		{"*/30 * * * *", "Australia/Lord_Howe", "UTC"},
		{"0 * * * *", "Asia/Kolkata", "Asia/Kolkata"},
		{"*/15 * * * *", "Asia/Kathmandu", "UTC"},
		{"0 2 * * *", "UTC", "UTC"},
	}
	for _, c := range cases {
		got, err := Translate(parse(t, c.crontab), zoneNamed(t, c.zone), proofStart)
		if err != nil || got.Zone != c.want {
			t.Errorf("%s in %s: %s, %v", c.crontab, c.zone, got.Zone, err)
		}
	}
}

// TestLongestTranslation has the sets that need the most characters.
func TestLongestTranslation(t *testing.T) {
	t.Parallel()
	pairs := func(low, high int) string {
		var items []string
		for v := low; v <= high; v++ {
			if (v-low)%3 != 2 {
				items = append(items, fmt.Sprint(v))
			}
		}
		return strings.Join(items, ",")
	}
	text := strings.Join([]string{pairs(0, 59), pairs(0, 23), pairs(1, 31), pairs(1, 12), "*"}, " ")
	got, err := Translate(parse(t, text), nil, proofStart)
	if err != nil || len(got.AWS) != 1 || len(got.AWS[0]) > MaxAWS {
		t.Fatalf("%d characters: %v", len(got.AWS[0]), err)
	}
}

// TestRandomTranslations: a translation fires when the line does, and with its
// guard only then.
func TestRandomTranslations(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text := strings.Join([]string{
			randomField(rng, 0, 59), randomField(rng, 0, 23), randomField(rng, 1, 31), randomField(rng, 1, 12), randomField(rng, 0, 7),
		}, " ")
		s := parse(t, text)
		got, err := Translate(s, nil, proofStart)
		if errors.Is(err, ErrNeverFires) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		specs := parseAll(t, got.AWS...)
		for range 2000 {
			slot := proofStart.Add(time.Duration(rng.IntN(4*366*24*60)) * time.Minute)
			fires := slices.ContainsFunc(specs, func(a *Spec) bool { return a.In(nil, DST{}).Matches(slot) })
			want := s.In(nil, DST{}).Matches(slot)
			if want && !fires || !want && fires && got.Guard == "" {
				t.Fatalf("%s at %v: %v, but %q: %v", text, slot, want, got.AWS, fires)
			}
		}
	}
}

// TestProofFindsTheFirstMinute has wrong translations, most of them made by
// tools in use, and the minute at which each shows.
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
			// 29 February 1972 to 1996 fires before the start only.
			var d *Difference
			if errors.As(err, &d) && !d.At.IsZero() || c.name == "two halves are the whole" && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var d *Difference
		if !errors.As(err, &d) || d.At.Format(isoMinute) != c.at || d.Missing != c.missing {
			t.Errorf("%s: %v, want %s, missing %v", c.name, err, c.at, c.missing)
		}
	}
}

// TestProofOfMutations changes one set of a right translation at random; the
// first difference must be the one that walking both minute by minute meets.
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
		var d *Difference
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

func TestProofLimits(t *testing.T) {
	t.Parallel()
	s := parse(t, "0 9 * * *")
	if err := Prove(s, parseAll(t, "rate(1 day)"), proofStart); !errors.Is(err, ErrRate) {
		t.Error(err)
	}
	if err := Prove(s, []*Spec{s, s, s, s}, proofStart); err == nil {
		t.Error("four against one")
	}
	if err := ProveCovers(s, parseAll(t, "cron(0 9-10 * * ? *)"), proofStart); err != nil {
		t.Error(err)
	}
	if err := ProveCovers(s, parseAll(t, "cron(0 9 ? * 2-6 *)"), proofStart); err == nil {
		t.Error("a subset covers")
	}
}

func TestFirstBoth(t *testing.T) {
	t.Parallel()
	cases := []struct{ a, b, want string }{
		{"cron(0 9 1 * ? *)", "cron(0 9 ? * 6 *)", "2026-05-01T09:00Z"},
		{"cron(30 4 1,15 * ? *)", "cron(30 4 ? * 6 *)", "2026-05-01T04:30Z"},
		{"cron(0 9 13 * ? 2027-2028)", "cron(0 9 ? * 6 2028,2030)", "2028-10-13T09:00Z"},
		{"cron(0 9 * * ? *)", "cron(1 9 * * ? *)", ""},
		{"cron(0 9 8 * ? *)", "cron(0 9 ? * 2#1 *)", ""},
		{"rate(1 day)", "cron(0 0 * * ? *)", ""},
	}
	for _, c := range cases {
		specs := parseAll(t, c.a, c.b)
		got, ok := FirstBoth(specs[0], specs[1], proofStart)
		if ok != (c.want != "") || ok && got.Format(isoMinute) != c.want {
			t.Errorf("%s and %s: %v %v", c.a, c.b, got, ok)
		}
	}
}

func TestSchedulerMisses(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	cases := []struct {
		name, crontab, from, to string
		dst                     DST
		want                    []string
	}{
		{"run late after the gap", "30 2 * * *", "2026-03-28T00:00Z", "2026-03-31T00:00Z", DST{}, []string{"2026-03-29T01:00Z"}},
		{"also at the minute of a run of its own? no", "0,30 2,3 * * *", "2026-03-29T00:00Z", "2026-03-30T00:00Z", DST{}, nil},
		{"first pass only", "30 2 * * *", "2026-10-24T00:00Z", "2026-10-27T00:00Z", DST{}, nil},
		{"second pass of a wildcard", "*/30 2 * * *", "2026-10-24T00:00Z", "2026-10-27T00:00Z", DST{}, []string{"2026-10-25T01:00Z", "2026-10-25T01:30Z"}},
		{"scheduled in UTC", "*/30 * * * *", "2026-10-24T00:00Z", "2026-10-27T00:00Z", DST{}, nil},
		{"told to skip", "30 2 * * *", "2026-03-28T00:00Z", "2026-03-31T00:00Z", DST{Gap: GapSkip}, nil},
	}
	for _, c := range cases {
		schedule := parse(t, c.crontab).In(berlin, c.dst)
		var got []string
		for slot := range schedule.All(at(t, c.from), at(t, c.to)) {
			if schedule.SchedulerMisses(slot) {
				got = append(got, slot.Format(isoMinute))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	cases := []struct{ expr, want string }{
		{"0 9 * * 1-5", "at 09:00 on Monday to Friday"},
		{"0 9 * * 5-7", "at 09:00 on Friday to Sunday"},
		{"0 9 * * *", "at 09:00 every day"},
		{"5 10,22 * * *", "at 10:05 and 22:05 every day"},
		{"*/15 * * * *", "every 15 minutes"},
		{"* * * * *", "every minute"},
		{"17 * * * *", "at minute 17 of every hour"},
		{"5,25,45 * * * 1", "at minutes 5, 25 and 45 of every hour on Monday"},
		{"*/5 8-18 * * 1-5", "every 5 minutes from 08:00 to 18:55 on Monday to Friday"},
		{"*/20 8,12,18 * * *", "every 20 minutes of the hours 8, 12 and 18"},
		{"15 14 1 * *", "at 14:15 on day 1 of the month"},
		{"0 9 1 * 5", "at 09:00 on day 1 of the month or on Friday"},
		{"0 9 */15 * 1", "at 09:00 on Monday, if it is day 1, 16 and 31 of the month"},
		{"0 0 1 1-3,12 *", "at 00:00 on day 1 of the month in January to March and December"},
		{"cron(0 9 L * ? *)", "at 09:00 on the last day of the month"},
		{"cron(0 9 LW * ? 2027-2029,2035)", "at 09:00 on the last weekday of the month in 2027 to 2029 and 2035"},
		{"cron(0 9 15W * ? *)", "at 09:00 on the weekday nearest to day 15 of the month"},
		{"cron(0 9 ? * 6L *)", "at 09:00 on the last Friday of the month"},
		{"cron(0 9 ? * 2#1 *)", "at 09:00 on the first Monday of the month"},
		{"cron(0 9 * * ? *)", "at 09:00 every day"},
		{"rate(1 minute)", "every minute, counted from the start of the schedule"},
		{"rate(90 minutes)", "every 90 minutes, counted from the start of the schedule"},
		{"rate(24 hours)", "every day, counted from the start of the schedule"},
		{"at(2026-11-22T13:05:00)", "once, at 13:05 on 22 November 2026"},
	}
	for _, c := range cases {
		if got := parse(t, c.expr).Words(); got != c.want {
			t.Errorf("%s: %q, want %q", c.expr, got, c.want)
		}
	}
}

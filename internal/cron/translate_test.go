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
		{"0 9 29-31 * */7", []string{"cron(0 9 ? * 1#5 *)"}, false},
		{"0 6 29 2 *", []string{"cron(0 6 29 2 ? *)"}, false},
		{"0 6 25 12 *", []string{"cron(0 6 25 12 ? *)"}, false},
		{"0 9 31 */2 *", []string{"cron(0 9 31 1,3,5,7,9,11 ? *)"}, false},
		{"@hourly", []string{"cron(0 * * * ? *)"}, false},
		{"@yearly", []string{"cron(0 0 1 1 ? *)"}, false},
		{"* * * * *", []string{"cron(* * * * ? *)"}, false},
	}
	for _, c := range cases {
		got, err := parse(t, c.crontab).In(nil, DST{}).Translate(proofStart)
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
	if _, err := parse(t, "0 0 30 2 *").In(nil, DST{}).Translate(proofStart); !errors.Is(err, ErrNeverFires) {
		t.Error(err)
	}
	if _, err := parse(t, "cron(0 9 * * ? *)").In(nil, DST{}).Translate(proofStart); err == nil || !strings.Contains(err.Error(), "already") {
		t.Error(err)
	}
}

// TestTranslateZone: a schedule that fires at the same minutes in UTC gets UTC.
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
		{"0 * * 1-11 *", "Europe/Berlin", "Europe/Berlin"},
	}
	for _, c := range cases {
		got, err := parse(t, c.crontab).In(zoneNamed(t, c.zone), DST{}).Translate(proofStart)
		if err != nil || got.Zone != c.want {
			t.Errorf("%s in %s: %s, %v", c.crontab, c.zone, got.Zone, err)
		}
	}
}

// TestTranslationNotes: a person is told what the translation changes, and nothing else.
func TestTranslationNotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		crontab, zone, from string
		notes               []string // a part of each
	}{
		{"0 9 * * *", "Europe/Berlin", "2026-01-01T00:00Z", nil},
		{"0 9~9 * * *", "Europe/Berlin", "2026-01-01T00:00Z", []string{"the ~ range becomes a fixed value"}},
		{"0 9 */2 * 1", "Europe/Berlin", "2026-01-01T00:00Z", []string{"starts that do not match 0 9 */2 * 1 are filtered"}},
		{"0 9 1 * 5", "Europe/Berlin", "2026-01-01T00:00Z", []string{"both expressions fire at 2026-05-01 09:00 for the first time"}},
		{"0 9 1 1 5", "Europe/Berlin", "2199-02-01T00:00Z", nil}, // never both again
		{"0 * * * *", "Europe/Berlin", "2026-01-01T00:00Z", []string{"it fires at the same minutes in UTC"}},
		{"0 * * * *", "UTC", "2026-01-01T00:00Z", nil},
	} {
		got, err := parse(t, c.crontab).In(zoneNamed(t, c.zone), DST{}).Translate(at(t, c.from))
		if err != nil || !slices.EqualFunc(got.Notes, c.notes, strings.Contains) {
			t.Errorf("%s in %s from %s: %q, %v", c.crontab, c.zone, c.from, got.Notes, err)
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
	got, err := parse(t, text).In(nil, DST{}).Translate(proofStart)
	if err != nil || len(got.AWS) != 1 || len(got.AWS[0]) > maxAWS {
		t.Fatalf("%d characters: %v", len(got.AWS[0]), err)
	}
}

// TestRandomTranslations: a translation fires when the line does, and with its guard only
// then.
func TestRandomTranslations(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text := strings.Join([]string{
			randomField(rng, 0, 59), randomField(rng, 0, 23), randomField(rng, 1, 31), randomField(rng, 1, 12), randomField(rng, 0, 7),
		}, " ")
		s := parse(t, text)
		got, err := s.In(nil, DST{}).Translate(proofStart)
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
		{"all hours written out: first pass only", "0 0-23 * * *", "2026-10-24T00:00Z", "2026-10-27T00:00Z", DST{}, nil},
		{"all hours, in both passes, in UTC", "0 0-23 * * *", "2026-10-24T00:00Z", "2026-10-27T00:00Z", DST{Overlap: OverlapTwice}, nil},
		{"all hours, late after the gap, in UTC", "30 * * * *", "2026-03-29T00:00Z", "2026-03-30T00:00Z", DST{Gap: GapRunLate}, []string{"2026-03-29T01:00Z"}},
		{"EventBridge's own stays in its zone", "cron(30 * * * ? *)", "2026-10-25T00:00Z", "2026-10-25T03:00Z", DST{Overlap: OverlapTwice}, []string{"2026-10-25T01:30Z"}},
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

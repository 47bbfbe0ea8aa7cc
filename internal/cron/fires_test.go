package cron

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const isoMinute = "2006-01-02T15:04Z"

// readLines decodes a file of one JSON object per line.
func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	file, err := os.Open(path) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var all []T
	for scan := bufio.NewScanner(file); scan.Scan(); {
		var one T
		if err := json.Unmarshal(scan.Bytes(), &one); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, one)
	}
	return all
}

func parseAll(t *testing.T, texts ...string) []*Spec {
	t.Helper()
	specs := make([]*Spec, len(texts))
	for i, text := range texts {
		var err error
		if specs[i], err = Parse(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return specs
}

func parse(t *testing.T, text string) *Spec {
	t.Helper()
	return parseAll(t, text)[0]
}

func zoneNamed(t *testing.T, name string) *Zone {
	t.Helper()
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	m, err := time.Parse(isoMinute, text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func minutesOf(c Schedule, from, to time.Time) []string {
	var all []string
	for slot := range c.All(from, to) {
		all = append(all, slot.Format(isoMinute))
	}
	return all
}

// TestFiresOfRealLines compares two years of every schedule in a collection of public
// crontabs with answers that were computed separately, by cronie's rules.
func TestFiresOfRealLines(t *testing.T) {
	t.Parallel()
	type line struct {
		Cron, Last, SHA256, Source string
		Fires                      int
		First                      []string
	}
	for _, l := range readLines[line](t, "testdata/fires.jsonl") {
		c := parse(t, l.Cron).In(UTC, DST{})
		got := minutesOf(c, at(t, "2026-01-01T00:00Z"), at(t, "2028-01-01T00:00Z"))
		sum := sha256.Sum256([]byte(strings.Join(got, "\n")))
		if len(got) != l.Fires || hex.EncodeToString(sum[:]) != l.SHA256 ||
			!slices.Equal(got[:3], l.First) || got[len(got)-1] != l.Last {
			t.Errorf("%s (%s): %d fires, want %d from %v to %s", l.Cron, l.Source, len(got), l.Fires, l.First, l.Last)
		}
	}
}

// TestChangeOfClocks has cron's own rule, and its rule for entries under CRON_TZ, which a job
// can ask for with its dst setting.
func TestChangeOfClocks(t *testing.T) {
	t.Parallel()
	type vector struct {
		Cron, Zone, Rule, From, To, Note string
		Wildcard                         bool
		Fires                            []string
	}
	for _, v := range readLines[vector](t, "testdata/dst.jsonl") {
		dst := DST{}
		if v.Rule == "CRON_TZ" {
			dst = DST{GapSkip, OverlapTwice}
		}
		s := parse(t, v.Cron)
		if s.wildcard != v.Wildcard {
			t.Errorf("%s: wildcard = %v", v.Cron, s.wildcard)
		}
		c := s.In(zoneNamed(t, v.Zone), dst)
		if got := minutesOf(c, at(t, v.From), at(t, v.To)); !slices.Equal(got, v.Fires) {
			t.Errorf("%s in %s, %s (%s):\n got %v\nwant %v", v.Cron, v.Zone, v.Rule, v.Note, got, v.Fires)
		}
	}
}

func TestRulesOfDST(t *testing.T) {
	t.Parallel()
	const spring, autumn = "2026-03-29", "2026-10-25" // Europe/Berlin
	cases := []struct {
		name, expr, day string
		dst             DST
		want            []string // times of day, UTC
	}{
		{"aws gap is skipped", "cron(30 2 * * ? *)", spring, DST{}, nil},
		{"aws overlap runs once", "cron(30 2 * * ? *)", autumn, DST{}, []string{"00:30"}},
		{"aws, told to run late", "cron(30 2 * * ? *)", spring, DST{Gap: GapRunLate}, []string{"01:00"}},
		{"aws, told to run twice", "cron(30 2 * * ? *)", autumn, DST{Overlap: OverlapTwice}, []string{"00:30", "01:30"}},
		{"aws hourly leaves a hole of an hour", "cron(0 1-3 * * ? *)", autumn, DST{}, []string{"00:00", "02:00"}},
		{"crontab, told to skip", "30 2 * * *", spring, DST{Gap: GapSkip}, nil},
		{"crontab, told to run twice", "30 2 * * *", autumn, DST{Overlap: OverlapTwice}, []string{"00:30", "01:30"}},
		{"wildcard, told to run late", "*/20 2 * * *", spring, DST{Gap: GapRunLate}, []string{"01:00"}},
		{"wildcard, told to run once", "*/30 2 * * *", autumn, DST{Overlap: OverlapOnce}, []string{"00:00", "00:30"}},
		{"@hourly is wildcard", "@hourly", spring, DST{}, []string{"00:00", "01:00", "02:00"}},
		{"at() in the gap", "at(2026-03-29T02:30:00)", spring, DST{}, nil},
	}
	for _, c := range cases {
		from := at(t, c.day+"T00:00Z")
		schedule := parse(t, c.expr).In(zoneNamed(t, "Europe/Berlin"), c.dst)
		var got []string
		for slot := range schedule.All(from, from.Add(3*time.Hour)) {
			got = append(got, slot.Format("15:04"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestLongShifts has real changes beyond the limits of cron's rule, 179 minutes forward and
// 181 back.
func TestLongShifts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, zone, expr, from, to string
		want                       []string
	}{
		{"a day is missing", "Pacific/Apia", "30 2 30 12 *", "2011-12-28T00:00Z", "2012-01-02T00:00Z", nil},
		{"two hours forward", "Antarctica/Troll", "30 2 * * *", "2026-03-29T00:00Z", "2026-03-29T23:00Z", []string{"2026-03-29T01:00Z"}},
		{"three hours back", "Antarctica/Casey", "0 1 * * *", "2010-03-04T00:00Z", "2010-03-05T00:00Z", []string{"2010-03-04T14:00Z"}},
	}
	for _, c := range cases {
		got := minutesOf(parse(t, c.expr).In(zoneNamed(t, c.zone), DST{}), at(t, c.from), at(t, c.to))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// shiftZone is UTC up to a change of the given size at 2026-11-01T01:00.
func shiftZone(t *testing.T, minutes int64) *Zone {
	t.Helper()
	change := at(t, "2026-11-01T01:00Z").Unix() / 60
	return &Zone{name: "Shift", index: make([]uint16, horizon>>bucketShift+1), segments: []segment{
		{0, change, 0, change}, {change, horizon, change + minutes, horizon + minutes},
	}}
}

// TestShiftsAtTheLimits has shifts at the limits of cron's rule, which no zone has had. The
// job's time is a minute before the end of the gap or of the overlap.
func TestShiftsAtTheLimits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, expr string
		shift      int64
		want       []string
		dst        DST
	}{
		{"four minutes forward, wildcard", "* 1 1 11 *", 4, []string{"01:00", "01:01"}, DST{}},
		{"four minutes forward, all of it in the gap", "*/90 1 1 11 *", 4, []string{"01:00"}, DST{}},
		{"five minutes forward, wildcard", "*/90 1 1 11 *", 5, nil, DST{}},
		{"179 forward", "58 3 1 11 *", 179, []string{"01:00"}, DST{}},
		{"180 forward", "59 3 1 11 *", 180, nil, DST{}},
		{"181 back", "59 0 1 11 *", -181, []string{"00:59"}, DST{}},
		{"182 back", "59 0 1 11 *", -182, []string{"00:59", "04:01"}, DST{}},
		{"two passes over the end of a month", "*/30 0 1 11 *", -180, []string{"00:00", "00:30", "03:00", "03:30"}, DST{}},
		{"a minute back, wildcard", "*/59 0 1 11 *", -1, []string{"00:00", "00:59", "01:00"}, DST{}},
		{"a minute back, told to run twice", "59 0 1 11 *", -1, []string{"00:59", "01:00"}, DST{Overlap: OverlapTwice}},
		{"a minute forward, told to skip", "0 1 1 11 *", 1, nil, DST{Gap: GapSkip}},
	}
	for _, c := range cases {
		var got []string
		schedule := parse(t, c.expr).In(shiftZone(t, c.shift), c.dst)
		for slot := range schedule.All(at(t, "2026-10-31T12:00Z"), at(t, "2026-11-01T12:00Z")) {
			got = append(got, slot.Format("15:04"))
		}
		if len(c.want) == 2 && c.shift == 4 {
			got = got[:2]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRepeats(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	cases := []struct {
		expr, slot string
		dst        DST
		want       int
	}{
		{"0,15,30,45 2 * * *", "2026-03-29T01:00Z", DST{}, 4},
		{"0,30 2,3 * * *", "2026-03-29T01:00Z", DST{}, 3}, // 02:00, 02:30 and 03:00
		{"0,30 2,3 * * *", "2026-03-29T01:30Z", DST{}, 1},
		{"30 2 * * *", "2026-03-29T01:00Z", DST{}, 1},
		{"30 2 * * *", "2026-03-29T01:30Z", DST{}, 0},
		{"* * * * *", "2026-03-29T01:00Z", DST{}, 1},
		{"* * * * *", "2026-03-29T01:00Z", DST{Gap: GapRunLate}, 61},
		{"rate(7 minutes)", "1970-01-01T00:07Z", DST{}, 1},
		{"30 2 * * *", "2026-10-25T00:30Z", DST{}, 1},
		{"30 2 * * *", "2026-10-25T01:30Z", DST{}, 0},
	}
	for _, c := range cases {
		if got := parse(t, c.expr).In(berlin, c.dst).Repeats(at(t, c.slot)); got != c.want {
			t.Errorf("%s at %s: %d, want %d", c.expr, c.slot, got, c.want)
		}
	}
}

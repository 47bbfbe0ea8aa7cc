package cron

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSegmentsAgreeWithTheDatabase compares the offset of each zone in all years, around
// every change and at a sample of other times.
func TestSegmentsAgreeWithTheDatabase(t *testing.T) {
	t.Parallel()
	if n := strings.Count(zoneNames, "\n"); n < 400 {
		t.Fatalf("only %d zones", n)
	}
	for name := range zoneList() {
		z := zoneNamed(t, name)
		check := func(m int64) {
			if m < 0 || m >= horizon {
				return
			}
			seg := z.segments[z.segmentAt(m)]
			if m < seg.start || m >= seg.end || seg.offset() != offsetAt(z.location, m) {
				t.Fatalf("%s at %v: offset %d, want %d", name, time.Unix(m*60, 0).UTC(), seg.offset(), offsetAt(z.location, m))
			}
		}
		for i, s := range z.segments {
			check(s.start - 1)
			check(s.start)
			if i > 0 && s.localStart == z.segments[i-1].localEnd {
				t.Errorf("%s: segment %d changes nothing", name, i)
			}
		}
		for m := int64(0); m < horizon; m += 37 * minutesPerDay / 10 {
			check(m)
		}
	}
}

// TestLastDayOfLeapYears has the days on which ZoneBounds is wrong.
func TestLastDayOfLeapYears(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	for year := 2040; year < 2200; year += 4 {
		day := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC)
		got := minutesOf(parse(t, "0 * * * *").In(berlin, DST{}), day, day.Add(36*time.Hour))
		if len(got) != 36 {
			t.Errorf("%d: %d hours", year, len(got))
		}
	}
}

func TestUnknownZones(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		near []string
	}{
		{"Berlin", []string{"Europe/Berlin"}},
		{"europe/berlin", []string{"Europe/Berlin"}},
		{"Europe/Berln", []string{"Europe/Berlin"}},
		{"America/New York", []string{"America/New_York"}},
		{"Asia/Calcuta", []string{"Asia/Calcutta"}},
		{"Asia/Japan", []string{"Japan"}},
		{"Australia/North_", []string{"Australia/North", "Australia/Perth", "Australia/South"}}, // by name
		{"Europe/Berlin/Berlin", []string{"Europe/Berlin", "America/Belem", "America/Belize"}},  // the nearest first
		{"PST", nil},
		{"", nil},
		{"Local", nil},
		{"../../etc/passwd", nil},
		{strings.Repeat("x", 1<<20), nil},
	}
	for _, c := range cases {
		_, err := LoadZone(c.name)
		var unknown *UnknownZoneError
		if !errors.As(err, &unknown) || len(err.Error()) > 300 {
			t.Errorf("%.20s: %v", c.name, err)
		} else if !slices.Equal(unknown.Near[:min(len(unknown.Near), max(1, len(c.near)))], c.near) {
			t.Errorf("%.20s: near %v, want %v", c.name, unknown.Near, c.near)
		} else if hint := "; did you mean " + strings.Join(unknown.Near, " or ") + "?"; strings.HasSuffix(err.Error(), hint) != (len(c.near) > 0) || strings.HasSuffix(err.Error(), "is like Europe/Berlin") != (len(c.near) == 0) {
			t.Errorf("%.20s: %v", c.name, err)
		}
	}
}

// TestFixedZones: for a name with a sign the error names both zones, since the sign means
// different things to different people.
func TestFixedZones(t *testing.T) {
	t.Parallel()
	both := "; Etc/GMT-2 is ahead of UTC, Etc/GMT+2 behind it"
	for name, want := range map[string]string{
		"GMT+2": both, "UTC-02": both, "utc+2": both, "Etc/UTC+2": both,
		"UTC+1": "; Etc/GMT-1 is ahead of UTC, Etc/GMT+1 behind it", "UTC+12": "; Etc/GMT-12 is ahead of UTC, Etc/GMT+12 behind it",
		"utc": "", "gmt": "", "GMT12": "", "+2": "", "UTC+5:30": "", "UTC+13": "", "UTC+": "", "GMT2": "", "UTC+-2": "", "UTC++2": "", "UTC+0": "",
	} {
		_, err := LoadZone(name)
		if err == nil || strings.HasSuffix(err.Error(), "behind it") != (want != "") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %q at its end", name, err, want)
		}
	}
}

// TestAt: a day whose midnight is skipped begins after the gap, also west of UTC.
func TestAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, wall, want string }{
		{"UTC", "2026-03-29 00:00:30", "2026-03-29 00:00:30"},
		{"Atlantic/Azores", "2026-03-29 00:00:00", "2026-03-29 01:00:00"},
		{"Atlantic/Azores", "2026-10-25 00:30:00", "2026-10-25 00:30:00"}, // the first of two
		{"America/Santiago", "2026-09-06 00:00:00", "2026-09-06 04:00:00"},
		{"America/Havana", "2026-03-08 00:59:00", "2026-03-08 05:00:00"},
		{"America/Havana", "2026-03-08 01:00:00", "2026-03-08 05:00:00"},
		{"America/Havana", "2026-03-07 23:59:59", "2026-03-08 04:59:59"},
		{"America/New_York", "2026-03-08 02:30:00", "2026-03-08 07:00:00"},
		{"Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03 15:30:00"},
		{"Asia/Kathmandu", "2026-01-01 00:00:00", "2025-12-31 18:15:00"},
		{"Pacific/Kiritimati", "1994-12-31 12:00:00", "1994-12-31 10:00:00"},
		{"Etc/GMT+5", "2026-01-01 00:00:00", "2026-01-01 05:00:00"},
		{"Etc/GMT+5", "9999-12-31 00:00:00", "9999-12-31 05:00:00"},
		{"Etc/GMT+5", "1960-01-01 00:00:00", "1960-01-01 05:00:00"},
	} {
		wall, err := time.Parse(time.DateTime, c.wall)
		if err != nil {
			t.Fatal(err)
		}
		if got := zoneNamed(t, c.zone).At(wall).Format(time.DateTime); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.wall, c.zone, got, c.want)
		}
	}
}

// TestOffsets: what a zone's clocks show, when they next have an offset, and that times
// outside the years do no harm.
func TestOffsets(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	for from, want := range map[string]string{
		"1960-01-01T00:00Z": "1980-04-06T01:00Z",
		"2026-03-29T00:59Z": "2026-03-29T01:00Z",
		"2026-07-01T12:00Z": "2026-07-01T12:00Z",
		"2026-10-25T01:00Z": "2027-03-28T01:00Z",
		"2199-12-31T00:00Z": "",
		"2300-01-01T00:00Z": "",
	} {
		got, ok := berlin.Reaches(2*time.Hour, at(t, from))
		if ok != (want != "") || ok && (got.Format(isoMinute) != want || berlin.Offset(got) != 2*time.Hour) {
			t.Errorf("from %s: %v, %v", from, got, ok)
		}
	}
	for text, want := range map[string]time.Duration{
		"1960-01-01T00:00Z": time.Hour, "2026-03-29T00:59Z": time.Hour, "2026-03-29T01:00Z": 2 * time.Hour, "2300-07-01T00:00Z": time.Hour,
	} {
		if got := berlin.Offset(at(t, text)); got != want {
			t.Errorf("at %s: %v", text, got)
		}
	}
	fixed := Fixed("Europe/Berlin", -90*time.Minute)
	if fixed.Name() != "Europe/Berlin" || fixed.Offset(at(t, "2026-07-01T00:00Z")) != -90*time.Minute {
		t.Errorf("%s %v", fixed.Name(), fixed.Offset(at(t, "2026-07-01T00:00Z")))
	}
}

// TestNamesOfUTC: all of them give the one zone.
func TestNamesOfUTC(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "UCT", "Universal", "Zulu", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu"} {
		if z := zoneNamed(t, name); z != UTC {
			t.Errorf("%s is %s", name, z.Name())
		}
	}
	if location, err := Location("Asia/Tokyo"); err != nil || location.String() != "Asia/Tokyo" {
		t.Errorf("%v, %v", location, err)
	}
	if _, err := Location("Asia/Toky"); err == nil {
		t.Error("there is no Asia/Toky")
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 64)
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"kitten", "sitting", 3},
		{"sunday", "saturday", 3},
		{"abcdef", "bcdefa", 2},
		{long, long, 0},
		{long + "x", long + "x", 64},
		{long, long + "x", 64},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%.8s and %.8s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestZoneIsLoadedOnce(t *testing.T) {
	t.Parallel()
	a, b := zoneNamed(t, "Asia/Tokyo"), zoneNamed(t, "Asia/Tokyo")
	if a != b || a.Name() != "Asia/Tokyo" || a.Location().String() != "Asia/Tokyo" || len(a.segments) != 1 {
		t.Errorf("%p %p %s %d", a, b, a.Name(), len(a.segments))
	}
}

// TestDatabaseIsCurrent fails if the Go toolchain has newer zones than the embedded copy, or
// if TZData does not name the copy. Then edit TZData and run go generate.
func TestDatabaseIsCurrent(t *testing.T) {
	t.Parallel()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	lib := filepath.Join(strings.TrimSpace(string(root)), "lib", "time")
	script, err := os.ReadFile(filepath.Join(lib, "update.bash")) //nolint:gosec // the toolchain's own file
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^DATA=(\w+)$`).FindSubmatch(script)
	if found == nil {
		t.Fatal("no release in update.bash")
	}
	release := string(found[1])
	if release > TZData {
		t.Errorf("the toolchain has tzdata %s, embedded is %s", release, TZData)
	}
	names, files := pack(t, filepath.Join(lib, "zoneinfo.zip"))
	if *update && release == TZData {
		if err := errors.Join(os.WriteFile("zones.txt", []byte(names), 0o600), os.WriteFile("zones.bin", []byte(files), 0o600)); err != nil {
			t.Fatal(err)
		}
	} else if release == TZData && (names != zoneNames || files != zoneFiles) {
		t.Errorf("the embedded database is not %s (-update writes it anew)", TZData)
	}
}

var update = flag.Bool("update", false, "write the zone database anew")

// differences gives a file with its times as they are stored.
func differences(t *testing.T, name string, data []byte) string {
	t.Helper()
	if len(data) == 0 {
		return "" // a folder
	}
	stored := bytes.Clone(data)
	end := zoneTimes + 8*int(binary.BigEndian.Uint32(data[zoneTimeCount:]))
	for at := zoneTimes + 8; at < end; at += 8 {
		binary.BigEndian.PutUint64(stored[at:], binary.BigEndian.Uint64(data[at:])-binary.BigEndian.Uint64(data[at-8:]))
	}
	if !bytes.Equal(restored(string(stored)), data) {
		t.Errorf("%s is another file once it was stored", name)
	}
	return string(stored)
}

// pack gives the toolchain's database in the form of ours.
func pack(t *testing.T, name string) (names, files string) {
	t.Helper()
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	begins, lines := map[string]int{}, []string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(err)
		}
		begin, ok := begins[string(data)]
		if !ok {
			begin = len(files)
			begins[string(data)] = begin
			files += differences(t, f.Name, data)
		}
		if !strings.HasSuffix(f.Name, "/") {
			lines = append(lines, fmt.Sprintln(f.Name, begin, len(data)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ""), files
}

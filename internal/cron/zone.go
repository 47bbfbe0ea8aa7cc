package cron

import (
	_ "embed" // the zone database
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TZData is the release of the IANA time zone database that zones come from. It is part of
// the program, so that a laptop, a container without zone files and a Lambda function agree
// on every slot.
const TZData = "2025c"

//go:generate go test -count=1 -run ^TestDatabaseIsCurrent$ . -update

// zoneFiles holds each of the database's files once, one after the other, with their times as
// differences (see restored). zoneNames is the directory. It has a line for each name, in
// alphabetical order: the name, where in zoneFiles its file begins, and its length.
var (
	//go:embed zones.bin
	zoneFiles string
	//go:embed zones.txt
	zoneNames string
)

// Zone is an IANA time zone as a table of segments of constant offset, from
// 1970 to 2199. It is immutable and safe for concurrent use.
type Zone struct {
	name     string
	location *time.Location
	segments []segment
	index    []uint16 // the segment at the start of each bucket
}

// segment is a span of time with one UTC offset. Times are minutes since 1970.
type segment struct {
	start, end           int64 // UTC; end is exclusive
	localStart, localEnd int64
}

func (s *segment) offset() int64 { return s.localStart - s.start }

const (
	// horizon is the first minute after the last year.
	horizonDay = 84006 // 2200-01-01
	horizon    = int64(horizonDay) * minutesPerDay

	// A bucket of the index is 91 days. Few buckets have more than two segments.
	bucketShift = 17
)

// UTC is the zone without an offset.
var UTC = newZone("UTC", time.UTC)

// Name gives the IANA name.
func (z *Zone) Name() string { return z.name }

// Location gives the zone to the standard library, from the same database.
func (z *Zone) Location() *time.Location { return z.location }

var zones struct {
	sync.Mutex
	loaded map[string]*Zone
}

// LoadZone finds a zone by its IANA name, such as Europe/Berlin. Names of UTC, such as
// Etc/UTC, give UTC. For an unknown name the error is an *UnknownZoneError with the nearest
// names.
func LoadZone(name string) (*Zone, error) {
	if isUTC(name) {
		return UTC, nil
	}
	zones.Lock()
	defer zones.Unlock()
	if z := zones.loaded[name]; z != nil {
		return z, nil
	}
	file, ok := zoneFile(name)
	if !ok {
		return nil, unknownZone(name)
	}
	location, err := time.LoadLocationFromTZData(name, restored(file))
	if err != nil {
		return nil, fmt.Errorf("reading the rules of zone %s: %w", name, err)
	}
	z := newZone(name, location)
	if zones.loaded == nil {
		zones.loaded = map[string]*Zone{}
	}
	zones.loaded[name] = z
	return z, nil
}

// Location gives a zone to the standard library, like LoadZone(name) and its Location.
func Location(name string) (*time.Location, error) {
	z, err := LoadZone(name)
	if err != nil {
		return nil, err
	}
	return z.location, nil
}

// isUTC reports whether a name of the zone database means UTC. In the database these names
// are links to one zone (tz database, "backward"), and people see one name.
func isUTC(name string) bool {
	switch strings.TrimPrefix(name, "Etc/") {
	case "UTC", "UCT", "Universal", "Zulu":
		return true
	}
	return false
}

// zoneFile finds the file of a name.
func zoneFile(name string) (file string, ok bool) {
	for known, place := range zoneList() {
		if known == name {
			at, size, _ := strings.Cut(place, " ")
			begin, err := strconv.Atoi(at)
			n, err2 := strconv.Atoi(size)
			return zoneFiles[begin : begin+n], errors.Join(err, err2) == nil
		}
	}
	return "", false
}

// In a file of the database the block of version 1 is empty except for one type with a name
// of one character. The block of version 2 has everything (RFC 9636, section 3). These are
// the offsets of the number of its times, and of the times, which have eight bytes each.
const (
	zoneTimeCount = 51 + 32
	zoneTimes     = 51 + 44
)

// restored gives a file as time.LoadLocationFromTZData reads it. In zoneFiles each time is
// the difference to the one before. Summer times are equally far apart in most zones and
// years, so the differences compress to little more than half the size.
func restored(file string) []byte {
	data := []byte(file)
	end := zoneTimes + 8*int(binary.BigEndian.Uint32(data[zoneTimeCount:]))
	for at, sum := zoneTimes, uint64(0); at < end; at += 8 {
		sum += binary.BigEndian.Uint64(data[at:])
		binary.BigEndian.PutUint64(data[at:], sum)
	}
	return data
}

// zoneList yields each name and the place of its file.
func zoneList() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for line := range strings.SplitSeq(zoneNames, "\n") {
			if name, place, ok := strings.Cut(line, " "); ok && !yield(name, place) {
				return
			}
		}
	}
}

func newZone(name string, location *time.Location) *Zone {
	z := &Zone{name: name, location: location}
	for m := int64(0); m < horizon; {
		end := offsetUntil(location, m)
		local := m + offsetAt(location, m)
		if n := len(z.segments); n > 0 && z.segments[n-1].localEnd == local {
			z.segments[n-1].end, z.segments[n-1].localEnd = end, local+end-m
		} else {
			z.segments = append(z.segments, segment{m, end, local, local + end - m})
		}
		m = end
	}
	z.index = make([]uint16, horizon>>bucketShift+1)
	i := 0
	for b := range z.index {
		for z.segments[i].end <= int64(b)<<bucketShift {
			i++
		}
		z.index[b] = uint16(i)
	}
	return z
}

// offsetAt gives the UTC offset in minutes. It drops seconds, which the last zone gave up in
// 1972 (Africa/Monrovia).
func offsetAt(location *time.Location, m int64) int64 {
	_, seconds := time.Unix(m*60, 0).In(location).Zone()
	return floorDiv(int64(seconds), 60)
}

// offsetUntil gives the minute up to which the offset at m is known not to change.
func offsetUntil(location *time.Location, m int64) int64 {
	_, end := time.Unix(m*60, 0).In(location).ZoneBounds()
	if end.IsZero() {
		return horizon
	}
	if until := end.Unix() / 60; until > m {
		return min(until, horizon)
	}
	// On the last UTC day of some leap years ZoneBounds gives an end that is not after its
	// time (Go 1.26). Then go on by the day, or by the minute.
	day := (m/minutesPerDay + 1) * minutesPerDay
	if offsetAt(location, day-1) == offsetAt(location, m) {
		return day
	}
	return m + 1
}

// segmentAt finds the segment of a minute from 0 to horizon-1.
func (z *Zone) segmentAt(m int64) int {
	i := int(z.index[m>>bucketShift])
	for z.segments[i].end <= m {
		i++
	}
	return i
}

// Fixed gives a zone with a name and one offset from UTC, in whole minutes.
func Fixed(name string, offset time.Duration) *Zone {
	return newZone(name, time.FixedZone(name, int(offset/time.Second)))
}

// Offset gives the zone's offset from UTC at a time from 1970 to 2199.
func (z *Zone) Offset(at time.Time) time.Duration {
	return time.Duration(z.segments[z.segmentAt(minuteOf(at))].offset()) * time.Minute
}

// At gives the time at which the zone's clocks show a date and time, which is given as if in UTC.
// In a gap it is the gap's end. Of two such times it is the first.
func (z *Zone) At(wall time.Time) time.Time {
	m, last := floorDiv(wall.Unix(), 60), len(z.segments)-1
	i := 0
	for i < last && z.segments[i].localEnd <= m {
		i++
	}
	seg := &z.segments[i]
	if i > 0 && m < seg.localStart {
		return time.Unix(seg.start*60, 0).UTC()
	}
	return wall.UTC().Add(-time.Duration(seg.offset()) * time.Minute)
}

// Reaches gives the first minute, from a time on, at which the zone has the given offset from
// UTC. ok is false if it never does.
func (z *Zone) Reaches(offset time.Duration, from time.Time) (at time.Time, ok bool) {
	m := minuteOf(from)
	for _, seg := range z.segments[z.segmentAt(m):] {
		if time.Duration(seg.offset())*time.Minute == offset {
			return time.Unix(max(seg.start, m)*60, 0).UTC(), true
		}
	}
	return time.Time{}, false
}

// minuteOf gives a time as a minute that the segments cover.
func minuteOf(at time.Time) int64 {
	return min(max(floorDiv(at.Unix(), 60), 0), horizon-1)
}

// UnknownZoneError names a zone that the database does not have.
type UnknownZoneError struct {
	Name string
	Near []string // the nearest names, best first
}

// Error gives one sentence.
func (e *UnknownZoneError) Error() string {
	text := fmt.Sprintf("unknown time zone %q", clip(e.Name))
	if hours, fixed := fixedZone(e.Name); fixed {
		return text + "; Etc/GMT-" + hours + " is ahead of UTC, Etc/GMT+" + hours + " behind it"
	}
	if len(e.Near) == 0 {
		return text + "; the name of one is like Europe/Berlin"
	}
	return text + "; did you mean " + strings.Join(e.Near, " or ") + "?"
}

package cron

import (
	"cmp"
	"strconv"
	"strings"
)

// unknownZone collects the names nearest to one that does not exist: those that
// have it as their last part come first, then those that differ by few letters. A sort
// would be 6 KB of each function.
func unknownZone(name string) error {
	const most, longest = 3, 64
	e := &UnknownZoneError{Name: name}
	if name == "" || len(name) > longest {
		return e
	}
	var found []near
	wanted := zoneKey(name)
	for known := range zoneList() {
		key := zoneKey(known)
		d := Distance(wanted, key)
		if i := strings.LastIndexByte(key, '/'); i >= 0 {
			d = min(d, 1+Distance(wanted[strings.LastIndexByte(wanted, '/')+1:], key[i+1:]))
		}
		if d <= len(wanted)/5 {
			found = append(found, near{known, d})
			for i := len(found) - 1; i > 0 && found[i].compare(found[i-1]) < 0; i-- {
				found[i], found[i-1] = found[i-1], found[i]
			}
			found = found[:min(most, len(found))]
		}
	}
	for _, n := range found {
		e.Near = append(e.Near, n.name)
	}
	return e
}

// near is a zone's name that another one may have meant.
type near struct {
	name     string
	distance int
}

func (n near) compare(o near) int {
	return cmp.Or(cmp.Compare(n.distance, o.distance), cmp.Compare(n.name, o.name))
}

// fixedZone is how many hours a name like UTC+2 or GMT-5 is away from UTC. Which way
// is not said by its sign: in POSIX, and so in the database's Etc/GMT+2, plus is behind
// (tz database, file etcetera), and most who write such a name mean it otherwise.
func fixedZone(name string) (hours string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToUpper(name), "ETC/"), "UTC")
	if !ok {
		rest, ok = strings.CutPrefix(rest, "GMT")
	}
	if !ok || len(rest) < 2 || rest[0] != '+' && rest[0] != '-' {
		return "", false
	}
	hours = strings.TrimLeft(rest[1:], "0")
	n, err := strconv.Atoi(hours)
	return hours, err == nil && hours[0] != '+' && n >= 1 && n <= 12
}

func zoneKey(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "_")
}

// Distance is the Levenshtein distance of two names in bytes: how many to insert,
// delete or replace. It is 64 where one is longer than that.
func Distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

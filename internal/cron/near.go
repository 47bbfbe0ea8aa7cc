package cron

import (
	"cmp"
	"strconv"
	"strings"
)

// unknownZone collects the names nearest to one that does not exist. A name is near if it, or
// its last part, differs by few letters. It inserts the names in order itself: the standard
// sort would add 6 KB to each function's binary.
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
		d := min(Distance(wanted, key), 1+Distance(lastPart(wanted), lastPart(key)))
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

// near is the name of a zone that may have been meant.
type near struct {
	name     string
	distance int
}

func (n near) compare(o near) int {
	return cmp.Or(cmp.Compare(n.distance, o.distance), cmp.Compare(n.name, o.name))
}

// fixedZone gives how many hours a name like UTC+2 or GMT-5 is away from UTC. The sign does
// not tell the direction: in POSIX, and so in the database's Etc/GMT+2, plus means behind UTC
// (tz database, file etcetera), but most people who write such a name mean the opposite.
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

func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func zoneKey(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "_")
}

// Distance gives the Levenshtein distance of two names in bytes: how many bytes to insert,
// delete or replace. It is 64 if one of them is longer than 64 bytes.
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

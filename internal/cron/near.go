package cron

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// unknownZone collects the names nearest to one that does not exist: those that
// have it as their last part come first, then those that differ by few letters.
func unknownZone(name string) error {
	const most, longest = 3, 64
	e := &UnknownZoneError{Name: name}
	if name == "" || len(name) > longest {
		return e
	}
	type near struct {
		name     string
		distance int
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
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	for _, n := range found[:min(most, len(found))] {
		e.Near = append(e.Near, n.name)
	}
	return e
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

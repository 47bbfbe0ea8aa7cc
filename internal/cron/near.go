package cron

import (
	"cmp"
	"slices"
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
		d := distance(wanted, key)
		if i := strings.LastIndexByte(key, '/'); i >= 0 {
			d = min(d, 1+distance(wanted[strings.LastIndexByte(wanted, '/')+1:], key[i+1:]))
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

func zoneKey(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "_")
}

// distance counts the letters to insert, delete or replace.
func distance(a, b string) int {
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

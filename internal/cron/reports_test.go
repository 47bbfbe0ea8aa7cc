package cron

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
)

// TestPublicReports has what was reported as wrong in other cron libraries, with the right
// fires.
func TestPublicReports(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/reports.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	const layout = "2006-01-02T15:04"
	for d := json.NewDecoder(f); d.More(); {
		var c struct {
			Expr, Zone, From, To, Why string
			At                        []string
		}
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		spec, err := Parse(c.Expr)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := LoadZone(c.Zone)
		if err != nil {
			t.Fatal(err)
		}
		from, _ := time.Parse(layout+"Z", c.From)
		to, _ := time.Parse(layout+"Z", c.To)
		var got []string
		for slot := range spec.In(zone, DST{}).All(from, to) {
			got = append(got, slot.Format(layout))
		}
		if !slices.Equal(got, c.At) {
			t.Errorf("%s in %s: %v, want %v: %s", c.Expr, c.Zone, got, c.At, c.Why)
		}
	}
}

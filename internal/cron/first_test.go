package cron

import (
	"testing"
	"time"
)

func TestFirst(t *testing.T) {
	s, err := Parse("30 2 * * *")
	if err != nil {
		t.Fatal(err)
	}
	z, err := LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := s.In(z, DST{})
	for at := range c.All(time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)) {
		t.Log(at)
	}
	for at := range c.All(time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)) {
		t.Log(at)
	}
	p, _ := c.Prev(time.Date(2026, 3, 29, 5, 0, 0, 0, time.UTC))
	t.Log(p)
}

func BenchmarkNextUTC(b *testing.B) {
	s, _ := Parse("30 2 * * *")
	c := s.In(nil, DST{})
	n := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		n, _ = c.Next(n)
		if n.Year() > 2190 {
			n = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("*/5 8-18 * * 1-5"); err != nil {
			b.Fatal(err)
		}
	}
}

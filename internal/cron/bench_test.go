package cron

import (
	"testing"
	"time"
)

// benchNext walks a schedule from 2026 on and starts again after a hundred years.
func benchNext(b *testing.B, text, zone string) {
	b.Helper()
	s, err := Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	z, err := LoadZone(zone)
	if err != nil {
		b.Fatal(err)
	}
	c := s.In(z, DST{})
	start, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC)
	slot := start
	b.ReportAllocs()
	for b.Loop() {
		var ok bool
		if slot, ok = c.Next(slot); !ok || slot.After(end) {
			slot = start
		}
	}
}

func BenchmarkNextUTC(b *testing.B)           { benchNext(b, "30 2 * * 1-5", "UTC") }
func BenchmarkNextBerlin(b *testing.B)        { benchNext(b, "30 2 * * 1-5", "Europe/Berlin") }
func BenchmarkNextBerlinMinutes(b *testing.B) { benchNext(b, "*/5 8-18 * * *", "Europe/Berlin") }
func BenchmarkNextLeapDay(b *testing.B)       { benchNext(b, "0 0 29 2 *", "UTC") }
func BenchmarkNextLeapDayBerlin(b *testing.B) { benchNext(b, "0 0 29 2 *", "Europe/Berlin") }
func BenchmarkNextLeapDayWildcard(b *testing.B) {
	benchNext(b, "*/30 2 29 2 *", "Europe/Berlin")
}

func benchParse(b *testing.B, text string) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B)      { benchParse(b, "*/5 8-18 * jan-mar 1-5") }
func BenchmarkParseAWS(b *testing.B)   { benchParse(b, "cron(0/5 8-18 ? JAN-MAR 2-6 *)") }
func BenchmarkParseYears(b *testing.B) { benchParse(b, "cron(0/5 8-18 ? JAN-MAR 2-6 2026-2030)") }

// BenchmarkProof proves a pair of expressions against their line.
func BenchmarkProof(b *testing.B) {
	want, _ := Parse("30 4 1,15 * 5")
	first, _ := Parse("cron(30 4 1,15 * ? *)")
	second, _ := Parse("cron(30 4 ? * 6 *)")
	got := []*Spec{first, second}
	b.ReportAllocs()
	for b.Loop() {
		if err := Prove(want, got, proofStart); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTranslate does everything for one line: find, write, read back, prove.
func BenchmarkTranslate(b *testing.B) {
	s, _ := Parse("30 4 1,15 * 5")
	z, _ := LoadZone("Europe/Berlin")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.In(z, DST{}).Translate(proofStart); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadZone(b *testing.B) {
	for b.Loop() {
		zones.loaded = nil
		if _, err := LoadZone("America/New_York"); err != nil {
			b.Fatal(err)
		}
	}
}

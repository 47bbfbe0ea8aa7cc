package simulation

import "testing"

// BenchmarkWorld is one world, with all that may go wrong.
func BenchmarkWorld(b *testing.B) {
	b.ReportAllocs()
	runs, seed := 0, uint64(0)
	for b.Loop() {
		seed++
		runs += Play(Options{Seed: seed % 500}).Runs
	}
	b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "runs/s")
}

package simulation

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// BenchmarkWorld plays one world with all that may go wrong, in turn with a peer that decodes and
// encodes one run as JSON for each of the world's runs. Both depend on how fast a machine is at
// such work.
func BenchmarkWorld(b *testing.B) {
	b.ReportAllocs()
	at := time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)
	text, err := json.Marshal(run.New(run.Request{ID: run.ScheduledID("nightly-report", at), ScheduledFor: at}, at, run.DefaultTiming))
	if err != nil {
		b.Fatal(err)
	}
	var played, coded time.Duration
	runs, seed := 0, uint64(0)
	for b.Loop() {
		seed++
		began := time.Now()
		n := Play(Options{Seed: seed % 500}).Runs
		between := time.Now()
		for range n {
			var r run.Run
			err := json.Unmarshal(text, &r)
			if err == nil {
				_, err = json.Marshal(r)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		runs, played, coded = runs+n, played+between.Sub(began), coded+time.Since(between)
	}
	b.ReportMetric(0, "ns/op") // would cover both, so it is left out
	b.ReportMetric(float64(runs)/played.Seconds(), "runs/s")
	b.ReportMetric(float64(played)/float64(coded), "run/json")
}

package run_test

import (
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// decisions are the events that most runs have, with the allocations that each may make: the
// run as it then is, and its cause in words.
func decisions() []decision {
	r := newRun()
	launched := decided(plain, r, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}, t0, run.DefaultTiming).Next
	return []decision{
		{"launched", r, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}, 2},
		{"succeeded", launched, seen(1, 5, exited(0)), 1},
		{"relaunched", launched, seen(1, 5, eniTimeout), 2},
		{"throttled", r, run.Refused{Attempt: 1, Send: 1, Stop: throttled}, 4},
	}
}

type decision struct {
	name   string
	run    run.Run
	event  run.Event
	allocs float64
}

//nolint:paralleltest // testing.AllocsPerRun counts the whole process and panics in a parallel test
func TestDecideAllocatesLittle(t *testing.T) {
	for _, d := range decisions() {
		if n := testing.AllocsPerRun(100, func() { run.Decide(&plain, &d.run, d.event, t0, &run.DefaultTiming) }); n > d.allocs {
			t.Errorf("%s: %v allocations, at most %v are needed", d.name, n, d.allocs)
		}
	}
}

// BenchmarkDecide measures a decision beside a peer that does what no decision can do
// without: it reads the reason and makes the resulting run, with room for as many attempts.
// They take turns, and the median turn counts. A turn is long enough for the garbage
// collector to run, whose work is part of both.
func BenchmarkDecide(b *testing.B) {
	for _, d := range decisions() {
		b.Run(d.name, func(b *testing.B) {
			attempts := len(run.Decide(&plain, &d.run, d.event, t0, &run.DefaultTiming).Next.Attempts)
			calls := [2]func(){
				func() { run.Decide(&plain, &d.run, d.event, t0, &run.DefaultTiming) },
				func() { bare(&d.run, d.event, attempts) },
			}
			var took [2][]float64
			for b.Loop() {
				for i, call := range calls {
					at := time.Now()
					for range 10_000 {
						call()
					}
					took[i] = append(took[i], float64(time.Since(at))/10_000)
				}
			}
			var median [2]float64
			for i := range took {
				slices.Sort(took[i])
				median[i] = took[i][len(took[i])/2]
			}
			b.ReportMetric(0, "ns/op") // it is of both, so it is left out
			b.ReportMetric(median[0], "ns-decision")
			b.ReportMetric(median[1], "ns-bare")
			b.ReportMetric(median[0]/median[1], "decision/bare")
		})
	}
}

// bare reads an event's reason and makes a run with room for so many attempts.
//
//go:noinline
func bare(r *run.Run, e run.Event, attempts int) run.Decision {
	switch e := e.(type) {
	case run.Seen:
		stop.Classify(e.Stop)
	case run.Refused:
		stop.Classify(e.Stop)
	}
	d := run.Decision{Next: *r}
	d.Next.Attempts = append(make([]run.Attempt, 0, attempts), r.Attempts...)
	return d
}

package simulation

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Report is the outcome of many worlds.
type Report struct {
	Worlds, Runs, Handlers int
	Count                  [faults]int
	Left, Unjudged         int // as in a Result
	Took                   time.Duration
	// Failed lists the seeds of worlds with violations, smallest first, at most maxFailed of
	// those found. Violated counts violations by check.
	Failed   []uint64
	Violated map[string]int
	// First has one seed for each check that failed.
	First map[string]uint64
}

const maxFailed = 20

// Simulate plays worlds from a seed on, on every processor, until they held at least that many
// runs. It stops early if many worlds failed.
func Simulate(opt Options, runs int) Report {
	began := time.Now()
	total := Report{Violated: map[string]int{}, First: map[string]uint64{}}
	var next, done, failed atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for done.Load() < int64(runs) && failed.Load() < maxFailed {
				o := opt
				o.Seed = opt.Seed + uint64(next.Add(1)-1)
				res := Play(o)
				done.Add(int64(res.Runs))
				if len(res.Violations) > 0 {
					failed.Add(1)
				}
				mu.Lock()
				total.add(o.Seed, res)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	total.Took = time.Since(began)
	return total
}

func (r *Report) add(seed uint64, res Result) {
	r.Worlds++
	r.Runs += res.Runs
	r.Handlers += res.Handlers
	for f, n := range res.Count {
		r.Count[f] += n
	}
	r.Left += res.Left
	r.Unjudged += res.Unjudged
	for _, v := range res.Violations {
		r.Violated[v.Check]++
		if r.First[v.Check] == 0 {
			r.First[v.Check] = seed
		}
	}
	if len(res.Violations) > 0 {
		r.Failed = append(r.Failed, seed)
	}
}

// String returns the report for people.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs in %d worlds, %d handlers, %s: %.0f runs a second\n",
		r.Runs, r.Worlds, r.Handlers, r.Took.Round(time.Millisecond), float64(r.Runs)/r.Took.Seconds())
	for f := range faults {
		fmt.Fprintf(&b, "  %-24s %10d\n", f, r.Count[f])
	}
	if len(r.Failed) == 0 {
		return b.String() + "no violations\n"
	}
	for _, check := range slices.Sorted(maps.Keys(r.Violated)) {
		fmt.Fprintf(&b, "VIOLATED %q %d times, first at seed %d\n", check, r.Violated[check], r.First[check])
	}
	fmt.Fprintf(&b, "seeds: %v\n", r.Failed)
	return b.String()
}

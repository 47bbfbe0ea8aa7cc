// Command simulate plays random worlds and checks the promises; see package
// simulation. It exits 1 when one was broken.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/batchplane/batchplane/test/simulation"
)

func main() {
	runs := flag.Int("runs", 1_000_000, "play at least that many runs")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano())>>20, "the first world's seed")
	flag.Parse()
	debug.SetGCPercent(-1) // a world leaves much behind and needs little
	debug.SetMemoryLimit(int64(runtime.GOMAXPROCS(0)) * 256 << 20)
	fmt.Printf("seed %d\n", *seed)
	report := simulation.Simulate(simulation.Options{Seed: *seed}, *runs)
	fmt.Print(report)
	for _, check := range slices.Sorted(maps.Keys(report.First)) {
		fmt.Print(simulation.Story(simulation.Options{Seed: report.First[check]}, check))
	}
	if len(report.Failed) > 0 {
		os.Exit(1)
	}
}

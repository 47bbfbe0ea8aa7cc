package control_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestStartsAfterAnOutage: the triggers of twenty minutes of a job of every minute come at
// once, in any order. Four slots start that are no more than three minutes late, and one
// older; so do those within the job's window, and one with which the sweep catches up. If
// runs may not overlap, one starts, or one after the other.
func TestStartsAfterAnOutage(t *testing.T) {
	t.Parallel()
	for _, overlap := range []job.Overlap{job.Allow, job.Forbid, job.Queue} {
		for _, catchUp := range []job.CatchUp{job.CatchUpNone, job.CatchUpLast} {
			for _, window := range []int{0, 2} {
				name := fmt.Sprintf("%s, catching up %s, window %dm", overlap, catchUp, window)
				j := job.Job{Name: "minutely", TaskDefinition: "report", Schedule: "* * * * *"}
				j.Overlap, j.CatchUp, j.Window = overlap, catchUp, job.Duration(time.Duration(window)*time.Minute)
				j.Timeout = job.Duration(time.Hour) // queue needs one
				want := 1
				if overlap == job.Allow {
					want = 5 + window
				}
				if overlap == job.Allow && catchUp == job.CatchUpLast {
					want++
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					for seed := range uint64(6) {
						if got := outage(t, j, seed); got > want || seed == 0 && got != want {
							t.Errorf("seed %d: %d start at once, want %d", seed, got, want)
						}
					}
				})
			}
		}
	}
}

// outage returns how many runs of a job are launched within the second in which all triggers
// of twenty minutes come, in the order of their slots or in any.
func outage(t *testing.T, j job.Job, seed uint64) int {
	t.Helper()
	w := newWorld(t, setup{script: runs(4*time.Minute, 0), redeliver: true})
	w.know(j)
	w.sweepAt(clockAt(17, 58, 0))
	w.triggerAt(clockAt(17, 59, 1), j, clockAt(17, 59, 0))
	end := clockAt(18, 20, 0)
	w.clock.AdvanceTo(end)
	before := len(w.made)
	w.sweepAt(end) // the first sweep since then
	slots := make([]int, 21)
	for i := range slots {
		slots[i] = i
	}
	if seed > 0 {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(slots), func(i, k int) { slots[i], slots[k] = slots[k], slots[i] }) //nolint:gosec // it repeats
	}
	for _, minute := range slots {
		w.triggerAt(end, j, clockAt(18, minute, 0))
	}
	w.clock.Advance(time.Second)
	w.look()
	return len(w.made) - before
}

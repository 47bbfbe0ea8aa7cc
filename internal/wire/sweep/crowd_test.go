package sweep

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestCrowdAtItsTriggers is a model, in virtual time, of jobs at one minute from their triggers on, in
// processes that each take five slots a second; the sweep comes 23 seconds later. Once ECS has refused
// a slot, a process leaves slots to the sweep for a second. That costs the crowd no time, and avoids
// nearly all of the calls that ECS refuses, each of which costs three write units.
func TestCrowdAtItsTriggers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ jobs, processes int }{
		"that the burst takes":             {20, 20},
		"a little more than the burst":     {30, 30},
		"that comes within half a second":  {60, 15},
		"of 200 in few processes":          {200, 10},
		"of thousands in very few":         {3000, 5},
		"of thousands as fast as they can": {3000, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := functionTime(t)
			remembers, forgets := crowdOf(t, c.jobs, c.processes, true, timeout), crowdOf(t, c.jobs, c.processes, false, timeout)
			t.Logf("remembers: %+v; forgets: %+v", remembers, forgets)
			if remembers.took > forgets.took+time.Second {
				t.Errorf("it took %s, and %s where each slot asks ECS", remembers.took, forgets.took)
			}
			if fewer := forgets.early - remembers.early; fewer > max(2, forgets.early/20) {
				t.Errorf("%d were launched before the sweep came, and %d where each slot asks ECS", remembers.early, forgets.early)
			}
			if c.jobs > 100 && remembers.refused*2 > forgets.refused {
				t.Errorf("%d calls were refused, and %d where each slot asks ECS", remembers.refused, forgets.refused)
			}
		})
	}
}

// gathered is what became of such a crowd.
type gathered struct {
	took    time.Duration
	refused int
	// early is how many were launched before the first sweep.
	early int
}

// crowdOf starts that many jobs at one minute, 23 seconds before the next sweep.
func crowdOf(t *testing.T, jobs, processes int, remembers bool, timeout time.Duration) (c gathered) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		slot := time.Now().UTC().Truncate(time.Minute).Add(time.Minute)
		time.Sleep(time.Until(slot))
		ecs := &bucketECS{latency: 150 * time.Millisecond, tokens: 20, filled: slot}
		store := &far{runs: map[run.ID]run.Run{}, lanes: map[run.Lane][]due{}}
		running := make(chan time.Time, jobs)
		watch := func(_ job.Job, before, after run.Run, _ string) {
			if after.Status == run.Running && before.Status != run.Running {
				running <- time.Now()
			}
		}
		trigger := func() *control.Control {
			return &control.Control{Stack: "prod", Store: store, Launcher: ecs, Now: time.Now, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Watch: watch}
		}
		slots := make(chan int, jobs)
		for i := range jobs {
			slots <- i
		}
		close(slots)
		var all sync.WaitGroup
		for n := range processes {
			all.Go(func() {
				d := rand.New(rand.NewPCG(2026, uint64(n))) //nolint:gosec // a repeatable sample
				process := trigger()
				for i := range slots {
					began := time.Now()
					if !remembers {
						process = trigger()
					}
					if _, err := process.Scheduled(t.Context(), "", job.Job{Name: fmt.Sprintf("job-%04d", i), TaskDefinition: "x"}, slot); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Until(began.Add(time.Duration(100+d.IntN(200)) * time.Millisecond)))
				}
			})
		}
		const first = 23 * time.Second
		ctx, stop := context.WithCancel(t.Context())
		for minute := range 10 {
			all.Go(func() {
				select {
				case <-ctx.Done():
				case <-time.After(time.Duration(minute)*time.Minute + first):
					ctx, cancel := context.WithTimeout(ctx, timeout)
					defer cancel()
					if err := process(store, ecs, watch).sweep(ctx); err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
			})
		}
		for range jobs {
			at := <-running
			c.took = at.Sub(slot)
			if c.took < first {
				c.early++
			}
		}
		stop()
		all.Wait()
		c.refused = ecs.refuse
	})
	return c
}

package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// counting counts what a check of the slots asks for.
type counting struct {
	port.Store
	exist, queries int
}

func (s *counting) Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error) {
	s.exist++
	return s.Store.Exist(ctx, ids)
}

func (s *counting) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	s.queries++
	return s.Store.Runs(ctx, q)
}

// TestSlotsOfAHerd: the slots of many jobs at one minute are looked for in one call, and
// those whose runs the process itself saved in none. A slot without a run is asked for again.
func TestSlotsOfAHerd(t *testing.T) {
	t.Parallel()
	const herd = 250
	for _, c := range []struct {
		name  string
		fresh bool
		ran   int
		exist int
		runs  string // those of the last job
	}{
		{"another process saw them run", true, herd, 1, "18:00 succeeded by schedule"},
		{"this process saw them run", false, herd, 0, "18:00 succeeded by schedule"},
		{"one has no run", true, herd - 1, 2, "18:00 missed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var jobs []job.Job
			for i := range herd {
				jobs = append(jobs, with(hourly, func(j *job.Job) { j.Name = fmt.Sprintf("job-%03d", i) }))
			}
			w := known(t, jobs...)
			store := &counting{Store: w.store}
			w.ctl.Store = store
			for _, j := range jobs[:c.ran] {
				w.triggerAt(clockAt(18, 0, 0), j, clockAt(18, 0, 0))
			}
			w.clock.AdvanceTo(clockAt(18, 30, 0))
			ctl := w.ctl
			if c.fresh {
				ctl = &control.Control{Stack: stack, Store: store, Now: w.clock.Now, Launcher: w.ctl.Launcher, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)}
			}
			store.exist = 0
			if err := ctl.CheckSlots(t.Context()); err != nil {
				t.Fatal(err)
			}
			if store.exist != c.exist {
				t.Errorf("asked %d times which runs exist, want %d", store.exist, c.exist)
			}
			if got := w.slotsOf(jobs[herd-1].Name); got != c.runs {
				t.Errorf("slots %s, want %s", got, c.runs)
			}
		})
	}
}

// TestRateIsAskedForWhenItMayBeSilent: between a run and the time at which the rate would be
// silent, nobody asks for its newest run. The silence is reported all the same.
func TestRateIsAskedForWhenItMayBeSilent(t *testing.T) {
	t.Parallel()
	rated := with(hourly, func(j *job.Job) { j.Schedule = "rate(1 hour)" })
	w := known(t, rated)
	store := &counting{Store: w.store}
	w.ctl.Store = store
	w.triggerAt(clockAt(18, 0, 0), rated, clockAt(18, 0, 0))
	store.queries = 0
	for at := clockAt(18, 1, 0); at.Before(clockAt(19, 0, 0)); at = at.Add(time.Minute) {
		w.sweepAt(at)
	}
	if store.queries != 1 {
		t.Errorf("%d queries in 59 sweeps, want 1", store.queries)
	}
	w.triggerAt(clockAt(19, 0, 0), rated, clockAt(19, 0, 0))
	w.sweepAt(clockAt(20, 50, 0))
	if got, want := w.slotsOf("hourly"), "18:00 succeeded by schedule, 19:00 succeeded by schedule"; got != want {
		t.Errorf("slots %s, want %s", got, want)
	}
	w.sweepAt(clockAt(21, 50, 0))
	if got, want := w.slotsOf("hourly"), "18:00 succeeded by schedule, 19:00 succeeded by schedule, 21:00 missed"; got != want {
		t.Errorf("slots %s, want %s", got, want)
	}
}

// TestTwoRates: that one rate runs says nothing about another.
func TestTwoRates(t *testing.T) {
	t.Parallel()
	runs := with(hourly, func(j *job.Job) { j.Name, j.Schedule = "runs", "rate(1 hour)" })
	silent := with(runs, func(j *job.Job) { j.Name = "silent" })
	w := known(t, runs, silent)
	w.triggerAt(clockAt(17, 31, 0), silent, clockAt(17, 31, 0))
	for hour := 18; hour < 21; hour++ {
		w.triggerAt(clockAt(hour, 0, 0), runs, clockAt(hour, 0, 0))
		w.sweepAt(clockAt(hour, 30, 0))
	}
	if got, want := w.slotsOf("silent"), "17:31 succeeded by schedule, 19:31 missed"; got != want {
		t.Errorf("slots %s, want %s", got, want)
	}
}

// noRuns is a store that finds no runs, or does not say which exist.
type noRuns struct {
	port.Store
	runs, exist bool
}

func (s *noRuns) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	if s.runs {
		return nil, errBroken
	}
	return s.Store.Runs(ctx, q)
}

func (s *noRuns) Exist(ctx context.Context, ids []run.ID) (map[run.ID]bool, error) {
	if s.exist {
		return nil, errBroken
	}
	return s.Store.Exist(ctx, ids)
}

// TestCheckOfRunsThatCannotBeFound: a job whose runs cannot be asked for is neither caught up
// with nor reported as silent, and is an error of the check. The next check finds what there
// is.
func TestCheckOfRunsThatCannotBeFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job        job.Job
		ran        time.Time
		exist      bool // whether the store does not say which runs exist
		shut, then string
	}{
		"which exist": {hourly, clockAt(20, 0, 0), true, "20:00 succeeded by schedule", "18:00 missed, 19:00 missed, 20:00 succeeded by schedule"},
		"to catch up": {
			with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast }), clockAt(20, 0, 0), false,
			"18:00 missed, 20:00 succeeded by schedule", "18:00 missed, 19:00 missed, 20:00 succeeded by schedule",
		},
		"of a rate": {with(hourly, func(j *job.Job) { j.Schedule = "rate(1 hour)" }), clockAt(19, 20, 0), false, "19:20 succeeded by schedule", "19:20 succeeded by schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			store := &noRuns{Store: w.store, runs: !c.exist, exist: c.exist}
			w.ctl.Store = store
			w.triggerAt(c.ran, c.job, c.ran)
			w.sweepFails(clockAt(20, 14, 0), "job hourly", errBroken.Error())
			if got := w.slotsOf("hourly"); got != c.shut {
				t.Errorf("slots %s, want %s", got, c.shut)
			}
			store.runs, store.exist = false, false
			w.sweepAt(clockAt(20, 14, 30))
			if got := w.slotsOf("hourly"); got != c.then {
				t.Errorf("then %s, want %s", got, c.then)
			}
		})
	}
}

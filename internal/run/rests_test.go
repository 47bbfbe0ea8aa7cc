package run_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestRests: if a look finds the task as it should be, nothing is saved. Whatever else it
// finds is saved.
func TestRests(t *testing.T) {
	t.Parallel()
	accepted := at{0, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}}
	running, _ := play(t, plain, accepted)
	with := func(change func(*run.Run)) run.Run {
		r := running
		r.Attempts = append([]run.Attempt(nil), running.Attempts...)
		change(&r)
		return r
	}
	unstarted, leaving := runs, runs
	unstarted.StartedAt = time.Time{}
	leaving.Code, leaving.Reason = "SpotInterruption", "Your Spot Task was interrupted."
	stopping := runs
	stopping.LastStatus = "STOPPING"
	event := look(2, runs)
	event.Look = false
	for name, c := range map[string]struct {
		r    run.Run
		e    run.Event
		want run.Result
	}{
		"as it should be":               {running, look(2, runs), run.Rests},
		"and saved so before":           {decided(plain, running, event, t0, run.DefaultTiming).Next, look(2, runs), run.Rests},
		"an event says so":              {running, event, run.Did},
		"not RUNNING yet":               {running, look(2, pending), run.Did},
		"RUNNING, with no startedAt":    {running, look(2, unstarted), run.Did},
		"RUNNING, and asked to stop":    {running, look(2, leaving), run.Did},
		"not RUNNING any more":          {running, look(2, stopping), run.Did},
		"ended":                         {running, look(3, exited(0)), run.Did},
		"owing a notice":                {with(func(r *run.Run) { r.Owed = []run.Effect{{Kind: run.Tell}} }), look(2, runs), run.Did},
		"a stop stands":                 {with(func(r *run.Run) { r.Stopping = &run.StopRequest{Asker: stop.AskedByPerson, At: t0} }), look(2, runs), run.Did},
		"ECS had refused to tell of it": {with(func(r *run.Run) { r.Attempts[0].RefusedSince = t0 }), look(2, runs), run.Did},
		"its launch was in doubt":       {with(func(r *run.Run) { r.Status, r.Attempts[0].TaskARN = run.Launching, "" }), look(2, runs), run.Did},
	} {
		d := decided(plain, c.r, c.e, t0.Add(5*time.Minute), run.DefaultTiming)
		if d.Result != c.want {
			t.Errorf("%s: %s", name, d.Result)
		}
		if rests := c.want == run.Rests; rests != d.Until.Equal(t0.Add(50*time.Minute)) || rests && !reflect.DeepEqual(d.Next, c.r) {
			t.Errorf("%s: until %s, %+v", name, d.Until, d.Next)
		}
		brought, _ := c.e.(run.Seen)
		if a := d.Next.Last(); c.want == run.Did && (a.Version != brought.Version || a.LastStatus != brought.Stop.LastStatus || !a.StartedAt.Equal(brought.Stop.StartedAt)) {
			t.Errorf("%s: of what it brought is kept: version %d, %s since %s", name, a.Version, a.LastStatus, a.StartedAt)
		}
	}
}

// TestRunningIsNoted: if that is wanted, the first look that finds the task RUNNING is saved,
// and no later one.
func TestRunningIsNoted(t *testing.T) {
	t.Parallel()
	timing := run.DefaultTiming
	timing.NoteRunning = true
	accepted, _ := play(t, plain, at{0, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}})
	first := decided(plain, accepted, look(2, runs), t0.Add(5*time.Minute), timing)
	if first.Result != run.Did || first.Next.StartedAt.IsZero() {
		t.Fatalf("the first look: %s, started at %s", first.Result, first.Next.StartedAt)
	}
	if d := decided(plain, first.Next, look(2, runs), t0.Add(50*time.Minute), timing); d.Result != run.Rests {
		t.Errorf("the second: %s", d.Result)
	}
}

// TestMayRest: only for a task that runs, and from which nothing is wanted, can nobody else
// tell whether it was looked at.
func TestMayRest(t *testing.T) {
	t.Parallel()
	resting, _ := play(t, plain, accepted)
	if !resting.MayRest() {
		t.Errorf("a task that runs: %+v", resting)
	}
	for name, change := range map[string]func(*run.Run){
		"no attempt":         func(r *run.Run) { r.Attempts = nil },
		"no task":            func(r *run.Run) { r.Last().TaskARN = "" },
		"over":               func(r *run.Run) { r.Last().EndedAt = t0 },
		"ECS will not tell":  func(r *run.Run) { r.Last().RefusedSince = t0 },
		"it owes something":  func(r *run.Run) { r.Owe(run.Effect{Kind: run.Tell}) },
		"asked to stop":      func(r *run.Run) { r.Stopping = &run.StopRequest{} },
		"not launched again": func(r *run.Run) { r.Status = run.Queued },
	} {
		r := resting
		r.Attempts = slices.Clone(r.Attempts)
		if change(&r); r.MayRest() {
			t.Errorf("%s: it may rest", name)
		}
	}
}

// TestAStopKeepsThatTheTaskRuns: looks that found the task running left no trace of it, and
// once a stop was asked for, nobody could tell any more that they came.
func TestAStopKeepsThatTheTaskRuns(t *testing.T) {
	t.Parallel()
	running, _ := play(t, plain, at{0, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}})
	looked := running.DueAt.Add(2 * time.Minute)
	for name, c := range map[string]struct {
		at   time.Time
		want string
	}{
		"looks have come":       {looked, run.TaskRunning},
		"none is known to have": {looked.Add(-time.Second), "PROVISIONING"},
	} {
		stopping := decided(plain, running, run.StopAsked{By: "ann", Reason: "hangs"}, c.at, run.DefaultTiming).Next
		if got := stopping.Last().LastStatus; got != c.want {
			t.Errorf("%s: the task is %s, want %s", name, got, c.want)
		}
		if running.Last().LastStatus != "PROVISIONING" {
			t.Error("the run before was changed")
		}
		seen := decided(plain, stopping, look(2, pending), c.at.Add(time.Minute), run.DefaultTiming).Next
		if got := seen.Last().LastStatus; got != "PENDING" {
			t.Errorf("%s: then a look found PENDING, and it is %s", name, got)
		}
	}
}

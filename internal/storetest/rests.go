package storetest

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// Rests tests what stores remember of runs that rest. open makes two values over
// one store, as two processes have them.
func Rests(t *testing.T, open func(t *testing.T) (mine, other port.Store)) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, mine, other port.Store){
		"until its time a run that rests is passed over, by who was told": restUntil,
		"only what was given rests":                                       restUnknown,
		"many that rest hide nothing":                                     restMany,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine, other := open(t)
			test(t, mine, other)
		})
	}
	for _, by := range []string{"itself", "another"} {
		t.Run("it is given again after each write by "+by, func(t *testing.T) {
			t.Parallel()
			mine, other := open(t)
			if by == "itself" {
				other = mine
			}
			for i, name := range slices.Sorted(maps.Keys(restEnds)) {
				at := t0.Add(time.Duration(i) * time.Minute)
				restEnd(t, name, mine, other, lastsFrom(t, mine, at), restEnds[name])
				// As it is due, and not only as it was claimed.
				r := lastsFrom(t, mine, at.Add(30*time.Minute))
				change(t, mine, r, r)
				r.Rev++
				restEnd(t, name+", written before", mine, other, r, restEnds[name])
			}
		})
	}
}

var (
	resting = job.Job{Name: "report", Retry: job.Retry{Idempotent: true}}
	looked  = t0.Add(time.Hour)
)

// lastsFrom is a run whose task runs, as it is stored from its launch on: looks have
// left no trace.
func lastsFrom(t *testing.T, s port.Store, at time.Time) run.Run {
	t.Helper()
	r := run.New(run.Request{
		ID: run.ScheduledID(resting.Name, at), Definition: resting.Hash(), ScheduledFor: at, Trigger: run.Trigger{At: at, Kind: run.BySchedule},
	}, at, run.DefaultTiming)
	for _, e := range []run.Event{nil, run.Launched{Attempt: 1, TaskARN: "task-1"}} {
		was := r
		if e != nil {
			r = run.Decide(&resting, &r, e, at, &run.DefaultTiming).Next
		}
		change(t, s, was, r)
		r.Rev++
	}
	return r
}

func change(t *testing.T, s port.Store, was, r run.Run) {
	t.Helper()
	c := port.Change{Run: &r}
	if r.Rev > 0 {
		c.Was = &was
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// given is the run as Due gives it at a time, nil where it does not.
func given(t *testing.T, s port.Store, lane run.Lane, now time.Time, id run.ID) *run.Run {
	t.Helper()
	rs, err := s.Due(t.Context(), lane, now, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.ID == id {
			return &r
		}
	}
	return nil
}

// restUntilAt has a store give a run, and be told that it rests.
func restUntilAt(t *testing.T, s port.Store, id run.ID, now, until time.Time) {
	t.Helper()
	r := given(t, s, run.LookLane, now, id)
	if r == nil {
		t.Fatal("a run that is due is not given")
	}
	s.Rest(*r, now, until)
	if given(t, s, run.LookLane, now, id) != nil {
		t.Error("a run that rests is given")
	}
}

func restUntil(t *testing.T, mine, other port.Store) {
	r := lastsFrom(t, mine, t0)
	looked, until := looked, looked.Add(45*time.Minute)
	for range 3 {
		restUntilAt(t, mine, r.ID, looked, until)
		if mine != other && given(t, other, run.LookLane, looked, r.ID) == nil {
			t.Error("it rests for another value, too")
		}
		if given(t, mine, run.LookLane, until.Add(-time.Millisecond), r.ID) != nil {
			t.Error("it is given before its time")
		}
		if given(t, mine, run.LookLane, looked.Add(-time.Millisecond), r.ID) == nil {
			t.Error("it rests although the clock was put back")
		}
		got := given(t, mine, run.LookLane, until.Add(time.Minute), r.ID)
		if got == nil || !got.DueAt.Equal(until) {
			t.Fatalf("after its time: %+v, want it due since %s", got, until)
		}
		looked, until = until.Add(time.Minute), until.Add(46*time.Minute)
	}
}

func restUnknown(t *testing.T, mine, _ port.Store) {
	r := lastsFrom(t, mine, t0)
	mine.Rest(r, looked, looked.Add(time.Hour))
	got := given(t, mine, run.LookLane, looked, r.ID)
	if got == nil {
		t.Fatal("a run that was never given rests")
	}
	older := *got
	older.Rev--
	mine.Rest(older, looked, looked.Add(time.Hour))
	if given(t, mine, run.LookLane, looked, r.ID) == nil {
		t.Error("it rests by another revision than it was given at")
	}
}

// restMany: what is due behind many that rest is found, however few are wanted.
func restMany(t *testing.T, mine, _ port.Store) {
	const many = 120
	for i := range many {
		lastsFrom(t, mine, t0.Add(time.Duration(i)*time.Minute))
	}
	now := t0.Add((many + 100) * time.Minute)
	rs, err := mine.Due(t.Context(), run.LookLane, now, 1000)
	if err != nil || len(rs) != many {
		t.Fatalf("%d runs, %v", len(rs), err)
	}
	awake := rs[many-10]
	for _, r := range rs {
		if r.ID != awake.ID {
			mine.Rest(r, now, now.Add(time.Hour))
		}
	}
	if rs, err = mine.Due(t.Context(), run.LookLane, now, 1); err != nil || len(rs) != 1 || rs[0].ID != awake.ID {
		t.Errorf("%+v, %v", rs, err)
	}
}

// restEnds are what control writes of a run whose task runs, write after write.
var restEnds = map[string][]func(r run.Run) run.Run{
	"a stop is asked for":         {by(run.StopAsked{By: "ann", Reason: "x"})},
	"its stop was done":           {by(run.StopAsked{By: "ann", Reason: "x"}), by(run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}})},
	"its trigger came again":      {by(run.Triggered{})},
	"ECS does not tell of it":     {by(run.Unseen{Attempt: 1, Refused: true, Err: "denied"})},
	"ECS does not answer":         {by(run.Unseen{Attempt: 1, Err: "no answer"})},
	"a second task of it exists":  {by(run.Launched{Attempt: 1, TaskARN: "task-2"})},
	"ECS was asked to stop it":    {by(ofTask("RUNNING", "SpotInterruption"))},
	"its task is being stopped":   {by(ofTask("DEPROVISIONING", "SpotInterruption"))},
	"it is launched again":        {by(interrupted)},
	"that launch has no answer":   {by(interrupted), by(run.NoAnswer{Attempt: 2, Send: 1, Err: "lost"})},
	"that launch is searched for": {by(interrupted), by(run.NoAnswer{Attempt: 2, Send: 1, Err: "lost"}), by(run.StopAsked{By: "ann", Reason: "x"})},
	"it was launched again":       {by(interrupted), by(run.Launched{Attempt: 2, TaskARN: "task-2"})},
	"it waits to be launched":     {by(interrupted), by(run.Paced{Attempt: 2, Send: 1})},
	"it ended, and is retried": {
		by(ofTask("STOPPED", "")), by(run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "q"}, Force: true}),
	},
	"it owes a notice, and not any more": {owing, by(run.Done{Effect: run.Effect{Kind: run.Tell, Attempt: 1, Notice: "stuck"}})},
	"it owes a notice":                   {owing},
	"it is to be looked at again":        {func(r run.Run) run.Run { r.DueAt = looked; return r }},
	"nothing":                            {same},
	"nothing, four times":                {same, same, same, same},
}

var interrupted = ofTask("STOPPED", "SpotInterruption")

func same(r run.Run) run.Run { return r }

func owing(r run.Run) run.Run {
	r.OweTell("stuck", 0, 0, looked, run.DefaultTiming)
	return r
}

func by(e run.Event) func(run.Run) run.Run {
	return func(r run.Run) run.Run { return run.Decide(&resting, &r, e, looked, &run.DefaultTiming).Next }
}

func ofTask(status, code string) run.Seen {
	exit := int64(0)
	s := stop.Stop{Kind: stop.Task, LastStatus: status, Code: code, StartedAt: t0.Add(time.Minute), Reason: "said"}
	if status == "STOPPED" && code == "" {
		s.Code, s.Containers = "EssentialContainerExited", []stop.Container{{Name: "app", ExitCode: &exit}}
	}
	return run.Seen{Attempt: 1, TaskARN: "task-1", Version: 7, Stop: s, Look: true}
}

// restEnd: what was written of a run that rests is due as it says.
func restEnd(t *testing.T, name string, mine, other port.Store, r run.Run, writes []func(run.Run) run.Run) {
	t.Helper()
	restUntilAt(t, mine, r.ID, looked, looked.Add(time.Hour))
	for _, write := range writes {
		after := write(r)
		change(t, other, r, after)
		after.Rev++
		r = after
	}
	if !r.Open() {
		t.Fatalf("%s: it is %s", name, r.Status)
	}
	now := looked
	if r.DueAt.After(now) {
		now = r.DueAt
	}
	got := given(t, mine, r.Lane(), now, r.ID)
	if got == nil || got.Rev != r.Rev {
		t.Errorf("%s: it is not given: %+v", name, got)
	}
}

package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestALookThatFindsAllAsItShouldBe writes nothing, and the next one comes in time: for
// the limit of a task, for a stop whose event was lost, and for a stop that is asked for.
func TestALookThatFindsAllAsItShouldBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(2*time.Hour, 0)})
	w.deaf = true
	limited := job.Job{Name: "limited", TaskDefinition: "report", Limits: job.Limits{Timeout: job.Duration(20 * time.Minute)}}
	launched(t, w, report)
	launched(t, w, limited)
	launched(t, w, job.Job{Name: "stopped", TaskDefinition: "report"})
	w.clock.Advance(6 * time.Minute)
	before := w.revisions()
	looks(t, w, 3, 3)
	if after := w.revisions(); after != before {
		t.Errorf("a look wrote: %v, before it %v", after, before)
	}
	w.clock.Advance(10 * time.Minute)
	looks(t, w, 0, 0)
	if _, err := w.ctl.StopRun(t.Context(), control.StopRequest{Run: run.ScheduledID("stopped", t0), By: "ann", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	looks(t, w, 2, 2) // the limit's, and the one that was stopped
	if r := w.byName("limited"); r.Stopping == nil || r.StartedAt.IsZero() {
		t.Errorf("past its limit it is %s: %+v", r.Status, r)
	}
	w.clock.Advance(10 * time.Minute)
	looks(t, w, 1, 1)
	for range 4 {
		w.clock.Advance(50 * time.Minute)
		if _, err := w.ctl.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.byName("report"); r.Status != run.Succeeded || r.StartedAt.IsZero() {
		t.Errorf("%s after its end, %s", r.Status, r.Cause)
	}
}

// looks looks, and wants so many runs due and described.
func looks(t *testing.T, w *world, due, described int) {
	t.Helper()
	looked, err := w.ctl.Look(t.Context())
	if err != nil || looked.Due != due || looked.Described != described || !looked.Oldest.IsZero() {
		t.Errorf("%+v, %v, want %d due and %d described", looked, err, due, described)
	}
}

func (w *world) byName(name string) run.Run {
	w.t.Helper()
	r, err := w.store.Run(w.t.Context(), run.ScheduledID(name, t0))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) revisions() (sum int64) {
	for _, r := range w.runs() {
		sum += r.Rev
	}
	return sum
}

// TestANewProcessLooksAtOnce: at what another found as it should be too, and what it
// does not come to is late since it began.
func TestANewProcessLooksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(5*time.Hour, 0)})
	launched(t, w, report)
	w.clock.Advance(3 * time.Hour)
	if looked, err := w.ctl.LookUntil(t.Context(), w.clock.Now()); err != nil || !looked.Oldest.Equal(w.clock.Now()) {
		t.Errorf("a process without time: %+v, %v", looked, err)
	}
	looks(t, w, 1, 1)
	rested := w.clock.Now().Add(45 * time.Minute)
	w.clock.Advance(time.Hour)
	if looked, err := w.ctl.LookUntil(t.Context(), w.clock.Now()); err != nil || !looked.Oldest.Equal(rested) {
		t.Errorf("a quarter of an hour after its rest: %+v, %v, want due since %s", looked, err, rested)
	}
}

// TestKeepsPlace: only what no look can have let rest is written without a trace in
// the keys.
func TestKeepsPlace(t *testing.T) {
	t.Parallel()
	first := run.Attempt{N: 1, TaskARN: "task-1", EndedAt: t0}
	started := first
	started.StartedAt = t0
	of := func(s run.Status, as ...run.Attempt) run.Run {
		return run.Run{ID: "a/20261122T1730Z", Status: s, Attempts: as}
	}
	telling := of(run.Running, first)
	telling.Owed = []run.Effect{{Kind: run.Tell}}
	for name, c := range map[string]struct {
		was, is run.Run
		want    bool
	}{
		"the write after RunTask":             {of(run.Launching, first), of(run.Running, first), true},
		"a launch that is sent again":         {of(run.Launching, first), of(run.Launching, first), true},
		"a relaunch of what never started":    {of(run.Running, first), of(run.Launching, first, run.Attempt{N: 2}), true},
		"a relaunch of what started":          {of(run.Running, first), of(run.Launching, started, run.Attempt{N: 2}), false},
		"anything else of a running run":      {of(run.Running, first), of(run.Running, first), false},
		"a run that goes to the other lane":   {of(run.Launching, first), of(run.Queued, first), false},
		"a run that comes from it":            {of(run.Queued, first), of(run.Launching, first), false},
		"a retry of one that has ended":       {of(run.Failed, first), of(run.Launching, first, run.Attempt{N: 2}), false},
		"its end":                             {of(run.Launching, first), of(run.Failed, first), false},
		"what owes a notice: a stream is fed": {of(run.Launching, first), telling, false},
	} {
		if got := (control.Change{Run: &c.is, Was: &c.was}).KeepsPlace(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if r := of(run.Running, first); (control.Change{Run: &r}).KeepsPlace() || (control.Change{Was: &r}).KeepsPlace() {
		t.Error("what it was is not known, and it keeps its place")
	}
}

// TestRestsForgets: what Due does not come upon any more is not kept.
func TestRestsForgets(t *testing.T) {
	t.Parallel()
	var s control.Rests
	for minute := range 60 {
		now := t0.Add(time.Duration(minute) * time.Minute)
		for i := range 10 {
			r := run.Run{ID: run.ScheduledID("job", now.Add(time.Duration(i)*time.Hour)), Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
			s.Give(&r, 1, now)
			s.Rest(r, now, now.Add(45*time.Minute))
		}
		s.Over("job/20261122T1730Z", 1, now)
	}
	if n := s.Len(); n > 210 || n < 100 {
		t.Errorf("%d of 600 are kept", n)
	}
	if !s.Over("job/20261122T1730Z", 1, t0.Add(44*time.Minute)) {
		t.Error("what Due comes upon each minute is forgotten")
	}
}

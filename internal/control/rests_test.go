package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestALookThatFindsAllAsItShouldBe writes nothing, and the next look comes in time: for a
// task's limit, for a stop whose event was lost, and for a stop that is asked for.
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
	if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: run.ScheduledID("stopped", t0), By: "ann", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	looks(t, w, 2, 2) // the one with the limit, and the one that was stopped
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

// looks looks once and checks how many runs are due and described.
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

// TestANewProcessLooksAtOnce, even at what another process found as it should be. What it
// does not come to is late since this process began.
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

// TestKeepsPlace: a write may keep its place only if no look can have let the run rest.
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
		if got := (port.Change{Run: &c.is, Was: &c.was}).KeepsPlace(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if r := of(run.Running, first); (port.Change{Run: &r}).KeepsPlace() || (port.Change{Was: &r}).KeepsPlace() {
		t.Error("what it was is not known, and it keeps its place")
	}
}

// TestRestsForgets: runs that Due no longer comes across are not kept.
func TestRestsForgets(t *testing.T) {
	t.Parallel()
	var s port.Rests
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

// TestRests: a run is passed over between the two times, by the process that let it rest, and
// no longer once anything was written about it.
func TestRests(t *testing.T) {
	t.Parallel()
	running := run.Run{ID: "a/20261122T1730Z", Rev: 7, Status: run.Running, DueAt: t0.Add(-time.Hour), Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	const stamp = 3
	from, until := t0, t0.Add(45*time.Minute)
	given := func(r run.Run) *port.Rests {
		s := &port.Rests{}
		s.Give(&r, stamp, t0)
		return s
	}
	rested := func() *port.Rests {
		s := given(running)
		s.Rest(running, from, until)
		return s
	}
	other, written, stopping := running, running, running
	other.ID, written.Rev, stopping.Status = "b/20261122T1730Z", 8, run.Launching
	writtenRests, stoppingRests := given(running), given(stopping)
	writtenRests.Rest(written, from, until)
	stoppingRests.Rest(stopping, from, until)
	for name, c := range map[string]struct {
		rests *port.Rests
		id    run.ID
		stamp int64
		at    time.Time
		want  bool
	}{
		"as soon as it rests":                 {rested(), running.ID, stamp, from, true},
		"until it is due":                     {rested(), running.ID, stamp, until.Add(-1), true},
		"no longer":                           {rested(), running.ID, stamp, until, false},
		"not where the clock was put back":    {rested(), running.ID, stamp, from.Add(-1), false},
		"not another run":                     {rested(), other.ID, stamp, from, false},
		"not once it was written":             {rested(), running.ID, stamp + 1, from, false},
		"not by a stamp of before":            {rested(), running.ID, stamp - 1, from, false},
		"not what was only given":             {given(running), running.ID, stamp, t0, false},
		"not what was written since given":    {writtenRests, running.ID, stamp, from, false},
		"not what a look must come to":        {stoppingRests, running.ID, stamp, from, false},
		"not by a process that knows of none": {&port.Rests{}, running.ID, stamp, from, false},
	} {
		if got := c.rests.Over(c.id, c.stamp, c.at); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if n := stoppingRests.Len(); n != 0 {
		t.Errorf("%d that cannot rest are kept", n)
	}
	unknown := &port.Rests{}
	if unknown.Rest(running, from, until); unknown.Len() != 0 {
		t.Error("what was not given rests")
	}
}

// TestRestsGive: a run that rested has been due since the end of its rest, and not before. A
// run that is given anew under another stamp has no rest.
func TestRestsGive(t *testing.T) {
	t.Parallel()
	running := run.Run{ID: "a/20261122T1730Z", Rev: 7, Status: run.Running, DueAt: t0.Add(-time.Hour), Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	until := t0.Add(45 * time.Minute)
	for name, c := range map[string]struct {
		due   time.Time
		stamp int64
		now   time.Time
		want  time.Time
		over  bool
	}{
		"at the end of its rest":           {running.DueAt, 3, until, until, true},
		"later":                            {running.DueAt, 3, until.Add(time.Hour), until, true},
		"where the clock was put back":     {running.DueAt, 3, t0.Add(-time.Minute), running.DueAt, true},
		"due after its rest":               {until.Add(time.Second), 3, until.Add(time.Hour), until.Add(time.Second), true},
		"written, and given by that stamp": {running.DueAt, 4, until, running.DueAt, false},
	} {
		s := &port.Rests{}
		r := running
		s.Give(&r, 3, t0)
		s.Rest(r, t0, until)
		r.DueAt, r.Rev = c.due, r.Rev+1
		s.Give(&r, c.stamp, c.now)
		if !r.DueAt.Equal(c.want) {
			t.Errorf("%s: due since %s, want %s", name, r.DueAt, c.want)
		}
		if got := s.Over(r.ID, c.stamp, t0); got != c.over {
			t.Errorf("%s: it rests: %t", name, got)
		}
		if s.Rest(r, t0, until.Add(time.Hour)); !s.Over(r.ID, c.stamp, until) {
			t.Errorf("%s: it does not rest anew, by the revision that was given last", name)
		}
	}
}

// TestRestsTidy: what Due came across since the last tidying is kept until the next, even if
// the clock was put back.
func TestRestsTidy(t *testing.T) {
	t.Parallel()
	running := func(id run.ID) *run.Run {
		return &run.Run{ID: id, Status: run.Running, Attempts: []run.Attempt{{N: 1, TaskARN: "task"}}}
	}
	minute := func(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }
	for name, c := range map[string]struct {
		given []int // at which minutes another run is given
		want  int
	}{
		"what was given is kept once":            {[]int{0, 10}, 2},
		"and is forgotten the next time":         {[]int{0, 10, 20}, 2},
		"which is ten minutes later":             {[]int{0, 10, 19}, 3},
		"those of one time are forgotten as one": {[]int{0, 5, 9, 10, 20}, 2},
		"the clock is put back":                  {[]int{0, -1, 9}, 2},
		"not within the time":                    {[]int{0, 9}, 2},
	} {
		s := &port.Rests{}
		for i, n := range c.given {
			s.Give(running(run.ID([]string{"a", "b", "c", "d", "e"}[i])), 1, minute(n))
		}
		if got := s.Len(); got != c.want {
			t.Errorf("%s: %d are kept, want %d", name, got, c.want)
		}
	}
	// What Due gives each time is not forgotten, nor is how long it rested.
	s, r := &port.Rests{}, running("a")
	s.Give(r, 1, minute(0))
	s.Rest(*r, minute(0), minute(5))
	for _, n := range []int{10, 20} {
		again := running("a")
		if s.Give(again, 1, minute(n)); !again.DueAt.Equal(minute(5)) {
			t.Errorf("minute %d: due since %s", n, again.DueAt)
		}
	}
}

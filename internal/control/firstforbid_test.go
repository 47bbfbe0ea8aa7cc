package control_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// over records a run of the job report that has ended, in the slot of minute n.
func (w *world) over(n int) {
	w.t.Helper()
	r := run.Run{ID: minute(n), ScheduledFor: t0.Truncate(time.Minute).Add(time.Duration(n) * time.Minute), Definition: report.Hash(), Status: run.Succeeded, QueuedAt: t0}
	if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
}

// TestFirstDefinitionThatForbids: it finds the run that is open, however many have come since.
func TestFirstDefinitionThatForbids(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(w *world){
		"one that runs": func(*world) {},
		"one that waits to be launched": func(w *world) {
			r := w.run(minute(0))
			r.Status, r.Owed = run.Queued, nil
			if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
			w.know(report)
			w.triggerSlot(report, 0)
			open(w)
			for n := 1; n <= 150; n++ {
				w.over(n)
			}
			w.know(forbidding)
			w.wantItem("after the sync", string(minute(0)), "")
			if rep := w.triggerSlot(forbidding, 151); rep.Status != run.Skipped {
				t.Errorf("the next slot: %+v", rep)
			}
		})
	}
}

// stop stops a run and waits for its end.
func (w *world) stop(id run.ID) {
	w.t.Helper()
	if _, err := w.ctl.StopRun(w.t.Context(), port.StopRequest{Run: id, By: "ann"}); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
}

// TestOpenBesideTheFirstDefinitionThatForbids: of several runs that are open when a definition
// first forbids overlaps, each keeps the job from running.
func TestOpenBesideTheFirstDefinitionThatForbids(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) *world {
		t.Helper()
		w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
		w.know(report)
		w.triggerSlot(report, 0)
		w.triggerSlot(report, 1)
		w.know(forbidding)
		w.wantItem("after the sync", string(minute(1)), "")
		return w
	}
	t.Run("each in turn", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.stop(minute(1))
		w.wantItem("after the end of the newest", string(minute(0)), "")
		if rep := w.triggerSlot(forbidding, 10); rep.Status != run.Skipped {
			t.Errorf("a slot beside the other: %+v", rep)
		}
		w.stop(minute(0))
		w.wantItem("after the end of both", "", "")
		if rep := w.triggerSlot(forbidding, 20); rep.Status != run.Running {
			t.Errorf("a slot after both: %+v", rep)
		}
	})
	t.Run("the newest cannot be read", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.damage(minute(1))
		w.look()
		w.wantItem("after the newest was set aside", string(minute(0)), "")
	})
	t.Run("the others have ended before", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.stop(minute(0))
		w.stop(minute(1))
		w.wantItem("after the end of both", "", "")
	})
	t.Run("the one that takes the lock was beside it", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		item, err := w.store.Item(t.Context(), "report")
		if err != nil {
			t.Fatal(err)
		}
		item.Beside = []string{string(minute(1)), string(minute(0))}
		if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
			t.Fatal(err)
		}
		w.stop(minute(1))
		w.wantItem("after its end", string(minute(0)), "")
	})
	for name, damage := range map[string]func(w *world){
		"another cannot be read": func(w *world) {
			if err := w.store.Corrupt(t.Context(), minute(0)); err != nil {
				t.Fatal(err)
			}
		},
		"another makes no sense": func(w *world) { w.damage(minute(0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t)
			damage(w)
			w.stop(minute(1))
			w.wantItem("after the end of the newest", "", "")
		})
	}
	t.Run("another made no sense then, and was mended and not taken up", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
		w.know(report)
		w.triggerSlot(report, 0)
		w.triggerSlot(report, 1)
		w.damage(minute(0))
		w.look()
		w.know(forbidding)
		w.mended(func(r *run.Run) { r.Owed = nil })
		w.stop(minute(1))
		w.wantItem("after the end of the newest, no look comes to the other", "", "")
	})
	t.Run("the job allows overlaps again, and forbids them", func(t *testing.T) {
		t.Parallel()
		w := begin(t)
		w.know(report)
		if rep := w.triggerSlot(report, 2); rep.Status != run.Running {
			t.Errorf("a slot beside the others: %+v", rep)
		}
		w.know(forbidding)
		w.stop(minute(1))
		w.stop(minute(2))
		w.wantItem("after the end of two", string(minute(0)), "")
	})
}

// withoutRun is a store that cannot read one run.
type withoutRun struct {
	port.Store

	id run.ID
}

func (s withoutRun) Run(ctx context.Context, id run.ID) (run.Run, error) {
	if id == s.id {
		return run.Run{}, errBroken
	}
	return s.Store.Run(ctx, id)
}

// TestNoSlotBesideARunThatCannotBeRead: as long as nobody can tell whether a run that was open when
// overlaps were first forbidden still is, no slot starts.
func TestNoSlotBesideARunThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]job.Item{
		"it has the lock":   {Lock: string(minute(0)), Beside: []string{string(minute(5))}},
		"it is next for it": {Lock: string(minute(5)), Beside: []string{string(minute(0))}},
	} {
		w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
		w.know(report)
		w.triggerSlot(report, 0)
		w.over(5)
		w.know(forbidding)
		item, err := w.store.Item(t.Context(), "report")
		if err != nil {
			t.Fatal(err)
		}
		item.Lock, item.Beside = now.Lock, now.Beside
		if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(10 * time.Minute)
		w.ctl.Store = withoutRun{w.ctl.Store, minute(0)}
		if rep, err := w.ctl.Scheduled(t.Context(), "", forbidding, t0.Add(10*time.Minute)); !errors.Is(err, errBroken) || len(w.made) != 1 {
			t.Errorf("%s: %+v, %v: %s", name, rep, err, w.story())
		}
	}
}

// TestASlotOfTheDefinitionBefore: a slot from before overlaps were first forbidden whose trigger
// comes after the sweep has looked is one of the runs that may not overlap.
func TestASlotOfTheDefinitionBefore(t *testing.T) {
	t.Parallel()
	alone := with(hourly, func(j *job.Job) { j.Overlap, j.Modified = job.Forbid, clockAt(19, 0, 5) })
	for name, c := range map[string]struct {
		open     bool
		schedule string
		lock     int // the hour of the slot that has it
		want     string
	}{
		"one is open":      {true, own, 18, "18:00 running by schedule, 19:00 skipped by schedule"},
		"none is open":     {false, own, 19, "18:00 succeeded by schedule, 19:00 running by schedule"},
		"of another group": {true, strings.Replace(own, "/prod/", "/default/", 1), 18, "18:00 running by schedule, 19:00 running by schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			took := 10 * time.Minute
			if c.open {
				took = 10 * time.Hour
			}
			w := newWorld(t, setup{script: runs(took, 0), redeliver: true})
			w.know(hourly)
			w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
			w.clock.AdvanceTo(clockAt(19, 0, 20))
			w.know(alone)
			w.ctl.Schedules = &group{jobs: map[string]job.Job{own: alone}}
			w.fire(clockAt(19, 0, 30), port.Slot{At: clockAt(19, 0, 0), Carried: &hourly, Schedule: c.schedule})
			if got := w.slotsOf("hourly"); got != c.want {
				t.Errorf("slots %q", got)
			}
			item, err := w.store.Item(t.Context(), "hourly")
			if want := run.ScheduledID("hourly", clockAt(c.lock, 0, 0)); err != nil || item.Lock != string(want) {
				t.Errorf("%q has the lock, want %s, %v", item.Lock, want, err)
			}
		})
	}
}

// TestASecondDefinitionThatForbids: it asks for no runs.
func TestASecondDefinitionThatForbids(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.know(forbidding)
	w.ports.calls = nil
	if err := w.ctl.Sync(t.Context(), []job.Job{with(forbidding, func(j *job.Job) { j.Owner = "team-a" })}); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(w.ports.calls, "Runs") || !slices.Contains(w.ports.calls, "Commit") {
		t.Errorf("calls %v", w.ports.calls)
	}
}

// TestATriggerBeforeTheSweepForbids: the trigger may not look for open runs, so the first slot
// of a definition that first forbids overlaps waits until the sweep has looked.
func TestATriggerBeforeTheSweepForbids(t *testing.T) {
	t.Parallel()
	alone := with(hourly, func(j *job.Job) { j.Overlap = job.Forbid })
	w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
	w.know(hourly)
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	w.ctl.Schedules = &group{jobs: map[string]job.Job{own: alone}}
	w.ports.calls = nil
	if rep := w.fire(clockAt(19, 0, 1), port.Slot{At: clockAt(19, 0, 0), Carried: &alone, Schedule: own}); rep.Outcome != port.Waits || slices.Contains(w.ports.calls, "Runs") {
		t.Errorf("got %+v by calls %v", rep, w.ports.calls)
	}
	w.know(alone)
	if err := w.ctl.TryPending(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.slotsOf("hourly"); got != "18:00 running by schedule, 19:00 skipped by schedule" {
		t.Errorf("slots %q", got)
	}
}

// TestALateTriggerBeforeTheSweepForbids: a slot that is missed in any case is missed at once, and
// nothing else is said about it.
func TestALateTriggerBeforeTheSweepForbids(t *testing.T) {
	t.Parallel()
	alone := with(hourly, func(j *job.Job) { j.Overlap = job.Forbid })
	w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
	w.know(hourly)
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	w.ctl.Schedules = &group{jobs: map[string]job.Job{own: alone}}
	if rep := w.fire(clockAt(19, 30, 0), port.Slot{At: clockAt(19, 0, 0), Carried: &alone, Schedule: own}); rep.Status != run.Missed {
		t.Errorf("got %+v", rep)
	}
	w.know(alone)
	w.sweepAt(clockAt(19, 31, 0))
	if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) > 0 || w.kinds() != "missed" {
		t.Errorf("kept %+v, told %q, %v", kept, w.kinds(), err)
	}
}

// TestALateTriggerThatMayStillRun: a late slot that would be run all the same is left to the sweep.
func TestALateTriggerThatMayStillRun(t *testing.T) {
	t.Parallel()
	alone := with(hourly, func(j *job.Job) { j.Overlap, j.CatchUp = job.Forbid, job.CatchUpLast })
	w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
	w.know(hourly)
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	w.ctl.Schedules = &group{jobs: map[string]job.Job{own: alone}}
	rep := w.fire(clockAt(19, 30, 0), port.Slot{At: clockAt(19, 0, 0), Carried: &alone, Schedule: own})
	if got := w.slotsOf("hourly"); rep.Run != "" || got != "18:00 running by schedule" {
		t.Errorf("got %+v, slots %q", rep, got)
	}
}

// TestAPauseWhileTheSweepForbids: if the job's item changes before it is written which runs are
// open, the slot waits for the next sweep, and also if nobody can tell whether it changed.
func TestAPauseWhileTheSweepForbids(t *testing.T) {
	t.Parallel()
	alone := with(hourly, func(j *job.Job) { j.Overlap = job.Forbid })
	for name, unread := range map[string]bool{"the item is read again": false, "the item cannot be read again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(10*time.Hour, 0), redeliver: true})
			w.know(hourly)
			w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
			w.ctl.Schedules = &group{jobs: map[string]job.Job{own: alone}}
			w.fire(clockAt(19, 0, 1), port.Slot{At: clockAt(19, 0, 0), Carried: &alone, Schedule: own})
			w.ctl.Registry = &renewals{}
			paused, reads := false, 0
			w.ports.onCall = func(name string) {
				if name == "Item" {
					reads++
				}
				if name == "Item" && unread && paused && reads == 2 { // the first one says who won
					w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
				}
				if name != "Commit" || paused {
					return
				}
				paused = true
				_, err := w.ctl.Pause(t.Context(), port.PauseRequest{Job: "hourly"})
				_, too := w.ctl.Resume(t.Context(), port.ResumeRequest{Job: "hourly"})
				if err = errors.Join(err, too); err != nil {
					t.Error(err)
				}
				reads = 0
			}
			for n := range 2 {
				if err := w.ctl.TryPending(t.Context()); errors.Is(err, errBroken) != (unread && n == 0) {
					t.Errorf("%d: %v", n, err)
				}
				if got := w.slotsOf("hourly"); strings.Contains(got, "19:00 running") {
					t.Errorf("slots %q", got)
				}
			}
			if got := w.slotsOf("hourly"); got != "18:00 running by schedule, 19:00 skipped by schedule" {
				t.Errorf("in the end: slots %q", got)
			}
		})
	}
}

// TestOverlapForbiddenByADeploy: a run that was claimed while the job's runs could overlap
// keeps others from running beside it until its end, from the sync that brings the new
// definition.
func TestOverlapForbiddenByADeploy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		next job.Job
		want run.Status
	}{{"forbid", forbidding, run.Skipped}, {"queue", queueing, run.Queued}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
			w.know(report)
			w.triggerSlot(report, 0)
			w.triggerSlot(report, 1)
			if _, err := w.ctl.StopRun(t.Context(), port.StopRequest{Run: minute(1), Reason: "x"}); err != nil {
				t.Fatal(err)
			}
			w.triggerSlot(with(report, func(j *job.Job) { j.Name = "other" }), 8)
			w.clock.Advance(time.Minute)
			w.know(c.next)
			w.wantItem("after the sync", string(minute(0)), "")
			if rep := w.triggerSlot(c.next, 10); rep.Status != c.want || !strings.Contains(rep.Message, string(minute(0))) {
				t.Errorf("beside it: %+v", rep)
			}
			w.clock.Advance(5 * time.Minute)
			w.look()
			if r := w.run(minute(10)); r.Status != c.want {
				t.Errorf("after a look: %s", w.story())
			}
			w.live()
			if rep := w.triggerSlot(c.next, 200); rep.Status != run.Running {
				t.Errorf("after its end: %+v", rep)
			}
			w.live()
			w.wantItem("after all", "", "")
		})
	}
}

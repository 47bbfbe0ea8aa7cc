package control_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// often is a job of every minute.
var often = with(hourly, func(j *job.Job) { j.Schedule = "* * * * *" })

// TestTriggersAfterAnOutage: in whatever order the triggers of a quarter of an hour come at
// once, a job starts a few times and not fifteen, its newest slot among them. Each of the
// other slots is missed, and one notice reports them all.
func TestTriggersAfterAnOutage(t *testing.T) {
	t.Parallel()
	back := make([]int, 15)
	for i := range back {
		back[i] = len(back) - 1 - i
	}
	shuffled := rand.New(rand.NewPCG(1, 2)).Perm(15)
	ahead := slices.Sorted(slices.Values(back))
	for name, c := range map[string]struct {
		order []int
		job   job.Job
		most  int
	}{
		"the oldest first": {ahead, often, 5},
		"the newest first": {back, often, 4},
		"in any order":     {shuffled, often, 5},
		"a rate":           {ahead, with(often, func(j *job.Job) { j.Schedule = "rate(1 minute)" }), 5},
		"catching up":      {shuffled, with(often, func(j *job.Job) { j.CatchUp = job.CatchUpLast }), 5},
		"one at a time":    {ahead, with(often, func(j *job.Job) { j.Overlap = job.Forbid }), 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			for n, minute := range c.order {
				w.triggerAt(clockAt(18, 14, 5+n), c.job, clockAt(18, minute, 0))
			}
			if len(w.made) == 0 || len(w.made) > c.most {
				t.Errorf("%d tasks: %s", len(w.made), w.slotsOf("hourly"))
			}
			if r := w.run(run.ScheduledID("hourly", clockAt(18, 14, 0))); c.job.Overlap == "" && r.Status != run.Running {
				t.Errorf("the newest is %s: %s", r.Status, r.Cause)
			}
			missed := strings.Count(w.slotsOf("hourly"), "missed")
			if w.told = nil; missed < 15-c.most {
				t.Errorf("%d are missed: %s", missed, w.slotsOf("hourly"))
			}
			if err := w.ctl.Store.SetMark(t.Context(), "slots", clockAt(18, 14, 0)); err != nil {
				t.Fatal(err)
			}
			w.sweepAt(clockAt(18, 14, 30))
			if len(w.told) != 1 || w.told[0].Kind != notice.Missed || w.told[0].Missed != missed {
				t.Errorf("told %s, of %d: %+v", w.kinds(), missed, w.told)
			}
		})
	}
}

// TestOverdue: a late slot runs if no later slot has run, even if all triggers are equally
// late.
func TestOverdue(t *testing.T) {
	t.Parallel()
	window := with(often, func(j *job.Job) { j.Window = job.Duration(10 * time.Minute) })
	for name, c := range map[string]struct {
		job  job.Job
		play func(w *world)
		want string
	}{
		"one of an hour": {hourly, func(w *world) { w.triggerAt(clockAt(18, 14, 0), hourly, clockAt(18, 0, 0)) }, "18:00 running by schedule"},
		"alone":          {often, func(w *world) { w.triggerAt(clockAt(18, 14, 0), often, clockAt(18, 0, 0)) }, "18:00 running by schedule"},
		"three minutes late, after the next": {often, func(w *world) {
			w.triggerAt(clockAt(18, 3, 0), often, clockAt(18, 1, 0))
			w.triggerAt(clockAt(18, 3, 0), often, clockAt(18, 0, 0))
		}, "18:00 running by schedule, 18:01 running by schedule"},
		"later than that, after the next": {often, func(w *world) {
			w.triggerAt(clockAt(18, 3, 1), often, clockAt(18, 1, 0))
			w.triggerAt(clockAt(18, 3, 1), often, clockAt(18, 0, 0))
		}, "18:00 missed by schedule, 18:01 running by schedule"},
		"within the window of its schedule": {window, func(w *world) {
			w.triggerAt(clockAt(18, 13, 0), window, clockAt(18, 1, 0))
			w.triggerAt(clockAt(18, 13, 0), window, clockAt(18, 0, 0))
		}, "18:00 running by schedule, 18:01 running by schedule"},
		"a run by hand is no later one": {hourly, func(w *world) {
			w.clock.AdvanceTo(clockAt(18, 5, 0))
			if _, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "hourly", RequestID: "q"}); err != nil {
				t.Fatal(err)
			}
			w.triggerAt(clockAt(18, 14, 0), hourly, clockAt(18, 0, 0))
		}, "18:00 running by schedule, 18:05 succeeded by run"},
		"a later one that did not start is none": {often, func(w *world) {
			w.pauseAt(clockAt(18, 0, 30), "hourly", clockAt(18, 2, 0))
			w.triggerAt(clockAt(18, 5, 0), often, clockAt(18, 1, 0))
			w.triggerAt(clockAt(18, 5, 0), often, clockAt(18, 0, 0))
		}, "18:00 running by schedule, 18:01 skipped by schedule"},
		"a later one of another job is none": {often, func(w *world) {
			w.triggerAt(clockAt(18, 3, 1), with(often, func(j *job.Job) { j.Name = "other" }), clockAt(18, 1, 0))
			w.triggerAt(clockAt(18, 3, 1), often, clockAt(18, 0, 0))
		}, "18:00 running by schedule"},
		"all late by the same": {often, func(w *world) {
			for minute := range 4 {
				w.triggerAt(clockAt(18, minute+5, 0), often, clockAt(18, minute, 0))
			}
			w.clock.Advance(2 * time.Minute)
		}, "18:00 succeeded by schedule, 18:01 succeeded by schedule, 18:02 succeeded by schedule, 18:03 succeeded by schedule"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.job)
			c.play(w)
			if got := w.slotsOf("hourly"); got != c.want {
				t.Errorf("slots %s, want %s", got, c.want)
			}
		})
	}
}

// TestWhatWaitsForRoom: slots that came in time and found no capacity all start once there is
// some, even those that later ones have overtaken. None is missed.
func TestWhatWaitsForRoom(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, setup{script: runs(time.Hour, 0), inject: func(k localecs.Kind, _ localecs.Subject) bool {
		return k == localecs.FaultCapacity && w.clock.Now().Before(clockAt(18, 10, 0))
	}})
	w.know(often)
	for minute := range 30 {
		if w.clock.AdvanceTo(clockAt(18, minute, 0)); minute < 10 {
			w.triggerAt(clockAt(18, minute, 0), often, clockAt(18, minute, 0))
			if len(w.made) > 0 {
				t.Fatalf("it runs without capacity: %s", w.story())
			}
		}
		w.look()
	}
	if got := w.slotsOf("hourly"); len(w.made) != 10 || strings.Count(got, "running") != 10 || len(w.told) > 0 {
		t.Errorf("%d tasks, told %s: %s", len(w.made), w.kinds(), got)
	}
}

// TestASilenceThatGoesOn: the first missed slot is reported at once, those that follow ever
// less often, and in the end all are reported.
func TestASilenceThatGoesOn(t *testing.T) {
	t.Parallel()
	w := known(t, often)
	told := func() (n int) {
		for _, x := range w.told {
			n += x.Missed
		}
		return n
	}
	for at := clockAt(17, 32, 0); !at.After(clockAt(20, 0, 0)); at = at.Add(time.Minute) {
		w.sweepAt(at)
		if at.Equal(clockAt(17, 46, 0)) && (len(w.told) != 1 || told() != 1) {
			t.Errorf("at first: %+v", w.told)
		}
	}
	if len(w.told) < 5 || len(w.told) > 14 {
		t.Errorf("told %d times: %s", len(w.told), w.kinds())
	}
	for m := 1; m <= 60; m++ {
		at := clockAt(20, m, 0)
		w.triggerAt(at, often, at)
		w.sweepAt(at)
	}
	if missed := strings.Count(w.slotsOf("hourly"), "missed"); told() != missed || missed < 140 {
		t.Errorf("%d are missed, and %d told", missed, told())
	}
}

// TestLostTriggers: slots whose triggers were lost for a while are found one by one, even
// long after the job runs again, and reported in a few notices.
func TestLostTriggers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		within time.Duration
		until  time.Time
		told   string
		counts []int
	}{
		{0, clockAt(19, 0, 0), "missed missed recovered missed recovered", []int{1, 5, 14}},
		{50 * time.Minute, clockAt(20, 0, 0), "missed recovered missed recovered", []int{1, 19}},
		{2 * time.Hour, clockAt(21, 30, 0), "missed recovered missed recovered", []int{1, 19}},
	} {
		j := with(often, func(j *job.Job) { j.StartWithin = job.Duration(c.within) })
		w := newWorld(t, setup{script: runs(10*time.Second, 0), redeliver: true})
		w.know(j)
		for at := clockAt(17, 31, 0); at.Before(c.until); at = at.Add(time.Minute) {
			if lost := !at.Before(clockAt(18, 0, 0)) && at.Before(clockAt(18, 20, 0)); !lost {
				w.triggerAt(at.Add(time.Second), j, at)
			}
			w.clock.AdvanceTo(at.Add(30 * time.Second))
			w.look()
			w.sweepAt(w.clock.Now())
		}
		var counts []int
		for _, n := range w.told {
			if n.Kind == notice.Missed {
				counts = append(counts, max(1, n.Missed))
			}
		}
		if w.kinds() != c.told || !slices.Equal(counts, c.counts) {
			t.Errorf("within %s: told %s, of %d slots", c.within, w.kinds(), counts)
		}
		if item, err := w.store.Item(t.Context(), "hourly"); err != nil || !item.FailingSince.IsZero() || item.Missed != nil {
			t.Errorf("within %s: in the end %+v, %v", c.within, item, err)
		}
	}
}

// TestOverdueBehindManySkippedSlots: a later slot that was started is found behind any number
// of slots that were skipped since.
func TestOverdueBehindManySkippedSlots(t *testing.T) {
	t.Parallel()
	j := with(often, func(j *job.Job) { j.Schedule, j.StartWithin = "* * * * *", job.Duration(12*time.Hour) })
	w := known(t, j)
	w.triggerAt(clockAt(18, 1, 1), j, clockAt(18, 1, 0))
	w.pauseAt(clockAt(18, 1, 30), "hourly", clockAt(20, 31, 0))
	for n := 2; n <= 150; n++ {
		w.triggerAt(clockAt(18, n, 1), j, clockAt(18, n, 0))
	}
	w.clock.AdvanceTo(clockAt(20, 31, 30))
	if rep := w.triggerAt(clockAt(20, 31, 30), j, clockAt(18, 0, 0)); rep.Status != run.Missed || !strings.Contains(rep.Message, "20261122T1801Z") {
		t.Errorf("%+v", rep)
	}
}

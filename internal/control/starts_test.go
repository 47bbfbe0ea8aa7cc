package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNoLostStartOfBefore: the slot that EventBridge does not start when the clocks go forward
// is started only if the job was deployed by then and nothing was forgotten since.
func TestNoLostStartOfBefore(t *testing.T) {
	t.Parallel()
	night := time.Date(2027, 3, 28, 0, 50, 0, 0, time.UTC) // the clocks go forward at 01:00
	lost := with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" })
	other := with(hourly, func(j *job.Job) { j.Name = "other" })
	for name, c := range map[string]struct {
		deployed, notBefore time.Duration // after that
		want                string
	}{
		"as ever":                            {0, 0, "01:00 succeeded by schedule"},
		"a restore of just before":           {0, 10 * time.Minute, "01:00 succeeded by schedule"},
		"deployed only then":                 {11 * time.Minute, 0, ""},
		"a restore that forgot what was run": {0, 12 * time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 0)})
			w.clock.AdvanceTo(night)
			w.know(other)
			w.sweepAt(night)
			if c.notBefore > 0 {
				w.ctl.Timing.NotBefore = night.Add(c.notBefore)
			}
			w.redeployAt(night.Add(c.deployed), other, lost)
			w.sweepAt(night.Add(13 * time.Minute))
			w.clock.Advance(3 * time.Minute)
			if got := w.slotsOf("hourly"); got != c.want || len(w.made) != min(len(c.want), 1) {
				t.Errorf("slots %q, want %q; %d tasks", got, c.want, len(w.made))
			}
		})
	}
}

// TestANameAsksForThePresentDefinition: a start that names only the job runs what is deployed
// now, not what was in force at the slot.
func TestANameAsksForThePresentDefinition(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	second := with(hourly, func(j *job.Job) { j.Command = []string{"second"} })
	w.redeployAt(clockAt(18, 5, 0), second)
	if rep := w.fire(clockAt(18, 6, 0), port.Slot{Name: "hourly", At: clockAt(18, 0, 0)}); rep.Status != run.Running {
		t.Errorf("%+v", rep)
	}
	w.redeployAt(clockAt(18, 10, 0)) // it left
	rep := w.fire(clockAt(18, 11, 0), port.Slot{Name: "hourly", At: clockAt(18, 10, 30)})
	if rs := w.runs(); rep.Outcome != port.Waits || len(rs) != 1 || rs[0].Definition != second.Hash() {
		t.Errorf("%+v: %s", rep, w.story())
	}
}

// TestACalendarIsOfItsOwnJob: a run of the job owes its notice, not a newer run of another
// job. There is no notice about a job that left or is disabled.
func TestACalendarIsOfItsOwnJob(t *testing.T) {
	t.Parallel()
	other := with(hourly, func(j *job.Job) { j.Name, j.Schedule = "other", "* * * * *" })
	for name, c := range map[string]struct {
		after []job.Job
		told  int
	}{
		"deployed": {[]job.Job{calendared, other}, 1},
		"left":     {[]job.Job{other}, 0},
		"disabled": {[]job.Job{with(calendared, func(j *job.Job) { j.Disabled = true }), other}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, calendared, other)
			w.triggerAt(clockAt(18, 0, 1), calendared, clockAt(18, 0, 0))
			w.triggerAt(clockAt(18, 5, 1), other, clockAt(18, 5, 0))
			w.redeployAt(clockAt(18, 6, 0), c.after...)
			w.sweepAt(clockAt(18, 10, 0))
			told := slices.DeleteFunc(w.told, func(n notice.Notice) bool { return n.Kind != notice.CalendarEnds })
			if len(told) != c.told || c.told > 0 && told[0].Job != "hourly" {
				t.Errorf("told %+v", told)
			}
		})
	}
}

// TestARateThatRunsIsNotSilent, at whatever minutes it runs.
func TestARateThatRunsIsNotSilent(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) { j.Schedule = "rate(30 minutes)" })
	w := known(t, j)
	for _, minute := range []int{7, 37, 67, 97} {
		w.triggerAt(clockAt(18, minute, 1), j, clockAt(18, minute, 0))
		w.sweepAt(clockAt(18, minute+20, 0))
	}
	if got := w.slotsOf("hourly"); strings.Contains(got, "missed") || strings.Count(got, "succeeded") != 4 {
		t.Errorf("slots %s", got)
	}
}

// TestASweepChecksWhatItJustRead: the items of one load are checked as the sync just before
// left them.
func TestASweepChecksWhatItJustRead(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.sweepAt(clockAt(17, 40, 0))
	w.clock.AdvanceTo(clockAt(18, 20, 0))
	l, err := w.ctl.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	j := with(hourly, func(j *job.Job) { j.Schedule, j.Modified = "5 * * * *", clockAt(17, 50, 0) })
	if err := w.ctl.SyncLoaded(t.Context(), l, port.Reading{Jobs: []port.Registered{port.Register(j)}, Whole: clockAt(18, 20, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.CheckLoaded(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if got := w.slotsOf("hourly"); got != "18:05 missed" {
		t.Errorf("slots %q", got)
	}
}

// cutOff is an ECS whose answer comes when the caller's own time is up.
type cutOff struct {
	tasksRun

	cut context.CancelFunc
}

func (e *cutOff) Describe(ctx context.Context, _ string, _ []string) ([]ecsevent.Task, []string, error) {
	e.cut()
	return nil, nil, ctx.Err()
}

// TestOurOwnTimeIsUp: that says nothing about ECS, so the run stays as it was.
func TestOurOwnTimeIsUp(t *testing.T) {
	t.Parallel()
	store, now := &memory.Store{}, t0
	ctx, cut := context.WithCancel(t.Context())
	if err := store.PutDefinition(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	r := theTask(report, 0)
	put(t, store, r)
	looked, err := inOrder(store, &cutOff{cut: cut}, &now).Look(ctx)
	after, errAfter := store.Run(t.Context(), r.ID)
	if err == nil || errAfter != nil || after.Rev != 1 || looked.Oldest.IsZero() {
		t.Errorf("%+v, %v; it is at %d, %v", looked, err, after.Rev, errAfter)
	}
}

// saysNothing is an ECS that answers without naming the task, with or without another task
// about which it refuses to tell.
type saysNothing struct {
	throttledECS

	err error
}

func (e *saysNothing) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, e.err
}

// TestAnAnswerWithoutTheTask counts as a refusal: it ends the run once ECS would have
// forgotten the task. A missing answer does not.
func TestAnAnswerWithoutTheTask(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err     error
		refuses bool
	}{
		"of none":     {nil, true},
		"of another":  {&port.UntoldError{Tasks: map[string]string{"arn:other": "ACCESS"}}, true},
		"of this":     {&port.UntoldError{Tasks: map[string]string{theTask(report, 0).Attempts[0].TaskARN: "ACCESS"}}, true},
		"no answer":   {errBroken, false},
		"of all that": {fmt.Errorf("describing: %w", port.ErrRefused), true},
	} {
		store, now := &memory.Store{}, t0
		if err := store.PutDefinition(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		r := theTask(report, 0)
		put(t, store, r)
		if _, err := inOrder(store, &saysNothing{err: c.err}, &now).Look(t.Context()); (err != nil) != (c.err != nil) {
			t.Errorf("%s: %v", name, err)
		}
		after, err := store.Run(t.Context(), r.ID)
		if err != nil || after.Status != run.Running || after.Attempts[0].RefusedSince.IsZero() == c.refuses {
			t.Errorf("%s: refused since %s, %s, %v", name, after.Attempts[0].RefusedSince, after.Status, err)
		}
	}
}

// TestALookEndsWithWhatItBegan, along both lanes, however long ECS takes.
func TestALookEndsWithWhatItBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &asked{Store: &memory.Store{}, limits: map[run.Lane][]int{}}, &account{runs: time.Hour}
		ids := waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x"}, 5)
		r := theTask(job.Job{Name: "etl", TaskDefinition: "x"}, 0)
		r.DueAt = time.Now()
		put(t, store, r)
		looked, err := quick(ecs, store).Look(t.Context())
		if err != nil || looked.Launched != 1 || looked.Described != 1 { // the rate is even, so one goes at once
			t.Errorf("%+v, %v", looked, err)
		}
		began := time.Now()
		c := quick(ecs, store)
		if looked, err = c.LookUntil(t.Context(), time.Now().Add(50*time.Second)); err != nil || looked.Launched != len(ids)-1 {
			t.Errorf("%+v, %v", looked, err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestTasksAreLookedAtBesideAHerd: while launches wait, a look goes along the other lane
// every ten seconds.
func TestTasksAreLookedAtBesideAHerd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &asked{Store: &memory.Store{}, limits: map[run.Lane][]int{}}, &account{tasks: map[job.Capacity]int{job.OnDemand: 0}}
		waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x", Capacity: job.OnDemand}, 1)
		if _, err := quick(ecs, store).LookUntil(t.Context(), time.Now().Add(45*time.Second)); err != nil {
			t.Fatal(err)
		}
		if n := len(store.limits[run.LookLane]); n != 5 {
			t.Errorf("%d times", n)
		}
	})
}

// TestTheNewestSlotRunsLate: if a job catches up, a trigger that comes after its time starts
// the slot if no later one has come. For a rate, a later one comes a period later; after the
// only slot there is, none ever comes.
func TestTheNewestSlotRunsLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schedule string
		at       time.Time
		want     run.Status
	}{
		"the only one":                   {"at(2026-11-22T18:00:00)", clockAt(21, 0, 0), run.Running},
		"of every hour":                  {"0 * * * *", clockAt(18, 59, 59), run.Running},
		"of every hour, as the next is":  {"0 * * * *", clockAt(19, 0, 0), run.Missed},
		"of a rate":                      {"rate(1 hour)", clockAt(18, 59, 59), run.Running},
		"of a rate, as the next is":      {"rate(1 hour)", clockAt(19, 0, 0), run.Missed},
		"of what nobody reads, who runs": {"cron(nonsense)", clockAt(18, 59, 59), run.Running},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 0)})
			j := with(hourly, func(j *job.Job) { j.Schedule, j.CatchUp = c.schedule, job.CatchUpLast })
			if name != "of what nobody reads, who runs" {
				w.know(j)
			}
			if rep := w.triggerAt(c.at, j, clockAt(18, 0, 0)); rep.Status != c.want {
				t.Errorf("%+v", rep)
			}
		})
	}
}

// requests is an ECS that records what it was asked to launch.
type requests struct {
	throttledECS

	launches []port.Launch
}

func (e *requests) Launch(ctx context.Context, l port.Launch) run.Event {
	e.launches = append(e.launches, l)
	return e.throttledECS.Launch(ctx, l)
}

// TestWhatALaunchSays: its run and slot, its attempt, and the definition.
func TestWhatALaunchSays(t *testing.T) {
	t.Parallel()
	store, now, ecs := &memory.Store{}, t0, &requests{throttledECS: throttledECS{open: true}}
	if _, err := inOrder(store, ecs, &now).Scheduled(t.Context(), "", report, t0); err != nil {
		t.Fatal(err)
	}
	if len(ecs.launches) != 1 {
		t.Fatalf("%d launches", len(ecs.launches))
	}
	l := ecs.launches[0]
	if l.Stack != stack || l.Run != minute(0) || !l.ScheduledFor.Equal(t0.Truncate(time.Minute)) || l.Attempt != 1 || l.Round != 0 || l.Task.ARN != "arn:1" || l.Job.Hash() != report.Hash() {
		t.Errorf("%+v", l)
	}
}

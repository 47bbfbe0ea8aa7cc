package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestARuleThatWasJustChanged: a rule only names its job, and what is known about it is up to
// five minutes old. A slot that the job does not have by that waits until the registry has
// been asked anew. Then it is started, or refused and kept; only if nobody can tell does it
// wait on.
func TestARuleThatWasJustChanged(t *testing.T) {
	t.Parallel()
	off := with(hourly, func(j *job.Job) { j.Disabled = true })
	other := with(hourly, func(j *job.Job) { j.Schedule = "30 * * * *" })
	none := with(hourly, func(j *job.Job) { j.Schedule = "" })
	for name, c := range map[string]struct {
		is     job.Job
		holds  renewals
		ran    string
		left   int
		reason string
	}{
		"switched on":           {off, renewals{answers: []port.Renewal{holds(hourly)}}, "18:00 ", 0, ""},
		"given a schedule":      {none, renewals{answers: []port.Renewal{holds(hourly)}}, "18:00 ", 0, ""},
		"moved":                 {other, renewals{answers: []port.Renewal{holds(hourly)}}, "18:00 ", 0, ""},
		"off as before":         {off, renewals{answers: []port.Renewal{holds(off)}}, "", 0, "its schedule is switched off"},
		"of another time":       {other, renewals{answers: []port.Renewal{holds(other)}}, "", 0, "has no such time"},
		"of no schedule":        {none, renewals{answers: []port.Renewal{holds(none)}}, "", 0, "people run it"},
		"gone":                  {off, renewals{answers: []port.Renewal{goneSince(18, 0)}}, "", 0, "its schedule is switched off"},
		"nobody can tell":       {off, renewals{err: errBroken}, "", 1, "it could not be told what is deployed: " + errBroken.Error()},
		"a schedule is no good": {off, renewals{answers: []port.Renewal{{Unproved: true}}}, "", 1, "a schedule that may carry the job cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, c.is)
			if rep := w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0)}); rep.Outcome != port.Waits || len(w.runs()) > 0 {
				t.Fatalf("got %+v", rep)
			}
			w.ctl.Registry = &c.holds
			try(t, w, clockAt(18, 0, 40))
			if asked := c.holds.asked; len(asked) != 1 || asked[0] != "hourly 18:00:02" {
				t.Errorf("the registry was asked for %q", asked)
			}
			if w.ran() != c.ran || left(t, w) != c.left {
				t.Errorf("ran %q, %d are left", w.ran(), left(t, w))
			}
			for range c.left { // at the end of its time it is reported
				try(t, w, clockAt(18, 15, 0))
			}
			kept, err := w.store.Kept(t.Context(), 10)
			if err != nil || left(t, w) != 0 || len(kept) > 0 != (c.reason != "") || c.reason != "" && !strings.Contains(kept[0].Reason, c.reason) {
				t.Errorf("%d are left, kept %+v, %v", left(t, w), kept, err)
			}
		})
	}
}

// meanwhile is a registry in which another process finds out more while the registry is being
// asked.
type meanwhile struct {
	renewals

	find func()
}

func (m *meanwhile) Renew(ctx context.Context, name string, at time.Time) (port.Renewal, error) {
	m.find()
	return m.renewals.Renew(ctx, name, at)
}

// TestARuleOfWhichAnotherKnowsMore: if another process has found out something since the slot
// came, the registry is asked anew, and what that process finds out meanwhile stands.
func TestARuleOfWhichAnotherKnowsMore(t *testing.T) {
	t.Parallel()
	off := with(hourly, func(j *job.Job) { j.Disabled = true })
	for name, c := range map[string]struct {
		before, meanwhile func(w *world)
		asked, ran        string
	}{
		"before": {func(w *world) { w.know(off) }, func(*world) {}, "hourly 18:00:30", "18:00 "},
		"while":  {func(*world) {}, func(w *world) { w.clock.Advance(time.Second); w.know(off) }, "hourly 18:00:02", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, with(off, func(j *job.Job) { j.Command = []string{"as it was"} }))
			w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0)})
			w.clock.AdvanceTo(clockAt(18, 0, 30))
			c.before(w)
			registry := &meanwhile{renewals{answers: []port.Renewal{holds(hourly)}}, func() { c.meanwhile(w) }}
			w.ctl.Registry = registry
			try(t, w, clockAt(18, 0, 40))
			if asked := registry.asked; w.ran() != c.ran || len(asked) != 1 || asked[0] != c.asked {
				t.Errorf("ran %q, asked for %q", w.ran(), asked)
			}
		})
	}
}

// TestAScheduleIsAskedForItself: if a schedule came along, the registry need not find it by
// the job's name.
func TestAScheduleIsAskedForItself(t *testing.T) {
	t.Parallel()
	w := known(t)
	w.ctl.Schedules = &group{err: errBroken}
	w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own})
	registry := &renewals{}
	w.ctl.Registry, w.ctl.Schedules = registry, &group{jobs: map[string]job.Job{own: hourly}}
	try(t, w, clockAt(18, 0, 40))
	if r := w.run(run.ScheduledID("hourly", clockAt(18, 0, 0))); r.Status != run.Running || len(registry.asked) > 0 {
		t.Errorf("it %s, the registry was asked for %q", r.Status, registry.asked)
	}
}

// TestAPendingSlotOfAnotherMinute: a rule's event of the minute after stands for the slot and
// is settled with that slot's run, even if the run makes no sense.
func TestAPendingSlotOfAnotherMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	if rep := w.fire(clockAt(18, 1, 3), port.Slot{At: clockAt(18, 1, 2)}); rep.Outcome != port.Waits {
		t.Fatalf("before the job is known: %+v", rep)
	}
	w.know(hourly)
	if rep := w.fire(clockAt(18, 1, 5), port.Slot{At: clockAt(18, 0, 59)}); rep.Status != run.Running {
		t.Fatalf("the other event: %+v", rep)
	}
	w.damage(run.ScheduledID("hourly", clockAt(18, 0, 0)))
	try(t, w, clockAt(18, 1, 8))
	if left(t, w) != 0 {
		t.Errorf("%d are left", left(t, w))
	}
}

// try lets time pass and tries the pending slots.
func try(t *testing.T, w *world, at time.Time) {
	t.Helper()
	w.clock.AdvanceTo(at)
	if err := w.ctl.TryPending(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// left returns how many slots are pending.
func left(t *testing.T, w *world) int {
	t.Helper()
	ps, err := w.store.Pending(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return len(ps)
}

package control_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// damaged is a world whose report was launched and then damaged by hand; its stop is
// never heard of.
func damaged(t *testing.T, j job.Job) *world {
	t.Helper()
	w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
	w.know(j)
	w.triggerSlot(j, 0)
	w.damage(minute(0))
	return w
}

func (w *world) damage(id run.ID) {
	w.t.Helper()
	r := w.run(id)
	r.Owed, r.DueAt = append(r.Owed, run.Effect{Kind: run.Launch, Attempt: 7}), w.clock.Now()
	if err := w.store.Commit(w.t.Context(), control.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
}

// TestADeployTakesNoLockForWhatWasSetAside: a definition that is the first to forbid
// overlaps does not wait for a run that was set aside, which nothing ends.
func TestADeployTakesNoLockForWhatWasSetAside(t *testing.T) {
	t.Parallel()
	w := damaged(t, report)
	w.look()
	w.clock.Advance(9 * time.Minute)
	w.know(forbidding)
	w.wantItem("after the sync", "", "")
	if rep := w.triggerSlot(forbidding, 10); rep.Status != run.Running {
		t.Errorf("the next slot: %+v", rep)
	}
}

// TestAnEndIsNotHeldUpByWhoWaitsSenselessly: where the run that waits for an end makes
// no sense, the end is taken all the same.
func TestAnEndIsNotHeldUpByWhoWaitsSenselessly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.know(queueing)
	w.triggerSlot(queueing, 0)
	if rep := w.triggerSlot(queueing, 1); rep.Status != run.Queued {
		t.Fatalf("beside it: %+v", rep)
	}
	w.damage(minute(1))
	w.clock.Advance(5 * time.Minute)
	if r := w.run(minute(0)); r.Status != run.Succeeded || w.deaf {
		t.Errorf("the stop was taken: %t; %s", !w.deaf, w.story())
	}
	w.look()
	w.wantItem("after a look", "", "")
}

// TestWhatMakesNoSenseTellsNothing: who carries notices leaves a run that makes no sense
// to the look, which sets it aside and tells that.
func TestWhatMakesNoSenseTellsNothing(t *testing.T) {
	t.Parallel()
	w := damaged(t, report)
	r := w.run(minute(0))
	r.Owed = append(r.Owed, run.Effect{Kind: run.Tell, Attempt: 1, Notice: string(notice.Failed)})
	if err := w.store.Commit(t.Context(), control.Change{Run: &r}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.ctl.Tell(t.Context(), r.ID); err != nil || w.kinds() != "" {
			t.Errorf("told %q, %v", w.kinds(), err)
		}
	}
	w.look()
	if w.kinds() != string(notice.Corrupt) {
		t.Errorf("told %q", w.kinds())
	}
}

// TestACalendarIsToldOnce: of two sweeps that come to a calendar at once, one tells; and
// where the job's newest run makes no sense, the one before owes the notice.
func TestACalendarIsToldOnce(t *testing.T) {
	t.Parallel()
	j := with(often, func(j *job.Job) { j.Calendar.Only = []string{t0.Format(time.DateOnly)} })
	w := known(t, j)
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.triggerAt(clockAt(18, 1, 1), j, clockAt(18, 1, 0))
	w.damage(run.ScheduledID("hourly", clockAt(18, 1, 0)))
	other := &beside{Store: w.store, before: func() { w.sweepAt(clockAt(18, 2, 0)) }}
	second := &control.Control{Stack: stack, Store: other, Notifier: w.ctl.Notifier, Now: w.ctl.Now, Timing: w.ctl.Timing, Log: w.ctl.Log}
	if err := second.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := slices.DeleteFunc(w.told, func(n notice.Notice) bool { return n.Kind != notice.CalendarEnds })
	if len(told) != 1 || told[0].Run != run.ScheduledID("hourly", clockAt(18, 0, 0)) {
		t.Errorf("told %+v", told)
	}
}

// beside is a store in which something happens before runs are first asked for.
type beside struct {
	control.Store

	before func()
}

func (o *beside) Runs(ctx context.Context, q control.Query) ([]run.Run, error) {
	if before := o.before; before != nil {
		o.before = nil
		before()
	}
	return o.Store.Runs(ctx, q) //nolint:wrapcheck // it is the store's own
}

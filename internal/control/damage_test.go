package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// damaged returns a world whose report was launched and then damaged by hand. The event of
// its stop never comes.
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
	if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
}

// mended makes the run of minute 0, which was set aside, one that can be read again. It returns what
// was kept of it.
func (w *world) mended(mend func(*run.Run)) port.Kept {
	w.t.Helper()
	r := w.run(minute(0))
	mend(&r)
	if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
	kept, err := w.store.Kept(w.t.Context(), 10)
	if err != nil || len(kept) != 1 {
		w.t.Fatalf("kept %+v, %v", kept, err)
	}
	return kept[0]
}

// TestADeployTakesNoLockForWhatWasSetAside: the first definition to forbid overlaps does not
// wait for a run that was set aside, which nothing ends.
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

// TestWhatWasSetAsideHoldsNothingBack: a run that was reported to hold others back and is then
// set aside holds nothing back any more.
func TestWhatWasSetAsideHoldsNothingBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Hour, 0), redeliver: true})
	w.know(forbidding)
	for n := range 3 {
		w.triggerSlot(forbidding, n)
	}
	if st, err := plane.ReadStanding(t.Context(), w.store, w.clock.Now()); err != nil || st.HeldBack["report"] != minute(0) {
		t.Fatalf("held back: %v, %v", st.HeldBack, err)
	}
	w.damage(minute(0))
	w.look()
	if st, err := plane.ReadStanding(t.Context(), w.store, w.clock.Now()); err != nil || len(st.HeldBack) > 0 {
		t.Errorf("held back: %v, %v", st.HeldBack, err)
	}
	if rep := w.triggerSlot(forbidding, 3); rep.Status != run.Running || w.kinds() != "held-back corrupt" {
		t.Errorf("the next slot: %+v; told %q", rep, w.kinds())
	}
}

// TestAnEndIsNotHeldUpByWhoWaitsSenselessly: a run's end is accepted even if the run that
// waits for it makes no sense.
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

// TestWhatMakesNoSenseTellsNothing: whoever carries notices leaves a run that makes no sense
// to the look, which sets it aside and reports that.
func TestWhatMakesNoSenseTellsNothing(t *testing.T) {
	t.Parallel()
	w := damaged(t, report)
	r := w.run(minute(0))
	r.Owed = append(r.Owed, run.Effect{Kind: run.Tell, Attempt: 1, Notice: string(notice.Failed)})
	if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
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

// TestMissedSlotsOfWhichTheLastMakesNoSense: a sweep that must report missed slots keeps what
// it has to say if the newest of them was damaged. The run itself is set aside once, reported
// once, and not overwritten.
func TestMissedSlotsOfWhichTheLastMakesNoSense(t *testing.T) {
	t.Parallel()
	first, last := run.ScheduledID("hourly", clockAt(16, 0, 0)), run.ScheduledID("hourly", clockAt(17, 0, 0))
	for name, c := range map[string]struct {
		damage func(w *world)
		why    string
		told   string
	}{
		"it was set aside": {func(w *world) { w.retried(last); w.damage(last); w.look() }, "makes no sense: it owes a launch of attempt 7", string(notice.Corrupt)},
		"it is due":        {func(w *world) { w.retried(last); w.damage(last) }, "makes no sense: it owes a launch of attempt 7", string(notice.Corrupt)},
		"it is gone":       {func(*world) {}, "not found", ""},
		"it cannot be read": {func(w *world) {
			w.retried(last)
			if err := w.store.Corrupt(w.t.Context(), last); err != nil {
				w.t.Fatal(err)
			}
		}, "unreadable", ""},
		"its definition is gone": {func(w *world) { w.undefined(last) }, "definition gone: not found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			c.damage(w)
			before, _ := w.store.Run(t.Context(), last)
			item, err := w.store.Item(t.Context(), "hourly")
			if err != nil {
				t.Fatal(err)
			}
			item.Missed = &job.Missed{Count: 2, First: string(first), Last: string(last), Since: t0.Add(-time.Minute)}
			if err := w.store.Commit(t.Context(), port.Change{Item: &item}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := w.ctl.CheckSlots(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if after, _ := w.store.Run(t.Context(), last); after.Rev != before.Rev {
				t.Error("the run was written over")
			}
			w.look()
			w.look()
			if w.kinds() != c.told {
				t.Errorf("told %q", w.kinds())
			}
			kept, err := w.store.Kept(t.Context(), 10)
			kept = slices.DeleteFunc(kept, func(k port.Kept) bool { return !strings.Contains(k.Reason, "slots were missed") })
			if says := fmt.Sprintf("2 slots were missed, from %s to %s", first, last); err != nil || len(kept) != 1 || !strings.Contains(kept[0].Reason, says) || !strings.Contains(kept[0].Reason, c.why) {
				t.Errorf("kept %+v, %v", kept, err)
			}
			if item, err = w.store.Item(t.Context(), "hourly"); err != nil || item.Missed != nil || !item.FailingSince.Equal(t0.Add(-time.Minute)) {
				t.Errorf("the item: %+v, %v", item, err)
			}
		})
	}
}

// undefined puts a missed run into the store whose definition is not there.
func (w *world) undefined(id run.ID) {
	w.t.Helper()
	at, _ := id.ScheduledFor()
	r := run.Run{ID: id, ScheduledFor: at, Definition: "gone", Status: run.Missed, QueuedAt: at, FinishedAt: at}
	if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
}

// retried puts an open run of a known job into the store.
func (w *world) retried(id run.ID) {
	w.t.Helper()
	at, _ := id.ScheduledFor()
	r := run.Run{ID: id, ScheduledFor: at, Definition: hourly.Hash(), Status: run.Queued, QueuedAt: at, DueAt: w.clock.Now().Add(time.Hour)}
	if err := w.store.Commit(w.t.Context(), port.Change{Run: &r}); err != nil {
		w.t.Fatal(err)
	}
}

// TestReopenOfWhatMakesNoSense: a run that was set aside and still makes no sense stays kept,
// and is not set aside and reported again.
func TestReopenOfWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w := damaged(t, report)
	w.look()
	before := w.run(minute(0))
	kept, err := w.store.Kept(t.Context(), 10)
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	reply, err := w.ctl.SettleKept(t.Context(), port.KeptRequest{ID: kept[0].ID(), Again: true})
	if err != nil || reply.Outcome != port.Refused || !strings.Contains(reply.Message, "makes no sense") {
		t.Errorf("again: %+v, %v", reply, err)
	}
	w.look()
	left, err := w.store.Kept(t.Context(), 10)
	if w.kinds() != string(notice.Corrupt) || err != nil || len(left) != 1 || w.run(minute(0)).Rev != before.Rev {
		t.Errorf("told %q; kept %+v, %v", w.kinds(), left, err)
	}
}

// TestPutBackSetsAside: runs that cannot be read or make no sense are found when the clock is
// put back, not only at the time that the wrong clock gave them.
func TestPutBackSetsAside(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(w *world, id run.ID) error{
		"cannot be read": func(w *world, id run.ID) error { return w.store.Corrupt(w.t.Context(), id) },
		"makes no sense": func(w *world, id run.ID) error {
			r := w.run(id)
			r.Attempts = []run.Attempt{{N: 2}}
			return w.store.Commit(w.t.Context(), port.Change{Run: &r})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			bad, good := run.ScheduledID("hourly", clockAt(16, 0, 0)), run.ScheduledID("hourly", clockAt(17, 0, 0))
			w.retried(bad)
			w.retried(good)
			if err := damage(w, bad); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := w.ctl.PutBack(t.Context(), time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := w.store.Kept(t.Context(), 10)
			if w.kinds() != string(notice.Corrupt) || w.told[0].Run != bad || err != nil || len(kept) != 1 {
				t.Errorf("told %+v; kept %+v, %v", w.told, kept, err)
			}
			if due := w.run(good).DueAt; !due.Equal(t0) {
				t.Errorf("the other is due at %s", due)
			}
		})
	}
}

// TestWhoIsSetAsideGivesUpItsOwnPlace in its job's item, and nobody else's.
func TestWhoIsSetAsideGivesUpItsOwnPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bad           run.ID
		lock, waiting string
	}{
		"the one that waits": {minute(1), string(minute(0)), ""},
		"the one that runs":  {minute(0), "", string(minute(1))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Hour, 0)})
			w.know(queueing)
			w.triggerSlot(queueing, 0)
			w.triggerSlot(queueing, 1)
			w.wantItem("before", string(minute(0)), string(minute(1)))
			w.damage(c.bad)
			asides := 0
			w.ports.onCall = func(call string) {
				if call == "SetAside" {
					asides++
					w.wantItem("when it is set aside", c.lock, c.waiting)
				}
			}
			if w.look(); asides != 1 {
				t.Errorf("set aside %d times", asides)
			}
		})
	}
}

// TestACalendarIsToldOnce: if two sweeps come to a calendar at once, one sends the notice. If
// the job's newest run makes no sense, the one before it owes the notice.
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

// beside is a store in which something happens just before runs are first asked for.
type beside struct {
	port.Store

	before func()
}

func (o *beside) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	if before := o.before; before != nil {
		o.before = nil
		before()
	}
	return o.Store.Runs(ctx, q) //nolint:wrapcheck // it is the store's own
}

package control_test

import (
	"errors"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPutBack: what is due at half of it or later becomes due that much earlier; what is due
// before stays.
func TestPutBack(t *testing.T) {
	t.Parallel()
	const by = time.Hour
	for name, due := range map[string]struct{ was, want time.Duration }{
		"before half": {by/2 - time.Second, by/2 - time.Second},
		"at half":     {by / 2, -by / 2},
		"at its end":  {by, 0},
	} {
		w := known(t, hourly)
		now := w.clock.Now()
		r := run.Run{ID: run.ScheduledID("hourly", now), Definition: hourly.Hash(), Status: run.Launching, DueAt: now.Add(due.was), Attempts: []run.Attempt{{N: 1}}}
		if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		if err := w.ctl.PutBack(t.Context(), by); err != nil {
			t.Fatal(err)
		}
		if r := w.run(r.ID); !r.DueAt.Equal(now.Add(due.want)) {
			t.Errorf("%s: due in %s", name, r.DueAt.Sub(now))
		}
	}
}

// TestMissedAfterAWrongClock: although a clock that was ahead last reported missed slots, the
// next ones are reported, and a pause of that time is in force. An item that cannot be put back is an error.
func TestMissedAfterAWrongClock(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	now := w.clock.Now()
	wrong := now.AddDate(4, 0, 0)
	r := run.NewEnded(run.Request{ID: run.ScheduledID("hourly", now), ScheduledFor: now, Definition: hourly.Hash()}, run.Missed, "no trigger came", now)
	item, err := w.store.Item(t.Context(), "hourly")
	if err != nil {
		t.Fatal(err)
	}
	item.FailingSince, item.ToldMissed, item.Pauses = wrong, wrong, []job.Pause{{From: wrong, By: "ann"}}
	item = item.Miss(string(r.ID), wrong)
	if err := w.store.Commit(t.Context(), port.Change{Run: &r, Item: &item}); err != nil {
		t.Fatal(err)
	}
	w.ctl.Store = noWrites{storePort{w.ports}}
	if err := w.ctl.PutBack(t.Context(), wrong.Sub(now)); !errors.Is(err, errBroken) {
		t.Errorf("while the item cannot be written: %v", err)
	}
	w.ctl.Store = storePort{w.ports}
	if err := w.ctl.PutBack(t.Context(), wrong.Sub(now)); err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.told) != 1 || w.told[0].Kind != notice.Missed {
		t.Errorf("told: %+v", w.told)
	}
	if item, err = w.store.Item(t.Context(), "hourly"); err != nil || item.Missed != nil || item.PausedAt(now) == nil {
		t.Errorf("its item: %+v, %v", item, err)
	}
}

// TestARecordOfAWrongClock: a claim replaces the record if its slot was missed, or skipped
// for a reason that no longer holds, and its notices stay owed. A slot that a person asked to
// skip stays skipped.
func TestARecordOfAWrongClock(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		was  run.Status
		used bool
		want run.Status
	}{
		"missed":               {run.Missed, false, run.Running},
		"skipped by a pause":   {run.Skipped, false, run.Running},
		"skipped by a request": {run.Skipped, true, run.Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := with(hourly, func(j *job.Job) { j.Schedule = "30 * * * *" })
			w := known(t, j)
			slot := w.clock.Now().Truncate(time.Minute)
			id := run.ScheduledID("hourly", slot)
			req := run.Request{ID: id, ScheduledFor: slot, Definition: j.Hash()}
			r := run.NewEnded(req, tt.was, "by a clock that was ahead", slot.Add(24*time.Hour))
			r.UsedSkip = tt.used
			if tt.was == run.Missed {
				r.OweMissed(string(notice.Missed), 3, id, slot, run.DefaultTiming)
			}
			if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.ctl.Scheduled(t.Context(), "", j, slot); err != nil {
				t.Fatal(err)
			}
			if r := w.run(id); r.Status != tt.want || r.Owes(run.Tell) {
				t.Errorf("it is %s (%s), owed: %+v", r.Status, r.Cause, r.Owed)
			}
			if missed := len(w.told) == 1 && w.told[0].Missed == 3; missed != (tt.was == run.Missed) {
				t.Errorf("told: %+v", w.told)
			}
		})
	}
}

// TestSlotsAfterAWrongClock: a clock that was far ahead had slots judged that have not come,
// and the runs of that time dropped for their age. When they come, those without a run are
// missed, of a rate as of a calendar.
func TestSlotsAfterAWrongClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schedule string
		want     string
	}{
		"by the clock": {hourly.Schedule, "18:00 missed"},
		"by a rate":    {"rate(20 minutes)", "18:10 missed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := with(hourly, func(j *job.Job) { j.Schedule = c.schedule })
			w := known(t, j)
			began, off := t0, time.Duration(0)
			w.ctl.Now = func() time.Time { return w.clock.Now().Add(-off) }
			w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
			w.triggerAt(clockAt(19, 0, 1), j, clockAt(19, 0, 0))
			w.triggerAt(clockAt(20, 0, 1), j, clockAt(20, 0, 0))
			w.sweepAt(clockAt(20, 0, 30))
			item, err := w.store.Item(t.Context(), "hourly")
			if err != nil {
				t.Fatal(err)
			}
			w.dropRuns(item, j)
			off = w.clock.Now().Sub(began)
			if err := w.ctl.PutBack(t.Context(), off); err != nil {
				t.Fatal(err)
			}
			if after, err := w.store.Item(t.Context(), "hourly"); err != nil || after.Rev != item.Rev {
				t.Fatalf("the item was written: %+v, %v", after, err)
			}
			w.sweepAt(w.clock.Now())
			w.sweepAt(clockAt(18, 30, 0).Add(off))
			if got := w.slotsOf("hourly"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestCalmAfterAWrongClock: a job that had no slots to judge until a time of a clock that was
// ahead is judged again once the clock is put back.
func TestCalmAfterAWrongClock(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	off := time.Duration(0)
	w.ctl.Now = func() time.Time { return w.clock.Now().Add(-off) }
	w.triggerAt(clockAt(18, 0, 1), hourly, clockAt(18, 0, 0))
	w.sweepAt(clockAt(18, 30, 0))
	item, err := w.store.Item(t.Context(), "hourly")
	if err != nil {
		t.Fatal(err)
	}
	began := w.clock.Now()
	w.triggerAt(clockAt(19, 0, 1), hourly, clockAt(19, 0, 0))
	w.triggerAt(clockAt(20, 0, 1), hourly, clockAt(20, 0, 0))
	w.sweepAt(clockAt(20, 30, 0))
	w.dropRuns(item, hourly)
	off = w.clock.Now().Sub(began)
	if err := w.ctl.PutBack(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	w.sweepAt(w.clock.Now())
	w.sweepAt(clockAt(19, 30, 0).Add(off))
	if got := w.slotsOf("hourly"); got != "19:00 missed" {
		t.Errorf("got %q", got)
	}
}

// dropRuns has the store hold nothing but a job's item, its definition and the marks.
func (w *world) dropRuns(item job.Item, j job.Job) {
	w.t.Helper()
	left := &memory.Store{}
	errs := []error{left.PutDefinition(w.t.Context(), j)}
	for rev := range item.Rev { // up to the revision that it had
		next := item
		next.Rev = rev
		errs = append(errs, left.Commit(w.t.Context(), port.Change{Item: &next}))
	}
	for _, mark := range []string{port.MarkSlots, port.MarkSweep} {
		at, err := w.store.Mark(w.t.Context(), mark)
		errs = append(errs, err, left.SetMark(w.t.Context(), mark, at))
	}
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
	w.store = left
}

package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// torn is a store that cannot read the items of some jobs.
type torn struct {
	storePort
	bad map[string]error
}

func (s torn) Items(ctx context.Context) ([]job.Item, error) {
	all, err := s.storePort.Items(ctx)
	var items []job.Item
	for _, i := range all {
		if s.bad[i.Name] == nil {
			items = append(items, i)
		}
	}
	if len(s.bad) > 0 {
		err = errors.Join(err, &port.UnreadableItemsError{Jobs: s.bad})
	}
	return items, err
}

// tornWorld knows the jobs hourly and bad, whose items can be read as long as bad is empty.
func tornWorld(t *testing.T) (w *world, bad map[string]error) {
	t.Helper()
	w = known(t, hourly, with(hourly, func(j *job.Job) { j.Name = "bad" }))
	bad = map[string]error{}
	w.ctl.Store = torn{storePort{w.ports}, bad}
	w.sweepAt(clockAt(17, 45, 0))
	return w, bad
}

// TestItemsThatCannotBeReadHoldTheMark: once the item can be read again, slots are found that
// passed meanwhile without a run, also by a process that knows nothing of it. The other jobs
// do not wait for that.
func TestItemsThatCannotBeReadHoldTheMark(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	bad["bad"] = port.ErrNewer
	for at := clockAt(17, 46, 0); at.Before(clockAt(21, 20, 0)); at = at.Add(time.Minute) {
		w.sweepFails(at, "nobody watches the slots of these jobs", "bad")
	}
	if got := w.slotsOf("hourly"); got != "18:00 missed, 19:00 missed, 20:00 missed, 21:00 missed" {
		t.Errorf("the other: %s", got)
	}
	if slots, sweep := w.mark(port.MarkSlots), w.mark(port.MarkSweep); !slots.Equal(clockAt(17, 45, 0)) || !sweep.Equal(clockAt(21, 19, 0)) {
		t.Errorf("slots are checked up to %s, by a sweep at %s", slots, sweep)
	}
	if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) > 0 {
		t.Errorf("given up: %+v, %v", kept, err)
	}
	w.ctl = &control.Control{Stack: stack, Store: w.store, Now: w.clock.Now, Timing: run.DefaultTiming, Log: w.ctl.Log}
	w.sweepAt(clockAt(21, 20, 0))
	if got := w.slotsOf("bad"); got != "18:00 missed, 19:00 missed, 20:00 missed, 21:00 missed" {
		t.Errorf("once it can be read: %s", got)
	}
}

// TestItemsThatStayUnreadable: after a while the mark moves on. That slots of these jobs are
// passed over is told, once for each process and as often as it begins or changes.
func TestItemsThatStayUnreadable(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	at := clockAt(17, 45, 0)
	passes := func(d time.Duration, told int, says ...string) {
		t.Helper()
		for end := at.Add(d); at.Before(end); {
			at = at.Add(time.Minute)
			w.sweepFails(at, "nobody watches the slots of these jobs")
		}
		if behind := at.Sub(w.mark(port.MarkSlots)); behind < 3*time.Hour || behind > 4*time.Hour {
			t.Errorf("at %s the mark is %s behind", at, behind)
		}
		kept, err := w.store.Kept(t.Context(), 100)
		if err != nil || len(kept) != told {
			t.Fatalf("%d are kept, want %d: %+v, %v", len(kept), told, kept, err)
		}
		for _, want := range says {
			if !strings.Contains(kept[0].Reason, want) {
				t.Errorf("%q does not say %q", kept[0].Reason, want)
			}
		}
	}
	bad["bad"] = port.ErrNewer
	passes(12*time.Hour, 1, "no notice will say which slots from 2026-11-22 17:45 UTC on were missed: they could not be checked for three hours", "bad:written by a newer version")
	bad["worse"] = port.ErrUnreadable
	passes(time.Hour+time.Minute, 2, "worse:")
	delete(bad, "worse")
	passes(time.Hour+time.Minute, 3)
	w.ctl = &control.Control{Stack: stack, Store: w.ctl.Store, Now: w.clock.Now, Timing: run.DefaultTiming, Log: w.ctl.Log}
	passes(time.Hour+time.Minute, 4)
	delete(bad, "bad")
	at = at.Add(time.Minute)
	w.sweepAt(at)
	bad["bad"] = port.ErrNewer
	passes(5*time.Hour, 5)
}

// TestAMarkInTheFutureIsNotHeld: that an item cannot be read does not keep the mark where a
// wrong clock has set it, since nobody's slots would be checked up to then.
func TestAMarkInTheFutureIsNotHeld(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	if err := w.store.SetMark(t.Context(), port.MarkSlots, clockAt(23, 0, 0)); err != nil {
		t.Fatal(err)
	}
	bad["bad"] = port.ErrNewer
	w.sweepFails(clockAt(17, 50, 0), "nobody watches")
	w.sweepFails(clockAt(18, 20, 0), "nobody watches")
	if got := w.slotsOf("hourly"); got != "18:00 missed" {
		t.Errorf("the other: %q", got)
	}
}

// TestAJobThatLeftWhileItsItemCouldNotBeRead: of slots since it left, none counts as missed.
func TestAJobThatLeftWhileItsItemCouldNotBeRead(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	at := w.clock.Now()
	for _, step := range []struct {
		until time.Time
		is    error
		there []string
	}{
		{clockAt(17, 47, 0), nil, []string{"hourly", "bad"}},
		{clockAt(18, 30, 0), port.ErrNewer, []string{"hourly", "bad"}},
		{clockAt(20, 20, 0), port.ErrNewer, []string{"hourly"}},
		{clockAt(20, 40, 0), nil, []string{"hourly"}},
	} {
		delete(bad, "bad")
		if step.is != nil {
			bad["bad"] = step.is
		}
		for at.Before(step.until) {
			at = at.Add(time.Minute)
			w.clock.AdvanceTo(at)
			list := port.Reading{Whole: at}
			for _, name := range step.there {
				list.Jobs = append(list.Jobs, port.Register(with(hourly, func(j *job.Job) { j.Name = name })))
			}
			l, err := w.ctl.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.ctl.SyncLoaded(t.Context(), l, list), w.ctl.CheckLoaded(t.Context(), l)); (err != nil) != (step.is != nil) {
				t.Fatalf("sweep at %s: %v", at, err)
			}
		}
	}
	if got := w.slotsOf("bad"); got != "18:00 missed" {
		t.Errorf("of the job that left at 18:30: %s", got)
	}
	if got := w.mark(port.MarkRegistry); !got.Equal(clockAt(20, 40, 0)) {
		t.Errorf("the mark of lists stays at %s", got)
	}
}

// TestWhatIsGivenUpIsKeptFirst: as long as that cannot be stored, the mark stays.
func TestWhatIsGivenUpIsKeptFirst(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	bad["bad"] = port.ErrNewer
	w.ports.calls = nil
	w.ports.onCall = func(call string) {
		if call == "Keep" {
			w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
		}
	}
	w.sweepFails(clockAt(22, 0, 0), "bad")
	if at := w.mark(port.MarkSlots); !at.Equal(clockAt(17, 45, 0)) {
		t.Errorf("the mark is at %s", at)
	}
	w.ports.fault, w.ports.onCall = fault{}, nil
	w.sweepFails(clockAt(22, 1, 0), "bad")
	kept, err := w.store.Kept(t.Context(), 10)
	if at := w.mark(port.MarkSlots); err != nil || len(kept) != 1 || !at.Equal(clockAt(18, 45, 0)) {
		t.Errorf("the mark is at %s, and %d are kept, %v", at, len(kept), err)
	}
}

// TestNoItemCanBeRead: then the mark stays, however long that takes, and all slots are judged afterwards.
func TestNoItemCanBeRead(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	bad["bad"], bad["hourly"] = port.ErrNewer, port.ErrNewer
	for hour := range 7 {
		w.sweepFails(clockAt(17, 46, 0).Add(time.Duration(hour)*time.Hour), "bad", "hourly")
	}
	if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) > 0 || !w.mark(port.MarkSlots).Equal(clockAt(17, 45, 0)) {
		t.Errorf("the mark is at %s, given up: %+v, %v", w.mark(port.MarkSlots), kept, err)
	}
	clear(bad)
	w.sweepAt(clockAt(23, 50, 0))
	if got := strings.Count(w.slotsOf("bad"), "missed"); got != 6 {
		t.Errorf("once it can be read: %s", w.slotsOf("bad"))
	}
}

// TestAJobIsDeployedWhileNoItemCanBeRead: once the mark moves past the other jobs' slots, it is told from
// when on they are given up, which is long before the first slot of the only job that is watched.
func TestAJobIsDeployedWhileNoItemCanBeRead(t *testing.T) {
	t.Parallel()
	w, bad := tornWorld(t)
	bad["bad"], bad["hourly"] = port.ErrNewer, port.ErrNewer
	w.sweepFails(clockAt(19, 30, 0), "bad", "hourly")
	if err := w.ctl.SyncSome(t.Context(), []job.Job{with(hourly, func(j *job.Job) { j.Name = "young" })}); err != nil {
		t.Fatal(err)
	}
	for at := clockAt(19, 31, 0); at.Before(clockAt(23, 40, 0)); at = at.Add(time.Minute) {
		w.sweepFails(at, "bad", "hourly")
	}
	kept, err := w.store.Kept(t.Context(), 10)
	if err != nil || len(kept) != 1 || !strings.Contains(kept[0].Reason, "which slots from 2026-11-22 17:45 UTC on were missed") {
		t.Errorf("given up: %+v, %v", kept, err)
	}
}

// TestPatienceWithAJob: a job that cannot be checked for days makes each check judge hours
// anew, not days. A night without a sweep does not count. What is told names also a job whose
// item cannot be read meanwhile.
func TestPatienceWithAJob(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad, hourly)
	w.spoil("bad")
	w.ctl.Store = torn{storePort{w.ports}, map[string]error{"worse": port.ErrUnreadable}}
	var calls int
	for half := range 2 * 72 {
		hour, before := half/2, len(w.ports.calls)
		w.sweepFails(clockAt(25, 20+30*half, 0), "job bad")
		calls = len(w.ports.calls) - before
		mark, _ := w.store.Mark(t.Context(), port.MarkSlots)
		behind := w.clock.Now().Sub(mark)
		if hour < 3 && !mark.IsZero() {
			t.Errorf("after %d hours the mark is at %s", hour, mark)
		}
		if hour > 20 && behind > 5*time.Hour {
			t.Fatalf("after %d hours the mark is %s behind", hour, behind)
		}
	}
	if calls > 40 {
		t.Errorf("the last check made %d calls", calls)
	}
	if got := strings.Count(w.slotsOf("hourly"), "missed"); got != 79 {
		t.Errorf("the other: %d slots", got)
	}
	kept, err := w.store.Kept(t.Context(), 1000)
	if err != nil || len(kept) < 60 || len(kept) > 80 || !strings.Contains(kept[0].Reason, "no notice will say which slots from ") || !strings.Contains(kept[0].Reason, "job bad") || !strings.Contains(kept[0].Reason, "worse:") {
		t.Errorf("%d are kept, %.300v, %v", len(kept), kept, err)
	}
}

// TestPatienceBeginsAnew: what failed before a check that finished does not count against a
// job whose slots cannot be checked again.
func TestPatienceBeginsAnew(t *testing.T) {
	t.Parallel()
	bad := with(hourly, func(j *job.Job) { j.Name = "bad" })
	w := known(t, bad)
	w.spoil("bad")
	w.sweepFails(clockAt(18, 20, 0), "job bad")
	w.know(bad)
	w.sweepAt(clockAt(19, 10, 0))
	w.spoil("bad")
	w.sweepFails(clockAt(20, 10, 0), "job bad")
	w.sweepFails(clockAt(23, 9, 59), "job bad")
	if at, err := w.store.Mark(t.Context(), port.MarkSlots); err != nil || !at.Equal(clockAt(19, 10, 0)) {
		t.Errorf("within its patience the mark is at %s, %v", at, err)
	}
	w.sweepFails(clockAt(23, 10, 0), "job bad") // three hours later, and after its slots
	if at, err := w.store.Mark(t.Context(), port.MarkSlots); err != nil || !at.Equal(clockAt(20, 10, 0)) {
		t.Errorf("after it the mark is at %s, %v", at, err)
	}
}

// TestOnlyWhatIsGivenUpIsTold: what is told begins where the mark is by then, after the hours that the
// same check has just finished.
func TestOnlyWhatIsGivenUpIsTold(t *testing.T) {
	t.Parallel()
	w := known(t, with(hourly, func(j *job.Job) { j.Schedule = "0 */3 * * *" }))
	w.sweepAt(clockAt(19, 30, 0))
	w.spoil("hourly")
	w.clock.AdvanceTo(clockAt(19, 31, 0))
	if err := w.store.SetMark(t.Context(), port.MarkFailing, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.sweepFails(clockAt(24, 50, 0), "job hourly") // its slot of 21:00
	kept, err := w.store.Kept(t.Context(), 10)
	if err != nil || len(kept) != 1 || !strings.Contains(kept[0].Reason, "which slots from 2026-11-22 20:30 UTC on were missed") {
		t.Errorf("given up: %+v, %v", kept, err)
	}
}

// TestPatienceBeginsAnewAtOnce: the same if the check that finished was at the very time of
// one that failed.
func TestPatienceBeginsAnewAtOnce(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.spoil("hourly")
	w.sweepFails(clockAt(18, 20, 0), "job hourly")
	w.know(hourly)
	w.sweepAt(clockAt(18, 20, 0))
	w.spoil("hourly")
	w.sweepFails(clockAt(20, 10, 0), "job hourly")
	w.sweepFails(clockAt(23, 9, 59), "job hourly")
	if at := w.mark(port.MarkSlots); !at.Equal(clockAt(18, 20, 0)) {
		t.Errorf("within its patience the mark is at %s", at)
	}
}

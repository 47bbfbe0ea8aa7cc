package control_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPendingOfANameWaitsAsItsJobSays: if only the name came along, the job's item says how
// long its slot waits.
func TestPendingOfANameWaitsAsItsJobSays(t *testing.T) {
	t.Parallel()
	slot := clockAt(18, 17, 0)
	for name, c := range map[string]struct {
		jobs []job.Job
		want time.Duration
	}{
		"a job that nobody knows":       {nil, job.DefaultStartWithin},
		"a job that says nothing":       {[]job.Job{hourly}, job.DefaultStartWithin},
		"a job that may start late":     {[]job.Job{with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(2 * time.Hour) })}, 2 * time.Hour},
		"a job that must start at once": {[]job.Job{with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(job.MinStartWithin) })}, job.MinStartWithin},
	} {
		w := known(t, c.jobs...)
		w.fire(clockAt(18, 17, 1), port.Slot{At: slot})
		ps, err := w.store.Pending(t.Context(), 10)
		if err != nil || len(ps) != 1 || !ps[0].Until.Equal(slot.Add(c.want)) {
			t.Errorf("%s: %+v, %v; want it to wait until %s", name, ps, err, slot.Add(c.want))
		}
	}
}

// TestASlotIsKeptWhateverFails: whichever call fails on the way, a slot that has to wait waits or comes
// again. It is not refused as if its time were up.
func TestASlotIsKeptWhateverFails(t *testing.T) {
	t.Parallel()
	for k := 1; ; k++ {
		w := newWorld(t, setup{})
		w.clock.AdvanceTo(clockAt(18, 0, 1))
		w.ports.fault = fault{mode: fails, at: []int{k}}
		rep, err := w.ctl.Fire(t.Context(), port.Slot{Name: "hourly", At: clockAt(18, 0, 0)})
		if struck := w.ports.struck > 0; struck != errors.Is(err, errBroken) || !struck && rep.Outcome != port.Waits || w.calls("Keep") > 0 {
			t.Errorf("call %d fails: %+v, %v, calls %v", k, rep, err, w.ports.calls)
		}
		if w.ports.struck == 0 {
			return
		}
	}
}

// closed is a registry that answers nothing, and counts how often it was asked about each
// schedule.
type closed struct {
	group

	about map[string]int
}

func (c *closed) Schedule(_ context.Context, arn string) (job.Job, error) {
	c.about[arn]++
	return job.Job{}, errors.New("throttled")
}

// TestPendingGoesRound: slots that nobody can decide do not hold back the newer ones. The
// next sweep goes on behind the last one that was tried, and begins again at the end.
func TestPendingGoesRound(t *testing.T) {
	t.Parallel()
	const n = 450
	w := newWorld(t, setup{})
	g := &closed{about: map[string]int{}}
	w.ctl.Schedules = g
	for i := range n {
		j := with(hourly, func(j *job.Job) { j.Name = fmt.Sprintf("job-%03d", i) })
		w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &j, Schedule: fmt.Sprintf("%s-%03d", own, i)})
	}
	clear(g.about)
	tried := func(want int) {
		t.Helper()
		try(t, w, clockAt(18, 1, 0))
		if got := slices.Max(slices.Collect(maps.Values(g.about))); len(g.about) != want || got > (n+want)/n {
			t.Errorf("%d slots were tried, one of them %d times; want %d", len(g.about), got, want)
		}
	}
	tried(200)
	tried(400)
	tried(n)
}

// newerPending is a store with a pending slot that a newer version wrote.
type newerPending struct{ port.Store }

func (newerPending) Pending(context.Context, int) ([]port.Pending, error) {
	return nil, &port.UnreadablePendingError{Slots: map[string]error{"x": port.ErrNewer}}
}

// TestPendingOfANewerVersion: it is left to that version, and is an error of the sweep meanwhile.
func TestPendingOfANewerVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.ctl.Store = newerPending{w.ctl.Store}
	w.ports.calls = nil
	if err := w.ctl.TryPending(t.Context()); !errors.Is(err, port.ErrNewer) || len(w.ports.calls) != 0 {
		t.Errorf("%v, calls %v", err, w.ports.calls)
	}
}

// TestPendingSlots: a slot for which nobody can tell what is deployed is tried until its time
// is up, and then reported.
func TestPendingSlots(t *testing.T) {
	t.Parallel()
	v1 := with(hourly, func(j *job.Job) { j.Command = []string{"v1"} })
	fire := func(t *testing.T) (*world, *group) {
		t.Helper()
		w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
		g := &group{err: errors.New("ThrottlingException: Rate exceeded")}
		w.ctl.Schedules = g
		for range 2 { // it is delivered twice
			if rep := w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &v1, Schedule: own}); rep.Outcome != port.Waits || !strings.Contains(rep.Message, "Rate exceeded") {
				t.Fatalf("got %+v", rep)
			}
		}
		return w, g
	}
	t.Run("it runs once it can be told", func(t *testing.T) {
		t.Parallel()
		w, g := fire(t)
		try(t, w, clockAt(18, 1, 0))
		if left(t, w) != 1 || w.ran() != "" {
			t.Errorf("%d are left, ran %q", left(t, w), w.ran())
		}
		g.err, g.jobs = nil, map[string]job.Job{own: v1}
		try(t, w, clockAt(18, 5, 0))
		try(t, w, clockAt(18, 6, 0))
		if left(t, w) != 0 || w.ran() != "18:00 v1" {
			t.Errorf("%d are left, ran %q", left(t, w), w.ran())
		}
	})
	t.Run("it runs once the sweep knows it", func(t *testing.T) {
		t.Parallel()
		w, _ := fire(t)
		w.know(v1)
		try(t, w, clockAt(18, 1, 0))
		if left(t, w) != 0 || w.ran() != "18:00 v1" {
			t.Errorf("%d are left, ran %q", left(t, w), w.ran())
		}
	})
	t.Run("its launch has no answer", func(t *testing.T) {
		t.Parallel()
		w, _ := fire(t)
		w.deaf = true
		w.know(v1)
		w.cutAnswers()
		try(t, w, clockAt(18, 1, 0))
		if r := w.run(run.ScheduledID("hourly", clockAt(18, 0, 0))); left(t, w) != 0 || r.Status != run.Launching || len(w.made) != 1 {
			t.Errorf("%d are left: %s", left(t, w), w.story())
		}
		try(t, w, clockAt(18, 15, 0))
		if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) != 0 || len(w.made) != 1 {
			t.Errorf("kept as not started: %+v, %v", kept, err)
		}
	})
	t.Run("it stays until it is told", func(t *testing.T) {
		t.Parallel()
		w, _ := fire(t)
		whole := w.ctl.Store
		w.ctl.Store = noKeep{whole}
		w.clock.AdvanceTo(clockAt(18, 15, 0))
		if err := w.ctl.TryPending(t.Context()); !errors.Is(err, errBroken) || left(t, w) != 1 {
			t.Errorf("%v, %d are left", err, left(t, w))
		}
		w.ctl.Store = whole
		try(t, w, clockAt(18, 16, 0))
		if kept, err := w.store.Kept(t.Context(), 10); err != nil || left(t, w) != 0 || len(kept) != 1 {
			t.Errorf("%d are left, kept %+v, %v", left(t, w), kept, err)
		}
	})
	t.Run("it is told when its time is up", func(t *testing.T) {
		t.Parallel()
		w, _ := fire(t)
		try(t, w, clockAt(18, 14, 59))
		if left(t, w) != 1 {
			t.Errorf("given up early")
		}
		try(t, w, clockAt(18, 15, 0))
		kept, err := w.store.Kept(t.Context(), 10)
		if err != nil || left(t, w) != 0 || w.ran() != "" || len(kept) != 1 || !strings.Contains(kept[0].Reason, "the slot of hourly at 2026-11-22T18:00:00Z was not started") {
			t.Errorf("%d are left, ran %q, kept %+v, %v", left(t, w), w.ran(), kept, err)
		}
	})
	t.Run("its run makes no sense", func(t *testing.T) {
		t.Parallel()
		w, g := fire(t)
		other := clockAt(18, 1, 0) // waits behind it
		if rep := w.fire(clockAt(18, 1, 1), port.Slot{At: other, Carried: &v1, Schedule: own}); rep.Outcome != port.Waits {
			t.Fatalf("the other: %+v", rep)
		}
		g.err, g.jobs = nil, map[string]job.Job{own: v1}
		if rep := w.fire(clockAt(18, 1, 3), port.Slot{At: clockAt(18, 0, 0), Carried: &v1, Schedule: own}); rep.Status != run.Running {
			t.Fatalf("the third delivery: %+v", rep)
		}
		w.damage(run.ScheduledID("hourly", clockAt(18, 0, 0)))
		try(t, w, clockAt(18, 1, 5)) // the look sets it aside and reports it
		if r := w.run(run.ScheduledID("hourly", other)); r.Status != run.Running {
			t.Errorf("the other slot is %s", r.Status)
		}
		if kept, err := w.store.Kept(t.Context(), 10); err != nil || left(t, w) != 0 || len(kept) != 0 {
			t.Errorf("%d are left, kept %+v, %v", left(t, w), kept, err)
		}
	})
	t.Run("what deleted itself before anybody saw it is told with what to do", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{redeliver: true})
		w.ctl.Schedules = &group{}
		once := with(v1, func(j *job.Job) { j.Schedule = "at(2026-11-22T18:00:00)" })
		if rep := w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &once, Schedule: own}); rep.Outcome != port.Waits {
			t.Errorf("got %+v", rep)
		}
		try(t, w, clockAt(18, 15, 0))
		kept, err := w.store.Kept(t.Context(), 10)
		if err != nil || len(kept) != 1 || w.ran() != "" {
			t.Fatalf("kept %+v, %v, ran %q", kept, err, w.ran())
		}
		for _, says := range []string{"If it should have run, deploy its schedule", "two minutes before", "if nobody deployed it, CloudTrail"} {
			if !strings.Contains(kept[0].Reason, says) {
				t.Errorf("%q does not say %q", kept[0].Reason, says)
			}
		}
	})
	t.Run("it does not take the place of the honest one", func(t *testing.T) {
		t.Parallel()
		w := known(t, v1)
		evil := with(v1, func(j *job.Job) { j.Command = []string{"evil"} })
		if rep := w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &evil}); rep.Outcome != port.Waits {
			t.Errorf("got %+v", rep)
		}
		if rep := w.fire(clockAt(18, 0, 2), port.Slot{At: clockAt(18, 0, 0), Carried: &v1, Schedule: own}); rep.Outcome != port.Accepted || rep.Status != run.Running {
			t.Errorf("got %+v", rep)
		}
	})
	t.Run("a person cannot retry it", func(t *testing.T) {
		t.Parallel()
		w, _ := fire(t)
		rep, err := w.ctl.Retry(t.Context(), port.RetryRequest{Run: run.ScheduledID("hourly", clockAt(18, 0, 0)), RequestID: "q"})
		if err != nil || rep.Outcome != port.Refused {
			t.Errorf("got %+v, %v", rep, err)
		}
	})
	t.Run("an old one is not kept", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, setup{})
		if rep := w.fire(clockAt(18, 15, 0), port.Slot{At: clockAt(18, 0, 0), Carried: &v1}); rep.Outcome != port.Refused || left(t, w) != 0 {
			t.Errorf("got %+v", rep)
		}
	})
}

// TestPendingOfASweepThatEnds: that the sweep's own time is up says nothing about a slot, and
// no further slot is tried.
func TestPendingOfASweepThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	for i := range 2 {
		w.fire(clockAt(18, i, 1), port.Slot{At: clockAt(18, i, 0), Carried: &hourly})
	}
	w.clock.AdvanceTo(clockAt(19, 0, 0))
	ctx, end := context.WithCancel(t.Context())
	s := &interrupted{Store: w.store, end: end}
	w.ctl.Store = s
	err := w.ctl.TryPending(ctx)
	ps, _ := w.store.Pending(t.Context(), 10)
	kept, _ := w.store.Kept(t.Context(), 10)
	if !errors.Is(err, context.Canceled) || len(ps) != 2 || len(kept) != 0 || s.asked != 1 {
		t.Errorf("%v; %d wait, %d are kept, asked %d times", err, len(ps), len(kept), s.asked)
	}
}

// TestPendingOfAnItemThatCannotBeRead: that the item cannot be read says nothing about the slot, which goes
// on waiting.
func TestPendingOfAnItemThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &hourly})
	w.ctl.Registry = &renewals{answers: []port.Renewal{holds(hourly)}}
	w.ports.onCall = func(call string) {
		if call == "Item" && w.ports.struck == 0 {
			w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
		}
	}
	if err := w.ctl.TryPending(t.Context()); !errors.Is(err, errBroken) || left(t, w) != 1 {
		t.Errorf("%v, %d are left", err, left(t, w))
	}
	if err := w.ctl.TryPending(t.Context()); err != nil || left(t, w) != 0 || len(w.made) != 1 {
		t.Errorf("%v, %d are left, slots %q", err, left(t, w), w.slotsOf("hourly"))
	}
}

// TestPendingThatCannotBeRead: it is given up, once, and the others are tried.
func TestPendingThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	for i := range 2 {
		w.fire(clockAt(18, i, 1), port.Slot{At: clockAt(18, i, 0), Carried: &hourly})
	}
	ps, err := w.store.Pending(t.Context(), 1)
	if err != nil || len(ps) != 1 {
		t.Fatalf("%+v, %v", ps, err)
	}
	if err := w.store.CorruptPending(t.Context(), ps[0].ID()); err != nil {
		t.Fatal(err)
	}
	w.clock.AdvanceTo(clockAt(19, 0, 0))
	for range 2 {
		if err = w.ctl.TryPending(t.Context()); err != nil {
			t.Error(err)
		}
	}
	kept, _ := w.store.Kept(t.Context(), 10)
	if len(kept) != 2 || !strings.Contains(kept[0].Reason+kept[1].Reason, "the pending slot "+ps[0].ID()) {
		t.Errorf("kept %+v, want both slots, given up once", kept)
	}
}

// TestPendingPanic: a panic over one slot is that slot's error and ends with its time.
func TestPendingPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &hourly, Schedule: own})
	w.ctl.Schedules = &faulty{}
	if err := w.ctl.TryPending(t.Context()); err == nil || !strings.Contains(err.Error(), "a fault of this program") {
		t.Errorf("within its time: %v", err)
	}
	w.clock.AdvanceTo(clockAt(18, 15, 0))
	err := w.ctl.TryPending(t.Context())
	if kept, _ := w.store.Kept(t.Context(), 10); err != nil || len(kept) != 1 {
		t.Errorf("after it: %v, kept %+v", err, kept)
	}
}

// TestPendingIsBounded: what came along sets how long it waits only within the limits for a
// job.
func TestPendingIsBounded(t *testing.T) {
	t.Parallel()
	slot := clockAt(18, 0, 0)
	for within, want := range map[time.Duration]time.Duration{
		0: job.DefaultStartWithin, time.Hour: time.Hour, 10_000 * time.Hour: job.MaxStartWithin + job.MaxWindow, 1<<63 - 1: job.MaxStartWithin + job.MaxWindow, time.Second: job.MinStartWithin,
	} {
		w := newWorld(t, setup{})
		j := with(hourly, func(j *job.Job) { j.StartWithin = job.Duration(within) })
		w.fire(clockAt(18, 0, 2), port.Slot{At: slot, Carried: &j})
		ps, err := w.store.Pending(t.Context(), 10)
		if err != nil || len(ps) != 1 || !ps[0].Until.Equal(slot.Add(want)) {
			t.Errorf("%s: %+v, %v; want until %s", within, ps, err, slot.Add(want))
		}
	}
}

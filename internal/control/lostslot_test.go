package control_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// TestALostSlotIsAskedFor: a slot that EventBridge leaves out is started only if the job is
// still as it was a minute ago.
func TestALostSlotIsAskedFor(t *testing.T) {
	t.Parallel()
	lost := with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" })
	for name, c := range map[string]struct {
		answers []port.Renewal
		err     error
		made    int
	}{
		"as it was":         {nil, nil, 1},
		"it left":           {[]port.Renewal{{Gone: true, Seen: time.Date(2027, 3, 28, 0, 59, 0, 0, time.UTC), Found: time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC)}}, nil, 0},
		"it may have left":  {[]port.Renewal{{Unproved: true}}, nil, 0},
		"it cannot be told": {nil, errBroken, 0},
	} {
		w := newWorld(t, setup{script: runs(time.Minute, 0)})
		w.clock.AdvanceTo(time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC))
		w.know(lost)
		r := &renewals{answers: c.answers, err: c.err}
		w.ctl.Registry = r
		w.clock.AdvanceTo(time.Date(2027, 3, 28, 1, 0, 20, 0, time.UTC))
		if err := w.ctl.CheckSlots(t.Context()); !errors.Is(err, c.err) || len(w.made) != c.made {
			t.Errorf("%s: %d tasks, %v", name, len(w.made), err)
		}
		if len(r.asked) != 1 || r.asked[0] != "hourly 00:59:20" {
			t.Errorf("%s: asked %v", name, r.asked)
		}
	}
}

// TestALostSlotThatCannotBeJudged: each call that fails on the way is reported, and the next
// check starts the slot.
func TestALostSlotThatCannotBeJudged(t *testing.T) {
	t.Parallel()
	lost := with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" })
	begin := func() *world {
		w := newWorld(t, setup{script: runs(time.Minute, 0)})
		w.clock.AdvanceTo(time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC))
		w.know(lost)
		w.clock.AdvanceTo(time.Date(2027, 3, 28, 1, 0, 20, 0, time.UTC))
		return w
	}
	w := begin()
	if err := w.ctl.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := slices.Index(w.ports.calls, "Commit")
	for k := range first + 1 {
		w := begin()
		w.ports.fault = fault{mode: fails, at: []int{k + 1}}
		err := w.ctl.CheckSlots(t.Context())
		name := w.ports.calls[k]
		w.ports.fault = fault{}
		if errors.Is(err, errBroken) == (name == "Resolve") || first < 2 {
			t.Errorf("call %d, %s: %v", k+1, name, err)
		}
		w.clock.Advance(time.Minute)
		if err := w.ctl.CheckSlots(t.Context()); err != nil {
			t.Errorf("call %d, %s, again: %v", k+1, name, err)
		}
		if w.look(); len(w.made) != 1 {
			t.Errorf("call %d, %s: %d tasks: %s", k+1, name, len(w.made), w.story())
		}
	}
}

// TestALostSlotWhoseRunCannotBeRead: the run shows that the slot was started, and keeps no slot from being
// checked.
func TestALostSlotWhoseRunCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Hour, 0)})
	w.clock.AdvanceTo(time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC))
	w.know(with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" }))
	w.clock.AdvanceTo(time.Date(2027, 3, 28, 1, 0, 20, 0, time.UTC))
	from, err := w.store.Mark(t.Context(), port.MarkSlots)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.CheckSlots(t.Context()); err != nil || len(w.runs()) != 1 {
		t.Fatalf("%v: %s", err, w.story())
	}
	if err := errors.Join(w.store.SetMark(t.Context(), port.MarkSlots, from), w.store.Corrupt(t.Context(), w.runs()[0].ID)); err != nil {
		t.Fatal(err)
	}
	if err := w.ctl.CheckSlots(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestALostSlotOfAJobThatChanged runs what is deployed now, in the same check.
func TestALostSlotOfAJobThatChanged(t *testing.T) {
	t.Parallel()
	lost := with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" })
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.clock.AdvanceTo(time.Date(2027, 3, 28, 0, 30, 0, 0, time.UTC))
	w.know(lost)
	w.ctl.Registry = &renewals{answers: []port.Renewal{holds(with(lost, func(j *job.Job) {
		j.Command, j.Modified = []string{"new"}, time.Date(2027, 3, 28, 0, 45, 0, 0, time.UTC)
	}))}}
	w.sweepAt(time.Date(2027, 3, 28, 1, 0, 20, 0, time.UTC))
	if got := w.ran(); got != "01:00 new" {
		t.Errorf("ran %q", got)
	}
}

// TestNoLostSlotOfAJobThatLeft: the slot that EventBridge's own rule leaves out is not
// started for a job that is no longer in the registry.
func TestNoLostSlotOfAJobThatLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.clock.AdvanceTo(time.Date(2027, 3, 27, 22, 0, 0, 0, time.UTC))
	w.know(with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" }))
	w.clock.Advance(time.Hour)
	w.know()
	w.sweepAt(time.Date(2027, 3, 28, 1, 5, 0, 0, time.UTC))
	if got := w.slotsOf("hourly"); got != "" || len(w.made) > 0 {
		t.Errorf("slots %s, %d tasks", got, len(w.made))
	}
}

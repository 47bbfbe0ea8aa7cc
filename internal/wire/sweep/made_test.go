package sweep

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// triggered makes the trigger, a process of its own, find what a schedule holds.
func (w *stale) triggered(t *testing.T, s *seen) {
	t.Helper()
	trigger := &control.Control{Stack: "prod", Store: w.store, Launcher: w.ecs, Now: w.now, Timing: run.DefaultTiming, Log: w.log}
	j := s.job
	j.Modified = s.modified
	l, err := trigger.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := trigger.SyncLoaded(t.Context(), l, port.Reading{Jobs: []port.Registered{port.Register(j)}}); err != nil {
		t.Fatal(err)
	}
}

func (w *stale) isGone(t *testing.T) bool {
	t.Helper()
	item, err := w.store.Item(t.Context(), "job-00000")
	if err != nil {
		t.Fatal(err)
	}
	return item.Gone
}

// newLarge returns a group of fewer schedules: its laps take three minutes, the first of which begins
// at 9:21 with the first pages.
func newLarge() *stale {
	w := newStale()
	w.schedules = 4_100
	return w
}

// TestMadeBehindTheLap: a schedule was created after its page was listed, and the trigger knows of it.
// Its job does not count as gone at the end of that lap.
func TestMadeBehindTheLap(t *testing.T) {
	t.Parallel()
	w := newLarge()
	s := w.add(time.Minute, "")
	s.gone = true
	w.sweeps(t, firstSweep.Add(2*time.Minute))
	s.gone, s.modified = false, w.clock.Add(-30*time.Second)
	w.triggered(t, s)
	for range 5 {
		w.sweeps(t, w.clock)
		if w.isGone(t) {
			t.Fatalf("at %s it is taken to be gone", w.clock)
		}
	}
	s.gone = true
	if w.sweeps(t, w.clock.Add(6*time.Minute)); !w.isGone(t) {
		t.Error("it is gone, and nobody sees it")
	}
}

// TestMadeAgain: a schedule was found to be gone and is created again under its name, and the trigger
// knows of it. Its job does not count as gone when its slot is judged. That slot is missed, and
// reported.
func TestMadeAgain(t *testing.T) {
	t.Parallel()
	w := newLarge()
	s := w.add(time.Minute, "")
	s.job.Schedule = "0 3 1 1 *"
	w.sweeps(t, firstSweep)
	s.gone = true
	w.sweeps(t, firstSweep.Add(4*time.Minute)) // the second lap has begun
	if !w.isGone(t) {
		t.Fatal("it is not known to be gone")
	}
	slot := w.clock
	w.clock = slot.Add(-30 * time.Second)
	s.gone, s.modified, s.job.Schedule = false, w.clock, slot.Format("4 15 * * *")
	w.triggered(t, s)
	w.clock = slot
	for range 5 {
		w.sweeps(t, w.clock)
		if w.isGone(t) {
			t.Errorf("at %s it is taken to be gone", w.clock)
		}
	}
	if r, err := w.store.Run(t.Context(), run.ScheduledID("job-00000", slot)); err != nil || r.Status != run.Missed {
		t.Errorf("its slot is %q, %v", r.Status, err)
	}
}

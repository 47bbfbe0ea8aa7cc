package control_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

func (w *world) status() plane.Standing {
	w.t.Helper()
	st, err := plane.ReadStanding(w.t.Context(), w.store, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return st
}

func TestReadStanding(t *testing.T) {
	t.Parallel()
	w := known(t, hourly, report)
	want := plane.Standing{LagMs: map[run.Lane]int64{run.LaunchLane: 0, run.LookLane: 0}, Paused: map[string]job.Pause{}, Failing: map[string]time.Time{}, Gone: map[string]time.Time{}}
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("of a new world %+v", got)
	}
	w.pauseAt(clockAt(17, 40, 0), "report", clockAt(19, 0, 0))
	w.sweepAt(clockAt(18, 20, 0))
	want.Heartbeat, want.CheckedTo = clockAt(18, 20, 0), clockAt(18, 20, 0)
	want.Failing["hourly"] = clockAt(18, 20, 0)
	want.Paused["report"] = job.Pause{From: clockAt(17, 40, 0), To: clockAt(19, 0, 0), By: "ann", Reason: "move"}
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("after a sweep %+v\nwant %+v", got, want)
	}

	// The pause ends by itself, and one run waits for the rate. Another run's task runs,
	// which hides nothing about a run whose launch is in doubt.
	w.ctl.Pace = &control.Window{Rate: 1}
	w.triggerAt(clockAt(19, 0, 0), hourly, clockAt(19, 0, 0))
	w.triggerAt(clockAt(19, 0, 0), report, clockAt(19, 0, 0))
	w.deaf = true
	late := run.Run{ID: run.ScheduledID("late", clockAt(19, 0, 0)), Status: run.Launching, DueAt: clockAt(19, 5, 0), Attempts: []run.Attempt{{N: 1}}}
	if err := w.store.Commit(t.Context(), port.Change{Run: &late}); err != nil {
		t.Fatal(err)
	}
	w.clock.AdvanceTo(clockAt(19, 6, 0))
	delete(want.Paused, "report")
	want.LagMs[run.LaunchLane], want.LagMs[run.LookLane] = (6 * time.Minute).Milliseconds(), time.Minute.Milliseconds()
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("while runs are due %+v\nwant %+v", got, want)
	}

	// The oldest run cannot be read; the look reports that.
	if err := w.store.Corrupt(t.Context(), run.ScheduledID("report", clockAt(19, 0, 0))); err != nil {
		t.Fatal(err)
	}
	want.LagMs[run.LaunchLane] = 0
	if got := w.status(); !reflect.DeepEqual(got, want) {
		t.Errorf("beside a run that cannot be read %+v\nwant %+v", got, want)
	}
}

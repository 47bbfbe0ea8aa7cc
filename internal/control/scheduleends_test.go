package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestCalendarRunsOut: notices report two weeks ahead that the days of a calendar will end,
// and that they have ended, once each, and again after further days were named. A start and an end that somebody
// gave its schedule, of which neither is in force, hide none of them.
func TestCalendarRunsOut(t *testing.T) {
	t.Parallel()
	day := func(n int) string { return t0.AddDate(0, 0, n).Format(time.DateOnly) }
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{day(0), day(1), day(20)}
		j.StartAt, j.Postponed, j.EndAt, j.CutShort = t0.AddDate(0, -1, 0), true, t0.AddDate(0, 2, 0), true
	})
	w := known(t, j)
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.clock.Advance(5 * time.Minute)
	for n := range 25 {
		for _, hour := range []int{9, 20} {
			at := clockAt(hour, 0, 0).AddDate(0, 0, n)
			if at.Before(w.clock.Now()) {
				continue
			}
			if slot := clockAt(18, 0, 0).AddDate(0, 0, n); hour == 20 && (n == 1 || n == 20) {
				w.triggerAt(slot.Add(time.Second), j, slot)
			}
			w.sweepAt(at)
			want := ""
			if n > 6 || n == 6 && hour > 0 {
				want = "calendar-ends"
			}
			if n > 20 || n == 20 && hour == 20 {
				want = "calendar-ends calendar-over"
			}
			if got := w.kinds(); got != want {
				t.Fatalf("on day %d at %d: told %q, want %q", n, hour, got, want)
			}
		}
	}
	for _, n := range w.told {
		if !strings.Contains(n.Cause, day(20)) || n.RetryWith != "" || n.Kind == notice.CalendarOver && !strings.Contains(n.Cause, "never run") {
			t.Errorf("told %+v", n)
		}
	}
}

// TestCalendarOfARunWithoutADefinition: a run whose definition is gone does not keep the others
// from owing the notice, nor sweeps from finishing.
func TestCalendarOfARunWithoutADefinition(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 1).Format(time.DateOnly)}
	})
	w := known(t, j)
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.undefined(run.ScheduledID(j.Name, clockAt(19, 0, 0)))
	w.clock.AdvanceTo(clockAt(20, 0, 0))
	if err := w.ctl.CheckSlots(t.Context()); err != nil || w.kinds() != "calendar-ends" {
		t.Errorf("%v, told %q", err, w.kinds())
	}
}

// TestTwoSweepsTellOneEnd: a sweep that finds out that another one has sent the notice meanwhile sends none.
func TestTwoSweepsTellOneEnd(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 1).Format(time.DateOnly)}
	})
	w := known(t, j)
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.clock.AdvanceTo(clockAt(20, 0, 0))
	w.ports.onCall = func(name string) {
		if name == "Runs" { // it asks for the run that is to owe the notice
			w.ports.onCall = nil
			if err := w.ctl.CheckSlots(t.Context()); err != nil || w.kinds() != "calendar-ends" {
				t.Errorf("the other sweep: %v, told %q", err, w.kinds())
			}
		}
	}
	if err := w.ctl.CheckSlots(t.Context()); err != nil || w.ports.onCall != nil || w.kinds() != "calendar-ends" {
		t.Errorf("%v, told %q", err, w.kinds())
	}
}

// TestCalendarOfAJobThatNeverRan: no run could owe the notice. The first one that could does.
func TestCalendarOfAJobThatNeverRan(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 3).Format(time.DateOnly)}
	})
	w := known(t, j)
	w.clock.AdvanceTo(clockAt(17, 45, 0))
	if err := w.ctl.CheckSlots(t.Context()); err != nil || w.kinds() != "" {
		t.Errorf("%v, told %q", err, w.kinds())
	}
	w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
	w.sweepAt(clockAt(18, 30, 0))
	if w.kinds() != string(notice.CalendarEnds) {
		t.Errorf("after its first run: told %q", w.kinds())
	}
}

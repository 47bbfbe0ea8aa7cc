package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestRestoredTable: a table restored from four hours ago has forgotten what ran since. None
// of those slots is run late, reported as missed or run when its trigger comes again. From
// NotBefore on everything is as usual.
func TestRestoredTable(t *testing.T) {
	t.Parallel()
	caught := with(hourly, func(j *job.Job) { j.CatchUp = job.CatchUpLast })
	w := known(t, caught)
	w.sweepAt(clockAt(17, 59, 0)) // at this time the table was saved
	w.ctl.Timing.NotBefore = clockAt(22, 10, 0)
	w.sweepAt(clockAt(22, 20, 0))
	if got := w.slotsOf("hourly"); got != "" || len(w.made) > 0 || len(w.told) > 0 {
		t.Errorf("slots of the time that was forgotten: %s; %d tasks, told %v", got, len(w.made), w.told)
	}
	late := w.triggerAt(clockAt(22, 21, 0), caught, clockAt(22, 0, 0))
	if late.Outcome != port.Refused || !strings.Contains(late.Message, "it was missed") || !strings.Contains(late.Message, "NotBefore") || len(w.made) > 0 {
		t.Errorf("a trigger that comes again: %+v, %d tasks", late, len(w.made))
	}
	if safe := run.RetryOf(w.run(late.Run), caught); safe.Safety != run.RetryUnsafe {
		t.Errorf("a retry of that slot: %+v", safe)
	}
	w.triggerAt(clockAt(23, 0, 2), caught, clockAt(23, 0, 0))
	if len(w.made) != 1 {
		t.Errorf("the first slot after: %d tasks", len(w.made))
	}
	w.sweepAt(clockAt(23, 59, 0).Add(2 * time.Hour))
	if got := w.slotsOf("hourly"); strings.Count(got, "missed") != 2 || len(w.made) != 2 { // 22:00 and 00:00; 01:00 is run late
		t.Errorf("slots after: %s, %d tasks", got, len(w.made))
	}
}

// TestStandby: a standby stack knows its jobs and launches nothing. When it takes over, it
// goes on from there.
func TestStandby(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.ctl.Timing.Standby = true
	if rep := w.triggerAt(clockAt(18, 0, 2), hourly, clockAt(18, 0, 0)); rep.Outcome != port.Refused || !strings.Contains(rep.Message, "stands by") {
		t.Errorf("a slot: %+v", rep)
	}
	w.sweepAt(clockAt(20, 30, 0))
	if got := w.slotsOf("hourly"); got != "" || len(w.made) > 0 || len(w.told) > 0 {
		t.Errorf("%s; %d tasks, told %v", got, len(w.made), w.told)
	}
	w.ctl.Timing.Standby, w.ctl.Timing.NotBefore = false, clockAt(20, 31, 0)
	w.sweepAt(clockAt(20, 40, 0))
	if got := w.slotsOf("hourly"); got != "" {
		t.Errorf("what the other Region ran: %s", got)
	}
	w.triggerAt(clockAt(21, 0, 2), hourly, clockAt(21, 0, 0))
	if len(w.made) != 1 {
		t.Errorf("after it took over: %d tasks", len(w.made))
	}
}

// TestAStandbyTellsNoEnds: that a calendar ends is told by the stack that runs the job.
func TestAStandbyTellsNoEnds(t *testing.T) {
	t.Parallel()
	j := with(hourly, func(j *job.Job) {
		j.Schedule, j.Calendar.Only = "0 18 * * *", []string{t0.Format(time.DateOnly), t0.AddDate(0, 0, 3).Format(time.DateOnly)}
	})
	for standby, want := range map[bool]string{true: "", false: "calendar-ends"} {
		w := known(t, j)
		w.triggerAt(clockAt(18, 0, 1), j, clockAt(18, 0, 0))
		w.ctl.Timing.Standby = standby
		w.sweepAt(clockAt(18, 30, 0))
		if w.kinds() != want {
			t.Errorf("standby %t: told %q", standby, w.kinds())
		}
	}
}

// TestTheFirstSlotAfterARestore: the slot from which the store knows all again is judged.
func TestTheFirstSlotAfterARestore(t *testing.T) {
	t.Parallel()
	w := known(t, hourly)
	w.sweepAt(clockAt(17, 59, 0))
	w.ctl.Timing.NotBefore = clockAt(22, 0, 0)
	w.sweepAt(clockAt(22, 20, 0))
	if got := w.slotsOf("hourly"); got != "22:00 missed" {
		t.Errorf("slots %s", got)
	}
}

// TestStandbySaysWhatFailed: a mark that cannot be moved is an error, also with items that
// are already loaded.
func TestStandbySaysWhatFailed(t *testing.T) {
	t.Parallel()
	for _, k := range []int{0, 1} {
		w := known(t, hourly)
		w.ctl.Timing.Standby = true
		w.clock.AdvanceTo(clockAt(18, 20, 0))
		l, err := w.ctl.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for name, check := range map[string]func(context.Context) error{
			"alone": w.ctl.CheckSlots, "loaded": func(ctx context.Context) error { return w.ctl.CheckLoaded(ctx, l) },
		} {
			w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls) + k + 1}}
			if err := check(t.Context()); !errors.Is(err, errBroken) {
				t.Errorf("%s, call %d: %v", name, k, err)
			}
			w.ports.fault = fault{}
			if err := check(t.Context()); err != nil || !w.mark(port.MarkSlots).Equal(w.clock.Now()) || w.slotsOf("hourly") != "" {
				t.Errorf("%s: up to %s, %v, slots %q", name, w.mark(port.MarkSlots), err, w.slotsOf("hourly"))
			}
		}
	}
}

// TestTheFirstLostSlotAfterARestore: of the slots that EventBridge leaves out, the one from
// which the store knows all again is started.
func TestTheFirstLostSlotAfterARestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	gap := time.Date(2027, 3, 28, 1, 0, 0, 0, time.UTC)
	w.clock.AdvanceTo(gap.Add(-3 * time.Hour))
	w.know(with(hourly, func(j *job.Job) { j.Schedule, j.Timezone = "30 2 * * *", "Europe/Berlin" }))
	w.ctl.Timing.NotBefore = gap
	w.sweepAt(gap.Add(time.Minute))
	if got := w.slotsOf("hourly"); got != "01:00 running by schedule" {
		t.Errorf("slots %s", got)
	}
}

package control_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNothingIsGivenUpWithoutARecord: what is given up while its record cannot be kept is not given up yet. It
// comes again, and is kept once.
func TestNothingIsGivenUpWithoutARecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		begin  func(w *world)
		giveUp func(w *world) error
		says   string
	}{
		"a pending slot that cannot be read": {func(w *world) {
			other := with(hourly, func(j *job.Job) { j.Name = "other" })
			w.fire(clockAt(18, 0, 1), port.Slot{At: clockAt(18, 0, 0), Carried: &other})
			ps, err := w.store.Pending(w.t.Context(), 1)
			if err = errors.Join(err, w.store.CorruptPending(w.t.Context(), ps[0].ID())); err != nil {
				w.t.Fatal(err)
			}
		}, func(w *world) error { return w.ctl.TryPending(w.t.Context()) }, "so it was not started"},
		"a notice that cannot be sent": {func(w *world) {
			w.triggerAt(clockAt(19, 0, 0), hourly, clockAt(18, 0, 0))
			w.ctl.Notifier = nil
			w.sweepAt(clockAt(19, 0, 0)) // this makes the run owe it
			w.ctl.Notifier = &teller{err: errBroken}
			w.clock.Advance(control.TellFor + time.Hour)
		}, func(w *world) error { return w.ctl.Tell(w.t.Context(), run.ScheduledID("hourly", clockAt(18, 0, 0))) }, "gave up sending the notice"},
		"missed slots of which the last is gone": {func(w *world) {
			item, err := w.store.Item(w.t.Context(), "hourly")
			if err != nil {
				w.t.Fatal(err)
			}
			item.Missed = &job.Missed{Count: 2, First: "hourly/20261122T1600Z", Last: "hourly/20261122T1700Z", Since: t0.Add(-time.Minute)}
			if err := w.store.Commit(w.t.Context(), port.Change{Item: &item}); err != nil {
				w.t.Fatal(err)
			}
		}, func(w *world) error { return w.ctl.CheckSlots(w.t.Context()) }, "2 slots were missed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, hourly)
			c.begin(w)
			w.ports.onCall = func(call string) {
				if call == "Keep" && w.ports.struck == 0 {
					w.ports.fault = fault{mode: fails, at: []int{len(w.ports.calls)}}
				}
			}
			if err := c.giveUp(w); !errors.Is(err, errBroken) || w.ports.struck != 1 {
				t.Errorf("while no record can be kept: %v", err)
			}
			for range 2 {
				if err := c.giveUp(w); err != nil {
					t.Error(err)
				}
			}
			if kept, err := w.store.Kept(t.Context(), 10); err != nil || len(kept) != 1 || !strings.Contains(kept[0].Reason, c.says) {
				t.Errorf("kept %+v, %v", kept, err)
			}
		})
	}
}

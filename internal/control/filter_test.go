package control_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestFilteredSlots: a slot that the job's own terms filter leaves nothing behind, and the
// check of the slots does not report it as missed.
func TestFilteredSlots(t *testing.T) {
	t.Parallel()
	for name, j := range map[string]job.Job{
		"calendar": {Schedule: "30 17 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2026-11-23"}}}},
		"endAt":    {Schedule: "30 17 * * *", When: job.When{EndAt: t0.Add(time.Hour)}},
		"both":     {Schedule: "30 17 */3 * 1"}, // Mondays; this one is the 23rd
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{script: runs(time.Minute, 0)})
			j.Name, j.TaskDefinition = "report", "report"
			w.know(j)
			if err := w.ctl.CheckSlots(t.Context()); err != nil {
				t.Fatal(err)
			}
			monday := t0.Add(24 * time.Hour)
			w.clock.AdvanceTo(monday)
			reply, err := w.ctl.Scheduled(t.Context(), "", j, monday)
			if err != nil || reply.Outcome != port.Filtered || reply.Run != "" {
				t.Errorf("%+v, %v", reply, err)
			}
			w.clock.AdvanceTo(monday.Add(time.Hour))
			if err := w.ctl.CheckSlots(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rs := w.runs(); len(rs) > 0 {
				t.Errorf("runs: %s", w.story())
			}
			// A person is not filtered.
			if reply, err := w.ctl.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "r"}); err != nil || reply.Outcome != port.Accepted {
				t.Errorf("by hand: %+v, %v", reply, err)
			}
		})
	}
}

// TestUnfilteredSlotIsStillMissed: the same jobs on a day that counts.
func TestUnfilteredSlotIsStillMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.know(job.Job{Name: "report", TaskDefinition: "report", Schedule: "30 17 * * *", When: job.When{Calendar: job.Calendar{Skip: []string{"2026-11-23"}}}})
	if err := w.ctl.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock.AdvanceTo(t0.Add(49 * time.Hour))
	if err := w.ctl.CheckSlots(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rs := w.runs(); len(rs) != 1 || rs[0].Status != run.Missed || rs[0].ScheduledFor.Day() != 24 {
		t.Errorf("runs: %s", w.story())
	}
}

// TestLostSlotIsStarted: 02:30 does not exist on 28 March in Berlin. cron runs such a job at
// 03:00; EventBridge Scheduler does not run it at all.
func TestLostSlotIsStarted(t *testing.T) {
	t.Parallel()
	for gap, want := range map[string]int{"": 1, "skip": 0} {
		w := newWorld(t, setup{script: runs(time.Minute, 0)})
		before := time.Date(2027, 3, 28, 0, 59, 30, 0, time.UTC)
		w.clock.AdvanceTo(before)
		w.know(job.Job{
			Name: "report", TaskDefinition: "report", Schedule: "30 2 * * *", Timezone: "Europe/Berlin",
			When: job.When{DST: job.DST{Gap: gap}},
		})
		for range 3 {
			if err := w.ctl.CheckSlots(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.clock.AdvanceTo(w.clock.Now().Add(time.Minute))
		}
		rs := w.runs()
		if len(rs) != want {
			t.Fatalf("gap %q: %s", gap, w.story())
		}
		if want == 1 && (rs[0].ID != "report/20270328T0100Z" || rs[0].Status != run.Succeeded) {
			t.Errorf("gap %q: %s", gap, w.story())
		}
	}
}

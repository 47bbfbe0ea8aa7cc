package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestCrowded: for a second after ECS refused a launch for its rate, a slot is left to the
// look, if it is to be launched at all and no person asks for it.
func TestCrowded(t *testing.T) {
	t.Parallel()
	slot := t0.Truncate(time.Minute)
	queue, forbid := plain, plain
	queue.Overlap, forbid.Overlap = job.Queue, job.Forbid
	now := slot.Add(2 * time.Second)
	ago := func(d time.Duration) run.Situation { return run.Situation{Refused: now.Add(-d)} }
	held := run.Situation{Refused: now, Holder: "report/a"}
	for name, c := range map[string]struct {
		job     job.Job
		kind    run.TriggerKind
		s       run.Situation
		as      run.Status
		crowded bool
	}{
		"nothing was refused":                 {plain, run.BySchedule, run.Situation{}, run.Launching, false},
		"at the same moment":                  {plain, run.BySchedule, ago(0), run.Launching, true},
		"within the second":                   {plain, run.BySchedule, ago(time.Second - 1), run.Launching, true},
		"a second later":                      {plain, run.BySchedule, ago(time.Second), run.Launching, false},
		"before the clock was put back":       {plain, run.BySchedule, ago(-1), run.Launching, false},
		"by hand":                             {plain, run.ByHand, ago(0), run.Launching, false},
		"caught up with":                      {plain, run.ByCatchUp, ago(0), run.Launching, false},
		"that nobody came for":                {plain, run.BySweep, ago(0), run.Missed, false},
		"that may not overlap, and nobody is": {forbid, run.BySchedule, ago(0), run.Launching, true},
		"that may not overlap":                {forbid, run.BySchedule, held, run.Skipped, false},
		"that waits for the end of another":   {queue, run.BySchedule, held, run.Queued, false},
	} {
		c.s.Now, c.s.Newest, c.s.Timing = now, true, run.DefaultTiming
		got := run.Admit(c.job, run.Request{ID: run.ScheduledID("report", slot), ScheduledFor: slot, Trigger: run.Trigger{Kind: c.kind}}, c.s)
		if got.As != c.as || got.Crowded != c.crowded || c.crowded != (got.Why == "waiting: ECS limits the rate of launches") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	late := run.Situation{Now: slot.Add(4 * time.Minute), Refused: slot.Add(4 * time.Minute), Timing: run.DefaultTiming}
	got := run.Admit(plain, run.Request{ID: run.ScheduledID("report", slot), ScheduledFor: slot, Trigger: run.Trigger{Kind: run.BySchedule}}, late)
	if !got.Crowded || !got.Late {
		t.Errorf("an overdue slot that a later one has overtaken: %+v", got)
	}
}

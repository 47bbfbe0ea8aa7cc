package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestOverdue: a slot that is over three minutes late starts only if no run of a later slot
// has started. If a later slot has come, half a minute must lie between it and the last
// overdue slot that started.
func TestOverdue(t *testing.T) {
	t.Parallel()
	slot := t0.Truncate(time.Minute)
	window := plain
	window.Window = job.Duration(10 * time.Minute)
	queue := plain
	queue.Overlap = job.Queue
	late, just := 3*time.Minute+time.Nanosecond, 3*time.Minute
	const later = run.ID("report/20261122T1731Z")
	lately := func(after time.Duration) job.Item { return job.Item{Late: slot.Add(after)} }
	for name, c := range map[string]struct {
		job   job.Job
		kind  run.TriggerKind
		after time.Duration
		s     run.Situation
		as    run.Status
		why   string
		noted bool // whether it is noted that an overdue slot was started
	}{
		"just in time":                        {plain, run.BySchedule, just, run.Situation{Later: later}, run.Launching, "", false},
		"late, and a later one was started":   {plain, run.BySchedule, late, run.Situation{Later: later}, run.Missed, "its trigger came 3m late, and report/20261122T1731Z, of a later slot, was started before", false},
		"late, and a later one came":          {plain, run.BySchedule, late, run.Situation{}, run.Launching, "", true},
		"late, and the newest":                {plain, run.BySchedule, late, run.Situation{Newest: true}, run.Launching, "", false},
		"in time, and a later one came":       {plain, run.BySchedule, just, run.Situation{}, run.Launching, "", false},
		"late, and another was just before":   {plain, run.BySchedule, late, run.Situation{Item: lately(late - 30*time.Second + 1)}, run.Missed, "its trigger came 3m late, and another slot was started late just before", false},
		"late, and another was a while ago":   {plain, run.BySchedule, late, run.Situation{Item: lately(late - 30*time.Second)}, run.Launching, "", true},
		"the newest, another was just before": {plain, run.BySchedule, late, run.Situation{Newest: true, Item: lately(late - time.Second)}, run.Launching, "", false},
		"within its window":                   {window, run.BySchedule, 13 * time.Minute, run.Situation{Later: later}, run.Launching, "", false},
		"after its window":                    {window, run.BySchedule, 13*time.Minute + 1, run.Situation{Later: later}, run.Missed, "later slot", false},
		"caught up with":                      {plain, run.ByCatchUp, late, run.Situation{Later: later}, run.Launching, "", false},
		"late, and has to wait":               {queue, run.BySchedule, late, run.Situation{Holder: later}, run.Queued, "waiting for the end", false},
	} {
		c.s.Now = slot.Add(c.after)
		req := run.Request{ID: run.ScheduledID("report", slot), ScheduledFor: slot, Trigger: run.Trigger{Kind: c.kind}}
		got := run.Admit(c.job, req, c.s)
		if got.As != c.as || got.Late != c.noted || !strings.HasPrefix(got.Why, c.why) && !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAdmissionWords: the words that people read are complete.
func TestAdmissionWords(t *testing.T) {
	t.Parallel()
	slot := t0.Truncate(time.Minute)
	req := run.Request{ID: run.ScheduledID("report", slot), ScheduledFor: slot, Trigger: run.Trigger{Kind: run.BySchedule}}
	forbid, queue := plain, plain
	forbid.Overlap, queue.Overlap = job.Forbid, job.Queue
	paused := func(p job.Pause) run.Situation {
		p.From = slot.Add(-time.Hour)
		return run.Situation{Item: job.Item{Pauses: []job.Pause{p}}}
	}
	for want, c := range map[string]struct {
		job job.Job
		s   run.Situation
	}{
		"paused by a person": {plain, paused(job.Pause{})},
		"paused by ann until 2026-11-22 18:00 UTC: db move":                                          {plain, paused(job.Pause{By: "ann", To: slot.Add(30 * time.Minute), Reason: "db move"})},
		"skipped at the request of a person":                                                         {plain, run.Situation{Item: job.Item{SkipNext: &job.Skip{At: slot}}}},
		"overlap: report/a was still open":                                                           {forbid, run.Situation{Holder: "report/a"}},
		"overlap: report/a was still open, since 2026-11-22 16:30 UTC":                               {forbid, run.Situation{Holder: "report/a", HolderSince: slot.Add(-time.Hour)}},
		"overlap: report/b waits already for its turn; report/a is open, since 2026-11-22 16:30 UTC": {queue, run.Situation{Holder: "report/a", Waiter: "report/b", HolderSince: slot.Add(-time.Hour)}},
	} {
		c.s.Now = t0
		if got := run.Admit(c.job, req, c.s).Why; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

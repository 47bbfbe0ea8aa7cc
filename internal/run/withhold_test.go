package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestNotBefore: only a person launches what was due before the table is known to be whole,
// whatever the status of the restored run.
func TestNotBefore(t *testing.T) {
	t.Parallel()
	restored := run.DefaultTiming
	restored.NotBefore = t0.Add(time.Hour)
	idempotent := plain
	idempotent.Retry.Idempotent = true
	later := t0.Add(2 * time.Hour)
	queued := run.NewQueued(newRequest(), "waits", true, t0, run.DefaultTiming)
	running := newRun()
	running = decided(plain, running, run.Launched{Attempt: 1, TaskARN: arn(1)}, t0, run.DefaultTiming).Next

	d := decided(plain, queued, run.Due{}, later, restored)
	if d.Next.Status != run.Failed || !strings.Contains(d.Next.Cause, "due before 2026-11-22 18:30 UTC") || d.Next.Owes(run.Launch) {
		t.Errorf("what waited is %s, %q, and owes %v", d.Next.Status, d.Next.Cause, d.Next.Owed)
	}
	for name, e := range map[string]run.Event{"a look": run.Due{}, "a trigger that comes again": run.Triggered{}} {
		// This is within the time for which ECS keeps the token. Whether it keeps it is not
		// known for a task that the table has forgotten.
		d = decided(plain, newRun(), e, t0.Add(10*time.Minute), restored)
		if d.Next.Owes(run.Launch) || !d.Next.Owes(run.Find) || d.Next.Attempts[0].Sends != 1 {
			t.Errorf("%s sends it again: %+v", name, d.Next)
		}
	}
	for name, c := range map[string]struct {
		job job.Job
		e   run.Event
	}{
		"a task that never started": {plain, run.Seen{Attempt: 1, Stop: eniTimeout}},
		"a task that may have run":  {idempotent, run.Seen{Attempt: 1, Stop: spotStop}},
	} {
		d = decided(c.job, running, c.e, later, restored)
		if d.Next.Status != run.Failed || len(d.Next.Attempts) != 1 || d.Next.Owes(run.Launch) {
			t.Errorf("%s: %s with %d attempts, owes %v", name, d.Next.Status, len(d.Next.Attempts), d.Next.Owed)
		}
		// A person decides, and then it is launched again like any other.
		d = decided(c.job, d.Next, run.RetryAsked{Trigger: run.Trigger{At: later, Kind: run.ByRetry}, Task: task}, later, restored)
		d = decided(c.job, d.Next, run.Launched{Attempt: 2, TaskARN: arn(2)}, later, restored)
		d = decided(c.job, d.Next, run.Seen{Attempt: 2, Stop: eniTimeout}, later, restored)
		if d.Next.Status != run.Launching || len(d.Next.Attempts) != 3 {
			t.Errorf("%s, retried: %s with %d attempts: %s", name, d.Next.Status, len(d.Next.Attempts), d.Next.Cause)
		}
	}
}

// TestARestoredStandby: of what a restored table has forgotten, a stack that stands by says that, and not that
// nothing was launched because it stands by.
func TestARestoredStandby(t *testing.T) {
	t.Parallel()
	restored := run.DefaultTiming
	restored.NotBefore, restored.Standby = t0.Add(time.Hour), true
	later := t0.Add(2 * time.Hour)
	queued := run.NewQueued(newRequest(), "waits", true, t0, run.DefaultTiming)
	if d := decided(plain, queued, run.Due{}, later, restored); d.Next.Status != run.Failed || !strings.Contains(d.Next.Cause, "whose table does not know what was launched until then") {
		t.Errorf("%s: %s", d.Next.Status, d.Next.Cause)
	}
	restored.NotBefore = later.Add(time.Hour)
	failed := newRun()
	failed.Status, failed.Owed, failed.Attempts[0].EndedAt = run.Failed, nil, t0
	d := decided(plain, failed, run.RetryAsked{Trigger: run.Trigger{At: later, Kind: run.ByRetry}, Task: task}, later, restored)
	a := run.Admit(plain, newRequest(), run.Situation{Now: later, Timing: restored})
	for what, why := range map[string]string{"a retry": d.Why, "a slot": a.Refuse} {
		if !strings.Contains(why, "stands by") {
			t.Errorf("%s is answered: %q", what, why)
		}
	}
}

func newRequest() run.Request {
	return run.Request{
		ID: run.ScheduledID("report", t0), ScheduledFor: t0.Truncate(time.Minute),
		Trigger: run.Trigger{At: t0, Kind: run.BySchedule}, Definition: plain.Hash(), Task: task,
	}
}

// TestAdmitWithheld: what becomes of new slots and of people's requests.
func TestAdmitWithheld(t *testing.T) {
	t.Parallel()
	catching := plain
	catching.CatchUp = job.CatchUpLast
	hand := newRequest()
	hand.Trigger.Kind = run.ByHand
	caught := newRequest()
	caught.Trigger.Kind = run.ByCatchUp
	for name, c := range map[string]struct {
		request   run.Request
		notBefore time.Duration // after the slot
		standby   bool
		as        run.Status
		refused   bool
	}{
		"a slot before":             {newRequest(), time.Minute, false, run.Missed, false},
		"a slot caught up":          {caught, time.Minute, false, run.Missed, false},
		"the very slot":             {newRequest(), -2 * time.Second, false, run.Launching, false},
		"a person, before":          {hand, time.Hour, false, run.Launching, false},
		"a slot of a standby":       {newRequest(), -time.Hour, true, "", true},
		"a person, at a standby":    {hand, -time.Hour, true, "", true},
		"a slot long after":         {newRequest(), -time.Hour, false, run.Launching, false},
		"a slot, nothing was said":  {newRequest(), 0, false, run.Launching, false},
		"a person, nothing is said": {hand, 0, false, run.Launching, false},
	} {
		s := run.Situation{Now: t0, Newest: true, Timing: run.Timing{Standby: c.standby}}
		if c.notBefore != 0 {
			s.Timing.NotBefore = t0.Add(c.notBefore)
		}
		if a := run.Admit(catching, c.request, s); a.As != c.as || (a.Refuse != "") != c.refused {
			t.Errorf("%s: %+v", name, a)
		}
	}
	standby := run.DefaultTiming
	standby.Standby = true
	over := run.NewEnded(newRequest(), run.Missed, "x", t0)
	if d := decided(plain, over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}}, t0, standby); d.Result != run.Denied || !strings.Contains(d.Why, "stands by") {
		t.Errorf("a retry: %v, %s", d.Result, d.Why)
	}
}

// TestForgotten: no retry is called safe of a run that the store may have forgotten to have
// launched, however little it knows of it.
func TestForgotten(t *testing.T) {
	t.Parallel()
	restored := run.DefaultTiming
	restored.NotBefore = t0.Add(time.Hour)
	later := t0.Add(2 * time.Hour)
	quota := decided(plain, newRun(), run.Refused{Attempt: 1, Send: 1, Stop: noQuota}, t0, run.DefaultTiming).Next
	never := decided(plain, newRun(), run.Launched{Attempt: 1, TaskARN: arn(1)}, t0, run.DefaultTiming).Next
	for name, c := range map[string]struct {
		r run.Run
		e run.Event
	}{
		"one that waited for another": {run.NewQueued(newRequest(), "waits", true, t0, run.DefaultTiming), run.Due{}},
		"one that waited for room":    {quota, run.Due{}},
		"one that a person stops":     {quota, run.StopAsked{By: "ann"}},
		"one that never started":      {never, seen(1, 3, eniTimeout)},
	} {
		if known := decided(plain, c.r, c.e, later, run.DefaultTiming).Next; known.Forgotten {
			t.Errorf("%s is called forgotten by a store that knows all launches", name)
		}
		r := decided(plain, c.r, c.e, later, restored).Next
		if s := run.RetryOf(r, plain); !r.Status.Terminal() || s.Safety != run.RetryUnsafe || !strings.Contains(s.Why, "does not know all launches") {
			t.Errorf("%s %s, and a retry is %s: %s", name, r.Status, s.Safety, s.Why)
		}
	}
	// A person retries what had ended: what others retried before is forgotten.
	again := decided(plain, run.NewEnded(newRequest(), run.Failed, "x", t0), run.RetryAsked{Trigger: run.Trigger{At: later, Kind: run.ByRetry}, Task: task}, later, restored).Next
	again = decided(plain, again, run.Refused{Attempt: 1, Send: 1, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "AccessDeniedException"}}, later, restored).Next
	if s := run.RetryOf(again, plain); again.Status != run.Failed || s.Safety != run.RetryUnsafe {
		t.Errorf("what a person retried %s, and a retry is %s: %s", again.Status, s.Safety, s.Why)
	}
	// What had ended before, somebody may have retried since. Whoever looked cannot know that.
	ended := run.NewEnded(newRequest(), run.Missed, "x", t0)
	for safety, want := range map[run.Safety]run.Result{run.RetrySafe: run.Denied, run.RetryUnsafe: run.Did, "": run.Did} {
		if d := decided(plain, ended, run.RetryAsked{Trigger: run.Trigger{At: later, Kind: run.ByRetry}, Task: task, Seen: safety}, later, restored); d.Result != want || want == run.Denied && !strings.Contains(d.Why, "`retry "+string(ended.ID)+"`") {
			t.Errorf("a retry that was seen as %q: %v, %s", safety, d.Result, d.Why)
		}
	}
	if a := run.Admit(plain, newRequest(), run.Situation{Now: later, Timing: restored}); a.As != run.Missed || !a.Forgotten {
		t.Errorf("a slot: %+v", a)
	}
	missed := run.NewEnded(newRequest(), run.Missed, "x", later)
	missed.Forgotten = true
	if s := run.RetryOf(missed, plain); s.Safety != run.RetryUnsafe {
		t.Errorf("a retry of a slot is %s: %s", s.Safety, s.Why)
	}
	// What was forgotten stays so when NotBefore is no longer set, until the run succeeds.
	retried := decided(plain, missed, run.RetryAsked{Trigger: run.Trigger{At: later, Kind: run.ByRetry}, Task: task}, later, run.DefaultTiming).Next
	if r := decided(plain, retried, run.Refused{Attempt: 1, Send: 1, Stop: denied}, later, run.DefaultTiming).Next; !r.Status.Terminal() || !r.Forgotten {
		t.Errorf("a retry that failed after all: %s, forgotten %t", r.Status, r.Forgotten)
	}
	if r := decided(plain, retried, seen(1, 3, exited(0)), later, restored).Next; r.Status != run.Succeeded || r.Forgotten {
		t.Errorf("a retry that succeeded: %s, forgotten %t", r.Status, r.Forgotten)
	}
}

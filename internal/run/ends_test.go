package run_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestLookAhead: when a task is looked at next, depending on what is known about its start.
func TestLookAhead(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	long, short := plain, plain
	long.Timeout, long.LaunchTimeout = job.Duration(3*time.Hour), job.Duration(5*time.Hour)
	short.Timeout, short.LaunchTimeout = job.Duration(10*minute), job.Duration(5*time.Hour)
	unstarted := stop.Stop{Kind: stop.Task, LastStatus: "RUNNING"}
	stopping := runs
	stopping.LastStatus = "DEPROVISIONING"
	for name, c := range map[string]struct {
		job  job.Job
		seen stop.Stop
		want time.Duration // after the look, five minutes after the launch
	}{
		"it runs, the limit is far":             {long, runs, 45 * minute},
		"it runs, the limit is near":            {short, runs, 6 * minute},
		"it runs since nobody knows when":       {short, unstarted, 10 * minute},
		"it starts, the limits are far":         {long, pending, 45 * minute},
		"it starts, the limit is shorter":       {short, pending, 10 * minute},
		"it runs no more, and has not stopped":  {short, stopping, 5 * minute},
		"it runs since nobody knows, unlimited": {plain, unstarted, 45 * minute},
	} {
		r := decided(c.job, newRun(), run.Launched{Attempt: 1, TaskARN: arn(1)}, t0, run.DefaultTiming).Next
		d := decided(c.job, r, look(2, c.seen), t0.Add(5*minute), run.DefaultTiming)
		next := d.Next.DueAt
		if d.Result == run.Rests {
			next = d.Until
		}
		if got := next.Sub(t0.Add(5 * minute)); got != c.want {
			t.Errorf("%s: in %s, want %s", name, got, c.want)
		}
	}
}

// TestASeenStartStays: a task that was seen to run did run, even if its stop says nothing of
// that but only words of a failure to start.
func TestASeenStartStays(t *testing.T) {
	t.Parallel()
	for name, starting := range map[string]struct {
		seen stop.Stop
		want run.Status
	}{"seen to run": {runs, run.Failed}, "not seen to run": {pending, run.Launching}} {
		r, _ := play(t, plain, accepted, at{2 * time.Minute, seen(1, 2, starting.seen)}, at{3 * time.Minute, seen(1, 5, eniTimeout)})
		if r.Status != starting.want || !r.Attempts[0].StartedAt.Equal(starting.seen.StartedAt) {
			t.Errorf("%s: %s, started %s: %s", name, r.Status, r.Attempts[0].StartedAt, r.Cause)
		}
	}
}

// TestRulesSeeWhatIsThere: the first rule that matches decides, and a rule for a reason
// matches nothing if no reason is given.
func TestRulesSeeWhatIsThere(t *testing.T) {
	t.Parallel()
	rules := func(rs ...job.Rule) job.Job {
		j := plain
		j.Retry.Rules = rs
		return j
	}
	listed := plain
	listed.Retry.ExitCodes = []int64{143}
	idempotent := plain
	idempotent.Retry.Idempotent = true
	bareStop := stop.Stop{Kind: stop.Task, LastStatus: "STOPPED", Code: "UserInitiated"}
	noCode := exited(0)
	noCode.Containers = []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", Reason: "OutOfMemoryError: Container killed due to memory usage"}}
	for name, c := range map[string]struct {
		job      job.Job
		stop     stop.Stop
		attempts int
		next     string
	}{
		"the second rule matches":           {rules(job.Rule{StopCode: "Spot*", Action: job.Fail}, job.Rule{StoppedReason: "Timeout*", Action: job.Fail}), eniTimeout, 1, "failed: the job's rule 2"},
		"a rule for any container's reason": {rules(job.Rule{ContainerReason: "*", Action: job.Fail}), eniTimeout, 2, "relaunched at once"},
		"a rule that must not apply":        {rules(job.Rule{StopCode: "Spot*", Action: job.Relaunch}), spotStop, 1, "failed: the infrastructure or the scheduler took the task away; the job's rule 1"},
		"stopped in ECS, it may run again":  {idempotent, bareStop, 1, "stopped: a person or a program stopped the task"},
		"a listed code that Spot forced":    {listed, spotStop, 1, "failed: the infrastructure"},
		"no exit code, and some are listed": {listed, noCode, 1, "failed: the container used more memory"},
	} {
		r, _ := play(t, c.job, accepted, at{time.Minute, seen(1, 5, c.stop)})
		if len(r.Attempts) != c.attempts || !strings.HasPrefix(r.Attempts[0].Next, c.next) {
			t.Errorf("%s: %d attempts, %q", name, len(r.Attempts), r.Attempts[0].Next)
		}
	}
}

// TestWhatWaitsNeedsNoMending: what a person could change is not in the cause of a run that
// waits.
func TestWhatWaitsNeedsNoMending(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, at{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity, Mend: "take another subnet"}})
	if r.Status != run.Queued || strings.Contains(r.Cause, "subnet") {
		t.Errorf("it %s: %s", r.Status, r.Cause)
	}
}

// TestRoomAtTheDeadline: room is asked for until the deadline, and not at its very moment.
func TestRoomAtTheDeadline(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]run.Status{6*time.Hour - 1: run.Queued, 6 * time.Hour: run.Failed} {
		if r, d := play(t, plain, at{after, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}); r.Status != want {
			t.Errorf("after %s: it %s: %s", after, r.Status, d.Why)
		}
	}
}

// TestWhoAskedLast: a person's request counts from when it was made, even for a run that was
// due before the table knew all launches.
func TestWhoAskedLast(t *testing.T) {
	t.Parallel()
	restored := run.DefaultTiming
	restored.NotBefore = t0.Add(time.Hour)
	later := t0.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		triggers []run.Trigger
		launches bool
	}{
		"a slot":                           {[]run.Trigger{{Kind: run.BySchedule, At: t0}}, false},
		"a slot whose trigger came late":   {[]run.Trigger{{Kind: run.BySchedule, At: later}}, false},
		"a person since":                   {[]run.Trigger{{Kind: run.ByHand, At: later}}, true},
		"a person's retry since":           {[]run.Trigger{{Kind: run.BySchedule, At: t0}, {Kind: run.ByRetry, At: later}}, true},
		"a person before":                  {[]run.Trigger{{Kind: run.ByHand, At: t0.Add(time.Minute)}}, false},
		"a person, by two clocks":          {[]run.Trigger{{Kind: run.ByHand, At: later}, {Kind: run.ByRetry, At: t0}}, true},
		"a person before its slot was due": {[]run.Trigger{{Kind: run.ByHand, At: t0.Add(-time.Hour)}}, false},
	} {
		r := run.NewQueued(newRequest(), "x", false, t0, run.DefaultTiming)
		r.Triggers = c.triggers
		if got := decided(plain, r, run.Due{}, later, restored).Next; got.Owes(run.Launch) != c.launches {
			t.Errorf("%s: it %s, %s", name, got.Status, got.Cause)
		}
	}
	// A run that is withheld ends together with its attempt, and an attempt that is over
	// stays as it was.
	put, _ := play(t, plain, at{1, run.Paced{Attempt: 1, Send: 1}})
	ended, _ := play(t, plain, accepted, at{time.Minute, seen(1, 3, pullTimeout)})
	put = decided(plain, put, run.Due{}, later, restored).Next
	again := decided(plain, ended, run.Due{}, later, restored).Next
	if a := put.Last(); !a.EndedAt.Equal(later) || !strings.HasPrefix(a.Next, "failed: it was due before") {
		t.Errorf("it ended at %s: %s", a.EndedAt, a.Next)
	}
	running, _ := play(t, plain, accepted)
	running = decided(plain, running, seen(1, 3, eniTimeout), later, restored).Next
	if a := running.Last(); !strings.HasPrefix(a.Next, "failed: not launched again: it was due before") {
		t.Errorf("it %s: %s", running.Status, a.Next)
	}
	if !reflect.DeepEqual(again.Attempts, ended.Attempts) || again.Status != run.Failed {
		t.Errorf("it %s: %+v", again.Status, again.Attempts)
	}
}

// TestOnlyNoticesAreTold: a run keeps no record of other effects that were done.
func TestOnlyNoticesAreTold(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, accepted, at{2, askedToStop}, at{3, run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}})
	if len(r.Told) > 0 {
		t.Errorf("it was told %v", r.Told)
	}
}

// TestStandsStill: a task that we asked to stop does not become stuck because a person asks
// for its stop too.
func TestStandsStill(t *testing.T) {
	t.Parallel()
	hasty := plain
	hasty.LaunchTimeout = job.Duration(time.Minute)
	r, _ := play(t, hasty, accepted, at{2 * time.Minute, look(2, pending)}, at{3 * time.Minute, askedToStop})
	if r.Stuck() || r.Stopping.Asker != stop.AskedByPerson {
		t.Errorf("%+v", r.Stopping)
	}
}

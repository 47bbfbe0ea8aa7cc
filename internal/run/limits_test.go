package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// look returns what a look sees of attempt 1.
func look(version int64, s stop.Stop) run.Seen {
	e := seen(1, version, s)
	e.Look = true
	return e
}

var (
	provisioning = stop.Stop{Kind: stop.Task, LastStatus: "PROVISIONING"}
	pending      = stop.Stop{Kind: stop.Task, LastStatus: "PENDING", SawPull: true}
	runs         = stop.Stop{Kind: stop.Task, LastStatus: "RUNNING", StartedAt: t0.Add(time.Minute)}
	// ourStop is what a task shows that ECS stopped at our request before anything of it
	// began.
	ourStop = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "UserInitiated", Reason: "batchplane: not RUNNING",
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
)

func TestLimits(t *testing.T) {
	t.Parallel()
	limited := plain
	limited.Timeout = job.Duration(2 * time.Hour)
	short := plain
	short.Timeout = job.Duration(90 * time.Second)
	idempotent := limited
	idempotent.Retry.Idempotent = true
	hasty := plain
	hasty.LaunchTimeout = job.Duration(2 * time.Minute)
	launched := at{0, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}}
	minute := time.Minute
	pulled := ourStop
	pulled.SawPull = true
	late := ourStop
	late.StartedAt, late.Containers = t0, []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(143)}}

	listed := hasty
	listed.Retry.ExitCodes = []int64{143}
	obeyed := ourStop
	obeyed.StartedAt, obeyed.Containers = t0, []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(0)}}

	cases := []struct {
		name     string
		job      job.Job
		events   []at
		status   run.Status
		attempts int
		cause    string
		due      time.Duration // after the claim; 0 is not checked
		stops    bool          // whether a stop of the task is owed
	}{
		{"the first look comes after 5 minutes", limited, []at{launched}, run.Running, 1, "", 5 * minute, false},
		{"or at the timeout, if that is sooner", short, []at{launched}, run.Running, 1, "", 90 * time.Second, false},
		{"or at the launch timeout, if that is sooner", hasty, []at{launched}, run.Running, 1, "", 2 * minute, false},
		{"the next look comes after 45 minutes", plain, []at{launched, {5 * minute, look(2, runs)}}, run.Running, 1, "", 50 * minute, false},
		{"or when the timeout ends", limited, []at{launched, {5 * minute, look(2, runs)}, {50 * minute, look(2, runs)}, {95 * minute, look(2, runs)}}, run.Running, 1, "", 121 * minute, false},
		{"a task that has not started is looked at when it may not launch any longer", plain, []at{launched, {5 * minute, look(2, pending)}}, run.Running, 1, "", 20 * minute, false},
		{"a hung launch is stopped", plain, []at{launched, {5 * minute, look(2, provisioning)}, {20 * minute, look(2, provisioning)}}, run.Running, 1, "", 21 * minute, true},
		{"and relaunched where it never got past PROVISIONING", plain, []at{launched, {20 * minute, look(2, provisioning)}, {21 * minute, seen(1, 3, ourStop)}}, run.Launching, 2, "", 0, false},
		{"and not where it had pulled", plain, []at{launched, {20 * minute, look(2, provisioning)}, {21 * minute, seen(1, 3, pulled)}}, run.Failed, 1, "", 0, false},
		{"and not where it was PENDING when we asked", plain, []at{launched, {20 * minute, look(2, pending)}, {21 * minute, seen(1, 3, ourStop)}}, run.Failed, 1, "", 0, false},
		{"and not where it started meanwhile", plain, []at{launched, {20 * minute, look(2, provisioning)}, {21 * minute, seen(1, 3, late)}}, run.Failed, 1, "", 0, false},
		{"a task that runs too long is stopped", limited, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}}, run.Running, 1, "", 122 * minute, true},
		{"and has failed", limited, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {122 * minute, seen(1, 3, late)}}, run.Failed, 1, "timed out after 2h", 0, false},
		{"also where it ended with exit code 0 meanwhile", limited, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {122 * minute, seen(1, 3, exited(0))}}, run.Failed, 1, "timed out after 2h; the job ended by itself with exit code 0, but after its limit, when it had been asked to stop", 0, false},
		{"and is relaunched where the job is idempotent", idempotent, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {122 * minute, seen(1, 3, late)}}, run.Queued, 1, "", 0, false},
		{"a stop that does not come is asked for again", limited, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {121 * minute, run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}}, {126 * minute, look(2, runs)}}, run.Running, 1, "", 127 * minute, true},
		{"a stop says so at once", limited, []at{launched, {121 * minute, look(2, runs)}}, run.Running, 1, "timed out after 2h: stopping the task", 0, true},
		{"so does a person's", plain, []at{launched, {minute, run.StopAsked{By: "ann", Reason: "wrong day"}}}, run.Running, 1, "stopping, at the request of ann: wrong day", 0, true},
		{"also before the task is known", plain, []at{{0, run.StopAsked{By: "ann", Reason: "wrong day"}}, launched}, run.Running, 1, "stopping, at the request of ann: wrong day", 0, true},
		{"an idempotent job that ended with exit code 0 is not run again", idempotent, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {122 * minute, seen(1, 3, exited(0))}}, run.Failed, 1, "timed out after 2h; the job ended by itself with exit code 0, but after its limit, when it had been asked to stop", 0, false},
		{"nor where it did at our request", idempotent, []at{launched, {5 * minute, look(2, runs)}, {121 * minute, look(2, runs)}, {122 * minute, seen(1, 3, obeyed)}}, run.Failed, 1, "timed out after 2h", 0, false},
		{"a listed exit code that our stop forced is not the job's own", listed, []at{launched, {20 * minute, look(2, provisioning)}, {21 * minute, seen(1, 3, late)}}, run.Failed, 1, "", 0, false},
		{"the next attempt is not stopped for the one before", idempotent, []at{
			launched,
			{5 * minute, look(2, runs)},
			{121 * minute, look(2, runs)},
			{122 * minute, seen(1, 3, late)},
			{130 * minute, run.Due{}},
			{131 * minute, run.Launched{Attempt: 2, TaskARN: arn(2)}},
		}, run.Running, 2, "attempt 2 was accepted by ECS", 0, false},
		{"no relaunch comes after the deadline", plain, []at{launched, {7 * time.Hour, seen(1, 3, eniTimeout)}}, run.Failed, 1, "", 0, false},
		{"no launch that waited comes after the deadline", plain, []at{{0, run.Refused{Attempt: 1, Send: 1, Stop: throttled}}, {7 * time.Hour, run.Due{}}}, run.Failed, 1, "", 0, false},
		{"a launch that the rate put off costs no attempt", plain, []at{{0, run.Paced{Attempt: 1, Send: 1}}, {minute, run.Due{}}, {minute, run.Launched{Attempt: 1, TaskARN: arn(1)}}}, run.Running, 1, "", 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, d := play(t, c.job, c.events...)
			if r.Status != c.status || len(r.Attempts) != c.attempts {
				t.Errorf("got %s with %d attempts, want %s with %d (%s)", r.Status, len(r.Attempts), c.status, c.attempts, d.Why)
			}
			if c.cause != "" && r.Cause != c.cause {
				t.Errorf("cause %q, want %q", r.Cause, c.cause)
			}
			next := r.DueAt
			if d.Result == run.Rests {
				next = d.Until
			}
			if c.due != 0 && !next.Equal(t0.Add(c.due)) {
				t.Errorf("due after %s, want %s", next.Sub(t0), c.due)
			}
			if r.Owes(run.StopTask) != c.stops {
				t.Errorf("owes %v", r.Owed)
			}
		})
	}
}

// TestStuck: a stop that the task does not obey, or that ECS does not confirm, is marked after half
// an hour, once, even if a person asks for it again.
func TestStuck(t *testing.T) {
	t.Parallel()
	for taken, want := range map[bool]string{
		true:  "asked to stop at 17:32 UTC (timed out after 1m), and the task is still RUNNING: it is asked again every 5m, look at it in ECS",
		false: "its stop was decided on at 17:32 UTC (timed out after 1m), the last request to ECS was not confirmed, and the task is still RUNNING: ECS is asked again every minute, and the log says what it answers; or stop the task in ECS yourself",
	} {
		t.Run(fmt.Sprintf("taken %t", taken), func(t *testing.T) {
			t.Parallel()
			stuck(t, taken, want)
		})
	}
}

func stuck(t *testing.T, taken bool, want string) {
	t.Helper()
	limited := plain
	limited.Timeout = job.Duration(time.Minute)
	r, _ := play(t, limited, at{0, run.Launched{Attempt: 1, TaskARN: arn(1)}}, at{2 * time.Minute, look(2, runs)})
	told, causes := 0, map[string]bool{}
	for minutes := 2; minutes < 24*60; minutes += 5 {
		if minutes == 102 {
			r = decided(limited, r, run.StopAsked{By: "ann", Reason: "please"}, t0.Add(102*time.Minute), run.DefaultTiming).Next
		}
		d := decided(limited, r, look(int64(2+minutes/10), runs), t0.Add(time.Duration(minutes)*time.Minute), run.DefaultTiming) // its versions may say nothing new
		if d.Next.Stuck() && !r.Stuck() {
			told++
			causes[d.Next.Cause] = true
			if minutes != 32 {
				t.Errorf("marked after %d minutes", minutes)
			}
		}
		if r = d.Next; !r.Owes(run.StopTask) {
			t.Fatal("it is not asked again")
		}
		if taken {
			r = decided(limited, r, run.Done{Effect: run.Effect{Kind: run.StopTask, Attempt: 1}}, t0.Add(time.Duration(minutes)*time.Minute), run.DefaultTiming).Next
		}
	}
	if told != 1 || !causes[want] {
		t.Errorf("marked %d times: %v", told, causes)
	}
}

// TestHangs: a task that ECS stops by itself and that does not stop for half an hour is marked
// once. It is not asked to stop, whatever the job's timeout, since it is stopping already.
func TestHangs(t *testing.T) {
	t.Parallel()
	limited := plain
	limited.Timeout = job.Duration(time.Hour)
	for _, status := range []string{"DEACTIVATING", "STOPPING", "DEPROVISIONING"} {
		r, _ := play(t, limited, at{0, run.Launched{Attempt: 1, TaskARN: arn(1)}}, at{2 * time.Minute, look(2, runs)})
		ending := runs
		ending.LastStatus = status
		var marked []int
		for minutes := 5; minutes < 5*60; minutes += 5 {
			d := decided(limited, r, look(3, ending), t0.Add(time.Duration(minutes)*time.Minute), run.DefaultTiming)
			if d.Next.Stuck() && !r.Stuck() {
				marked = append(marked, minutes)
			}
			if r = d.Next; r.Owes(run.StopTask) || r.MayRest() {
				t.Fatalf("%s: after %d minutes it is asked to stop, or counts as running", status, minutes)
			}
		}
		want := "ECS has been stopping the task since 17:35 UTC or before, and it is still " + status + ": its end is not known, look at it in ECS"
		if !slices.Equal(marked, []int{35}) || r.Cause != want {
			t.Errorf("%s: marked after %v minutes: %q", status, marked, r.Cause)
		}
		if d := decided(limited, r, seen(1, 4, exited(0)), t0.Add(6*time.Hour), run.DefaultTiming); d.Next.Status != run.Succeeded || d.Next.Stuck() {
			t.Errorf("%s: then %s, stuck %t: %s", status, d.Next.Status, d.Next.Stuck(), d.Next.Cause)
		}
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	slot := t0.Truncate(time.Minute)
	scheduled := run.Request{ID: run.ScheduledID("report", slot), ScheduledFor: slot, Trigger: run.Trigger{Kind: run.BySchedule}}
	byHand := run.Request{ID: run.ByHandID("report", "a"), ScheduledFor: t0, Trigger: run.Trigger{Kind: run.ByHand}}
	swept, caught := scheduled, scheduled
	swept.Trigger.Kind, caught.Trigger.Kind = run.BySweep, run.ByCatchUp
	forbid, queue, last := plain, plain, plain
	forbid.Overlap, queue.Overlap, last.CatchUp = job.Forbid, job.Queue, job.CatchUpLast
	paused := func(p job.Pause) job.Item { return job.Item{Pauses: []job.Pause{p}} }
	open := job.Pause{From: slot.Add(-time.Hour), By: "ann", Reason: "db move"}
	past := job.Pause{From: slot.Add(-time.Hour), To: slot.Add(time.Second)}
	before := job.Pause{From: slot.Add(-time.Hour), To: slot}
	skip := job.Item{SkipNext: &job.Skip{At: slot, By: "ann"}}
	skipEarlier := job.Item{SkipNext: &job.Skip{At: slot.Add(-time.Minute), By: "ann"}}
	skipLater := job.Item{SkipNext: &job.Skip{At: slot.Add(time.Minute), By: "ann"}}
	const other, later = run.ID("report/20261122T1729Z"), run.ID("report/20261122T1731Z")

	cases := []struct {
		name   string
		job    job.Job
		req    run.Request
		s      run.Situation
		as     run.Status
		why    string
		refuse string
		uses   bool
	}{
		{"in time", plain, scheduled, run.Situation{Now: t0}, run.Launching, "", "", false},
		{"late, within limits", plain, scheduled, run.Situation{Now: slot.Add(15 * time.Minute)}, run.Launching, "", "", false},
		{"too late", plain, scheduled, run.Situation{Now: slot.Add(15*time.Minute + time.Second), Newest: true}, run.Missed, "its trigger came 15m1s late", "", false},
		{"no trigger came", plain, swept, run.Situation{Now: slot.Add(time.Hour), Newest: true}, run.Missed, "no trigger came within 15m", "", false},
		{"too late, the newest is caught up with", last, scheduled, run.Situation{Now: slot.Add(time.Hour), Newest: true}, run.Launching, "", "", false},
		{"too late, and a newer slot has come", last, scheduled, run.Situation{Now: slot.Add(time.Hour)}, run.Missed, "late", "", false},
		{"by hand is never late", plain, byHand, run.Situation{Now: slot.Add(time.Hour)}, run.Launching, "", "", false},
		{"paused", plain, scheduled, run.Situation{Now: t0, Item: paused(open)}, run.Skipped, "paused by ann: db move", "", false},
		{"all paused", plain, scheduled, run.Situation{Now: t0, All: paused(open)}, run.Skipped, "paused by ann", "", false},
		{"paused at its time, resumed since", plain, swept, run.Situation{Now: slot.Add(time.Hour), Item: paused(past)}, run.Skipped, "paused", "", false},
		{"the pause ended at its minute", plain, scheduled, run.Situation{Now: t0, Item: paused(before)}, run.Launching, "", "", false},
		{"paused since its time", plain, scheduled, run.Situation{Now: slot.Add(2 * time.Minute), Item: paused(job.Pause{From: slot.Add(time.Minute)})}, run.Skipped, "paused", "", false},
		{"missed before the pause began", plain, swept, run.Situation{Now: slot.Add(time.Hour), Item: paused(job.Pause{From: slot.Add(time.Minute)})}, run.Missed, "no trigger came", "", false},
		{"too late, and paused since", plain, scheduled, run.Situation{Now: slot.Add(time.Hour), Item: paused(job.Pause{From: slot.Add(time.Minute)})}, run.Missed, "late", "", false},
		{"to be caught up with, but paused since", last, caught, run.Situation{Now: slot.Add(time.Hour), All: paused(job.Pause{From: slot.Add(time.Minute)})}, run.Skipped, "paused", "", false},
		{"overtaken, and paused since", plain, scheduled, run.Situation{Now: slot.Add(4 * time.Minute), Later: later, Item: paused(job.Pause{From: slot.Add(time.Minute)})}, run.Skipped, "paused", "", false},
		{"overtaken, and another is open", forbid, scheduled, run.Situation{Now: slot.Add(4 * time.Minute), Later: later, Holder: later}, run.Missed, "of a later slot", "", false},
		{"no trigger came, its time is just up", plain, swept, run.Situation{Now: slot.Add(15 * time.Minute), Newest: true}, run.Missed, "no trigger came within 15m", "", false},
		{"no trigger came, another is caught up with", last, swept, run.Situation{Now: slot.Add(time.Hour), Newest: true}, run.Missed, "no trigger came", "", false},
		{"caught up with", last, caught, run.Situation{Now: slot.Add(time.Hour)}, run.Launching, "", "", false},
		{"the job's pause is named before that of all", plain, scheduled, run.Situation{Now: t0, Item: paused(open), All: paused(past)}, run.Skipped, "paused by ann", "", false},
		{"by hand while paused", plain, byHand, run.Situation{Now: t0, Item: paused(open)}, "", "", "use --force", false},
		{"by hand while paused, by force", plain, byHand, run.Situation{Now: t0, Item: paused(open), Force: true}, run.Launching, "", "", false},
		{"by hand while disabled", job.Job{Name: "report", Disabled: true}, byHand, run.Situation{Now: t0}, run.Launching, "", "", false},
		{"to be skipped", plain, scheduled, run.Situation{Now: t0, Item: skip}, run.Skipped, "at the request of ann", "", true},
		{"to be skipped, and why", plain, scheduled, run.Situation{Now: t0, Item: job.Item{SkipNext: &job.Skip{At: slot, By: "ann", Reason: "the disk is full"}}}, run.Skipped, "at the request of ann: the disk is full", "", true},
		{"to be skipped, and paused", plain, scheduled, run.Situation{Now: t0, Item: skip, All: paused(open)}, run.Skipped, "paused by ann", "", true},
		{"a later one is to be skipped, and paused", plain, scheduled, run.Situation{Now: t0, Item: skipLater, All: paused(open)}, run.Skipped, "paused by ann", "", false},
		{"an earlier one is to be skipped, whose trigger is late", plain, scheduled, run.Situation{Now: t0, Item: skipEarlier, SkipEnd: slot}, run.Launching, "", "", false},
		{"an earlier one is to be skipped, and paused", plain, scheduled, run.Situation{Now: t0, Item: skipEarlier, SkipEnd: slot, All: paused(open)}, run.Skipped, "paused by ann", "", false},
		{"the first one since is to be skipped", plain, scheduled, run.Situation{Now: t0, Item: skipEarlier}, run.Skipped, "at the request of ann", "", true},
		{"to be skipped, its trigger is late", plain, scheduled, run.Situation{Now: slot.Add(10 * time.Minute), Item: skip, SkipEnd: slot.Add(time.Minute)}, run.Skipped, "at the request of ann", "", true},
		{"a later one is to be skipped", plain, scheduled, run.Situation{Now: t0, Item: skipLater}, run.Launching, "", "", false},
		{"by hand while the next is to be skipped", plain, byHand, run.Situation{Now: t0, Item: skip}, run.Launching, "", "", false},
		{"overlap allowed", plain, scheduled, run.Situation{Now: t0, Holder: other}, run.Launching, "", "", false},
		{"overlap forbidden", forbid, scheduled, run.Situation{Now: t0, Holder: other}, run.Skipped, "overlap: " + string(other), "", false},
		{"overlap forbidden, none open", forbid, scheduled, run.Situation{Now: t0}, run.Launching, "", "", false},
		{"overlap forbidden, by hand", forbid, byHand, run.Situation{Now: t0, Holder: other}, "", "", "still open", false},
		{"overlap forbidden since, one waits, by hand", forbid, byHand, run.Situation{Now: t0, Waiter: other}, "", "", string(other) + " is still open", false},
		{"overlap forbidden since, one waits", forbid, scheduled, run.Situation{Now: t0, Waiter: other}, run.Skipped, "overlap: " + string(other), "", false},
		{"overlap queued", queue, scheduled, run.Situation{Now: t0, Holder: other}, run.Queued, "waiting for the end of " + string(other), "", false},
		{"overlap queued, one waits", queue, scheduled, run.Situation{Now: t0, Holder: other, Waiter: "report/x"}, run.Skipped, "waits already", "", false},
		{"overlap queued, the waiting one goes first", queue, scheduled, run.Situation{Now: t0, Waiter: "report/x"}, run.Skipped, "waits already", "", false},
		{"overlap queued, one waits, by hand", queue, byHand, run.Situation{Now: t0, Holder: other, Waiter: "report/x"}, "", "", "waits already", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := run.Admit(c.job, c.req, c.s)
			if got.As != c.as || got.UsesSkip != c.uses || !strings.Contains(got.Why, c.why) || !strings.Contains(got.Refuse, c.refuse) || (got.Refuse == "") != (c.refuse == "") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestEachRoundIsMarkedAnew: the task of a further round that does not stop is marked, although
// that of the round before was.
func TestEachRoundIsMarkedAnew(t *testing.T) {
	t.Parallel()
	r, now := newRun(), t0
	for round := range 2 {
		ending := stop.Stop{Kind: stop.Task, LastStatus: "DEPROVISIONING"}
		r = decide(t, plain, r, run.Launched{Attempt: 1, Round: round, TaskARN: arn(round)}, now)
		for range 2 {
			if r.Last().Stuck {
				t.Errorf("round %d is marked too early", round)
			}
			r = decide(t, plain, r, run.Seen{Attempt: 1, Round: round, TaskARN: arn(round), Version: 2, Stop: ending, Look: true}, now)
			now = now.Add(run.DefaultTiming.Stuck)
		}
		if !r.Stuck() {
			t.Errorf("round %d is not marked", round)
		}
		r = decide(t, plain, r, run.Seen{Attempt: 1, Round: round, TaskARN: arn(round), Version: 4, Stop: noPlace}, now)
		now = r.DueAt
		r = decide(t, plain, r, run.Due{}, now)
	}
}

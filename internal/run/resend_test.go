package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestResend: a launch is sent again only while ECS surely keeps its token, whoever comes,
// and each answer counts once.
func TestResend(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	refused := func(send int) run.Event { return run.Refused{Attempt: 1, Send: send, Stop: throttled} }
	stop := run.StopAsked{By: "ann", Reason: "x"}
	cases := []struct {
		name   string
		events []at
		status run.Status
		sends  int
		finds  bool
	}{
		{"a trigger comes again", []at{{49 * minute, run.Triggered{}}}, run.Launching, 2, false},
		{"a trigger comes again when the token may be gone", []at{{50 * minute, run.Triggered{}}}, run.Launching, 1, true},
		{"a trigger comes again hours later", []at{{2 * time.Hour, run.Triggered{}}}, run.Launching, 1, true},
		{"a trigger comes again after a lost answer, hours later", []at{{0, run.NoAnswer{Attempt: 1}}, {2 * time.Hour, run.Triggered{}}}, run.Launching, 1, true},
		{"the look comes hours later", []at{{2 * time.Hour, run.Due{}}}, run.Launching, 1, true},
		{"a trigger comes again while its task is looked for", []at{{1, stop}, {minute, run.Triggered{}}}, run.Launching, 1, true},
		{"the look comes while its task is looked for", []at{{1, stop}, {5 * minute, run.Due{}}}, run.Launching, 1, true},
		{"a trigger comes again while the launch waits", []at{{1, refused(1)}, {2 * time.Hour, run.Triggered{}}}, run.Queued, 1, false},
		{"what waited is sent with a token that begins anew", []at{
			{1, refused(1)},
			{55 * minute, run.Due{}},
			{56 * minute, run.NoAnswer{Attempt: 1}},
			{60 * minute, run.Due{}},
		}, run.Launching, 3, false},
		{"and for no longer", []at{
			{1, refused(1)},
			{55 * minute, run.Due{}},
			{56 * minute, run.NoAnswer{Attempt: 1}},
			{106 * minute, run.Triggered{}},
		}, run.Launching, 2, true},
		{"what was refused before all were counts no more", []at{
			{1, run.Triggered{}},
			{2, refused(2)},
			{3, refused(1)},
			{minute, run.Due{}},
			{minute + 1, refused(2)},
			{minute + 2, stop},
		}, run.Launching, 3, true},
		{"a refusal heard twice leaves a later send open", []at{{1, refused(1)}, {2, refused(1)}, {10 * minute, run.Due{}}, {11 * minute, stop}}, run.Launching, 2, true},
		{"so does one that was paced", []at{
			{1, run.Paced{Attempt: 1, Send: 1}},
			{2, run.Paced{Attempt: 1, Send: 1}},
			{10 * minute, run.Due{}},
			{11 * minute, stop},
		}, run.Launching, 2, true},
		{"all sends refused, in any order", []at{
			{1, run.Triggered{}},
			{2, run.Triggered{}},
			{3, refused(3)},
			{4, refused(1)},
			{5, refused(3)},
			{6, refused(2)},
		}, run.Queued, 3, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, d := play(t, plain, c.events...)
			if r.Status != c.status || r.Attempts[0].Sends != c.sends || r.Owes(run.Find) != c.finds {
				t.Errorf("got %s, %d sends, owes %v (%s)", r.Status, r.Attempts[0].Sends, r.Owed, d.Why)
			}
			if n := len(r.Attempts[0].RefusedSends); n > 0 && r.Attempts[0].Refusals == r.Attempts[0].Sends {
				t.Errorf("it keeps %d numbers that it needs no more", n)
			}
		})
	}
}

// TestFailuresTakeANewToken: ECS repeats an answer of failures[] for the same token, so the
// next send has a new one. Nobody is to blame for a rate limit, so it costs no attempt.
func TestFailuresTakeANewToken(t *testing.T) {
	t.Parallel()
	once := plain
	once.Retry.Attempts = 1
	failed := at{1, run.Refused{Attempt: 1, Send: 1, Stop: throttledFailure}}
	before := newRun()
	r, _ := play(t, once, failed, at{5 * time.Minute, run.Due{}})
	if len(r.Attempts) != 1 || r.Status != run.Launching || r.RoundID(1).ClientToken("s") == before.RoundID(1).ClientToken("s") {
		t.Errorf("%s, %d attempts, its round is %+v", r.Status, len(r.Attempts), r.RoundID(1))
	}
}

// TestNoARN: a state without a task's ARN belongs to the attempt's own task.
func TestNoARN(t *testing.T) {
	t.Parallel()
	e := seen(1, 5, exited(0))
	e.TaskARN = ""
	r, _ := play(t, plain, at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, at{time.Minute, e})
	if a := r.Attempts[0]; r.Status != run.Succeeded || a.RanAfterAll || a.TaskARN != arn(1) {
		t.Errorf("%s, ran after all: %v, task %q", r.Status, a.RanAfterAll, a.TaskARN)
	}
}

// TestWaiterDeadline: the deadline of a run that waited for another's end counts from when it
// may go on, whatever is in its way then.
func TestWaiterDeadline(t *testing.T) {
	t.Parallel()
	waiter := run.NewQueued(run.Request{
		ID: run.ScheduledID("report", t0), ScheduledFor: t0, Trigger: run.Trigger{At: t0, Kind: run.BySchedule}, Definition: plain.Hash(),
	}, "waiting", true, t0, run.DefaultTiming)
	waiter.Renew = true
	woken := t0.Add(7*time.Hour + 10*time.Second)
	blocked := decided(plain, waiter, run.Due{Blocked: true}, t0.Add(7*time.Hour), run.DefaultTiming).Next
	unresolved := func(r run.Run, after time.Duration) run.Run {
		return decided(plain, r, run.Unresolved{Err: "throttled"}, woken.Add(after), run.DefaultTiming).Next
	}
	for name, c := range map[string]struct {
		run   run.Run
		ready time.Time
		want  run.Status
	}{
		"still blocked":                           {blocked, t0, run.Queued},
		"launched":                                {decided(plain, blocked, run.Due{Task: &task}, woken, run.DefaultTiming).Next, woken, run.Launching},
		"no revision to be had at once":           {unresolved(blocked, 0), woken, run.Queued},
		"nor a while later":                       {unresolved(unresolved(blocked, 0), 3*time.Hour), woken, run.Queued},
		"nor before the deadline, which is ended": {unresolved(unresolved(blocked, 0), 7*time.Hour), woken, run.Failed},
	} {
		if c.run.Status != c.want || !c.run.ReadyAt.Equal(c.ready) || c.run.Waits != (name == "still blocked") {
			t.Errorf("%s: %s (%s), ready at %s, waits %v", name, c.run.Status, c.run.Cause, c.run.ReadyAt, c.run.Waits)
		}
	}
}

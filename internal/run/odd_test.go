package run_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestOddStates: states to which no event leads, but which a repair by hand or another
// version may leave, are still handled with care.
func TestOddStates(t *testing.T) {
	t.Parallel()
	open := run.Attempt{N: 1, Sends: 1, SentAt: t0, TaskARN: arn(1)}
	known := newRun()
	known.Attempts[0].TaskARN = arn(1)
	unsaid := known
	unsaid.DueAt = t0
	bare := newRun()
	bare.Status, bare.Owed, bare.DueAt = run.Running, nil, t0
	two := newRun()
	two.Attempts = []run.Attempt{open, {N: 2, Sends: 1, SentAt: t0}}
	two.Owed[0].Attempt = 2
	over := newRun()
	over.Status, over.Owed, over.FinishedAt, over.DueAt = run.Failed, nil, t0, time.Time{}
	renewed := bare
	renewed.Renew = true
	for name, c := range map[string]struct {
		run     run.Run
		event   run.Event
		outcome run.Result
		status  run.Status
	}{
		"launching, its task is known":         {known, run.Launched{Attempt: 1, TaskARN: arn(1)}, run.Did, run.Running},
		"running, its task is not known":       {bare, run.Launched{Attempt: 1, TaskARN: arn(1)}, run.Did, run.Running},
		"launching, its task is not told of":   {unsaid, run.Unseen{Attempt: 1, Refused: true}, run.Ignored, run.Launching},
		"running without a task, and untold":   {bare, run.Unseen{Attempt: 1, Refused: true}, run.Ignored, run.Running},
		"an end of an attempt before the last": {two, seen(1, 5, eniTimeout), run.Ignored, run.Launching},
		"an end, its attempt is open":          {over, seen(1, 5, eniTimeout), run.Ignored, run.Failed},
		"running, and a revision is missing":   {renewed, run.Unresolved{Err: "x", Final: true}, run.Ignored, run.Running},
	} {
		d := decided(plain, c.run, c.event, t0.Add(time.Minute), run.DefaultTiming)
		if d.Result != c.outcome || d.Next.Status != c.status {
			t.Errorf("%s: %s, it %s: %s", name, d.Result, d.Next.Status, d.Why)
		}
	}
	when := run.Run{StartedAt: t0, FinishedAt: t0.Add(time.Minute)}
	if got := when.Duration(); got != time.Minute {
		t.Errorf("without an attempt it took %s", got)
	}
}

// TestNewsThatComesLate: news of one attempt changes no other.
func TestNewsThatComesLate(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	ran := seen(1, 9, exited(1))
	byCode := ran
	byCode.Stop.StartedAt = time.Time{}
	relaunched := []at{accepted, {minute, seen(1, 3, eniTimeout)}}
	paced := append(relaunched[:2:2], at{minute, run.Paced{Attempt: 2, Send: 1}})
	sought := append(relaunched[:2:2], at{minute, run.NoAnswer{Attempt: 2, Send: 1}}, at{52 * minute, run.Due{}})
	told := append(relaunched[:2:2], at{2 * minute, ran})
	again := seen(1, 10, exited(1))
	nextRound := []at{accepted, {1, seen(1, 4, noPlace)}}
	sent := append(nextRound[:2:2], at{minute, run.Due{}})
	present := append(sent[:3:3], at{minute, run.Launched{Attempt: 1, Round: 1, TaskARN: arn(2)}})
	ownStop := seen(1, 5, exited(0))
	ownStop.TaskARN, ownStop.Round = arn(2), run.UnknownRound
	nobodys := seen(1, 5, eniTimeout)
	nobodys.TaskARN, nobodys.Round = "", run.UnknownRound
	refused := append(sent[:3:3], at{minute, run.Refused{Attempt: 1, Send: 2, Stop: oddFailure}})
	runsAgain := append(relaunched[:2:2], at{2 * minute, look(9, runs)})
	another := run.Launched{Attempt: 1, TaskARN: arn(9)}
	twoTasks := []at{accepted, {2, another}}
	waits := append(present[:4:4], at{2 * minute, seen2(pullTimeout)})
	former := run.Launched{Attempt: 1, TaskARN: arn(9)}
	adopted := []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: throttled}}, {minute, look(2, runs)}}
	for name, c := range map[string]struct {
		before   []at
		event    run.Event
		outcome  run.Result
		status   run.Status
		attempts int
		told     bool // that attempt 1 ran after all
	}{
		"it ran after all, while the next waits for the rate":       {paced, ran, run.Did, run.Queued, 2, true},
		"as its exit code alone shows":                              {relaunched, byCode, run.Did, run.Launching, 2, true},
		"and was told before":                                       {told, again, run.Ignored, run.Launching, 2, true},
		"and was told when it ran":                                  {runsAgain, again, run.Ignored, run.Launching, 2, true},
		"that the round before ran, once this one was refused":      {refused, ran, run.Did, run.Failed, 1, true},
		"a second task of it, which was told before":                {twoTasks, another, run.Ignored, run.Running, 1, true},
		"a search of it, while the next is searched for":            {sought, run.Found{Attempt: 1}, run.Ignored, run.Launching, 2, false},
		"no answer to a send, while its task is searched for":       {sought, run.NoAnswer{Attempt: 2, Send: 1}, run.Did, run.Launching, 2, false},
		"a refusal to tell of it, while the next is searched for":   {sought, run.Unseen{Attempt: 1, Refused: true}, run.Ignored, run.Launching, 2, false},
		"a refusal to tell, while a launch waits":                   {paced, run.Unseen{Attempt: 2, Refused: true}, run.Ignored, run.Queued, 2, false},
		"the end of the present task, which does not say its round": {present, ownStop, run.Did, run.Succeeded, 1, false},
		"a second task of the round before, while the next waits":   {nextRound, former, run.Did, run.Failed, 1, true},
		"the end of a task that says neither":                       {sent, nobodys, run.Ignored, run.Launching, 1, false},
		"that the round before ran, as its exit code alone shows":   {present, byCode, run.Did, run.Running, 1, true},
		"that the round before ran, once this one is over":          {waits, ran, run.Did, run.Failed, 1, true},
		"a stop of what was found though all sends were refused":    {adopted, askedToStop, run.Did, run.Running, 1, false},
	} {
		r, _ := play(t, plain, c.before...)
		d := decided(plain, r, c.event, t0.Add(53*minute), run.DefaultTiming)
		if d.Result != c.outcome || d.Next.Status != c.status || len(d.Next.Attempts) != c.attempts || d.Next.Attempts[0].RanAfterAll != c.told {
			t.Errorf("%s: %s, it %s with %d attempts, told %v: %s", name, d.Result, d.Next.Status, len(d.Next.Attempts), d.Next.Attempts[0].RanAfterAll, d.Why)
		}
		if a := d.Next.Last(); d.Next.Status.Terminal() && !a.Over() {
			t.Errorf("%s: it has ended, and its attempt %d has not", name, a.N)
		}
		if d.Next.Owes(run.Launch) && r.Owes(run.Find) {
			t.Errorf("%s: it is sent again while its task is searched for", name)
		}
	}
}

// seen2 returns the end of the second round's task.
func seen2(s stop.Stop) run.Seen {
	e := seen(1, 5, s)
	e.Round, e.TaskARN = 1, arn(2)
	return e
}

// TestNotYet: an event that comes too early, or for something that it is not about, changes
// nothing.
func TestNotYet(t *testing.T) {
	t.Parallel()
	waiting := run.NewQueued(newRequest(), "x", true, t0, run.DefaultTiming)
	waiting.Renew = true
	unresolved := run.NewUnresolved(newRequest(), "x", t0, run.DefaultTiming)
	sought, _ := play(t, plain, at{1, run.NoAnswer{Attempt: 1}}, at{51 * time.Minute, run.Due{}})
	over, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(3))})
	good, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(0))})
	late, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(3))})
	late.Attempts[0].RanAfterAll = true
	none, one := 0, 1
	for name, c := range map[string]struct {
		run   run.Run
		event run.Event
		after time.Duration
		want  run.Result
	}{
		"the other run is still open, a look too early": {waiting, run.Due{Blocked: true}, time.Second, run.Ignored},
		"no revision, asked for too early":              {unresolved, run.Unresolved{Err: "x"}, time.Second - 1, run.Ignored},
		"no revision, asked for in time":                {unresolved, run.Unresolved{Err: "x"}, time.Second, run.Did},
		"a search that is said to be done":              {sought, run.Done{Effect: run.Effect{Kind: run.Find, Attempt: 1}}, 52 * time.Minute, run.Ignored},
		"a retry that another run forbids":              {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Blocked: "report/20261122T1731Z"}, time.Hour, run.Denied},
		"a retry by somebody who saw its attempt":       {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Attempts: &one}, time.Hour, run.Did},
		"a retry by somebody who saw none":              {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Attempts: &none}, time.Hour, run.Denied},
		"a retry by somebody who saw it safe":           {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Seen: run.RetrySafe}, time.Hour, run.Denied},
		"a retry by somebody who saw its end":           {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Seen: run.RetryEnded}, time.Hour, run.Did},
		"a retry by somebody who saw it unsafe":         {over, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Seen: run.RetryUnsafe}, time.Hour, run.Did},
		"it succeeded since somebody saw it unsafe":     {good, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Seen: run.RetryUnsafe, Force: true}, time.Hour, run.Denied},
		"it succeeded, which a person knows":            {good, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Force: true}, time.Hour, run.Did},
		"it ran after all, and was seen to end":         {late, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry}, Seen: run.RetryEnded}, time.Hour, run.Denied},
	} {
		if d := decided(plain, c.run, c.event, t0.Add(c.after), run.DefaultTiming); d.Result != c.want {
			t.Errorf("%s: %s, %s", name, d.Result, d.Why)
		}
	}
}

// TestClaims: in which state the first requests leave a run.
func TestClaims(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		run    run.Run
		status run.Status
		cause  string
		waits  bool
		renew  bool
		due    time.Time
		lane   run.Lane
	}{
		"it waits for another": {run.NewQueued(newRequest(), "waits", true, t0, run.DefaultTiming), run.Queued, "waits", true, false, t0.Add(time.Minute), run.LaunchLane},
		"it is next":           {run.NewQueued(newRequest(), "next", false, t0, run.DefaultTiming), run.Queued, "next", false, false, t0, run.LaunchLane},
		"without a revision":   {run.NewUnresolved(newRequest(), "denied", t0, run.DefaultTiming), run.Queued, "waiting for the task definition: denied", false, true, t0.Add(time.Second), run.LaunchLane},
		"it is launched":       {newRun(), run.Launching, "launching attempt 1", false, false, t0.Add(2 * time.Minute), run.LookLane},
		"over at once":         {run.NewEnded(newRequest(), run.Missed, "late", t0), run.Missed, "late", false, false, time.Time{}, run.LookLane},
	} {
		r := c.run
		if r.Status != c.status || r.Cause != c.cause || r.Waits != c.waits || r.Renew != c.renew || !r.DueAt.Equal(c.due) || r.Lane() != c.lane || r.Status.Terminal() == r.FinishedAt.IsZero() {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestOneRunTwoDecisions: two decisions made from one run do not share memory.
func TestOneRunTwoDecisions(t *testing.T) {
	t.Parallel()
	r, _ := play(t, plain, accepted, at{time.Minute, seen(1, 5, exited(3))})
	r.Triggers = append(make([]run.Trigger, 0, 9), r.Triggers...)
	r.Owed = append(make([]run.Effect, 0, 9), run.Effect{Kind: run.Tell, Attempt: 1, Notice: "failed"})
	retry := func(by string) run.Run {
		return decided(plain, r, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: by}, Task: task}, t0.Add(time.Hour), run.DefaultTiming).Next
	}
	ann, bob := retry("ann"), retry("bob")
	if ann.Triggers[1].Request != "ann" || bob.Triggers[1].Request != "bob" || !slices.Equal(ann.Owed, bob.Owed) {
		t.Errorf("%+v and %+v", ann.Triggers, bob.Triggers)
	}
	stopped := retry("ann")
	stopped.Owed = append(make([]run.Effect, 0, 9), r.Owed...)
	first := decided(plain, stopped, run.Seen{Attempt: 2, TaskARN: arn(2), Stop: eniTimeout}, t0.Add(time.Hour), run.DefaultTiming).Next
	_ = decided(plain, stopped, askedToStop, t0.Add(time.Hour), run.DefaultTiming)
	if !first.Owes(run.Launch) || first.Owes(run.Find) {
		t.Errorf("it owes %v", first.Owed)
	}
}

// TestForAttempt: an attempt launches the job with the defaults of its inputs, on the
// capacity that was decided for it.
func TestForAttempt(t *testing.T) {
	t.Parallel()
	spot := plain
	spot.Capacity = job.SpotThenOnDemand
	r := newRun()
	r.Attempts = append(r.Attempts, run.Attempt{N: 2, OnDemand: true})
	r.Environment = map[string]string{"DAY": "today"}
	for n, want := range map[int]job.Capacity{1: job.Spot, 2: job.OnDemand, 3: job.Spot} {
		if got := r.ForAttempt(spot, n); got.Capacity != want || got.Environment["DAY"] != "today" {
			t.Errorf("attempt %d: on %s, with %v", n, got.Capacity, got.Environment)
		}
	}
	if got := r.ForAttempt(plain, 2); got.Capacity != plain.Capacity || !reflect.DeepEqual(got.Environment, r.Environment) {
		t.Errorf("of a job with one capacity: on %s, with %v", got.Capacity, got.Environment)
	}
}

package run_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

var (
	t0   = time.Date(2026, 11, 22, 17, 30, 2, 0, time.UTC)
	task = run.TaskDefinition{
		ARN:       "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:7",
		Container: "app", Containers: []stop.Defined{{Name: "app", Essential: true}},
	}
	plain = job.Job{Name: "report", TaskDefinition: "report"}
)

func newRun() run.Run {
	return run.New(run.Request{
		ID: run.ScheduledID("report", t0), ScheduledFor: t0.Truncate(time.Minute),
		Trigger: run.Trigger{At: t0, Kind: run.BySchedule}, Definition: plain.Hash(), Task: task,
	}, t0, run.DefaultTiming)
}

func arn(attempt int) string {
	return fmt.Sprintf("arn:aws:ecs:eu-central-1:123456789012:task/default/%032d", attempt)
}

func code(n int64) *int64 { return &n }

// The stops of these tests, by what they show.
var (
	eniTimeout = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart",
		Reason:     "Timeout waiting for network interface provisioning to complete.",
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	pullTimeout = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart",
		Reason:     "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/a/b:1: dial tcp 34.205.13.154:443: i/o timeout",
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	noImage = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart",
		Reason:     "CannotPullContainerError: manifest unknown",
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	userStop = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "UserInitiated", Reason: "Task stopped by user", StartedAt: t0,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(137)}},
	}
	spotStop = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "SpotInterruption", Reason: "Your Spot Task was interrupted.", StartedAt: t0,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(143)}},
	}
	spotObeyed = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "SpotInterruption", Reason: "Your Spot Task was interrupted.", StartedAt: t0,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(0)}},
	}
	spotWarning = stop.Stop{
		Kind: stop.Task, LastStatus: "RUNNING", Code: "SpotInterruption", Reason: "Your Spot Task was interrupted.", StartedAt: t0,
		Containers: []stop.Container{{Name: "app", LastStatus: "RUNNING", RuntimeID: "r"}},
	}
	bareFailure = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart", Reason: "Task failed to start",
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	noCapacity = stop.Stop{Kind: stop.LaunchFailure, Reason: "Capacity is unavailable at this time. Please try again later or in a different availability zone"}
	noQuota    = stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClientException", Reason: "You've reached the limit on the number of vCPUs you can run concurrently"}
	noPlace    = stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "TaskFailedToStart", Reason: noCapacity.Reason,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED"}},
	}
	oddFailure = stop.Stop{Kind: stop.LaunchFailure, Reason: "SOMETHING NEW"}
	throttled  = stop.Stop{Kind: stop.LaunchException, ErrorCode: "ThrottlingException", Reason: "Rate exceeded"}
	// throttledFailure has the words of a rate limit but is the token's result.
	throttledFailure = stop.Stop{Kind: stop.LaunchFailure, Reason: "Error retrieving security group information for [sg-1]: Rate exceeded (ErrorCode: Throttling)"}

	denied   = stop.Stop{Kind: stop.LaunchException, ErrorCode: "AccessDeniedException", Reason: "User is not authorized to perform: ecs:RunTask"}
	inactive = stop.Stop{Kind: stop.LaunchException, ErrorCode: "ClientException", Reason: "TaskDefinition is inactive"}
)

func exited(n int64) stop.Stop {
	return stop.Stop{
		Kind: stop.Task, LastStatus: "STOPPED", Code: "EssentialContainerExited", Reason: "Essential container in task exited", StartedAt: t0,
		Containers: []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(n)}},
	}
}

func seen(attempt int, version int64, s stop.Stop) run.Seen {
	e := run.Seen{Attempt: attempt, TaskARN: arn(attempt), Version: version, Stop: s}
	if s.LastStatus == "STOPPED" {
		e.EndedAt = t0.Add(40 * time.Second)
	}
	return e
}

// at is an event, and the time after the claim at which it comes.
type at struct {
	after time.Duration
	event run.Event
}

func play(t *testing.T, j job.Job, events ...at) (run.Run, run.Decision) {
	t.Helper()
	r := newRun()
	var d run.Decision
	for _, e := range events {
		d = decided(j, r, e.event, t0.Add(e.after), run.DefaultTiming)
		if err := invariant(j, r, d, t0.Add(e.after)); err != nil {
			t.Fatalf("%T: %v", e.event, err)
		}
		r = d.Next
	}
	return r, d
}

// transitions are all the changes of status that a run makes by itself.
var transitions = map[run.Status][]run.Status{
	run.Queued:    {run.Queued, run.Launching, run.Running, run.Succeeded, run.Failed, run.Stopped},
	run.Launching: {run.Launching, run.Queued, run.Running, run.Succeeded, run.Failed, run.Stopped},
	run.Running:   {run.Running, run.Queued, run.Launching, run.Succeeded, run.Failed, run.Stopped},
	run.Succeeded: {run.Succeeded},
	run.Failed:    {run.Failed},
	run.Stopped:   {run.Stopped},
	run.Skipped:   {run.Skipped},
	run.Missed:    {run.Missed},
}

// retriedTo reports whether a person's retry led from an end to the only status to which it
// leads.
func retriedTo(before, after run.Run) bool {
	return len(after.Triggers) > len(before.Triggers) && before.Status.Terminal() && after.Status == run.Launching
}

// most returns how many launches an allowance has.
func most(j job.Job, r run.Run) int {
	if r.OnDemand {
		return j.Retry.Limit() + 1
	}
	return j.Retry.Limit()
}

// invariant checks what must hold of every decision.
func invariant(j job.Job, before run.Run, d run.Decision, now time.Time) error {
	r := d.Next
	switch {
	case (d.Result == run.Ignored || d.Result == run.Denied) && !reflect.DeepEqual(before, r):
		return fmt.Errorf("outcome %s, yet the run changed", d.Result)
	case !slices.Contains(transitions[before.Status], r.Status) && !retriedTo(before, r):
		return fmt.Errorf("no way from %s to %s", before.Status, r.Status)
	case r.Open() == r.DueAt.IsZero():
		return fmt.Errorf("open is %v, due at %v", r.Open(), r.DueAt)
	case (r.Status == run.Launching) != (r.Owes(run.Launch) || r.Owes(run.Find)):
		return fmt.Errorf("status %s owes %v", r.Status, r.Owed)
	case r.Status.Terminal() && (r.Owes(run.Launch) || r.Owes(run.StopTask) || r.Owes(run.Find)):
		return fmt.Errorf("a terminal run owes %v", r.Owed)
	case len(r.Attempts)-r.First+1 > most(j, r):
		return fmt.Errorf("%d attempts of an allowance of %d", len(r.Attempts)-r.First+1, most(j, r))
	case d.Counted != 0 && (!r.Owes(run.Launch) || now.Sub(r.Last().SentAt) >= run.DefaultTiming.TokenLife):
		return fmt.Errorf("attempt %d is sent at %s, %s after its first send", d.Counted, now, now.Sub(r.Last().SentAt))
	case r.Status.Terminal() && r.FinishedAt.IsZero():
		return fmt.Errorf("%s without an end", r.Status)
	case d.Why == "":
		return fmt.Errorf("a decision without a why")
	}
	return nil
}

func TestDecideStories(t *testing.T) {
	t.Parallel()
	idempotent := plain
	idempotent.Retry.Idempotent = true
	listed := plain
	listed.Retry.ExitCodes = []int64{75}
	ownFail := plain
	ownFail.Retry.Rules = []job.Rule{{StoppedReason: "Timeout waiting*", Action: job.Fail}}
	ownRelaunch := plain
	ownRelaunch.Retry.Rules = []job.Rule{{StoppedReason: "*manifest unknown*", Action: job.Relaunch}, {StopCode: "Spot*", Action: job.Relaunch}}
	pinned := plain
	pinned.TaskDefinition = "report:7"

	launched := func(n int) run.Event { return run.Launched{Attempt: n, TaskARN: arn(n), LastStatus: "PROVISIONING"} }
	minute := time.Minute
	cases := []struct {
		name     string
		job      job.Job
		events   []at
		status   run.Status
		attempts int
		cause    string
	}{
		{"a success", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(0))}}, run.Succeeded, 1, "succeeded"},
		{"a success before the answer", plain, []at{{1, seen(1, 5, exited(0))}, {2, launched(1)}}, run.Succeeded, 1, "succeeded"},
		{"an exit code", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(3))}}, run.Failed, 1, "exit code 3"},
		{"a killed process", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(137))}}, run.Failed, 1, "exit code 137, as after SIGKILL"}, // https://github.com/dagster-io/dagster/issues/17448
		{"a command that the shell does not find", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(127))}}, run.Failed, 1, "exit code 127, as of a command that is not found"},
		{"a listed exit code", listed, []at{{1, launched(1)}, {minute, seen(1, 5, exited(75))}}, run.Launching, 2, "launching attempt 2"},
		{"an unlisted exit code", listed, []at{{1, launched(1)}, {minute, seen(1, 5, exited(1))}}, run.Failed, 1, "exit code 1"},
		{"an ENI timeout is relaunched at once", plain, []at{{1, launched(1)}, {minute, seen(1, 3, eniTimeout)}}, run.Launching, 2, "launching attempt 2"},
		{"a pull timeout waits", plain, []at{{1, launched(1)}, {minute, seen(1, 3, pullTimeout)}}, run.Queued, 1, ""},
		{"a missing image fails at once", plain, []at{{1, launched(1)}, {minute, seen(1, 3, noImage)}}, run.Failed, 1, ""},
		{"a bare failure to start is no proof", plain, []at{{1, launched(1)}, {minute, seen(1, 3, bareFailure)}}, run.Failed, 1, ""},
		{"a bare failure to start of an idempotent job", idempotent, []at{{1, launched(1)}, {minute, seen(1, 3, bareFailure)}}, run.Launching, 2, ""},
		{"an interruption", plain, []at{{1, launched(1)}, {minute, seen(1, 5, spotStop)}}, run.Failed, 1, ""},
		{"an interruption of an idempotent job", idempotent, []at{{1, launched(1)}, {minute, seen(1, 5, spotStop)}}, run.Launching, 2, ""},
		{"an interruption of an idempotent job that obeyed with exit code 0", idempotent, []at{{1, launched(1)}, {minute, seen(1, 5, spotObeyed)}}, run.Launching, 2, ""},
		{"an exit code of an idempotent job", idempotent, []at{{1, launched(1)}, {minute, seen(1, 5, exited(1))}}, run.Failed, 1, "exit code 1"},
		{"a Spot warning is not a stop", idempotent, []at{{1, launched(1)}, {minute, seen(1, 4, spotWarning)}}, run.Running, 1, ""},
		{"a stop in ECS by somebody", plain, []at{{1, launched(1)}, {minute, seen(1, 5, userStop)}}, run.Stopped, 1, "stopped in ECS: Task stopped by user"},
		{"the job's own rule says fail", ownFail, []at{{1, launched(1)}, {minute, seen(1, 3, eniTimeout)}}, run.Failed, 1, ""},
		{"the job's own rule relaunches what never started", ownRelaunch, []at{{1, launched(1)}, {minute, seen(1, 3, noImage)}}, run.Launching, 2, ""},
		{"the job's own rule does not relaunch what ran", ownRelaunch, []at{{1, launched(1)}, {minute, seen(1, 3, spotStop)}}, run.Failed, 1, ""},
		{"three attempts and no more", plain, []at{
			{1, launched(1)},
			{minute, seen(1, 3, eniTimeout)},
			{minute, launched(2)},
			{2 * minute, seen(2, 3, eniTimeout)},
			{5 * minute, run.Due{}},
			{5 * minute, launched(3)},
			{6 * minute, seen(3, 3, eniTimeout)},
		}, run.Failed, 3, ""},
		{"no capacity on a first send is proof", plain, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}}, run.Queued, 1, "waiting: there was no capacity for the task at this moment"},
		{"no permission fails at once", plain, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: denied}}}, run.Failed, 1, ""},
		{"throttling costs no attempt", plain, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: throttled}}, {minute, run.Due{}}, {minute, launched(1)}}, run.Running, 1, ""},
		{"a refusal after throttling is proof", plain, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: throttled}}, {minute, run.Due{}}, {minute, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Queued, 1, ""},
		{"failures[] long after a lost answer are the token's result", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2 * minute, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Queued, 1, "waiting: there was no capacity for the task at this moment"},
		{"so are those that cost the attempt", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2 * minute, run.Refused{Attempt: 1, Send: 2, Stop: oddFailure}}}, run.Queued, 1, ""},
		{"failures[] soon after a lost answer are not", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {minute, run.Triggered{}}, {3 * minute, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"nor are those of a token that may be gone", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {49 * minute, run.Due{}}, {50 * minute, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"nor those of a send that is not the newest", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2*minute + 1, run.Triggered{}}, {3 * minute, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"nor those of an earlier send, while the newest is on its way", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {minute, run.Triggered{}}, {3 * minute, run.Due{}}, {3*minute + 1, run.Refused{Attempt: 1, Send: 2, Stop: noCapacity}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"nor is an exception", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2 * minute, run.Refused{Attempt: 1, Send: 2, Stop: noQuota}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"throttling after a lost answer is none", plain, []at{{0, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2 * minute, run.Refused{Attempt: 1, Send: 2, Stop: throttled}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"a refusal while a second send is out is none", plain, []at{{1, run.Triggered{}}, {2, run.Refused{Attempt: 1, Send: 1, Stop: denied}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"both sends refused is proof", plain, []at{{1, run.Triggered{}}, {2, run.Refused{Attempt: 1, Send: 1, Stop: denied}}, {3, run.Refused{Attempt: 1, Send: 2, Stop: denied}}}, run.Failed, 1, ""},
		{"both sends refused, the later first, is proof", plain, []at{{1, run.Triggered{}}, {2, run.Refused{Attempt: 1, Send: 2, Stop: denied}}, {3, run.Refused{Attempt: 1, Send: 1, Stop: denied}}}, run.Failed, 1, ""},
		{"one refusal heard twice is none for another send", plain, []at{{1, run.Triggered{}}, {2, run.Refused{Attempt: 1, Send: 1, Stop: denied}}, {3, run.Refused{Attempt: 1, Send: 1, Stop: denied}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"a later refusal heard twice is none for the first send", plain, []at{{1, run.Triggered{}}, {2, run.Refused{Attempt: 1, Send: 2, Stop: denied}}, {3, run.Refused{Attempt: 1, Send: 2, Stop: denied}}}, run.Launching, 1, "attempt 1 is in doubt"},
		{"a lost answer, then the same token's answer", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {2 * minute, run.Due{}}, {2 * minute, launched(1)}}, run.Running, 1, ""},
		{"a lost answer, then the stop event", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {minute, seen(1, 5, exited(0))}}, run.Succeeded, 1, "succeeded"},
		{"a lost answer and nothing found", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {51 * minute, run.Due{}}, {51 * minute, run.Found{Attempt: 1}}, {62 * minute, run.Due{}}, {62 * minute, run.Found{Attempt: 1}}}, run.Failed, 1, ""},
		{"a lost answer and nothing found yet", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {51 * minute, run.Due{}}, {51 * minute, run.Found{Attempt: 1}}, {60 * minute, run.Due{}}, {60 * minute, run.Found{Attempt: 1}}}, run.Launching, 1, ""},
		{"a lost answer, a stop and nothing found", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {2, run.StopAsked{By: "ann", Reason: "x"}}, {3, run.Found{Attempt: 1}}, {11 * minute, run.Due{}}, {11 * minute, run.Found{Attempt: 1}}}, run.Stopped, 1, ""},
		{"a lost answer and a task found", plain, []at{{1, run.NoAnswer{Attempt: 1}}, {51 * minute, run.Due{}}, {51 * minute, run.Found{Attempt: 1, TaskARNs: []string{arn(1)}}}}, run.Running, 1, ""},
		{"a task that ECS forgot", plain, []at{{1, launched(1)}, {5 * minute, run.Gone{Attempt: 1, At: t0.Add(time.Hour)}}}, run.Failed, 1, ""},
		{"a task that ECS forgot, of an idempotent job", idempotent, []at{{1, launched(1)}, {5 * minute, run.Gone{Attempt: 1, At: t0.Add(time.Hour)}}}, run.Failed, 1, ""},
		{"a task that ECS does not know yet", plain, []at{{1, launched(1)}, {2, run.Gone{Attempt: 1, At: t0.Add(time.Minute)}}}, run.Running, 1, ""},
		{"a task that ECS did not know yet when it was asked", plain, []at{{1, launched(1)}, {5 * minute, run.Gone{Attempt: 1, At: t0.Add(time.Minute)}}}, run.Running, 1, ""},
		{"an inactive revision takes the newest", plain, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: inactive}}, {minute, run.Due{Task: &task}}, {minute, launched(2)}}, run.Running, 2, ""},
		{"an inactive revision that the job pins", pinned, []at{{1, run.Refused{Attempt: 1, Send: 1, Stop: inactive}}}, run.Failed, 1, ""},
		{"a person's stop while running", plain, []at{{1, launched(1)}, {minute, run.StopAsked{By: "ann", Reason: "wrong day"}}, {2 * minute, seen(1, 5, userStop)}}, run.Stopped, 1, "stopped by ann: wrong day"},
		{"a person's stop and exit 0", plain, []at{{1, launched(1)}, {minute, run.StopAsked{By: "ann", Reason: "x"}}, {2 * minute, seen(1, 5, exited(0))}}, run.Stopped, 1, "stopped by ann: x"},
		{"a person's stop while launching", plain, []at{{1, run.StopAsked{By: "ann", Reason: "x"}}, {2, launched(1)}, {minute, seen(1, 5, userStop)}}, run.Stopped, 1, ""},
		{"a person's stop while launching, then refused", plain, []at{{1, run.StopAsked{By: "ann", Reason: "x"}}, {2, run.Refused{Attempt: 1, Send: 1, Stop: noCapacity}}}, run.Stopped, 1, ""},
		{"a person's stop while waiting", plain, []at{{1, launched(1)}, {minute, seen(1, 3, pullTimeout)}, {minute, run.StopAsked{By: "ann", Reason: "x"}}}, run.Stopped, 1, ""},
		{"a stop of a stop", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(0))}, {minute, run.StopAsked{}}}, run.Succeeded, 1, ""},
		{"a retry of a failure", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(1))}, {minute, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}}}, run.Launching, 2, ""},
		{"a retry of a success", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(0))}, {minute, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}}}, run.Succeeded, 1, ""},
		{"a forced retry of a success", plain, []at{{1, launched(1)}, {minute, seen(1, 5, exited(0))}, {minute, run.RetryAsked{Force: true, Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}}}, run.Launching, 2, ""},
		{"a retry while running", plain, []at{{1, launched(1)}, {minute, run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: "a"}, Task: task}}}, run.Running, 1, ""},
		{"news that it ran takes a waiting relaunch back", plain, []at{{1, launched(1)}, {minute, seen(1, 3, pullTimeout)}, {minute, seen(1, 4, exited(0))}}, run.Succeeded, 1, "succeeded"},
		{"news that it runs takes a waiting relaunch back", plain, []at{{1, launched(1)}, {minute, seen(1, 3, pullTimeout)}, {minute, seen(1, 4, spotWarning)}}, run.Running, 1, ""},
		{"a second task takes a waiting relaunch back", plain, []at{{1, launched(1)}, {minute, seen(1, 3, pullTimeout)}, {minute, run.Launched{Attempt: 1, TaskARN: arn(9)}}}, run.Failed, 1, ""},
		{"an event of an older attempt", plain, []at{{1, launched(1)}, {minute, seen(1, 3, eniTimeout)}, {minute, launched(2)}, {minute, seen(1, 3, eniTimeout)}}, run.Running, 2, ""},
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
		})
	}
}

// TestRanAfterAll: an attempt that was judged never started, or never seen, turns out to have
// run.
func TestRanAfterAll(t *testing.T) {
	t.Parallel()
	stories := map[string][]at{
		"superseded": {{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, {time.Minute, seen(1, 3, eniTimeout)}, {time.Minute, seen(1, 4, exited(0))}},
		"in doubt":   {{1, run.NoAnswer{Attempt: 1}}, {51 * time.Minute, run.Due{}}, {51 * time.Minute, run.Found{Attempt: 1}}, {62 * time.Minute, run.Due{}}, {62 * time.Minute, run.Found{Attempt: 1}}, {63 * time.Minute, seen(1, 4, exited(0))}},
		"unseen":     {{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, {5 * time.Minute, run.Gone{Attempt: 1, At: t0.Add(5 * time.Minute)}}, {6 * time.Minute, seen(1, 4, exited(0))}},
	}
	for name, events := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := play(t, plain, events...)
			before, _ := play(t, plain, events[:len(events)-1]...)
			if a := r.Attempts[0]; !a.RanAfterAll || a.Next != "its task ran after all, and ended with code 0" || a.AfterAll() != a.Next {
				t.Errorf("the attempt is marked %t: %s", a.RanAfterAll, a.Next)
			}
			if r.Status != before.Status {
				t.Errorf("status went from %s to %s", before.Status, r.Status)
			}
			again := decided(plain, r, events[len(events)-1].event, t0.Add(time.Hour), run.DefaultTiming)
			if again.Result != run.Ignored {
				t.Errorf("the same event again: %s", again.Result)
			}
		})
	}
}

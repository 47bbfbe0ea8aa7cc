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

// TestRetry: a retry is called safe only if the run is proved never to have started, or its
// job says that it does no harm.
func TestRetry(t *testing.T) {
	t.Parallel()
	never := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.No, Class: stop.Retry}
	refused := run.Attempt{N: 1, Sends: 2, Refusals: 2}
	exited := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Yes, Class: stop.AppFailed, Rule: stop.RuleExited, ExitCode: code(3)}
	late0 := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Yes, Class: stop.AppFailed, Rule: stop.RuleEndedLate, ExitCode: code(0)}
	timedOut := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Yes, Class: stop.AppFailed, Rule: stop.RuleTimedOut, ExitCode: code(143)}
	outOfMemory := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Yes, Class: stop.AppFailed, Rule: "out-of-memory", ExitCode: code(137)}
	killed := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Yes, Class: stop.Interrupted, ExitCode: code(137)}
	unseen := run.Attempt{N: 1, Sends: 1, TaskARN: "arn", Started: stop.Unknown, Why: "nobody saw it"}
	ran := unseen
	ran.Started = stop.Yes
	doubtful := run.Attempt{N: 1, Sends: 2, Refusals: 1, Doubt: true}
	late := never
	late.RanAfterAll = true
	lateEnd, second, unasked := late, late, doubtful
	lateEnd.ExitCode, second.Second, unasked.Why = code(0), "arn2", "ECS refused to tell"
	ended := func(as ...run.Attempt) run.Run { return run.Run{Status: run.Failed, Attempts: as} }
	idempotent := job.Job{Retry: job.Retry{Idempotent: true}}
	for name, c := range map[string]struct {
		r    run.Run
		j    job.Job
		want run.Safety
		says string
	}{
		"still open":                       {run.Run{Status: run.Running, Attempts: []run.Attempt{never}}, job.Job{}, run.RetryOpen, "has not ended"},
		"succeeded":                        {run.Run{Status: run.Succeeded, Attempts: []run.Attempt{exited}}, idempotent, run.RetryDone, "would do its work again"},
		"missed":                           {run.Run{Status: run.Missed}, job.Job{}, run.RetrySafe, "ever launched"},
		"never started":                    {ended(never), job.Job{}, run.RetrySafe, "nothing of it ever started"},
		"every send refused":               {ended(refused), job.Job{}, run.RetrySafe, "ever started"},
		"never started, three times":       {ended(never, never, never), job.Job{}, run.RetrySafe, "ever started"},
		"ended by itself":                  {ended(exited), job.Job{}, run.RetryEnded, "ended by itself with code 3"},
		"an earlier attempt ran":           {ended(exited, never), job.Job{}, run.RetryEnded, "code 3"},
		"ended by itself, idempotent":      {ended(exited), idempotent, run.RetrySafe, "idempotent"},
		"ended by itself after its limit":  {ended(late0), job.Job{}, run.RetryEnded, "ended by itself with code 0"},
		"stopped at its limit":             {ended(timedOut), job.Job{}, run.RetryUnsafe, "cut off with code 143"},
		"killed for its memory":            {ended(outOfMemory), job.Job{}, run.RetryUnsafe, "cut off with code 137"},
		"killed":                           {ended(killed), job.Job{}, run.RetryUnsafe, "cut off with code 137"},
		"killed after it ended by once":    {ended(exited, killed), job.Job{}, run.RetryUnsafe, "137"},
		"killed, and then ended by itself": {ended(killed, exited), job.Job{}, run.RetryUnsafe, "137"},
		"it started, and no more is known": {ended(ran), job.Job{}, run.RetryUnsafe, "how far it got"},
		"unseen":                           {ended(unseen), job.Job{}, run.RetryUnsafe, "may have run: nobody saw it"},
		"unseen, idempotent":               {ended(unseen), idempotent, run.RetrySafe, "nobody saw it"},
		"in doubt, and no send is open":    {ended(run.Attempt{N: 1, Sends: 1, Refusals: 1, Doubt: true}), job.Job{}, run.RetryUnsafe, "may have been launched"},
		"a task, and no send is counted":   {ended(run.Attempt{N: 1, TaskARN: "arn"}), job.Job{}, run.RetryUnsafe, "may have run"},
		"an end, and no send is counted":   {ended(run.Attempt{N: 1, Started: stop.Unknown}), job.Job{}, run.RetryUnsafe, "may have been launched"},
		"in doubt":                         {ended(doubtful), job.Job{}, run.RetryUnsafe, "may have been launched"},
		"ran after all":                    {ended(late), job.Job{}, run.RetryUnsafe, "attempt 1: its task ran after all"},
		"ran after all, to its end":        {ended(lateEnd), job.Job{}, run.RetryUnsafe, "attempt 1: its task ran after all, and ended with code 0"},
		"ran twice":                        {ended(second), job.Job{}, run.RetryUnsafe, "attempt 1: a second task was launched in this attempt's name: arn2"},
		"in doubt, and nothing is told":    {ended(unasked), job.Job{}, run.RetryUnsafe, "may have been launched: ECS refused to tell"},
	} {
		if got := run.RetryOf(c.r, c.j); got.Safety != c.want || !strings.Contains(got.Why, c.says) {
			t.Errorf("%s: %+v, want %s: %s", name, got, c.want, c.says)
		}
	}
}

// TestRetryWords: the words begin with the answer to whether a retry is safe.
func TestRetryWords(t *testing.T) {
	t.Parallel()
	for safety, want := range map[run.Safety]string{
		run.RetrySafe: "yes: why", run.RetryEnded: "only you know: why", run.RetryUnsafe: "no: why", run.RetryOpen: "why", run.RetryDone: "no: why",
	} {
		if got := (run.Retry{Safety: safety, Why: "why"}).Words(); got != want {
			t.Errorf("%s: %q, want %q", safety, got, want)
		}
	}
}

// TestRevisions: an attempt keeps the revision that it asked for if a later one uses another, and
// what comes late about it is judged by that revision's containers.
func TestRevisions(t *testing.T) {
	t.Parallel()
	newer, newest := task, task
	newer.ARN, newer.Container, newer.Log = task.ARN+"1", "renamed", run.Log{Group: "/elsewhere"}
	newest.ARN = task.ARN + "2"
	retry := func(id string, t run.TaskDefinition) run.RetryAsked {
		return run.RetryAsked{Trigger: run.Trigger{Kind: run.ByRetry, Request: id}, Task: t}
	}
	r, _ := play(t, plain, accepted, at{1, seen(1, 5, exited(1))}, at{2, retry("a", task)}, at{3, run.Launched{Attempt: 2, TaskARN: arn(2)}}, at{4, seen(2, 5, exited(1))}, at{5, retry("b", newer)},
		at{6, run.Launched{Attempt: 3, TaskARN: arn(3)}}, at{7, seen(3, 5, exited(1))}, at{8, retry("c", newest)})
	for n, want := range []run.TaskDefinition{task, task, newer, newest} {
		if got := r.TaskOf(&r.Attempts[n]); !reflect.DeepEqual(got, want) {
			t.Errorf("attempt %d: %+v, want %+v", n+1, got, want)
		}
	}
	r, _ = play(t, plain, at{1, run.Refused{Attempt: 1, Send: 1, Stop: inactive}}, at{time.Minute, run.Due{Task: &newer}})
	if first, second := r.TaskOf(&r.Attempts[0]), r.TaskOf(&r.Attempts[1]); !reflect.DeepEqual(first, task) || !reflect.DeepEqual(second, newer) {
		t.Errorf("launched again with the newest: %+v, then %+v", first, second)
	}
	unseen, _ := play(t, plain, accepted, at{time.Hour, run.Gone{Attempt: 1, At: t0.Add(time.Hour)}}, at{61 * time.Minute, retry("a", newer)}, at{62 * time.Minute, seen(1, 5, exited(3))})
	if a := unseen.Attempts[0]; !a.RanAfterAll || a.ExitCode == nil || *a.ExitCode != 3 {
		t.Errorf("its stop came late: %+v", a)
	}
}

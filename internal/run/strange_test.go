package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestStrange: a task that a search found is looked at before it is asked to stop. If it turns out
// to be another one, the launch is in doubt for good, and nothing is launched again.
func TestStrange(t *testing.T) {
	t.Parallel()
	lost, found := at{1, run.NoAnswer{Attempt: 1}}, at{52 * time.Minute, run.Found{Attempt: 1, TaskARNs: []string{arn(9)}}}
	strange := at{53 * time.Minute, run.Strange{Attempt: 1, TaskARN: arn(9), Why: "it is of mine:1"}}
	asked := at{2, run.StopAsked{By: "ann", Reason: "x"}}
	due := at{51 * time.Minute, run.Due{}}
	idempotent := plain
	idempotent.Retry.Idempotent = true

	r, _ := play(t, idempotent, lost, due, found)
	if r.Status != run.Running || !r.DueAt.Equal(t0.Add(found.after)) {
		t.Errorf("found: %s, due %s", r.Status, r.DueAt)
	}
	r, _ = play(t, idempotent, lost, due, found, strange)
	a := r.Last()
	if r.Status != run.Failed || len(r.Attempts) != 1 || a.TaskARN != "" || a.Rule != run.RuleInDoubt || !strings.Contains(r.Cause, "mine:1") {
		t.Errorf("strange: %s (%s), %+v", r.Status, r.Cause, r.Attempts)
	}
	if s := run.RetryOf(r, plain); s.Safety != run.RetryUnsafe || a.Started != stop.Unknown {
		t.Errorf("a retry is %s: %s", s.Safety, s.Why)
	}
	if r, _ = play(t, plain, lost, asked, found); r.Owes(run.StopTask) || r.Status != run.Running {
		t.Errorf("somebody's task is stopped before anybody looked at it: %s, owes %v", r.Status, r.Owed)
	}
	// Nobody asked the attempt's own task to stop, if there is one.
	if r, _ := play(t, plain, lost, asked, found, strange); r.Status != run.Failed || r.Owes(run.StopTask) {
		t.Errorf("a strange task that was to be stopped: %s, owes %v", r.Status, r.Owed)
	}
	no := run.Unseen{Attempt: 1, Refused: true, Err: "AccessDeniedException: no"}
	if r, _ := play(t, plain, lost, asked, found, at{53 * time.Minute, no}, at{2 * time.Hour, no}); r.Status != run.Failed || !strings.Contains(r.Cause, "may still run") {
		t.Errorf("a task that nobody may look at: %s, %s", r.Status, r.Cause)
	}
	ours := seen(1, 3, stop.Stop{Kind: stop.Task, LastStatus: "RUNNING"})
	ours.TaskARN, ours.Look = arn(9), true
	if r, _ := play(t, plain, lost, asked, found, at{53 * time.Minute, ours}); !r.Owes(run.StopTask) {
		t.Errorf("ours is not stopped: %s, owes %v", r.Status, r.Owed)
	}
	ended := seen(1, 3, exited(0))
	ended.TaskARN = arn(9)
	if r, d := play(t, plain, lost, due, found, at{52*time.Minute + 1, ended}, strange); r.Status != run.Succeeded || d.Result != run.Ignored {
		t.Errorf("what ended before somebody's late look: %s, %v", r.Status, d.Result)
	}
	if r, d := play(t, plain, at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, strange); r.Status != run.Running || d.Result != run.Ignored {
		t.Errorf("a task that nobody takes for the attempt's: %s, %v", r.Status, d.Result)
	}
}

// TestASecondTaskTellsNothing: that somebody else's task is heard of does not mean that ECS tells
// again of the attempt's.
func TestASecondTaskTellsNothing(t *testing.T) {
	t.Parallel()
	theirs := seen(1, 3, exited(0))
	theirs.TaskARN = arn(9)
	r, _ := play(t, plain, at{1, run.Launched{Attempt: 1, TaskARN: arn(1)}}, at{5*time.Minute + 1, run.Unseen{Attempt: 1, Refused: true}}, at{6 * time.Minute, theirs})
	if a := r.Last(); a.RefusedSince.IsZero() || !a.RanAfterAll {
		t.Errorf("%+v", a)
	}
}

package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// conflictingECS knows the launch's token with another revision, as after a restore: it answers
// which task there is (ECS API reference, RunTask: ConflictException).
type conflictingECS struct{ silentECS }

const oldRevision = "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:0"

func (conflictingECS) Launch(_ context.Context, l port.Launch) run.Event {
	return run.Launched{Attempt: l.Attempt, TaskARN: found}
}

func (conflictingECS) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return []ecsevent.Task{{ARN: found, DefinitionARN: oldRevision, LastStatus: "RUNNING", StartedAt: t0}}, nil, nil
}

// TestAForgottenTaskIsTakenOver although it is of another revision than its run's.
func TestAForgottenTaskIsTakenOver(t *testing.T) {
	t.Parallel()
	now, store := t0, &memory.Store{}
	ctl := &control.Control{
		Stack: "prod", Store: store, Launcher: conflictingECS{}, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	}
	if _, err := ctl.Scheduled(t.Context(), "", job.Job{Name: "report", TaskDefinition: "report", Cluster: "jobs"}, t0); err != nil {
		t.Fatal(err)
	}
	now = now.Add(10 * time.Minute)
	if _, err := ctl.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Running || r.Last().TaskARN != found {
		t.Fatalf("%s: %s, %v", r.Status, r.Cause, err)
	}
	if err := ctl.OnStopped(t.Context(), stoppedAs(t, found, 1, "jobs", oldRevision)); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Succeeded {
		t.Errorf("%s: %s, %v", r.Status, r.Cause, err)
	}
}

// TestTheClusterOfAnEarlierAttempt is not that of a definition with which a person retried the run:
// news of its task, which ran, are told.
func TestTheClusterOfAnEarlierAttempt(t *testing.T) {
	t.Parallel()
	now, store := t0, &memory.Store{}
	ctl := &control.Control{
		Stack: "prod", Store: store, Launcher: silentECS{}, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	}
	j := job.Job{Name: "report", TaskDefinition: "report", Cluster: "jobs"}
	if _, err := ctl.Scheduled(t.Context(), "", j, t0); err == nil {
		t.Fatal("the launch had an answer")
	}
	for range 200 { // until it is given up
		now = now.Add(time.Minute)
		if _, err := ctl.Look(t.Context()); err != nil && !strings.Contains(err.Error(), "no answer") {
			t.Fatal(err)
		}
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Failed || !strings.Contains(r.Cause, "in doubt") {
		t.Fatalf("%s: %s, %v", r.Status, r.Cause, err)
	}
	j.Cluster = "others"
	if err := ctl.Sync(t.Context(), []job.Job{j}); err != nil {
		t.Fatal(err)
	}
	if rep, _ := ctl.Retry(t.Context(), port.RetryRequest{Run: slot, RequestID: "1", By: "ann"}); rep.Outcome == port.Refused {
		t.Fatalf("%+v", rep)
	}
	if err := ctl.OnStopped(t.Context(), stoppedAs(t, found, 1, "jobs", ours)); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Kept(t.Context(), 10)
	r, errRun := store.Run(t.Context(), slot)
	if err != nil || errRun != nil || len(kept) > 0 || len(r.Attempts) != 2 || !r.Attempts[0].RanAfterAll {
		t.Errorf("kept %v, %+v, %v, %v", kept, r.Attempts, err, errRun)
	}
}

// stoppedAs returns the event of a task that ended.
func stoppedAs(t *testing.T, arn string, attempt int, cluster, of string) []byte {
	t.Helper()
	body := fmt.Sprintf(stoppedEvent, "STOPPED", fmt.Sprintf("prod/%s/%d", slot, attempt), "")
	body = strings.Replace(body, `"version":9`, fmt.Sprintf(`"version":9,"clusterArn":"arn:aws:ecs:eu-central-1:123456789012:cluster/%s","taskDefinitionArn":%q`, cluster, of), 1)
	return []byte(strings.Replace(body, taskOf(t, body), arn, 1))
}

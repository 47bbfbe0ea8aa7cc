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

const ours = "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:1"

// silentECS is an ECS that answers no launch.
type silentECS struct{}

func (silentECS) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: ours, Container: "app"}, nil
}

func (silentECS) Launch(_ context.Context, l port.Launch) run.Event {
	return run.NoAnswer{Attempt: l.Attempt, Err: "the line is dead"}
}

func (silentECS) Find(context.Context, string, string) ([]string, error) { return nil, nil }

func (silentECS) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, nil
}

func (silentECS) StopTask(context.Context, string, string, string) error { return nil }

// TestAStrangeTask: while the answer to a launch is lost, a task that names the attempt but
// that somebody ran elsewhere, or from something else, is not taken for its task. It is kept,
// which is reported, and the run goes on.
func TestAStrangeTask(t *testing.T) {
	t.Parallel()
	const (
		jobs   = "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"
		theirs = "arn:aws:ecs:eu-central-1:123456789012:task-definition/mine:1"
	)
	for name, c := range map[string]struct {
		cluster      string // of the job
		of, revision string // of the task
		kept         string
	}{
		"its own":                              {"jobs", jobs, ours, ""},
		"its own, of a job that says the ARN":  {jobs, jobs, ours, ""},
		"in the cluster default":               {"", strings.Replace(jobs, "/jobs", "/default", 1), ours, ""},
		"which does not say where it is":       {"jobs", "", "", ""},
		"in another cluster":                   {"jobs", strings.Replace(jobs, "/jobs", "/play", 1), ours, "is launched in jobs: it is not its task"},
		"in one whose name ends so":            {"jobs", strings.Replace(jobs, "/jobs", "/more-jobs", 1), ours, "is launched in jobs: it is not its task"},
		"in that of another account":           {jobs, strings.Replace(jobs, "1234", "9234", 1), ours, "is launched in arn:aws:ecs:eu-central-1:1234"},
		"in another cluster than default":      {"", jobs, ours, "is launched in default: it is not its task"},
		"of another task definition":           {"jobs", jobs, theirs, "is launched with " + ours},
		"of another revision of what it is of": {"jobs", jobs, ours + "0", "is launched with " + ours},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			ctl := &control.Control{
				Stack: "prod", Store: store, Launcher: silentECS{}, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return t0 },
			}
			j := job.Job{Name: "report", TaskDefinition: "report", Cluster: c.cluster}
			if err := ctl.Sync(t.Context(), []job.Job{j}); err != nil {
				t.Fatal(err)
			}
			if _, err := ctl.Scheduled(t.Context(), "", j, t0); err == nil {
				t.Fatal("the launch had an answer")
			}
			before, err := store.Run(t.Context(), slot)
			if err != nil || before.Task.ARN != ours {
				t.Fatalf("%+v, %v", before.Task, err)
			}
			body := strings.Replace(fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/1", ""), `"version":9`, fmt.Sprintf(`"version":9,"clusterArn":%q,"taskDefinitionArn":%q`, c.of, c.revision), 1)
			if err := ctl.OnStopped(t.Context(), []byte(body)); err != nil {
				t.Fatal(err)
			}
			kept, err := store.Kept(t.Context(), 10)
			if err != nil || len(kept) > 0 != (c.kept != "") || c.kept != "" && !strings.Contains(kept[0].Reason, c.kept) {
				t.Errorf("kept %+v, %v", kept, err)
			}
			after, err := store.Run(t.Context(), slot)
			if err != nil || (after.Status == run.Succeeded) == (c.kept != "") || c.kept != "" && after.Rev != before.Rev {
				t.Errorf("it is %s, %v", after.Status, err)
			}
		})
	}
}

// findingECS answers no launch and finds a task of somebody else, which runs.
type findingECS struct{ silentECS }

const found = "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0123456789"

func (findingECS) Find(context.Context, string, string) ([]string, error) {
	return []string{found}, nil
}

func (findingECS) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return []ecsevent.Task{{ARN: found, DefinitionARN: "arn:aws:ecs:eu-central-1:123456789012:task-definition/mine:1", LastStatus: "RUNNING", StartedAt: t0}}, nil, nil
}

// TestAStrangeTaskIsFound: nor is a task of another task definition that a search finds. Its end
// is kept, and a look ends the run as in doubt.
func TestAStrangeTaskIsFound(t *testing.T) {
	t.Parallel()
	now, store := t0, &memory.Store{}
	ctl := &control.Control{
		Stack: "prod", Store: store, Launcher: findingECS{}, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	}
	j := job.Job{Name: "report", TaskDefinition: "report", Cluster: "jobs"}
	if _, err := ctl.Scheduled(t.Context(), "", j, t0); err == nil {
		t.Fatal("the launch had an answer")
	}
	now = now.Add(51 * time.Minute)
	if _, err := ctl.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Running || r.Last().TaskARN != found {
		t.Fatalf("%s, %+v, %v", r.Status, r.Last(), err)
	}
	event := func(more string) string {
		return strings.Replace(fmt.Sprintf(stoppedEvent, "STOPPED", "prod/"+string(slot)+"/1", ""), `"version":9`, `"version":9,`+more, 1)
	}
	const mine = `"taskDefinitionArn":"arn:aws:ecs:eu-central-1:123456789012:task-definition/mine:1"`
	for n, e := range []struct{ body, why string }{
		{strings.Replace(event(mine), taskOf(t, event(mine)), found, 1), "is launched with " + ours},
		{event(mine), "is launched with " + ours}, // another one, of which the search did not know
		{event(`"clusterArn":"arn:aws:ecs:eu-central-1:123456789012:cluster/play"`), "is launched in jobs"},
	} {
		now = now.Add(time.Millisecond)
		if err := ctl.OnStopped(t.Context(), []byte(e.body)); err != nil {
			t.Fatal(err)
		}
		kept, err := store.Kept(t.Context(), 10)
		if err != nil || len(kept) != n+1 || !strings.Contains(kept[0].Reason, e.why) {
			t.Errorf("kept %+v, %v", kept, err)
		}
	}
	if _, err := ctl.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Failed || !strings.Contains(r.Cause, "in doubt") || r.Last().RanAfterAll {
		t.Errorf("it %s: %s, %v", r.Status, r.Cause, err)
	}
}

// stoppingECS is a findingECS that is asked to stop tasks.
type stoppingECS struct {
	findingECS
	stopped []string
}

func (e *stoppingECS) StopTask(_ context.Context, _, arn, _ string) error {
	e.stopped = append(e.stopped, arn)
	return nil
}

// TestAStrangeTaskIsNotStopped: nor does a person's stop, asked for between the search and the look,
// stop it.
func TestAStrangeTaskIsNotStopped(t *testing.T) {
	t.Parallel()
	now, store, ecs := t0, &memory.Store{}, &stoppingECS{}
	ctl := &control.Control{
		Stack: "prod", Store: store, Launcher: ecs, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
	}
	if _, err := ctl.Scheduled(t.Context(), "", job.Job{Name: "report", TaskDefinition: "report", Cluster: "jobs"}, t0); err == nil {
		t.Fatal("the launch had an answer")
	}
	now = now.Add(51 * time.Minute)
	if _, err := ctl.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	reply, err := ctl.StopRun(t.Context(), port.StopRequest{Run: slot, By: "ann"})
	if err != nil || reply.Outcome != port.Accepted || !strings.Contains(reply.Message, "as soon as ECS says which task it is") {
		t.Errorf("%+v, %v", reply, err)
	}
	if _, err := ctl.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Run(t.Context(), slot); err != nil || r.Status != run.Failed || len(ecs.stopped) > 0 {
		t.Errorf("it %s, %v; stopped %v", r.Status, err, ecs.stopped)
	}
}

// taskOf returns the ARN of an event's task.
func taskOf(t *testing.T, body string) string {
	t.Helper()
	doc, err := ecsevent.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc.Task.ARN
}

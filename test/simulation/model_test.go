package simulation

import (
	"context"
	"strconv"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// model is a Launcher with nothing but its own rate limit. Its tasks run for ever. It serves for
// models of load.
type model struct {
	launched []run.ID // in order
	sends    int
	// refuses reports whether the n-th call is throttled.
	refuses func(n int) bool
}

func (m *model) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: revisionARN("model", 1), Container: "app"}, nil
}

func (m *model) Launch(_ context.Context, l port.Launch) run.Event {
	m.sends++
	if m.refuses != nil && m.refuses(m.sends) {
		return exception(l.Attempt, "ThrottlingException", tooFast)
	}
	m.launched = append(m.launched, l.Run)
	return run.Launched{Attempt: l.Attempt, TaskARN: "task/" + strconv.Itoa(m.sends), LastStatus: "PROVISIONING"}
}

func (m *model) Describe(_ context.Context, _ string, arns []string) ([]ecsevent.Task, []string, error) {
	tasks := make([]ecsevent.Task, len(arns))
	for i, arn := range arns {
		tasks[i] = ecsevent.Task{ARN: arn, LastStatus: "RUNNING", Version: 3, StartedAt: epoch}
	}
	return tasks, nil, nil
}

func (m *model) StopTask(context.Context, string, string, string) error { return nil }

func (m *model) Find(context.Context, string, string) ([]string, error) { return nil, nil }

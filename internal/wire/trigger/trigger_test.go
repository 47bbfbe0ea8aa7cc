package trigger

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// launcher accepts every launch.
type launcher struct {
	port.Launcher
	launched []run.ID
}

func (l *launcher) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: "arn:aws:ecs:eu-central-1:123456789012:task-definition/etl:1", Container: "app"}, nil
}

func (l *launcher) Launch(_ context.Context, in port.Launch) run.Event {
	l.launched = append(l.launched, in.Run)
	return run.Launched{Attempt: in.Attempt, TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/batch/1", LastStatus: "PROVISIONING"}
}

// TestDeliveredAgain: a person's request that Lambda delivers again is the same request, however late;
// another invocation is another request.
func TestDeliveredAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	l := &launcher{}
	ctl := &control.Control{
		Stack: "prod", Store: &memory.Store{}, Launcher: l, Now: func() time.Time { return now },
		Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
	}
	if err := ctl.Sync(t.Context(), []job.Job{{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}}); err != nil {
		t.Fatal(err)
	}
	handle := With(nil, ctl)
	for i, tc := range []struct {
		id       string
		outcome  port.Outcome
		launches int
	}{{"r1", port.Accepted, 1}, {"r1", port.Duplicate, 1}, {"r2", port.Accepted, 2}} {
		now = now.Add(time.Hour)
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: tc.id, InvokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:batchplane-Trigger-1A:people"})
		reply, err := handle(ctx, json.RawMessage(`{"run":"etl"}`))
		if err != nil || reply.Outcome != tc.outcome || len(l.launched) != tc.launches {
			t.Errorf("%d: %+v, %v; launched %q", i, reply, err, l.launched)
		}
	}
}

// TestAliases: the people's alias takes no slots; the rules' alias and the function itself take no
// requests.
func TestAliases(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const (
		function      = "arn:aws:lambda:eu-central-1:123456789012:function:batchplane-Trigger-1A"
		slot, request = `{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`, `{"run":"etl"}`
	)
	for _, tc := range []struct {
		arn, input string
		want       port.Outcome
	}{
		{function, slot, port.Accepted},
		{function + ":$LATEST", slot, port.Accepted},
		{function + ":7", slot, port.Accepted},
		{"", slot, port.Accepted},
		{function, request, port.Refused},
		{function + ":$LATEST", request, port.Refused},
		{function + ":people", slot, port.Refused},
		{function + ":people", request, port.Accepted},
		{function + ":rules", slot, port.Accepted},
		{function + ":rules", request, port.Refused},
	} {
		ctl := &control.Control{
			Stack: "prod", Store: &memory.Store{}, Launcher: &launcher{}, Now: func() time.Time { return now },
			Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
		}
		if err := ctl.Sync(t.Context(), []job.Job{{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}}); err != nil {
			t.Fatal(err)
		}
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r", InvokedFunctionArn: tc.arn})
		reply, err := With(nil, ctl)(ctx, json.RawMessage(tc.input))
		if err != nil || reply.Outcome != tc.want {
			t.Errorf("%s: %s: %+v, %v; want %s", tc.arn, tc.input, reply, err, tc.want)
		}
	}
}

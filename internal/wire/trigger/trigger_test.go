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
	"github.com/batchplane/batchplane/internal/run"
)

// launcher takes every launch.
type launcher struct {
	control.Launcher
	launched []run.ID
}

func (l *launcher) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: "arn:aws:ecs:eu-central-1:123456789012:task-definition/etl:1", Container: "app"}, nil
}

func (l *launcher) Launch(_ context.Context, in control.Launch) run.Event {
	l.launched = append(l.launched, in.Run)
	return run.Launched{Attempt: in.Attempt, TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/batch/1", LastStatus: "PROVISIONING"}
}

// TestDeliveredAgain: a person's request that Lambda delivers again is the same
// request, at whatever time, and another invocation is another.
func TestDeliveredAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	l := &launcher{}
	ctl := &control.Control{
		Stack: "prod", Store: &memory.Store{}, Launcher: l, Now: func() time.Time { return now },
		Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
	}
	if err := ctl.Sync(t.Context(), []job.Job{{Name: "etl", TaskDefinition: "etl"}}); err != nil {
		t.Fatal(err)
	}
	handle := With(nil, ctl)
	for i, tc := range []struct {
		id       string
		outcome  control.Outcome
		launches int
	}{{"r1", control.Accepted, 1}, {"r1", control.Duplicate, 1}, {"r2", control.Accepted, 2}} {
		now = now.Add(time.Hour)
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: tc.id})
		reply, err := handle(ctx, json.RawMessage(`{"run":"etl"}`))
		if err != nil || reply.Outcome != tc.outcome || len(l.launched) != tc.launches {
			t.Errorf("%d: %+v, %v; launched %q", i, reply, err, l.launched)
		}
	}
}

// TestPeoplesAlias: the people's alias takes no slots, the function itself does.
func TestPeoplesAlias(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const function = "arn:aws:lambda:eu-central-1:123456789012:function:batchplane-Trigger-1A"
	for arn, want := range map[string]control.Outcome{
		function: control.Accepted, function + ":$LATEST": control.Accepted, function + ":7": control.Accepted, "": control.Accepted,
		function + ":people": control.Refused,
	} {
		ctl := &control.Control{
			Stack: "prod", Store: &memory.Store{}, Launcher: &launcher{}, Now: func() time.Time { return now },
			Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
		}
		if err := ctl.Sync(t.Context(), []job.Job{{Name: "etl", TaskDefinition: "etl"}}); err != nil {
			t.Fatal(err)
		}
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r", InvokedFunctionArn: arn})
		reply, err := With(nil, ctl)(ctx, json.RawMessage(`{"job":"etl","scheduledFor":"2026-11-22T09:00:00Z"}`))
		if err != nil || reply.Outcome != want {
			t.Errorf("%s: %+v, %v; want %s", arn, reply, err, want)
		}
	}
}

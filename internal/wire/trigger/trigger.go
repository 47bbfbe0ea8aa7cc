// Package trigger assembles the trigger function.
package trigger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/failures"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct {
	base.Config
	// Group is the stack's schedule group.
	Group string `env:"BATCHPLANE_SCHEDULE_GROUP"`
	// Failures holds the addresses of the queues of failures, in the order of port.Queues.
	Failures string `env:"BATCHPLANE_FAILURES"`
}

// Handler is the function's handler.
type Handler func(ctx context.Context, input json.RawMessage) (port.Reply, error)

// New reads the configuration. It makes no calls.
func New(env environ.Lookup) (Handler, error) {
	var c Config
	a, err := base.NewAWS(env)
	if err := errors.Join(environ.Fill(&c, env), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout)
	return With(queuesOf(c.Failures, a), &control.Control{
		Stack: c.Stack, Store: base.Store(c.Config, a, log), Now: time.Now, Timing: base.Timing(c.Config), Log: log,
		Schedules: &schedules.Lookup{
			Group:    schedules.Group{Scheduler: a.Signed("SCHEDULER", "scheduler"), Name: c.Group},
			Function: lambdacontext.FunctionName, Read: entry.Noting(log),
		},
		Launcher: &fargate.Launcher{ECS: ecs.NewFromConfig(a.For("ECS")), Now: time.Now},
		Watch:    base.RunMetrics(c.Config, os.Stdout, time.Now, log),
	}), nil
}

// queuesOf returns the queues of failures at these addresses.
func queuesOf(urls string, a base.AWS) *failures.Queues {
	q := &failures.Queues{SQS: &signed.Client{Config: a.For("SQS"), Service: "sqs"}, URLs: map[port.Queue]string{}}
	for i, address := range strings.Split(urls, ",") {
		if i < len(port.Queues) {
			q.URLs[port.Queues[i]] = address
		}
		if u, err := url.Parse(address); err == nil {
			q.SQS.Endpoint = u.Scheme + "://" + u.Host
		}
	}
	return q
}

// With returns the function for a control plane. A person's request without an id gets the id of its
// invocation, which Lambda keeps when it delivers an input again.
func With(queues port.Failures, ctl *control.Control) Handler {
	door := entry.Door{Log: ctl.Log, Control: ctl, Failures: queues}
	return func(ctx context.Context, input json.RawMessage) (port.Reply, error) {
		var id string
		way := entry.FromSchedules
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			id, way = lc.AwsRequestID, wayOf(lc.InvokedFunctionArn)
		}
		return door.Enter(ctx, way, id, input)
	}
}

// ways are the aliases of the function for people and for rules.
var ways = map[string]entry.Way{"people": entry.FromPeople, "rules": entry.FromRules}

// wayOf returns by which way an input comes. Lambda says by which name the function was called, with
// its alias (arn:aws:lambda:region:account:function:name:alias).
func wayOf(arn string) entry.Way {
	if parts := strings.Split(arn, ":"); len(parts) == 8 {
		return cmp.Or(ways[parts[7]], entry.FromSchedules)
	}
	return entry.FromSchedules
}

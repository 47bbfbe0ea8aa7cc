// Package trigger puts the trigger function together.
package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct{ base.Config }

// Handler is the function's.
type Handler func(ctx context.Context, input json.RawMessage) (control.Reply, error)

// New reads the configuration. It makes no call.
func New(lookup environ.Lookup) (Handler, error) {
	var c Config
	a, err := base.NewAWS(lookup)
	if err := errors.Join(environ.Fill(&c, lookup), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout, c.Config)
	door := entry.Door{Log: log, Control: &control.Control{
		Stack: c.Stack, Store: base.Store(c.Config, a, log), Now: time.Now, Timing: run.DefaultTiming, Log: log,
		Launcher: &fargate.Launcher{ECS: ecs.NewFromConfig(a.For("ECS")), Now: time.Now},
	}}
	return func(ctx context.Context, input json.RawMessage) (control.Reply, error) {
		var id string
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			id = lc.AwsRequestID
		}
		return door.Handle(ctx, id, input)
	}, nil
}

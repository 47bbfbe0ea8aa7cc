// Package onstopped assembles the function that takes ECS's events.
package onstopped

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct{ base.Config }

// Handler is the function's handler.
type Handler func(ctx context.Context, event json.RawMessage) error

// New reads the configuration. It makes no calls.
func New(lookup environ.Lookup) (Handler, error) {
	var c Config
	a, err := base.NewAWS(lookup)
	if err := errors.Join(environ.Fill(&c, lookup), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout)
	return With(&control.Control{
		Stack: c.Stack, Store: base.Store(c.Config, a, log), Now: time.Now, Timing: base.Timing(c.Config), Log: log,
		Launcher: &fargate.Launcher{ECS: ecs.NewFromConfig(a.For("ECS")), Now: time.Now},
		Watch:    base.RunMetrics(c.Config, os.Stdout, time.Now, log),
	}), nil
}

// With returns the function for a control plane. It logs what it could not finish.
func With(ctl *control.Control) Handler {
	return func(ctx context.Context, event json.RawMessage) error {
		err := ctl.OnStopped(ctx, event)
		if err != nil {
			of := &control.RunError{}
			_ = errors.As(err, &of)
			ctl.Log.ErrorContext(ctx, "a task's end is not finished", "run", of.Run, "why", err.Error())
		}
		return err
	}
}

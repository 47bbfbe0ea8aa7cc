// Package widget assembles the function that a CloudWatch dashboard shows.
package widget

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct {
	base.Config
	// People is the ARN of the door for people.
	People string `env:"BATCHPLANE_PEOPLE"`
}

// Handler is the function's handler. It answers with HTML or Markdown.
type Handler func(ctx context.Context, call json.RawMessage) (string, error)

// New reads the configuration. It makes no calls.
func New(lookup environ.Lookup) (Handler, error) {
	var c Config
	a, err := base.NewAWS(lookup)
	if err := errors.Join(environ.Fill(&c, lookup), err); err != nil {
		return nil, err
	}
	log, timing := base.Log(os.Stdout), base.Timing(c.Config)
	w := &console.Widget{Door: c.People, Log: log, Plane: &plane.Plane{
		Name: c.Stack, Stack: doctor.Stack{Standby: timing.Standby, NotBefore: timing.NotBefore}, Reader: base.Store(c.Config, a, log),
		// The dashboard shows alarms and queues beside the widget.
		Inspect: func(context.Context) (plane.Health, error) { return plane.Health{Running: true, Where: c.Stack}, nil },
	}}
	return func(ctx context.Context, call json.RawMessage) (string, error) { return w.Answer(ctx, call) }, nil
}

// Package notify puts the function together that carries notices: it is fed by
// the table's stream.
package notify

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/batchplane/batchplane/internal/adapter/eventbus"
	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/slack"
	topic "github.com/batchplane/batchplane/internal/adapter/sns"
	parameters "github.com/batchplane/batchplane/internal/adapter/ssm"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct {
	base.Config
	// Topic is where all notices are published.
	Topic string `env:"BATCHPLANE_TOPIC"`
	// Bus is where all notices are put as events.
	Bus string `env:"BATCHPLANE_BUS"`
	// SlackPath goes before a target's name to make the name of the parameter
	// that holds its webhook.
	SlackPath string `env:"BATCHPLANE_SLACK_PATH" form:"/.*/"`
	// SlackDefault are the targets of jobs that name none; it may be empty.
	SlackDefault []string `env:"BATCHPLANE_SLACK_DEFAULT" default:""`
	// RetryCommand is what a person types before a run's id to retry it.
	RetryCommand string `env:"BATCHPLANE_RETRY_COMMAND" default:""`
}

// slackTimeout is for one request; the function has more time than all tries.
const slackTimeout = 10 * time.Second

// Handler is the function's.
type Handler func(ctx context.Context, batch Batch) (events.DynamoDBEventResponse, error)

// New reads the configuration. It makes no call.
func New(lookup environ.Lookup) (Handler, error) {
	var c Config
	a, err := base.NewAWS(lookup)
	if err := errors.Join(environ.Fill(&c, lookup), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout, c.Config)
	ways := &fanout.Notifier{Ways: []fanout.Way{
		{Name: "sns", Notifier: &topic.Notifier{SNS: sns.NewFromConfig(a.For("SNS")), Topic: c.Topic}},
		{Name: "eventbridge", Notifier: &eventbus.Notifier{Events: eventbridge.NewFromConfig(a.For("EVENTBRIDGE")), Bus: c.Bus}},
		{Name: "slack", Notifier: &slack.Notifier{
			Secrets: &parameters.Secrets{SSM: ssm.NewFromConfig(a.For("SSM")), Path: c.SlackPath},
			HTTP:    &http.Client{Timeout: slackTimeout}, Now: time.Now, Wait: wait, Default: c.SlackDefault,
		}},
	}}
	h := handler{stack: c.Stack, ways: ways, log: log, control: &control.Control{
		Stack: c.Stack, Store: base.Store(c.Config, a, log), Notifier: ways, Now: time.Now, Timing: run.DefaultTiming, Log: log,
		RetryCommand: c.RetryCommand,
	}}
	return h.handle, nil
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx) //nolint:wrapcheck // the caller says what it waited for
	case <-t.C:
		return nil
	}
}

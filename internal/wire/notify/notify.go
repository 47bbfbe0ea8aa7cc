// Package notify assembles the function that sends notices. The table's stream invokes it.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/batchplane/batchplane/internal/adapter/eventbus"
	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/logs"
	"github.com/batchplane/batchplane/internal/adapter/slack"
	topic "github.com/batchplane/batchplane/internal/adapter/sns"
	parameters "github.com/batchplane/batchplane/internal/adapter/ssm"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct {
	base.Config
	// Topic is the topic to which all notices are published.
	Topic string `env:"BATCHPLANE_TOPIC"`
	// Bus is the bus on which all notices are put as events.
	Bus string `env:"BATCHPLANE_BUS"`
	// SlackPath, followed by a target's name, is the name of the parameter that holds the target's
	// webhook.
	SlackPath string `env:"BATCHPLANE_SLACK_PATH" form:"a path that begins and ends with a slash"`
	// SlackDefault holds the targets of jobs that name none; it may be empty.
	SlackDefault []string `env:"BATCHPLANE_SLACK_DEFAULT" default:""`
	// People is the ARN of the door that takes a person's retry.
	People string `env:"BATCHPLANE_PEOPLE"`
	// LogGroups is the prefix of the log groups whose last lines notices may contain; "" means none.
	LogGroups string `env:"BATCHPLANE_LOG_GROUPS" default:""`
}

// carryWithin bounds sending one notice to the topic or the bus, whatever the SDK tries.
const carryWithin = 10 * time.Second

// slackTimeout bounds one request.
const slackTimeout = 5 * time.Second

// retry and stop stand for the commands that retry and stop a run until addressed fills them
// in.
const retry, stop = "retry", "stop"

// addressed adds to a notice what only a stack on AWS knows: the account, where the task can be seen,
// and the exact commands that ask for a retry or a stop.
type addressed struct {
	port.Notifier
	people string
}

func (a addressed) Notify(ctx context.Context, n notice.Notice) ([]string, error) {
	region := ""
	if parts := strings.Split(a.people, ":"); len(parts) > 4 {
		region, n.Account = " --region "+parts[3], parts[4]
	}
	if len(n.Attempts) > 0 {
		n.TaskAt = logs.TaskURL(n.Attempts[len(n.Attempts)-1].TaskARN)
	}
	ask := func(payload string) string {
		return fmt.Sprintf(`aws lambda invoke%s --cli-binary-format raw-in-base64-out --function-name %s --payload '%s' /dev/stdout`, region, a.people, payload)
	}
	if n.RetryWith != "" {
		n.RetryWith = ask(fmt.Sprintf(`{"retry":"%s","attempts":%d,"requestId":"%s"}`, n.Run, len(n.Attempts), n.RetryID()))
	}
	if n.StopWith != "" {
		id, why := n.ToStop()
		n.StopWith = ask(fmt.Sprintf(`{"stop":"%s","reason":"%s"}`, id, why))
	}
	return a.Notifier.Notify(ctx, n)
}

// Handler is the function's handler.
type Handler func(ctx context.Context, batch Batch) (events.DynamoDBEventResponse, error)

// New reads the configuration. It makes no calls.
func New(lookup environ.Lookup) (Handler, error) {
	h, err := newHandler(lookup)
	if err != nil {
		return nil, err
	}
	return h.handle, nil
}

func newHandler(lookup environ.Lookup) (*handler, error) {
	var c Config
	a, err := base.NewAWS(lookup)
	if err := errors.Join(environ.Fill(&c, lookup), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout)
	store := base.Store(c.Config, a, log)
	ways := addressed{people: c.People, Notifier: &fanout.Notifier{Memory: store, Ways: waysOf(&c, &a, log)}}
	return &handler{stack: c.Stack, ways: ways, log: log, control: &control.Control{
		Stack: c.Stack, Store: store, Notifier: ways, Zones: cron.Location, Now: time.Now, Timing: base.Timing(c.Config), Log: log,
		RetryCommand: retry, StopCommand: stop,
		Logs: &logs.Reader{Logs: cloudwatchlogs.NewFromConfig(a.For("CLOUDWATCH_LOGS")), Region: a.Region, Readable: c.LogGroups},
	}}, nil
}

// asSent follows no redirect: most of them make a GET of a POST, and the page to which they lead would
// count as Slack's word that it took a notice.
func asSent(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// waysOf returns all ways in which a stack sends notices.
func waysOf(c *Config, a *base.AWS, log *slog.Logger) []fanout.Way {
	return []fanout.Way{
		fanout.Only{Name: "sns", Carrier: &topic.Notifier{SNS: sns.NewFromConfig(a.For("SNS")), Topic: c.Topic, Log: log}, Within: carryWithin},
		fanout.Only{Name: "eventbridge", Carrier: &eventbus.Notifier{Events: a.Signed("EVENTBRIDGE", "events"), Bus: c.Bus, Log: log}, Within: carryWithin},
		&slack.Notifier{
			Secrets: &parameters.Secrets{SSM: ssm.NewFromConfig(a.For("SSM")), Path: c.SlackPath},
			HTTP:    &http.Client{Timeout: slackTimeout, Transport: base.Transport(), CheckRedirect: asSent}, Now: time.Now, Default: c.SlackDefault,
		},
	}
}

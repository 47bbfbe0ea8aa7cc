// Package calls_test counts what the functions of the stack send. It plays runs with the real
// handlers, and the real adapters on DynamoDB Local and on the stand-in for ECS, and listens on
// the wire between each SDK client and its service.
//
// `go test ./test/calls -update` writes testdata/calls.golden anew. Read what changed before you
// keep it, because everybody's bill changes with it.
package calls_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/adapter/eventbus"
	"github.com/batchplane/batchplane/internal/adapter/fanout"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/logs"
	"github.com/batchplane/batchplane/internal/adapter/slack"
	topic "github.com/batchplane/batchplane/internal/adapter/sns"
	parameters "github.com/batchplane/batchplane/internal/adapter/ssm"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/signed"
	"github.com/batchplane/batchplane/internal/wire/base"
	stopping "github.com/batchplane/batchplane/internal/wire/onstopped"
)

// slot is when every story begins: two seconds into the minute of its slot.
var slot = time.Date(2026, 11, 22, 17, 30, 2, 0, time.UTC)

// The functions.
const (
	trigger   = "trigger"
	onstopped = "onstopped"
	notify    = "notify"
	sweep     = "sweep"
)

// world is a stack with everything outside it, on a clock that moves when told to.
type world struct {
	t      *testing.T
	clock  *vclock.Clock
	runner *localecs.ScriptedRunner
	delays localecs.Delays
	db     *dynamodb.Client // what it sends is not counted
	table  string
	ecs    http.RoundTripper
	job    job.Job
	id     run.ID // of the run whose notices are carried

	// cold means that functions have just started.
	cold bool
	// before is what the trigger's process did a moment ago, which is not counted.
	before func(*control.Control)
	wire   *wire
	log    *bytes.Buffer
	steps  []step
	// stopped is the event of the last task that stopped.
	stopped []byte
}

// step is one input of a function, with what it sent for it.
type step struct {
	function, input string
	calls           []call
	writes          string
	written, read   float64
}

// newWorld stores the definition of its job, because that is written once per version of a job,
// not once per run.
func newWorld(t *testing.T, inject func(localecs.Kind, localecs.Subject) bool) *world {
	t.Helper()
	w := &world{
		t: t, clock: vclock.New(slot), db: dynamotest.Client(t), table: "batchplane-" + rand.Text(), wire: &wire{}, log: &bytes.Buffer{},
		delays: localecs.Delays{Invisible: 3 * time.Second, Provisioning: 5 * time.Second, Pending: 5 * time.Second, Deprovisioning: 5 * time.Second},
		job:    job.Job{Name: "nightly-report", Schedule: "30 17 * * *", TaskDefinition: "report", Cluster: "batch", Command: []string{"/app/report"}},
	}
	w.id = run.ScheduledID(w.job.Name, slot)
	w.runner = &localecs.ScriptedRunner{Clock: w.clock, Script: func(localecs.ContainerSpec) localecs.Script {
		return localecs.Script{For: 90 * time.Second}
	}}
	dynamotest.Create(t, w.db, dynamo.TableInput(w.table))
	t.Cleanup(func() {
		if _, err := w.db.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &w.table}); err != nil {
			t.Error(err)
		}
	})
	w.openECS(inject)
	return w
}

func (w *world) openECS(inject func(localecs.Kind, localecs.Subject) bool) {
	w.t.Helper()
	server, err := localecs.New(w.t.Context(), localecs.Config{
		Clock: w.clock, Runner: w.runner, Deliver: w.deliver, Clusters: []string{"batch"},
		Inject: func(k localecs.Kind, s localecs.Subject) bool { return inject != nil && inject(k, s) },
		Delays: w.delays,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	server.Resume()
	w.ecs = localecs.Transport{Handler: server.Handler()}
	in := &ecs.RegisterTaskDefinitionInput{Family: aws.String("report"), ContainerDefinitions: []types.ContainerDefinition{
		{Name: aws.String("app"), Image: aws.String("example/app"), Essential: aws.Bool(true), LogConfiguration: &types.LogConfiguration{
			LogDriver: types.LogDriverAwslogs,
			Options:   map[string]string{"awslogs-group": "/ecs/report", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "ecs"},
		}},
	}}
	if _, err := ecs.New(options(w.ecs)).RegisterTaskDefinition(w.t.Context(), in); err != nil {
		w.t.Fatal(err)
	}
}

// options returns those of a client with that transport.
func options(rt http.RoundTripper) ecs.Options {
	return ecs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://service.invalid"), HTTPClient: &http.Client{Transport: rt},
		Credentials: aws.CredentialsProviderFunc(credentials),
	}
}

func credentials(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
}

// store is the table, used without being counted.
func (w *world) store() *dynamo.Store {
	return dynamo.New(dynamo.Config{DB: w.db, Table: w.table, Now: w.clock.Now})
}

// fails makes the job's last run a failed one.
func (w *world) fails() {
	w.t.Helper()
	item := job.Item{Name: w.job.Name, FailingSince: w.clock.Now().Add(-time.Hour)}
	if err := w.store().Commit(w.t.Context(), port.Change{Item: &item}); err != nil {
		w.t.Fatal(err)
	}
}

// run returns the run as it is stored.
func (w *world) run() run.Run {
	w.t.Helper()
	r, err := w.store().Run(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// function returns a function that knows the definition of the job, which never changes, and has
// nothing else in its memory; if it has just started, it does not even know that.
func (w *world) function(name string, meter *dynamotest.Meter) *control.Control {
	log := base.Log(w.log)
	config := aws.Config{Region: "eu-central-1", BaseEndpoint: aws.String("http://service.invalid"), Credentials: aws.CredentialsProviderFunc(credentials)}
	client := func(next http.RoundTripper) *http.Client { return &http.Client{Transport: w.wire.listen(name, next)} }
	db := dynamotest.Client(w.t, meter.Option, func(o *dynamodb.Options) {
		c, _ := o.HTTPClient.(*http.Client)
		o.HTTPClient = client(c.Transport)
	})
	// A function that has handled the job before keeps its definition.
	store := dynamo.New(dynamo.Config{DB: db, Table: w.table, Now: w.clock.Now, Log: log, KeepDefinitions: !w.cold})
	if !w.cold {
		if _, err := store.Definition(w.t.Context(), w.job.Hash()); err != nil && !errors.Is(err, port.ErrNotFound) {
			w.t.Fatal(err)
		}
		w.wire.take()
		meter.TakeAll()
	}
	c := &control.Control{Stack: "prod", Now: w.clock.Now, Timing: run.DefaultTiming, Log: log, Store: store}
	if name == notify {
		events := config
		events.HTTPClient = client(answer(`{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`))
		c.Notifier = &fanout.Notifier{Memory: store, Ways: []fanout.Way{
			fanout.Only{Name: "sns", Carrier: &topic.Notifier{Log: log, Topic: "arn:aws:sns:eu-central-1:123456789012:notices", SNS: sns.NewFromConfig(config, func(o *sns.Options) {
				o.HTTPClient = client(answer(`<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`))
			})}},
			fanout.Only{Name: "eventbridge", Carrier: &eventbus.Notifier{Log: log, Bus: "default", Events: &signed.Client{Config: events, Service: "events"}}},
			&slack.Notifier{
				Secrets: &parameters.Secrets{Path: "/batchplane/prod/slack/", SSM: ssm.NewFromConfig(config, func(o *ssm.Options) {
					o.HTTPClient = client(answer(`{"Parameter":{"Value":"https://slack.invalid/hook"}}`))
				})},
				HTTP: client(answer("ok")), Now: w.clock.Now, Default: []string{"ops"},
			},
		}}
		c.Logs = &logs.Reader{Region: "eu-central-1", Readable: "/ecs/", Logs: cloudwatchlogs.NewFromConfig(config, func(o *cloudwatchlogs.Options) {
			o.HTTPClient = client(answer(`{"events":[{"message":"no such table"}],"nextBackwardToken":"b/1"}`))
		})}
		return c
	}
	c.Launcher = &fargate.Launcher{Now: w.clock.Now, ECS: ecs.NewFromConfig(config, func(o *ecs.Options) { o.HTTPClient = client(w.ecs) })}
	return c
}

// play makes a function handle an input, and then lets the stream bring notify what its filter
// lets through: a run that owes a notice.
func (w *world) play(function, input string, handle func(*control.Control) error) error {
	meter := &dynamotest.Meter{}
	c := w.function(function, meter)
	if function == trigger && w.before != nil {
		w.before(c)
		w.wire.take()
		meter.TakeAll()
	}
	err := handle(c)
	s := step{function: function, input: input, calls: w.wire.take()}
	s.writes, s.written, s.read = meter.TakeAll()
	w.steps = append(w.steps, s)
	r, readErr := w.store().Run(w.t.Context(), w.id)
	if function == notify || readErr != nil || !r.Owes(run.Tell) {
		return err
	}
	w.must(w.play(notify, "the run that "+string(r.Status), func(c *control.Control) error { return c.Tell(w.t.Context(), w.id) }))
	return err
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Error(err)
	}
}

// ask gives the trigger an input.
func (w *world) ask(what string, body any) error {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	way := entry.FromPeople
	if bytes.Contains(text, []byte(`"scheduledFor"`)) {
		way = entry.FromSchedules
	}
	return w.play(trigger, what, func(c *control.Control) error {
		_, err := entry.Door{Control: c, Log: c.Log}.Enter(w.t.Context(), way, "request-1", text)
		return err
	})
}

// fire sends the schedule's input for a slot.
func (w *world) fire(at time.Time) error {
	w.t.Helper()
	w.deployed(w.clock.Now())
	return w.ask("the slot", map[string]any{"job": w.job, "scheduledFor": at.Format(time.RFC3339)})
}

// deliver is the stack's rule, which lets only stopped tasks through, together with its target.
func (w *world) deliver(ctx context.Context, body []byte) error {
	var event struct{ Detail struct{ LastStatus string } }
	if err := json.Unmarshal(body, &event); err != nil || event.Detail.LastStatus != "STOPPED" {
		return err
	}
	w.stopped = body
	return w.play(onstopped, "a stopped task", func(c *control.Control) error { return stopping.With(c)(ctx, body) })
}

package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// meter asks DynamoDB for the units of every write, and keeps them.
type meter struct {
	mu     sync.Mutex
	writes []units
}

// units are write units by table and index.
type units map[string]float64

// option puts the meter into a client.
func (m *meter) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meter", m.handle), middleware.After)
	})
}

func (m *meter) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	const all = types.ReturnConsumedCapacityIndexes
	switch p := in.Parameters.(type) {
	case *dynamodb.PutItemInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.UpdateItemInput:
		p.ReturnConsumedCapacity = all
	case *dynamodb.TransactWriteItemsInput:
		p.ReturnConsumedCapacity = all
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		// It is charged all the same ("DynamoDB read and write operations").
		m.add(&types.ConsumedCapacity{Table: &types.Capacity{CapacityUnits: aws.Float64(1)}})
	}
	switch r := out.Result.(type) {
	case *dynamodb.PutItemOutput:
		m.add(r.ConsumedCapacity)
	case *dynamodb.UpdateItemOutput:
		m.add(r.ConsumedCapacity)
	case *dynamodb.TransactWriteItemsOutput:
		m.addTransaction(in.Parameters, r.ConsumedCapacity)
	}
	return out, metadata, err //nolint:wrapcheck // passes through
}

func (m *meter) add(c *types.ConsumedCapacity) {
	if c == nil {
		return
	}
	u := units{"table": aws.ToFloat64(c.Table.CapacityUnits)}
	for name, i := range c.GlobalSecondaryIndexes {
		u[name] = aws.ToFloat64(i.CapacityUnits)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes = append(m.writes, u)
}

// addTransaction counts two units for each KB of each item, as the developer
// guide has it ("Amazon DynamoDB Transactions: How it works"). DynamoDB Local
// 2.6.1 cannot be asked: it rounds the sum of all sizes, and says four units a
// KB, also for indexes. Of those it is asked how many writes there were.
func (m *meter) addTransaction(parameters any, answer []types.ConsumedCapacity) {
	in, ok := parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return
	}
	u := units{}
	for _, w := range in.TransactItems {
		u["table"] += float64(2 * ((size(w.Put.Item) + 1023) / 1024))
	}
	for _, c := range answer {
		for name, i := range c.GlobalSecondaryIndexes {
			u[name] += aws.ToFloat64(i.CapacityUnits) / 4
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes = append(m.writes, u)
}

// take is what was written since it was last asked for, a write in brackets:
// "[table 1, open 1] [table 1] = 3".
func (m *meter) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	total, words := 0.0, []string{}
	for _, u := range m.writes {
		parts := []string{}
		for _, name := range []string{"table", "open", "recent", "byhand"} {
			if n := u[name]; n != 0 {
				parts = append(parts, fmt.Sprintf("%s %g", name, n))
				total += n
			}
		}
		words = append(words, "["+strings.Join(parts, ", ")+"]")
	}
	m.writes = nil
	return strings.Join(append(words, fmt.Sprintf("= %g", total)), " ")
}

// launcher accepts every launch.
type launcher struct{ refuse bool }

func (l *launcher) Resolve(_ context.Context, j job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{
		ARN:       "arn:aws:ecs:ap-southeast-2:481516234299:task-definition/" + j.TaskDefinition + ":17",
		Container: "app", Containers: []stop.Defined{{Name: "app", Essential: true}},
	}, nil
}

func (l *launcher) Launch(_ context.Context, in control.Launch) run.Event {
	if l.refuse {
		return run.Refused{Attempt: in.Attempt, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "AccessDeniedException", Reason: "not authorized to perform: ecs:RunTask"}}
	}
	return run.Launched{Attempt: in.Attempt, TaskARN: taskARN(in.Attempt), LastStatus: "PROVISIONING"}
}

func taskARN(attempt int) string {
	return fmt.Sprintf("arn:aws:ecs:ap-southeast-2:481516234299:task/production-batch/5d6f7a8b9c0d4e1f8a2b3c4d5e6f70%02d", attempt)
}

func (l *launcher) Describe(_ context.Context, _ string, arns []string) ([]ecsevent.Task, []string, error) {
	var out []ecsevent.Task
	for _, arn := range arns {
		out = append(out, ecsevent.Task{ARN: arn, LastStatus: "RUNNING", Version: 3, StartedAt: start})
	}
	return out, nil, nil
}

func (l *launcher) StopTask(context.Context, string, string, string) error { return nil }

func (l *launcher) Find(context.Context, string, string) ([]string, error) { return nil, nil }

// longName is a job's name of the greatest length.
const longName = "nightly-export-of-customer-orders-to-warehouse-1"

var start = time.Date(2026, 11, 22, 17, 30, 2, 345_678_901, time.UTC)

// life is a run's life through the control plane, on a metered table.
type life struct {
	*control.Control
	t     *testing.T
	table table
	meter *meter
	now   time.Time
	ecs   *launcher
	job   job.Job
	id    run.ID
}

func newLife(t *testing.T, j job.Job) *life {
	t.Helper()
	m := &meter{}
	l := &life{t: t, table: newTable(t, m.option), meter: m, now: start, ecs: &launcher{}, job: j, id: run.ScheduledID(j.Name, start)}
	l.Control = &control.Control{
		Stack: "prod", Store: l.table, Launcher: l.ecs, Now: func() time.Time { return l.now }, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler),
	}
	return l
}

// costs compares what a step wrote with what is expected of it.
func (l *life) costs(what, want string) {
	l.t.Helper()
	if got := l.meter.take(); got != want {
		l.t.Errorf("%s: wrote %s, want %s", what, got, want)
	}
}

func (l *life) status(want run.Status) {
	l.t.Helper()
	if r, err := l.table.Run(l.t.Context(), l.id); err != nil || r.Status != want {
		l.t.Fatalf("the run is %s (%s), %v, want %s", r.Status, r.Cause, err, want)
	}
}

func (l *life) trigger() {
	l.t.Helper()
	if _, err := l.Scheduled(l.t.Context(), l.job, start); err != nil {
		l.t.Fatal(err)
	}
}

// stopped delivers the stop of an attempt's task.
func (l *life) stopped(attempt int, end string) {
	l.t.Helper()
	l.now = l.now.Add(100 * time.Second)
	body := fmt.Sprintf(`{"taskArn":%q,"startedBy":%q,"lastStatus":"STOPPED","version":6,"stoppedAt":"2026-11-22T17:31:40.123Z",%s}`,
		taskARN(attempt), run.StartedBy("prod", l.id, attempt), end)
	if err := l.OnStopped(l.t.Context(), []byte(body)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) look(after time.Duration) {
	l.t.Helper()
	l.now = l.now.Add(after)
	if _, err := l.Look(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
}

// told settles the notice that the run owes, as the stream's function does.
func (l *life) told() {
	l.t.Helper()
	l.Notifier = nil
	r, err := l.table.Run(l.t.Context(), l.id)
	if err != nil || len(r.Owed) != 1 {
		l.t.Fatalf("the run owes %v, %v", r.Owed, err)
	}
	d := run.Decide(l.job, r, run.Done{Effect: r.Owed[0]}, l.now, l.Timing)
	if err := l.table.Commit(l.t.Context(), control.Change{Run: &d.Next}); err != nil {
		l.t.Fatal(err)
	}
}

func ended(exit int) string {
	return fmt.Sprintf(`"stopCode":"EssentialContainerExited","stoppedReason":"Essential container in task exited","startedAt":"2026-11-22T17:30:31.5Z",
		"executionStoppedAt":"2026-11-22T17:31:20.25Z","containers":[{"name":"app","lastStatus":"STOPPED","exitCode":%d,"runtimeId":"5d6f7a8b9c0d4e1f8a2b3c4d5e6f7001-12",
		"imageDigest":"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]`, exit)
}

const neverStarted = `"stopCode":"TaskFailedToStart","stoppedReason":"Timeout waiting for network interface provisioning to complete.",
	"containers":[{"name":"app","lastStatus":"STOPPED"}]`

func plain() job.Job {
	return job.Job{Name: longName, Schedule: "30 17 * * *", TaskDefinition: longName, Cluster: "production-batch", Command: []string{"/app/export", "--full"}}
}

// warm is a life whose job's definition is stored: it is written once per
// version of a job, not once per run.
func warm(t *testing.T, j job.Job) *life {
	t.Helper()
	l := newLife(t, j)
	if err := l.table.PutDefinition(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	l.costs("a new definition", "[table 1] = 1")
	return l
}

// TestWriteUnits is what each step of a run costs. A change of these numbers is
// a change of everybody's bill.
func TestWriteUnits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		job  func(*job.Job)
		live func(l *life)
	}{
		{"a run that succeeds", nil, func(l *life) {
			l.trigger()
			l.costs("claim and launch", "[table 1, open 1, recent 1] [table 1] = 4")
			l.stopped(1, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
			l.status(run.Succeeded)
		}},
		{"a run by hand", nil, func(l *life) {
			if err := l.Sync(l.t.Context(), []job.Job{l.job}); err != nil {
				l.t.Fatal(err)
			}
			l.costs("the job's item", "[table 1] = 1")
			r, err := l.RunByHand(l.t.Context(), control.RunRequest{Job: l.job.Name, RequestID: "r-1", By: "ann"})
			if err != nil {
				l.t.Fatal(err)
			}
			l.costs("claim and launch", "[table 1, open 1, recent 1, byhand 1] [table 1] = 5")
			l.id = r.Run
			l.stopped(1, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
		}},
		{"a slot that was missed", nil, func(l *life) {
			l.now = start.Add(24 * time.Hour)
			l.trigger()
			l.status(run.Missed)
			l.costs("claim, with the job's item", "[table 4, open 1, recent 1] = 6")
		}},
		{"a run that is looked at", nil, func(l *life) {
			l.trigger()
			l.meter.take()
			l.look(3 * time.Minute)
			l.costs("a look before it is due", "= 0")
			l.look(3 * time.Minute)
			l.costs("the first look", "[table 1, open 2] = 3")
			l.stopped(1, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
			l.status(run.Succeeded)
		}},
		{"a run that is relaunched", nil, func(l *life) {
			l.trigger()
			l.meter.take()
			l.stopped(1, neverStarted)
			l.costs("relaunch", "[table 1, open 2] [table 1] = 4")
			l.stopped(2, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
			l.status(run.Succeeded)
		}},
		{"a run that fails", nil, func(l *life) {
			l.trigger()
			l.meter.take()
			l.stopped(1, ended(3))
			l.costs("end, with the job's item", "[table 4, open 2] = 6")
			l.status(run.Failed)
			l.told()
			l.costs("its notice was given", "[table 1, open 2] = 3")
		}},
		{"a run that may not overlap", func(j *job.Job) { j.Overlap = job.Forbid }, func(l *life) {
			l.trigger()
			l.costs("claim with the lock, and launch", "[table 4, open 1, recent 1] [table 1] = 7")
			l.stopped(1, ended(0))
			l.costs("end, with the lock", "[table 4, open 1] = 5")
			l.status(run.Succeeded)
		}},
		{"a run that may not outlast a minute", func(j *job.Job) { j.Timeout = job.Duration(time.Minute) }, func(l *life) {
			l.trigger()
			l.costs("claim and launch", "[table 1, open 1, recent 1] [table 1] [table 1, open 2] = 7")
			l.stopped(1, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := plain()
			if c.job != nil {
				c.job(&j)
			}
			c.live(warm(t, j))
		})
	}
}

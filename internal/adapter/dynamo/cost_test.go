package dynamo_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// launcher accepts every launch, unless refuse is set.
type launcher struct{ refuse bool }

func (l *launcher) Resolve(_ context.Context, j job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{
		ARN:       "arn:aws:ecs:ap-southeast-2:481516234299:task-definition/" + j.TaskDefinition + ":17",
		Container: "app", Containers: []stop.Defined{{Name: "app", Essential: true}},
		Log: run.Log{Group: "/ecs/" + j.TaskDefinition, Prefix: "ecs"},
	}, nil
}

func (l *launcher) Launch(_ context.Context, in port.Launch) run.Event {
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

// longName is a job name of the greatest length.
const longName = "nightly-export-of-customer-orders-to-warehouse-1"

var start = time.Date(2026, 11, 22, 17, 30, 2, 345_678_901, time.UTC)

// life is a run's life through the control plane, on a metered table.
type life struct {
	*control.Control
	t     *testing.T
	table table
	meter *dynamotest.Meter
	now   time.Time
	ecs   *launcher
	job   job.Job
	id    run.ID
}

func newLife(t *testing.T, j job.Job) *life {
	t.Helper()
	m := &dynamotest.Meter{}
	l := &life{t: t, table: newTable(t, m.Option), meter: m, now: start, ecs: &launcher{}, job: j, id: run.ScheduledID(j.Name, start)}
	l.Control = &control.Control{
		Stack: "prod", Store: l.table, Launcher: l.ecs, Now: func() time.Time { return l.now }, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler),
	}
	return l
}

// costs compares what a step wrote with what is expected.
func (l *life) costs(what, want string) {
	l.t.Helper()
	if got := l.meter.Take(); got != want {
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
	if _, err := l.Scheduled(l.t.Context(), "", l.job, start); err != nil {
		l.t.Fatal(err)
	}
}

// stopped delivers the stop of an attempt's task.
func (l *life) stopped(attempt int, end string) {
	l.t.Helper()
	l.now = l.now.Add(100 * time.Second)
	body := fmt.Sprintf(`{"taskArn":%q,"startedBy":%q,"lastStatus":"STOPPED","version":6,"stoppedAt":"2026-11-22T17:31:40.123Z",%s}`,
		taskARN(attempt), run.RoundID{Run: l.id, Attempt: attempt}.StartedBy("prod"), end)
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
	d := run.Decide(&l.job, &r, run.Done{Effect: r.Owed[0]}, l.now, &l.Timing)
	if err := l.table.Commit(l.t.Context(), port.Change{Run: &d.Next}); err != nil {
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

// warm is a life whose job's definition is already stored: it is written once per version of a job, not
// once per run.
func warm(t *testing.T, j job.Job) *life {
	t.Helper()
	l := newLife(t, j)
	if err := l.table.PutDefinition(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	l.costs("a new definition", "[table 1] = 1")
	return l
}

// TestWriteUnits: what each step of a run costs. A change of these numbers changes everybody's bill.
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
			l.costs("the job's item, and that the registry was read", "[table 1] [table 1] = 2")
			r, err := l.RunByHand(l.t.Context(), port.RunRequest{Job: l.job.Name, RequestID: "r-1", By: "ann"})
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
			l.meter.Take()
			l.look(3 * time.Minute)
			l.costs("a look before it is due", "= 0")
			for _, wait := range []time.Duration{3 * time.Minute, 10 * time.Minute, 50 * time.Minute, 5 * time.Hour, 6 * time.Hour} {
				l.look(wait)
				l.costs("a look that finds it as it should be", "= 0")
			}
			l.stopped(1, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
			l.status(run.Succeeded)
		}},
		{"a run that is relaunched", nil, func(l *life) {
			l.trigger()
			l.meter.Take()
			l.stopped(1, neverStarted)
			l.costs("relaunch", "[table 1] [table 1] = 2")
			l.stopped(2, ended(0))
			l.costs("end", "[table 1, open 1] = 2")
			l.status(run.Succeeded)
		}},
		{"a run that fails", nil, func(l *life) {
			l.trigger()
			l.meter.Take()
			l.stopped(1, ended(3))
			l.costs("end, with the job's item", "[table 4, open 2] = 6")
			l.status(run.Failed)
			l.told()
			l.costs("its notice was given", "[table 1, open 2] = 3")
		}},
		{"a run that fails as the one before it did", nil, func(l *life) {
			if err := l.table.Commit(l.t.Context(), port.Change{Item: &job.Item{Name: l.job.Name, FailingSince: start.Add(-time.Hour)}}); err != nil {
				l.t.Fatal(err)
			}
			l.trigger()
			l.meter.Take()
			l.stopped(1, ended(3))
			l.costs("end, without the job's item", "[table 1, open 2] = 3")
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

// TestOldestDueAmongEarlyEntries: early entries, such as those of running runs, are read in batches
// even if only one run is wanted. Of many runs that are due at their entries, one batch is enough.
func TestOldestDueAmongEarlyEntries(t *testing.T) {
	t.Parallel()
	var queries, batches atomic.Int64
	table := newTable(t, func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("count", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				switch in.Parameters.(type) {
				case *dynamodb.QueryInput:
					queries.Add(1)
				case *dynamodb.BatchGetItemInput:
					batches.Add(1)
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
	var rs []run.Run
	for i := range 200 {
		id := run.ScheduledID(fmt.Sprintf("job-%03d", i), start)
		rs = append(rs, run.Run{ID: id, ScheduledFor: start, Status: run.Running, DueAt: start.Add(10 * time.Minute), QueuedAt: start})
	}
	table.fill(t, rs)
	for _, r := range rs {
		early := &types.AttributeValueMemberN{Value: fmt.Sprint(start.UnixMilli())}
		if err := table.set(t.Context(), r.ID, "od", early); err != nil {
			t.Fatal(err)
		}
	}
	due, err := table.Due(t.Context(), run.LookLane, start.Add(time.Minute), 1)
	if err != nil || len(due) != 0 {
		t.Fatalf("due: %v, %v", due, err)
	}
	if q, b := queries.Load(), batches.Load(); q > 60 || b > 8 {
		t.Errorf("%d queries and %d batches", q, b)
	}
	for i := range rs {
		rs[i].ID, rs[i].Status = run.ScheduledID(fmt.Sprintf("due-%03d", i), start), run.Queued
		rs[i].DueAt = start.Add(time.Duration(i) * time.Second)
	}
	table.fill(t, rs)
	batches.Store(0)
	due, err = table.Due(t.Context(), run.LaunchLane, start.Add(time.Hour), 1)
	if wantIDs(t, "due", due, err, rs[0].ID); batches.Load() != 1 {
		t.Errorf("%d batches of those that are due", batches.Load())
	}
}

package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// line is a connection to DynamoDB that counts the calls. After the first few, it holds calls back
// until enough of them are under way side by side. The machine's speed does not matter: calls in
// sequence would never be enough.
type line struct {
	calls atomic.Int64

	mu     sync.Mutex
	wide   int // how many at once; 0 holds none back
	held   int
	open   chan struct{} // closed once enough calls came together
	narrow bool          // enough calls never came together
}

// few is how many calls may go by while the reader finds out what there is to read.
const few = 40

// expect starts counting again: from now on, at least wide calls must be under way at once.
func (l *line) expect(wide int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls.Store(0)
	l.wide, l.held, l.narrow, l.open = wide, 0, false, make(chan struct{})
}

func (l *line) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("line", l.handle), middleware.Before)
	})
}

func (l *line) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	if l.calls.Add(1) > few {
		l.hold()
	}
	return next.HandleInitialize(ctx, in)
}

// hold waits for the other calls.
func (l *line) hold() {
	l.mu.Lock()
	l.held++
	open, wide := l.open, l.wide
	if l.held == wide {
		close(open)
	}
	l.mu.Unlock()
	if wide == 0 {
		return
	}
	t := time.NewTimer(time.Minute) // only a narrow line takes that long
	defer t.Stop()
	select {
	case <-open:
	case <-t.C:
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held < wide {
			l.narrow, l.wide = true, 0
		}
	}
}

// TestReadsOfManyJobs: what people's commands read of 1,000 jobs. A change of these numbers changes how
// long they take, and the bill.
func TestReadsOfManyJobs(t *testing.T) {
	t.Parallel()
	counted, meter := &line{}, &dynamotest.Meter{}
	s := newTable(t, counted.option, meter.Option)
	fillJobs(t, s, 1000)
	p := &plane.Plane{Name: "prod", Reader: s, Now: func() time.Time { return start.Add(time.Hour) }}
	for _, c := range []struct {
		what string
		do   func(ctx context.Context) (int, error)
		// rows is the size of the result, calls the most calls that it may take, read the read units.
		rows  int
		calls int64
		read  float64
		// wide is how many calls must be under way at once, if there are many: 2,040 calls, 40 at a
		// time, take 51 round trips; 2 s would be 400 round trips.
		wide int
	}{
		{"jobs", func(ctx context.Context) (int, error) { j, err := p.Jobs(ctx, plane.JobFilter{}); return len(j), err }, 1000, 2040, 2500, 40},
		{"jobs of one name", func(ctx context.Context) (int, error) {
			j, err := p.Jobs(ctx, plane.JobFilter{Names: []string{"job-7"}})
			return len(j), err
		}, 1, 12, 60, 0},
		{"history", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{}, 50)
			return len(page.Runs), err
		}, 50, 40, 60, 0},
		{"history of a job", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{Jobs: []string{"job-7"}}, 50)
			return len(page.Runs), err
		}, 3, 4, 4, 0},
		{"history of what failed", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{Statuses: []run.Status{run.Failed, run.Missed}}, 50)
			return len(page.Runs), err
		}, 50, 48, 60, 0},
	} {
		counted.expect(c.wide)
		meter.TakeAll()
		n, err := c.do(t.Context())
		_, _, read := meter.TakeAll()
		calls := counted.calls.Load()
		t.Logf("%s: %d rows by %d calls, %g read units", c.what, n, calls, read)
		if err != nil || n != c.rows || calls > c.calls || read > c.read {
			t.Errorf("%s: %d rows, %v, by %d calls for %g units; want %d rows by at most %d calls for %g", c.what, n, err, calls, read, c.rows, c.calls, c.read)
		}
		if counted.narrow {
			t.Errorf("%s: never %d calls at once", c.what, c.wide)
		}
	}
}

// fillJobs creates jobs with three runs each: one succeeded, one failed, one succeeded.
func fillJobs(t *testing.T, s table, n int) {
	t.Helper()
	var rs []run.Run
	puts := &recorder{}
	to := dynamo.New(dynamo.Config{DB: puts, Table: s.name})
	for i := range n {
		j := job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: "30 * * * *", TaskDefinition: "jobs", Command: []string{"sh", "-c", strings.Repeat("work ", 20)}}
		item := job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}
		if err := errors.Join(to.PutDefinition(t.Context(), j), to.Commit(t.Context(), port.Change{Item: &item})); err != nil {
			t.Fatal(err)
		}
		for hour := range 3 {
			at := start.Truncate(time.Minute).Add(-time.Duration(hour) * time.Hour)
			r := run.Run{ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Definition: j.Hash(), Status: run.Succeeded, QueuedAt: at, StartedAt: at, FinishedAt: at.Add(time.Minute)}
			if hour == 1 {
				r.Status, r.Cause = run.Failed, "exit code 3"
			}
			rs = append(rs, r)
		}
	}
	if len(puts.puts) != 2*n {
		t.Fatalf("%d puts for %d jobs", len(puts.puts), n)
	}
	s.putAll(t, puts.puts)
	s.fill(t, rs)
}

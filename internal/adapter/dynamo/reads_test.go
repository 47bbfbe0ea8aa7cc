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

	"github.com/batchplane/batchplane/internal/adapter/dynamo/dynamotest"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

// line is a line to DynamoDB on which each call takes 5 ms longer. It counts the
// calls, and how many were under way at once.
type line struct {
	calls, now, most atomic.Int64
}

func (l *line) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("slow line", l.handle), middleware.Before)
	})
}

func (l *line) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	l.calls.Add(1)
	for now := l.now.Add(1); ; {
		most := l.most.Load()
		if now <= most || l.most.CompareAndSwap(most, now) {
			break
		}
	}
	defer l.now.Add(-1)
	t := time.NewTimer(5 * time.Millisecond)
	defer t.Stop()
	<-t.C
	return next.HandleInitialize(ctx, in)
}

// TestReadsOfManyJobs: what people's commands read of 1,000 jobs. A change of
// these numbers is a change of how long they take, and of the bill.
func TestReadsOfManyJobs(t *testing.T) {
	t.Parallel()
	slow, meter := &line{}, &dynamotest.Meter{}
	s := newTable(t, slow.option, meter.Option)
	fillJobs(t, s, 1000)
	p := &plane.Plane{Name: "prod", Reader: s, Now: func() time.Time { return start.Add(time.Hour) }}
	for _, c := range []struct {
		what string
		do   func(ctx context.Context) (int, error)
		// rows come of it, by so many calls at most; read is the read units.
		rows  int
		calls int64
		read  float64
		// most is by how many calls, one after another, it takes at most: 2 s are 400.
		most int64
	}{
		{"jobs", func(ctx context.Context) (int, error) { j, err := p.Jobs(ctx, plane.JobFilter{}); return len(j), err }, 1000, 2040, 2500, 100},
		{"jobs of one name", func(ctx context.Context) (int, error) {
			j, err := p.Jobs(ctx, plane.JobFilter{Names: []string{"job-7"}})
			return len(j), err
		}, 1, 12, 60, 12},
		{"history", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{}, 50)
			return len(page.Runs), err
		}, 50, 40, 60, 40},
		{"history of a job", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{Jobs: []string{"job-7"}}, 50)
			return len(page.Runs), err
		}, 3, 4, 4, 4},
		{"history of what failed", func(ctx context.Context) (int, error) {
			page, err := p.History(ctx, plane.Filter{Statuses: []run.Status{run.Failed, run.Missed}}, 50)
			return len(page.Runs), err
		}, 50, 48, 60, 40},
	} {
		slow.calls.Store(0)
		slow.most.Store(0)
		meter.TakeAll()
		n, err := c.do(t.Context())
		_, _, read := meter.TakeAll()
		calls, side := slow.calls.Load(), slow.most.Load()
		t.Logf("%s: %d rows by %d calls, up to %d at once, %g read units", c.what, n, calls, side, read)
		if err != nil || n != c.rows || calls > c.calls || read > c.read {
			t.Errorf("%s: %d rows, %v, by %d calls for %g units; want %d rows by at most %d calls for %g", c.what, n, err, calls, read, c.rows, c.calls, c.read)
		}
		// By so many at once, the calls follow one another no longer than that.
		if deep := calls / max(1, side); deep > c.most {
			t.Errorf("%s: up to %d calls at once, so %d after one another; want at most %d", c.what, side, deep, c.most)
		}
	}
}

// fillJobs has jobs with three runs each: one succeeded, one failed, one succeeded.
func fillJobs(t *testing.T, s table, n int) {
	t.Helper()
	var rs []run.Run
	var wg sync.WaitGroup
	defer wg.Wait()
	slots := make(chan struct{}, 32)
	for i := range n {
		j := job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: "30 * * * *", TaskDefinition: "jobs", Command: []string{"sh", "-c", strings.Repeat("work ", 20)}}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			item := job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}
			if err := errors.Join(s.PutDefinition(t.Context(), j), s.Commit(t.Context(), control.Change{Item: &item})); err != nil {
				t.Error(err)
			}
		})
		for hour := range 3 {
			at := start.Truncate(time.Minute).Add(-time.Duration(hour) * time.Hour)
			r := run.Run{ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Definition: j.Hash(), Status: run.Succeeded, QueuedAt: at, StartedAt: at, FinishedAt: at.Add(time.Minute)}
			if hour == 1 {
				r.Status, r.Cause = run.Failed, "exit code 3"
			}
			rs = append(rs, r)
		}
	}
	s.fill(t, rs)
}

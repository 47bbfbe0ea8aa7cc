package dynamo_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// loads counts the runs that BatchGetItem is asked for.
type loads struct{ atomic.Int64 }

func (l *loads) option(o *dynamodb.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("loads", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			if b, ok := in.Parameters.(*dynamodb.BatchGetItemInput); ok {
				for _, request := range b.RequestItems {
					l.Add(int64(len(request.Keys)))
				}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	})
}

// TestByStatusLoadsWhatIsShown: of many open runs, only those that are shown are loaded; for a list of
// failed runs, none.
func TestByStatusLoadsWhatIsShown(t *testing.T) {
	t.Parallel()
	l := &loads{}
	table := newTable(t, l.option)
	minute := start.Truncate(time.Minute)
	const open = 3000
	var rs []run.Run
	for i := range open {
		at := minute.Add(time.Duration(i%60) * time.Minute)
		r := run.Run{ID: run.ScheduledID(fmt.Sprintf("job-%04d", i), at), ScheduledFor: at, Status: run.Running, DueAt: start.Add(time.Duration(i) * time.Second), QueuedAt: start}
		if i%3 == 0 {
			r.Status = run.Queued
		}
		rs = append(rs, r)
	}
	told := run.Run{ID: run.ScheduledID("told", minute), ScheduledFor: minute, Status: run.Failed, FinishedAt: start}
	owing := run.Run{
		ID: run.ScheduledID("owing", minute.Add(time.Hour)), ScheduledFor: minute.Add(time.Hour), Status: run.Failed, FinishedAt: start,
		DueAt: start, Owed: []run.Effect{{Kind: run.Tell, Notice: "failed"}},
	}
	table.fill(t, append(rs, told, owing))
	for _, c := range []struct {
		name        string
		walk        port.Walk
		shown, most int
	}{
		{"running", port.Walk{Statuses: []run.Status{run.Running}, Page: 50}, 50, 50},
		{"queued", port.Walk{Statuses: []run.Status{run.Queued}, Page: 50}, 50, 50},
		{"running or queued, of one job", port.Walk{Statuses: []run.Status{run.Running, run.Queued}, Jobs: []string{"job-0001"}}, 1, 1},
		{"failed", port.Walk{Statuses: []run.Status{run.Failed}}, 2, 2},
		{"all that run", port.Walk{Statuses: []run.Status{run.Running}}, open * 2 / 3, open * 2 / 3},
	} {
		l.Store(0)
		var got []run.Run
		for r, err := range table.Walk(t.Context(), c.walk) {
			if err != nil {
				t.Fatal(err)
			}
			if n := len(got); n > 0 && got[n-1].ScheduledFor.Before(r.ScheduledFor) {
				t.Errorf("%s: %s comes after %s", c.name, r.ID, got[n-1].ID)
			}
			if got = append(got, r); len(got) == c.walk.Page {
				break
			}
		}
		if len(got) != c.shown || l.Load() > int64(c.most) {
			t.Errorf("%s: %d runs are shown and %d loaded, want %d and at most %d", c.name, len(got), l.Load(), c.shown, c.most)
		}
	}
}

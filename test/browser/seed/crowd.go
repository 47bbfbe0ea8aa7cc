package seed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Crowd fills a store with jobs that each ran at that interval before a time. One run in fifty
// failed.
func Crowd(ctx context.Context, store port.Store, jobs, each int, every time.Duration, now time.Time) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan int)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := range work {
				if err := ofCrowd(ctx, store, n, each, every, now); err != nil {
					cancel(err)
				}
			}
		})
	}
	for n := range jobs {
		work <- n
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx) //nolint:wrapcheck // what one of them said
}

func ofCrowd(ctx context.Context, store port.Store, n, each int, every time.Duration, now time.Time) error {
	j := job.Job{Name: fmt.Sprintf("job-%04d", n), Owner: fmt.Sprintf("team-%d", n%20), Schedule: fmt.Sprintf("%d * * * *", n%60), Timezone: "UTC", Command: []string{"true"}}
	if err := store.PutDefinition(ctx, j); err != nil {
		return err
	}
	item := job.Item{Name: j.Name, Definition: j.Hash(), Plan: j.Plan()}
	if err := store.Commit(ctx, port.Change{Item: &item}); err != nil {
		return err
	}
	code := int64(0)
	for i := range each {
		at := now.Add(-time.Duration(i+1) * every).Truncate(time.Minute)
		r := run.Run{
			ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Definition: j.Hash(), QueuedAt: at, StartedAt: at.Add(30 * time.Second), FinishedAt: at.Add(4 * time.Minute), Status: run.Succeeded, ExitCode: &code,
			Attempts: []run.Attempt{{N: 1, Sends: 1, SentAt: at, TaskARN: "arn:aws:ecs:eu-central-1:123456789012:task/jobs/0123456789abcdef0123456789abcdef", StartedAt: at.Add(30 * time.Second), EndedAt: at.Add(4 * time.Minute), StopCode: "EssentialContainerExited", StoppedReason: "Essential container in task exited"}},
		}
		if (n+i)%50 == 0 {
			r.Status, r.Cause = run.Failed, "exit code 1"
		}
		if err := store.Commit(ctx, port.Change{Run: &r}); err != nil {
			return err
		}
	}
	return nil
}

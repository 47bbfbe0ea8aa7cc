package localecs_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/localecs"
)

// slowDisk is a database of which a write takes until it is let on.
type slowDisk struct {
	db *sql.DB
	mu sync.Mutex
	on chan struct{} // what the next write waits for; nil for nothing
}

func (d *slowDisk) within(ctx context.Context, _ bool, do func(context.Context, *sql.Tx) error) error {
	d.mu.Lock()
	on := d.on
	d.on = nil
	d.mu.Unlock()
	if on != nil {
		<-on
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, tx), tx.Commit())
}

// slow makes the next write wait until letOn is called.
func (d *slowDisk) slow() (letOn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	on := make(chan struct{})
	d.on = on
	return func() { close(on) }
}

// TestAChangeWaitsForTheOneBefore: what comes while a task's state is being written follows that state, and
// is not lost beneath it.
func TestAChangeWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	type act func(h *house, arn string)
	stop := act(func(h *house, arn string) { _, _ = h.StopTask(h.t.Context(), &ecs.StopTaskInput{Task: &arn}) })
	look := act(func(h *house, arn string) {
		_, _ = h.DescribeTasks(h.t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	})
	pass := func(d time.Duration) act { return func(h *house, _ string) { h.clock.Advance(d) } }
	for name, c := range map[string]struct {
		delay        time.Duration // of PROVISIONING and PENDING
		runs         bool          // before it
		dies         bool          // the server, before it
		writes, then act           // what writes, and what comes before that is written
		starts       int           // in all
		want         string        // the last event
	}{
		"it is provisioned, and a stop":  {delay: time.Second, writes: pass(time.Second), then: stop, want: "3 STOPPED -> STOPPED UserInitiated"},
		"a stop, and it is to start":     {writes: stop, then: pass(0), want: "3 STOPPED -> STOPPED UserInitiated"},
		"its start, and a stop":          {writes: pass(0), then: stop, starts: 1, want: "4 STOPPED -> STOPPED UserInitiated"},
		"a stop, and it ends":            {runs: true, writes: stop, then: pass(time.Minute), starts: 1, want: "4 STOPPED -> STOPPED UserInitiated"},
		"its end, and a stop":            {runs: true, writes: pass(time.Minute), then: stop, starts: 1, want: "3 STOPPED -> STOPPED EssentialContainerExited"},
		"its end, and a look":            {runs: true, writes: pass(time.Minute), then: look, starts: 1, want: "3 STOPPED -> STOPPED EssentialContainerExited"},
		"a stop, and its death is noted": {runs: true, dies: true, writes: stop, then: pass(0), want: "4 STOPPED -> STOPPED UserInitiated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				disk := &slowDisk{}
				h := newHouse(t, func(is *localecs.Config) {
					disk.db = is.DB
					is.Within, is.OnlyStopped, is.Delays.Provisioning, is.Delays.Pending = disk.within, true, c.delay, c.delay
				})
				arn := h.run()
				if c.runs {
					h.clock.Advance(0)
				}
				if c.dies {
					h.crash()
					h.open()
				}
				letOn := disk.slow()
				var wg sync.WaitGroup
				wg.Go(func() { c.writes(h, arn) })
				synctest.Wait()
				wg.Go(func() { c.then(h, arn) })
				synctest.Wait()
				letOn()
				wg.Wait()
				h.clock.Advance(time.Hour / 2)
				equal(t, "lastStatus", aws.ToString(h.describe(arn).LastStatus), "STOPPED")
				same(t, "events", h.events.short(), []string{c.want})
				equal(t, "starts", len(h.runner.Started()), c.starts)
			})
		})
	}
}

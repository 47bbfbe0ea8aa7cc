package localecs_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

// breakDB makes the database refuse to store tasks. It returns how to mend it.
func (h *house) breakDB() (mend func()) {
	h.t.Helper()
	rename := func(query string) {
		h.t.Helper()
		if _, err := h.config.DB.ExecContext(h.t.Context(), query); err != nil {
			h.t.Fatal(err)
		}
	}
	rename(`ALTER TABLE ecs_tasks RENAME TO hidden`)
	return func() { rename(`ALTER TABLE hidden RENAME TO ecs_tasks`) }
}

func TestWhatTheDatabaseDoesNotTakeHasNotHappened(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mend := h.breakDB()
	_, err := h.RunTask(t.Context(), input())
	equal(t, "error code", codeOf(err), "ServerException")
	h.clock.Advance(time.Minute)
	mend()
	h.clock.Advance(time.Minute)
	same(t, "events", h.events.short(), []string{})

	arn := h.run(func(in *ecs.RunTaskInput) { in.StartedBy = nil }) // no conflict: the token was not bound
	h.clock.Advance(time.Second)
	mend = h.breakDB()
	_, err = h.StopTask(t.Context(), &ecs.StopTaskInput{Task: &arn})
	equal(t, "error code", codeOf(err), "ServerException")
	h.clock.Advance(time.Second)
	equal(t, "still running", h.runner.Running(), 1)
	mend()
}

func TestAStateChangeIsWrittenOnceTheDatabaseTakesIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		when time.Duration // the database breaks, for ten seconds
		runs time.Duration
	}{
		{"between its states", 500 * time.Millisecond, time.Minute},
		{"while it runs", 30 * time.Second, time.Minute},
		{"at its end", 59 * time.Second, time.Minute},
		{"over its start and end", 1500 * time.Millisecond, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(c *localecs.Config) {
				c.Delays.Provisioning, c.Delays.Pending, c.Delays.Deprovisioning = time.Second, time.Second, time.Second
			})
			h.script(func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: tt.runs} })
			h.run()
			h.clock.Advance(tt.when)
			mend := h.breakDB()
			h.clock.Advance(10 * time.Second)
			mend()
			h.clock.Advance(2 * time.Minute)
			same(t, "events", h.events.short(), wholeLife)
			equal(t, "starts", len(h.runner.Started()), 1)
			equal(t, "exit code", *h.events.last().Detail.Containers[0].ExitCode, 0)
			equal(t, "tasks in trouble", len(h.server.Trouble()), 0)
		})
	}
}

// TestAStateThatCannotBeRead: nothing begins without what is in it.
func TestAStateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"a task":       "UPDATE ecs_tasks SET body = json_set(body, '$.id', 5)",
		"a definition": "UPDATE ecs_definitions SET body = '{'",
		"an event":     "UPDATE ecs_events SET due = 'soon'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.events.refuse = 1 << 30
			h.run()
			h.clock.Advance(0)
			h.crash()
			if _, err := h.config.DB.ExecContext(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			h.config.Runner = h.runner
			if _, err := localecs.New(t.Context(), h.config); err == nil {
				t.Error("it begins")
			}
		})
	}
}

// TestItsTaskIsOnDiskBeforeACommandStarts: a crash of the machine must not make anybody believe that it was
// never launched. Nothing else of it waits for the disk.
func TestItsTaskIsOnDiskBeforeACommandStarts(t *testing.T) {
	t.Parallel()
	for _, onlyStopped := range []bool{false, true} {
		t.Run(fmt.Sprint("only STOPPED is told: ", onlyStopped), func(t *testing.T) {
			t.Parallel()
			onDisk := 0
			h := newHouse(t, func(c *localecs.Config) {
				disk := &slowDisk{db: c.DB}
				c.OnlyStopped, c.Within = onlyStopped, func(ctx context.Context, durable bool, do func(context.Context, *sql.Tx) error) error {
					if durable {
						onDisk++
					}
					return disk.within(ctx, durable, do)
				}
			})
			h.script(func(localecs.ContainerSpec) localecs.Script {
				equal(t, "durable writes before the start", onDisk, 1)
				return localecs.Script{For: time.Minute}
			})
			h.run()
			h.clock.Advance(2 * time.Minute)
			equal(t, "starts", len(h.runner.Started()), 1)
			equal(t, "durable writes in all", onDisk, 1)
		})
	}
}

// TestAStartThatCannotBeWrittenIsNotMadeAgain: the database breaks between a command's start and the
// report that it runs. The command ends before that can be stored. Who looks at the task before it is tried
// again does not make it end first.
func TestAStartThatCannotBeWrittenIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var mend func()
	h.script(func(localecs.ContainerSpec) localecs.Script {
		mend = h.breakDB()
		return localecs.Script{For: 2 * time.Second, ExitCode: 8}
	})
	arn := h.run()
	h.clock.Advance(10 * time.Second)
	same(t, "events while it is broken", h.events.short(), wholeLife[:3])
	why := h.server.Trouble()
	equal(t, "tasks in trouble", len(why), 1)
	equal(t, "which says why", why[0] != nil, true)
	mend()
	equal(t, "who looks sees", *h.describe(arn).LastStatus, "ACTIVATING")
	h.clock.Advance(10 * time.Second)
	same(t, "events", h.events.short(), wholeLife)
	equal(t, "starts", len(h.runner.Started()), 1)
	equal(t, "exit code", *h.events.last().Detail.Containers[0].ExitCode, 8)
}

// TestTimesThatAreWrittenLate: a task began and ended when it did, however late that could be written.
func TestTimesThatAreWrittenLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration // the database breaks so long after the launch, or with the start if 0
	}{
		{"the end", time.Second},
		{"the start and the end", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			var mend func()
			h.script(func(localecs.ContainerSpec) localecs.Script {
				if tt.after == 0 {
					mend = h.breakDB()
				}
				return localecs.Script{For: 20 * time.Second}
			})
			arn := h.run()
			h.clock.Advance(tt.after)
			if tt.after > 0 {
				mend = h.breakDB()
			}
			h.clock.Advance(10 * time.Minute)
			mend()
			h.clock.Advance(time.Minute)
			task := h.describe(arn)
			equal(t, "began", task.StartedAt.Sub(start), 0)
			equal(t, "stopping", task.StoppingAt.Sub(start), 20*time.Second)
			equal(t, "ended", task.ExecutionStoppedAt.Sub(start), 20*time.Second)
		})
	}
}

// TestAStopAfterAnEndThatCouldNotBeWritten: the task ended by itself. Nobody stopped it.
func TestAStopAfterAnEndThatCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]bool{"at once": false, "after a look": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopAfterAnEnd(t, ask)
		})
	}
}

func stopAfterAnEnd(t *testing.T, ask bool) {
	t.Helper()
	h := newHouse(t)
	h.script(func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: 20 * time.Second} })
	arn := h.run()
	h.clock.Advance(time.Second)
	mend := h.breakDB()
	h.clock.Advance(time.Minute)
	_, err := h.StopTask(t.Context(), &ecs.StopTaskInput{Task: &arn})
	equal(t, "error code while it is broken", codeOf(err), "ServerException")
	_, err = h.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	equal(t, "error code of who asks meanwhile", codeOf(err), "ServerException")
	mend()
	if ask {
		equal(t, "who asks sees it", *h.describe(arn).LastStatus, "DEPROVISIONING")
	}
	h.stop(arn, "timed out")
	h.clock.Advance(time.Minute)
	task := h.describe(arn)
	equal(t, "stop code", task.StopCode, types.TaskStopCodeEssentialContainerExited)
	equal(t, "exit code", *task.Containers[0].ExitCode, 0)
	equal(t, "ended", task.ExecutionStoppedAt.Sub(start), 20*time.Second)
}

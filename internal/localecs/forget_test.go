package localecs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

// rows returns how many rows a table of the server has.
func (h *house) rows(table string) (n int) {
	h.t.Helper()
	if err := h.config.DB.QueryRowContext(h.t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestWhatEndedIsNotInMemory: STOPPED tasks are read from the database for the hour for which ECS knows
// them, so memory does not grow with the runs of an hour.
func TestWhatEndedIsNotInMemory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const tasks = 50
	var arns []string
	for i := range tasks {
		arns = append(arns, h.run(token(fmt.Sprintf("token-%d", i+2))))
	}
	if got := h.server.InMemory(); got < tasks {
		t.Errorf("of %d tasks that run %d are known by heart", tasks, got)
	}
	h.clock.Advance(59 * time.Minute)
	equal(t, "in memory after their end", h.server.InMemory(), 0)
	equal(t, "tasks in the database", h.rows("ecs_tasks"), tasks)
	equal(t, "described", aws.ToString(h.describe(arns[7]).LastStatus), "STOPPED")
	list, err := h.ListTasks(t.Context(), &ecs.ListTasksInput{DesiredStatus: types.DesiredStatusStopped})
	if err != nil || len(list.TaskArns) != tasks {
		t.Errorf("listed are %d, %v", len(list.TaskArns), err)
	}
	equal(t, "a token of a task that ended", h.run(token("token-9")), arns[7])
	stopped, err := h.StopTask(t.Context(), &ecs.StopTaskInput{Task: &arns[7]})
	if err != nil || aws.ToString(stopped.Task.LastStatus) != "STOPPED" {
		t.Errorf("asked to stop: %+v, %v", stopped, err)
	}
}

// TestOldRowsAreDropped: tasks are dropped an hour after their end, and tokens with the last of their
// tasks. The token of a task that still runs is kept for a day, that of a refusal for an hour.
func TestOldRowsAreDropped(t *testing.T) {
	t.Parallel()
	full := false
	h := newHouse(t, func(c *localecs.Config) {
		c.Inject = func(k localecs.Kind, _ localecs.Subject) bool { return full && k == localecs.FaultCapacity }
	})
	h.script(func(s localecs.ContainerSpec) localecs.Script {
		if s.StartedBy == "long" {
			return localecs.Script{For: 100 * time.Hour}
		}
		return localecs.Script{For: time.Minute}
	})
	h.run()
	h.run(token("long"), func(in *ecs.RunTaskInput) { in.StartedBy = aws.String("long") })
	ask := func(token string, count int32) {
		t.Helper()
		if _, err := h.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("job"), ClientToken: &token, Count: &count}); err != nil {
			t.Fatal(err)
		}
	}
	ask("of-two", 2)
	full = true
	ask("refused", 1)
	full = false
	n := 0
	after := func(d time.Duration, tasks, tokens int) {
		t.Helper()
		h.clock.AdvanceTo(start.Add(d))
		n++
		h.run(token(fmt.Sprintf("new-%d", n))) // launching a task drops old rows
		equal(t, fmt.Sprintf("tasks after %s", d), h.rows("ecs_tasks"), tasks)
		equal(t, fmt.Sprintf("tokens after %s", d), h.rows("ecs_tokens"), tokens)
	}
	after(59*time.Minute, 4+1, 4+1)
	after(62*time.Minute, 1+2, 1+2) // one of a minute ago
	after(23*time.Hour, 1+1, 1+1)
	after(25*time.Hour, 1+1, 1)
	equal(t, "two tasks, one that was started, and one counted send", h.server.InMemory(), 2+1+1)
}

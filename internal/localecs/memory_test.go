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

// TestWithoutADatabase: a server without a database always answers like one with a database, from a
// task's first minute until its token is forgotten. Only the next server knows nothing.
func TestWithoutADatabase(t *testing.T) {
	t.Parallel()
	with, without := newHouse(t), newHouse(t, func(c *localecs.Config) { c.DB = nil })
	for _, at := range []time.Duration{0, 30 * time.Second, 2 * time.Minute, time.Hour, 61 * time.Minute, 62 * time.Minute, 25 * time.Hour} {
		want, got := with.seen(at), without.seen(at)
		if want != got {
			t.Errorf("after %s with a database:\n%s\nand without:\n%s", at, want, got)
		}
	}
	equal(t, "events", fmt.Sprint(without.events.events), fmt.Sprint(with.events.events))
	arn := without.run(token("last"))
	without.crash()
	without.open()
	without.register("job", types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("busybox"), Command: []string{"true"}})
	out, err := without.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{arn}})
	if err != nil || len(out.Failures) != 1 {
		t.Errorf("the next server knows %+v, %v", out.Tasks, err)
	}
}

// seen returns what a server answers at a time: to a token that was sent at first and to a new one,
// about the tasks of both, and to a request to stop one.
func (h *house) seen(at time.Duration) string {
	h.t.Helper()
	h.clock.AdvanceTo(start.Add(at))
	var said string
	var arns []string
	for _, name := range []string{"first", "new-" + at.String()} {
		out, err := h.RunTask(h.t.Context(), input(token(name)))
		if err != nil || len(out.Tasks) != 1 {
			h.t.Fatal(out, err)
		}
		arns = append(arns, aws.ToString(out.Tasks[0].TaskArn))
		said += fmt.Sprintln(name, arns[len(arns)-1], aws.ToString(out.Tasks[0].LastStatus))
	}
	for _, status := range []types.DesiredStatus{types.DesiredStatusRunning, types.DesiredStatusStopped} {
		list, err := h.ListTasks(h.t.Context(), &ecs.ListTasksInput{DesiredStatus: status})
		if err != nil {
			h.t.Fatal(err)
		}
		arns = append(arns, list.TaskArns...)
		said += fmt.Sprintln(status, list.TaskArns)
	}
	out, err := h.DescribeTasks(h.t.Context(), &ecs.DescribeTasksInput{Tasks: arns})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, task := range out.Tasks {
		said += fmt.Sprintln(aws.ToString(task.TaskArn), aws.ToString(task.LastStatus), task.StartedAt, task.StoppedAt, aws.ToString(task.StoppedReason), task.Version)
	}
	_, err = h.StopTask(h.t.Context(), &ecs.StopTaskInput{Task: &arns[0], Reason: aws.String("tea")})
	return said + fmt.Sprintln(len(out.Failures), err != nil)
}

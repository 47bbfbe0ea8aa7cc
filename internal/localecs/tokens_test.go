package localecs_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

func TestTheSameTokenGivesTheSameTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arn := h.run()
	again, err := h.RunTask(t.Context(), input())
	if err != nil || len(again.Tasks) != 1 {
		t.Fatalf("RunTask = %+v, %v", again, err)
	}
	equal(t, "task of the repeated request", aws.ToString(again.Tasks[0].TaskArn), arn)
	equal(t, "its lastStatus", aws.ToString(again.Tasks[0].LastStatus), "PROVISIONING")

	h.clock.Advance(2 * time.Minute) // it ended after one minute
	out, err := h.RunTask(t.Context(), input())
	if err != nil || len(out.Tasks) != 1 {
		t.Fatalf("RunTask = %+v, %v", out, err)
	}
	equal(t, "arn", aws.ToString(out.Tasks[0].TaskArn), arn)
	equal(t, "lastStatus", aws.ToString(out.Tasks[0].LastStatus), "STOPPED")
	equal(t, "desiredStatus", aws.ToString(out.Tasks[0].DesiredStatus), "STOPPED")
	equal(t, "createdAt of a stopped task", out.Tasks[0].CreatedAt, nil)
	equal(t, "starts", len(h.runner.Started()), 1)
}

// TestATokenThatCannotBeRead: that nobody can tell what a token stands for launches no second task.
func TestATokenThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]string{
		"its record": "UPDATE ecs_tokens SET body = json_set(body, '$.tasks', 'x')",
		"its task":   "UPDATE ecs_tasks SET body = json_set(body, '$.id', 5)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.run()
			h.clock.Advance(2 * time.Minute) // it ended after one minute
			if _, err := h.config.DB.ExecContext(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			if out, err := h.RunTask(t.Context(), input()); err == nil {
				t.Errorf("RunTask = %+v", out)
			}
			h.clock.Advance(2 * time.Minute)
			equal(t, "starts", len(h.runner.Started()), 1)
		})
	}
}

func TestATokenLivesForItsTaskAndAnHour(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		runs time.Duration
		end  time.Duration // of the token
	}{
		{"a task of three minutes", 3 * time.Minute, time.Hour + 3*time.Minute},
		{"a task of ten hours", 10 * time.Hour, 11 * time.Hour},
		{"a task of days: 24 hours", 100 * time.Hour, 24 * time.Hour},
		{"a task of 23.5 hours: 24 hours", 23*time.Hour + 30*time.Minute, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.script(func(localecs.ContainerSpec) localecs.Script { return localecs.Script{For: tt.runs} })
			arn := h.run()
			h.clock.AdvanceTo(start.Add(tt.end - time.Millisecond))
			equal(t, "task just before its end", h.run(), arn)
			h.clock.AdvanceTo(start.Add(tt.end))
			if h.run() == arn {
				t.Error("after its end the token still stands for its task")
			}
		})
	}
}

func TestATokenWithOtherParametersIsAConflict(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*ecs.RunTaskInput){
		"startedBy": func(in *ecs.RunTaskInput) { in.StartedBy = aws.String("dev/job/slot/2") },
		"overrides": func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{Cpu: aws.String("512")}
		},
		"task definition, of the same revision": func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("job:1") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			arn := h.run()
			_, err := h.RunTask(t.Context(), input(change))
			var conflict *types.ConflictException
			if !errors.As(err, &conflict) {
				t.Fatalf("err = %v, want ConflictException", err)
			}
			if !slices.Equal(conflict.ResourceIds, []string{arn}) {
				t.Errorf("resourceIds = %q, want %q", conflict.ResourceIds, arn)
			}
			h.clock.Advance(time.Minute)
			equal(t, "starts", len(h.runner.Started()), 1)
		})
	}
}

func TestATokenIsOfOneCluster(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.run()
	other := h.run(func(in *ecs.RunTaskInput) { in.Cluster = aws.String("other") })
	if first == other {
		t.Error("the same token in another cluster gave the same task")
	}
	byARN := h.run(func(in *ecs.RunTaskInput) {
		in.Cluster = aws.String("arn:aws:ecs:us-east-1:123456789012:cluster/other")
	})
	equal(t, "task when the cluster is named by its ARN", byARN, other)
}

// TestAClusterByItsARN: the task's events name the cluster as it was given, even if it belongs to an
// AWS account: whoever launched the task compares its events with the request.
func TestAClusterByItsARN(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"": "arn:aws:ecs:us-east-1:123456789012:cluster/default", "jobs": "arn:aws:ecs:us-east-1:123456789012:cluster/jobs",
		"arn:aws:ecs:eu-central-1:210987654321:cluster/jobs": "arn:aws:ecs:eu-central-1:210987654321:cluster/jobs",
	} {
		h := newHouse(t)
		h.run(func(in *ecs.RunTaskInput) { in.Cluster = aws.String(given) })
		h.clock.Advance(2 * time.Minute)
		if e := h.events.last(); !strings.Contains(string(e.raw), `"clusterArn":"`+want+`"`) {
			t.Errorf("%q: %s", given, e.raw)
		}
	}
}

func TestNoTokenIsBoundToNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	// Without a token, the SDK makes a random one, so every request is new.
	none := func(in *ecs.RunTaskInput) { in.ClientToken = nil }
	if first, second := h.run(none), h.run(none); first == second {
		t.Error("two requests without a token gave the same task")
	}
}

func TestFailuresAreReplayed(t *testing.T) {
	t.Parallel()
	broken := true
	h := newHouse(t, func(c *localecs.Config) {
		c.Inject = func(k localecs.Kind, _ localecs.Subject) bool { return broken && k == localecs.FaultCapacity }
	})
	ask := func() []types.Failure {
		out, err := h.RunTask(t.Context(), input())
		if err != nil {
			t.Fatal(err)
		}
		return out.Failures
	}
	first := ask()
	broken = false
	same(t, "failures of the repeated request", ask(), first)
	if len(first) != 1 || aws.ToString(first[0].Reason) != "Capacity is unavailable at this time. Please try again later or in a different availability zone" {
		t.Errorf("failures = %+v", first)
	}
	if arn := h.run(token("token-2")); arn == "" {
		t.Error("a new token should launch")
	}
}

func TestTokensAndTasksSurviveARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arn := h.run()
	h.clock.Advance(2 * time.Minute)
	h.crash()
	h.open()
	out, err := h.RunTask(t.Context(), input())
	if err != nil || len(out.Tasks) != 1 || aws.ToString(out.Tasks[0].TaskArn) != arn {
		t.Errorf("RunTask after the restart = %+v, %v; want %s", out, err, arn)
	}
	equal(t, "stopCode", h.describe(arn).StopCode, types.TaskStopCodeEssentialContainerExited)
	h.clock.Advance(time.Minute)
	equal(t, "starts since", len(h.runner.Started()), 0)
}

// TestOneTokenSentAtOnceFromManyLaunchesOnce: who asks while the first launch is being written waits for it.
func TestOneTokenSentAtOnceFromManyLaunchesOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := &slowDisk{}
		h := newHouse(t, func(c *localecs.Config) { disk.db, c.Within = c.DB, disk.within })
		letOn := disk.slow()
		arns := make([]string, 16)
		var wg sync.WaitGroup
		for i := range arns {
			wg.Go(func() {
				out, err := h.RunTask(t.Context(), input())
				if err == nil && len(out.Tasks) == 1 {
					arns[i] = aws.ToString(out.Tasks[0].TaskArn)
				}
			})
		}
		synctest.Wait()
		letOn()
		wg.Wait()
		for _, arn := range arns {
			if arn == "" || arn != arns[0] {
				t.Errorf("tasks = %q, want one and the same", arns)
				break
			}
		}
		h.clock.Advance(time.Minute)
		equal(t, "starts", len(h.runner.Started()), 1)
	})
}

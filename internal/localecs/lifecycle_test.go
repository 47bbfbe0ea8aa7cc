package localecs_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/batchplane/batchplane/internal/localecs"
)

func TestATaskRunsToItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) {
		c.Delays.Provisioning, c.Delays.Pending, c.Delays.Deprovisioning = time.Second, 2*time.Second, 3*time.Second
	})
	h.script(func(localecs.ContainerSpec) localecs.Script {
		return localecs.Script{For: time.Minute, ExitCode: 3, Reason: "OutOfMemoryError"}
	})
	arn := h.run(func(in *ecs.RunTaskInput) {
		in.CapacityProviderStrategy = []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1}}
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String("job"), Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("b")}},
		}}}
	})
	h.clock.Advance(2 * time.Minute)

	same(t, "events", h.events.short(), []string{
		"1 PROVISIONING", "2 PENDING", "3 ACTIVATING", "4 RUNNING",
		"5 DEPROVISIONING -> STOPPED EssentialContainerExited", "6 STOPPED -> STOPPED EssentialContainerExited",
	})
	e := h.events.last()
	equal(t, "version of the envelope", e.Version, "0")
	equal(t, "source", e.Source, "aws.ecs")
	equal(t, "detail-type", e.DetailType, "ECS Task State Change")
	same(t, "resources", e.Resources, []string{arn})
	d := e.Detail
	equal(t, "stoppedReason", d.StoppedReason, "Essential container in task exited")
	equal(t, "group", d.Group, "family:job")
	equal(t, "startedBy", d.StartedBy, "dev/job/slot/1")
	equal(t, "capacityProviderName", d.CapacityProviderName, "FARGATE_SPOT")
	equal(t, "createdAt", d.CreatedAt.Sub(start), 0)
	equal(t, "startedAt", d.StartedAt.Sub(start), 3*time.Second)
	equal(t, "executionStoppedAt", d.ExecutionStoppedAt.Sub(start), 63*time.Second)
	equal(t, "stoppedAt", d.StoppedAt.Sub(start), 66*time.Second)
	equal(t, "exit code", *d.Containers[0].ExitCode, 3)
	equal(t, "container reason", d.Containers[0].Reason, "OutOfMemoryError")
	equal(t, "override", d.Overrides.ContainerOverrides[0].Environment[0], localecs.Pair{Name: "A", Value: "b"})

	// The same task, as the SDK reads it from DescribeTasks.
	task := h.describe(arn)
	equal(t, "described stopCode", task.StopCode, types.TaskStopCodeEssentialContainerExited)
	equal(t, "described stoppedAt", task.StoppedAt.Sub(start), 66*time.Second)
	equal(t, "described version", task.Version, 6)
	equal(t, "described exit code", aws.ToInt32(task.Containers[0].ExitCode), 3)
}

// TestAnEventHasTheFieldsOfARealOne: the fields are those of AWS's own examples of this event.
func TestAnEventHasTheFieldsOfARealOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.run()
	h.clock.Advance(2 * time.Minute)
	var got struct {
		Detail map[string]json.RawMessage `json:"detail"`
	}
	e := h.events.last()
	if err := json.Unmarshal(e.raw, &got); err != nil {
		t.Fatal(err)
	}
	for field := range strings.FieldsSeq(`attachments attributes availabilityZone clusterArn connectivity connectivityAt
		containers cpu createdAt desiredStatus enableExecuteCommand ephemeralStorage executionStoppedAt group launchType
		lastStatus memory overrides platformVersion pullStartedAt pullStoppedAt startedAt startedBy stopCode stoppedAt
		stoppedReason stoppingAt taskArn taskDefinitionArn updatedAt version`) {
		if _, ok := got.Detail[field]; !ok {
			t.Errorf("the event has no %s", field)
		}
		delete(got.Detail, field)
	}
	for field := range got.Detail {
		t.Errorf("the event has %s, which is not expected", field)
	}
	if !strings.Contains(string(e.raw), `"startedAt":"2026-11-22T17:30:00Z"`) {
		t.Errorf("times are not RFC 3339: %s", e.raw)
	}
}

func TestStopTask(t *testing.T) {
	t.Parallel()
	delays := func(c *localecs.Config) {
		c.Delays.Provisioning, c.Delays.Pending, c.Delays.Deprovisioning = time.Second, time.Second, time.Second
	}
	tests := []struct {
		name     string
		after    time.Duration // when it is stopped
		script   localecs.Script
		wantStop time.Duration // from the request to STOPPED
		wantExit int64         // -1: none
		want     []string      // events from the request on
	}{
		{"in PROVISIONING nothing has started", 500 * time.Millisecond, localecs.Script{For: -1}, time.Second, -1, []string{
			"2 DEPROVISIONING -> STOPPED UserInitiated", "3 STOPPED -> STOPPED UserInitiated",
		}},
		{"in PENDING nothing has started", 1500 * time.Millisecond, localecs.Script{For: -1}, time.Second, -1, []string{
			"3 DEPROVISIONING -> STOPPED UserInitiated", "4 STOPPED -> STOPPED UserInitiated",
		}},
		{"SIGTERM ends it", 10 * time.Second, localecs.Script{For: -1}, time.Second, 143, []string{
			"5 STOPPING -> STOPPED UserInitiated", "6 DEPROVISIONING -> STOPPED UserInitiated", "7 STOPPED -> STOPPED UserInitiated",
		}},
		{"SIGKILL follows after 30 s", 10 * time.Second, localecs.Script{For: -1, IgnoreTerm: true}, 31 * time.Second, 137, []string{
			"5 STOPPING -> STOPPED UserInitiated", "6 DEPROVISIONING -> STOPPED UserInitiated", "7 STOPPED -> STOPPED UserInitiated",
		}},
		{"its own exit 0 keeps the stop code", 10 * time.Second, localecs.Script{For: 9 * time.Second, IgnoreTerm: true}, 2 * time.Second, 0, []string{
			"5 STOPPING -> STOPPED UserInitiated", "6 DEPROVISIONING -> STOPPED UserInitiated", "7 STOPPED -> STOPPED UserInitiated",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, delays)
			h.script(func(localecs.ContainerSpec) localecs.Script { return tt.script })
			arn := h.run()
			h.clock.Advance(tt.after)
			before := len(h.events.short())
			h.stop(arn, "enough")
			h.stop(arn, "a second time changes nothing")
			h.clock.Advance(time.Minute)

			same(t, "events", h.events.short()[before:], tt.want)
			d := h.events.last().Detail
			equal(t, "stoppedReason", d.StoppedReason, "enough")
			equal(t, "stoppedAt after the asking", d.StoppedAt.Sub(start)-tt.after, tt.wantStop)
			equal(t, "started", d.StartedAt != nil, tt.wantExit >= 0)
			equal(t, "says when its command ended", d.ExecutionStoppedAt != nil, tt.wantExit >= 0)
			equal(t, "has a runtimeId, as from PENDING on", d.Containers[0].RuntimeID != "", tt.after > time.Second)
			if code := d.Containers[0].ExitCode; code == nil {
				equal(t, "exit code", -1, tt.wantExit)
			} else {
				equal(t, "exit code", *code, tt.wantExit)
			}
			equal(t, "processes left", h.runner.Running(), 0)
		})
	}
}

// Another process's StopTask can come at any moment of the start.
func TestStopTaskWhileCommandsAreBeingStarted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *localecs.Config) { c.Delays.Pending = time.Second })
	arn := h.run()
	h.script(func(localecs.ContainerSpec) localecs.Script {
		h.stop(arn, "just now")
		h.clock.Advance(0) // whatever the stop requested comes before the start is done
		return localecs.Script{For: -1}
	})
	h.clock.Advance(time.Minute)

	same(t, "events", h.events.short(), []string{
		"1 PROVISIONING", "2 PENDING", "3 ACTIVATING", "4 ACTIVATING -> STOPPED UserInitiated", "5 RUNNING -> STOPPED UserInitiated",
		"6 STOPPING -> STOPPED UserInitiated", "7 DEPROVISIONING -> STOPPED UserInitiated", "8 STOPPED -> STOPPED UserInitiated",
	})
	equal(t, "exit code", *h.events.last().Detail.Containers[0].ExitCode, 143)
	equal(t, "starts", len(h.runner.Started()), 1)
}

// The stop comes after the report that commands are about to be started, before their start.
func TestStopTaskJustBeforeCommandsAreStarted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	arn := ""
	h.events.hear = func(e seen) {
		if e.Detail.LastStatus == "ACTIVATING" && e.Detail.DesiredStatus == "RUNNING" {
			h.stop(arn, "just now")
		}
	}
	arn = h.run()
	h.clock.Advance(time.Minute)

	same(t, "events", h.events.short(), []string{
		"1 PROVISIONING", "2 PENDING", "3 ACTIVATING", "4 ACTIVATING -> STOPPED UserInitiated",
		"5 DEPROVISIONING -> STOPPED UserInitiated", "6 STOPPED -> STOPPED UserInitiated",
	})
	d := h.events.last().Detail
	equal(t, "stoppedReason", d.StoppedReason, "just now")
	equal(t, "startedAt", d.StartedAt, nil)
	equal(t, "starts", len(h.runner.Started()), 0)
}

func TestACommandThatEndsWhileAnotherIsBeingStarted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("pair",
		types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("a")},
		types.ContainerDefinition{Name: aws.String("side"), Image: aws.String("b")})
	h.script(func(c localecs.ContainerSpec) localecs.Script {
		if c.Container == "side" {
			h.clock.Advance(0)
			return localecs.Script{For: -1}
		}
		return localecs.Script{ExitCode: 6}
	})
	h.run(func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("pair") })
	h.clock.Advance(time.Minute)
	same(t, "events", h.events.short()[3:], []string{
		"4 RUNNING", "5 STOPPING -> STOPPED EssentialContainerExited",
		"6 DEPROVISIONING -> STOPPED EssentialContainerExited", "7 STOPPED -> STOPPED EssentialContainerExited",
	})
	equal(t, "exit code", *h.events.last().Detail.Containers[0].ExitCode, 6)
}

func TestATaskOfSeveralContainers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		scripts map[string]localecs.Script
		codes   map[string]int64 // of those that have one
		want    []string         // events from ACTIVATING on
	}{
		{
			"the essential one's end stops the others",
			map[string]localecs.Script{"job": {For: time.Second, ExitCode: 5}, "side": {For: -1, IgnoreTerm: true}},
			map[string]int64{"job": 5, "side": 137},
			[]string{"4 RUNNING", "5 STOPPING -> STOPPED EssentialContainerExited", "6 DEPROVISIONING -> STOPPED EssentialContainerExited", "7 STOPPED -> STOPPED EssentialContainerExited"},
		},
		{
			"the end of another one is an event of its own",
			map[string]localecs.Script{"job": {For: 2 * time.Second}, "side": {For: time.Second, ExitCode: 1}},
			map[string]int64{"job": 0, "side": 1},
			[]string{"4 RUNNING", "5 RUNNING", "6 DEPROVISIONING -> STOPPED EssentialContainerExited", "7 STOPPED -> STOPPED EssentialContainerExited"},
		},
		{
			"one that cannot be started stops those before it",
			map[string]localecs.Script{"job": {For: -1}, "side": {StartError: `exec: "side": executable file not found in $PATH`}},
			map[string]int64{"job": 143},
			[]string{"4 STOPPING -> STOPPED TaskFailedToStart", "5 DEPROVISIONING -> STOPPED TaskFailedToStart", "6 STOPPED -> STOPPED TaskFailedToStart"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.register("pair",
				types.ContainerDefinition{Name: aws.String("job"), Image: aws.String("a")},
				types.ContainerDefinition{Name: aws.String("side"), Image: aws.String("b"), Essential: aws.Bool(false), StopTimeout: aws.Int32(3)})
			h.script(func(c localecs.ContainerSpec) localecs.Script { return tt.scripts[c.Container] })
			h.run(func(in *ecs.RunTaskInput) { in.TaskDefinition = aws.String("pair") })
			h.clock.Advance(time.Minute)

			same(t, "events", h.events.short()[3:], tt.want)
			codes := map[string]int64{}
			for _, c := range h.events.last().Detail.Containers {
				if c.ExitCode != nil {
					codes[c.Name] = *c.ExitCode
				}
				equal(t, "has a runtimeId, as from PENDING on, "+c.Name, c.RuntimeID != "", true)
			}
			same(t, "exit codes", codes, tt.codes)
		})
	}
}

func TestACommandThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.script(func(localecs.ContainerSpec) localecs.Script {
		return localecs.Script{StartError: `exec: "nope": executable file not found in $PATH`}
	})
	h.run()
	h.clock.Advance(time.Minute)

	const reason = `CannotStartContainerError: exec: "nope": executable file not found in $PATH`
	d := h.events.last().Detail
	equal(t, "stopCode", d.StopCode, "TaskFailedToStart")
	equal(t, "stoppedReason", d.StoppedReason, reason)
	equal(t, "container reason", d.Containers[0].Reason, reason)
	equal(t, "started", d.StartedAt != nil, false)
	equal(t, "exit code", d.Containers[0].ExitCode, nil)
}

func TestWhatACommandIsMadeOf(t *testing.T) {
	t.Parallel()
	made := types.ContainerDefinition{
		Name: aws.String("job"), EntryPoint: []string{"/entry", "-x"}, Command: []string{"default"}, WorkingDirectory: aws.String("/tmp"),
		Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("definition")}, {Name: aws.String("B"), Value: aws.String("kept")}},
		StopTimeout: aws.Int32(7),
	}
	tests := []struct {
		name      string
		overrides *types.TaskOverride
		argv      []string
		env       map[string]string
	}{
		{"the definition's", nil, []string{"/entry", "-x", "default"}, map[string]string{"A": "definition", "B": "kept"}},
		{"with overrides", &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: aws.String("job"), Command: []string{"other", "one"},
			Environment: []types.KeyValuePair{{Name: aws.String("A"), Value: aws.String("override")}, {Name: aws.String("C"), Value: aws.String("new")}},
		}}}, []string{"/entry", "-x", "other", "one"}, map[string]string{"A": "override", "B": "kept", "C": "new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.register("made", made)
			h.run(func(in *ecs.RunTaskInput) {
				in.TaskDefinition, in.Overrides = aws.String("made"), tt.overrides
			})
			h.clock.Advance(0)
			started := h.runner.Started()
			if len(started) != 1 {
				t.Fatalf("%d starts, want one", len(started))
			}
			spec := started[0]
			if !slices.Equal(spec.Argv, tt.argv) {
				t.Errorf("argv = %q, want %q", spec.Argv, tt.argv)
			}
			same(t, "environment", spec.Env, tt.env)
			equal(t, "directory", spec.Dir, "/tmp")
			equal(t, "stopTimeout", spec.StopTimeout, 7*time.Second)
		})
	}
}

package ecsevent

import (
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Task is a task's state at one moment. Times are in UTC, and zero if ECS gave none. Version
// grows with each change of state.
type Task struct {
	ARN, ClusterARN, DefinitionARN string
	StartedBy                      string
	LastStatus, DesiredStatus      string
	Version                        int64
	ContainerInstanceARN           string

	CreatedAt, PullStartedAt, StartedAt time.Time
	ExecutionStoppedAt, StoppedAt       time.Time

	// StopCode is nil if ECS gave none; ECS may also give an empty one.
	StopCode      *string
	StoppedReason string
	Containers    []stop.Container
	// Environment is what the task's overrides set, by container and name. Overridden lists the
	// containers that the overrides name, in their order.
	Environment map[string]map[string]string
	Overridden  []string

	partial       bool // of a container, its source shows only a part
	needsInstance bool // its launch type or capacity provider is one of container instances

	ended bool // its source reports stopped tasks only
}

// Stop returns the task as an end. If ECS gave a stoppedAt but no lastStatus, the task has
// stopped.
func (t Task) Stop() stop.Stop {
	s := stop.Stop{
		Kind: stop.Task, CodeMissing: t.StopCode == nil, Reason: t.StoppedReason,
		LastStatus: t.LastStatus, OnInstance: t.ContainerInstanceARN != "", NeedsInstance: t.needsInstance, StartedAt: t.StartedAt,
		Containers: t.Containers, Partial: t.partial, Mentioned: t.Overridden, SawPull: !t.PullStartedAt.IsZero(),
	}
	if t.StopCode != nil {
		s.Code = *t.StopCode
	}
	if s.LastStatus == "" && (t.ended || !t.StoppedAt.IsZero()) {
		s.LastStatus = "STOPPED"
	}
	return s
}

// fargate is the launch type of tasks without a container instance. The names of their capacity
// providers begin with it, and no other may
// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html).
const fargate = "FARGATE"

// bareTask reads an object that must be a task.
func bareTask(o object) Task {
	if !o.has("taskArn", "lastStatus", "stopCode", "stoppedReason", "containers") && *o.err == nil {
		*o.err = fmt.Errorf("%s: want an ECS task with a taskArn, lastStatus, stopCode, stoppedReason or containers, it has %s", orDocument(o.path), o.keys())
	}
	return task(o)
}

func task(o object) Task {
	t := Task{
		ARN: o.text("taskArn"), ClusterARN: o.text("clusterArn"), DefinitionARN: o.text("taskDefinitionArn"),
		StartedBy:  o.text("startedBy"),
		LastStatus: o.status("lastStatus"), DesiredStatus: o.text("desiredStatus"),
		ContainerInstanceARN: o.text("containerInstanceArn"),
		CreatedAt:            o.time("createdAt"), PullStartedAt: o.time("pullStartedAt"), StartedAt: startedAt(o),
		ExecutionStoppedAt: o.time("executionStoppedAt"), StoppedAt: o.time("stoppedAt"),
		StoppedReason: o.text("stoppedReason"),
	}
	for _, key := range []string{"launchType", "capacityProviderName"} {
		v := o.status(key)
		t.needsInstance = t.needsInstance || v != "" && !strings.HasPrefix(v, fargate)
	}
	if t.LastStatus == "" || t.StoppedReason == "" {
		t.projected(o)
	}
	if code, ok := o.str("stopCode"); ok {
		t.StopCode = &code
	}
	if v := o.integer("version"); v != nil {
		t.Version = *v
	}
	for _, c := range o.list("containers") {
		t.Containers = append(t.Containers, container(c))
		t.partial = t.partial || partial(c)
	}
	for _, code := range exitCodes(o) {
		t.Containers = append(t.Containers, stop.Container{ExitCode: code})
	}
	t.healthy(o)
	t.overrides(o.object("overrides"))
	return t
}

func (t *Task) overrides(o object) {
	for _, c := range o.list("containerOverrides") {
		name := c.text("name")
		if name != "" {
			t.Overridden = append(t.Overridden, name)
		}
		for _, e := range c.list("environment") {
			if t.Environment == nil {
				t.Environment = map[string]map[string]string{}
			}
			if t.Environment[name] == nil {
				t.Environment[name] = map[string]string{}
			}
			t.Environment[name][e.text("name")] = e.text("value")
		}
	}
}

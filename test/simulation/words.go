package simulation

import (
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/stop"
)

// runtimeID has the form of Fargate's ids.
const runtimeID = "adab51249cea4b5ea2d99cede4bb257e-2987719819"

// versionOf returns a version that grows with each change of a task's state.
func (t *task) versionOf(now time.Time) int64 {
	v := int64(1)
	for _, at := range []time.Time{t.pending, t.pulled, t.started, t.warned, t.desired, t.ended, t.stopped} {
		if reached(at, now) {
			v++
		}
	}
	return v
}

func seen(at, now time.Time) time.Time {
	if reached(at, now) {
		return at
	}
	return time.Time{}
}

// described returns the task as DescribeTasks shows it now.
func (t *task) described(now time.Time) ecsevent.Task {
	out := ecsevent.Task{
		ARN: t.arn, ClusterARN: t.cluster(), DefinitionARN: t.definition, StartedBy: t.startedBy(), LastStatus: t.status(now), DesiredStatus: "RUNNING", Version: t.versionOf(now),
		CreatedAt: t.created, PullStartedAt: seen(t.pulled, now), StartedAt: seen(t.started, now),
		ExecutionStoppedAt: seen(t.ended, now), StoppedAt: seen(t.stopped, now), Overridden: []string{"app"},
	}
	ending := reached(t.ended, now) || reached(t.warned, now) || reached(t.desired, now)
	if ending {
		out.DesiredStatus, out.StoppedReason = "STOPPED", t.reason
		if t.code != "" {
			out.StopCode = &t.code
		}
	}
	if !t.unlisted {
		out.Containers = append(out.Containers, t.container("app", t.exit, !t.beside, now))
		if t.twoContainers() {
			out.Containers = append(out.Containers, t.container("log", t.exitLog, true, now))
		}
	}
	return out
}

func (t *task) container(name string, exit *int64, runs bool, now time.Time) stop.Container {
	c := stop.Container{Name: name, LastStatus: "PENDING"}
	if reached(t.pulled, now) {
		c.RuntimeID = runtimeID // before the pull, so it shows nothing
	}
	if runs && t.ran(now) && (!t.hidden || exit != nil) {
		c.ImageDigest, c.LastStatus = "sha256:1", "RUNNING"
	}
	if reached(t.ended, now) {
		c.LastStatus, c.ExitCode = "STOPPED", exit
		if name == "app" {
			c.Reason = t.containerReason
		}
	}
	return c
}

// event returns the task's state as an "ECS Task State Change" event.
func (t *task) event(now time.Time) []byte {
	d := t.described(now)
	b := make([]byte, 0, 1<<10)
	b = append(b, `{"version":"0","detail-type":"ECS Task State Change","source":"aws.ecs","detail":{"taskArn":`...)
	b = strconv.AppendQuote(b, d.ARN)
	if d.ClusterARN != "" {
		b = text(b, "clusterArn", d.ClusterARN)
	}
	b = text(b, "taskDefinitionArn", d.DefinitionARN)
	if d.StartedBy != "" {
		b = text(b, "startedBy", d.StartedBy)
	}
	b = text(b, "lastStatus", d.LastStatus)
	b = text(b, "desiredStatus", d.DesiredStatus)
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, d.Version, 10)
	b = at(b, "createdAt", d.CreatedAt)
	b = at(b, "pullStartedAt", d.PullStartedAt)
	b = at(b, "startedAt", d.StartedAt)
	b = at(b, "executionStoppedAt", d.ExecutionStoppedAt)
	b = at(b, "stoppedAt", d.StoppedAt)
	if d.StopCode != nil {
		b = text(b, "stopCode", *d.StopCode)
	}
	if d.StoppedReason != "" {
		b = text(b, "stoppedReason", d.StoppedReason)
	}
	b = append(b, `,"overrides":{"containerOverrides":[{"name":"app"`...)
	if d.StartedBy == "" {
		b = append(b, t.environment()...)
	}
	b = append(b, `}]},"containers":[`...)
	for i, c := range d.Containers {
		b = container(b, i, c)
	}
	return append(b, `]}}`...)
}

func container(b []byte, i int, c stop.Container) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = append(b, `{"containerArn":"arn:aws:ecs:eu-central-1:123456789012:container/c","name":`...)
	b = strconv.AppendQuote(b, c.Name)
	b = text(b, "lastStatus", c.LastStatus)
	if c.RuntimeID != "" {
		b = text(b, "runtimeId", c.RuntimeID)
	}
	if c.ImageDigest != "" {
		b = text(b, "imageDigest", c.ImageDigest)
	}
	if c.Reason != "" {
		b = text(b, "reason", c.Reason)
	}
	if c.ExitCode != nil {
		b = append(b, `,"exitCode":`...)
		b = strconv.AppendInt(b, *c.ExitCode, 10)
	}
	return append(b, '}')
}

// text adds a field. The simulated texts need no escape beyond Go's.
func text(b []byte, key, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':')
	return strconv.AppendQuote(b, value)
}

func at(b []byte, key string, when time.Time) []byte {
	if when.IsZero() {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, '"', ':', '"')
	b = when.AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

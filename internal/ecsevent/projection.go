package ecsevent

import (
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// What people print is often a part of a task, under names of their own: the AWS
// CLI's --query 'tasks[].{reason:stoppedReason,exit:containers[0].exitCode}', or the
// containers alone. What is not read as a start could be relaunched, so the names
// that were seen in public are read. Events name all as ECS does.

// projected reads a task's status, reason and exit code under other names.
func (t *Task) projected(o object) {
	if t.LastStatus == "" {
		t.LastStatus = o.text("status")
	}
	for _, key := range []string{"reason", "stopReason", "stopped"} {
		s, ok := unquoted(o.raw(key))
		switch _, isTime := clock(s); {
		case isTime || (o.has(key) && !ok):
			t.StoppedAt = o.time(key)
		case t.StoppedReason == "":
			t.StoppedReason = s
		}
	}
	if code := exitCode(o); code != nil {
		t.Containers = append(t.Containers, stop.Container{Name: o.text("name"), ExitCode: code})
	}
}

// startedAt also takes "started".
func startedAt(o object) time.Time {
	if o.has("startedAt") {
		return o.time("startedAt")
	}
	return o.time("started")
}

// exitCode also takes "exit".
func exitCode(o object) *int64 {
	if o.has("exitCode") {
		return o.integer("exitCode")
	}
	return o.integer("exit")
}

func container(c object) stop.Container {
	return stop.Container{
		Name: c.text("name"), LastStatus: c.text("lastStatus"), ExitCode: exitCode(c),
		Reason: c.text("reason"), RuntimeID: c.text("runtimeId"), ImageDigest: c.text("imageDigest"), Ran: ran(c),
	}
}

// ran is whether DescribeTasks shows that a container ran: by the result of a
// health check, or by an agent of ECS Exec that was started in it.
func ran(c object) bool {
	if health := c.text("healthStatus"); health == "HEALTHY" || health == "UNHEALTHY" {
		return true
	}
	for _, agent := range c.list("managedAgents") {
		if !agent.time("lastStartedAt").IsZero() {
			return true
		}
	}
	return false
}

// isContainer is whether an object is a container of a task, without the task.
func isContainer(o object) bool {
	if o.has("stopCode", "stoppedReason", "containers", "clusterArn", "taskDefinitionArn", "desiredStatus", "kind", "task") {
		return false
	}
	return o.has("containerArn") || (o.has("name") && o.has("exitCode", "exit", "reason", "runtimeId", "lastStatus"))
}

// ofContainers is a task of which only the containers are known.
func ofContainers(list []object) Document {
	t := Task{ended: true}
	for _, o := range list {
		c := container(o)
		t.Containers = append(t.Containers, c)
		t.ARN = o.text("taskArn")
		if c.LastStatus != "" && c.LastStatus != "STOPPED" {
			t.LastStatus = c.LastStatus
		}
	}
	return Document{Kind: stop.Task, Task: t}
}

package ecsevent

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// People often print only a part of a task, under names of their own: with the AWS CLI's --query
// 'tasks[].{reason:stoppedReason,exit:containers[0].exitCode}', or the containers alone. A start
// that is not recognised could lead to a relaunch, so names that were seen in public are read
// too. Events use ECS's own names throughout.

// projected reads a task's status and reason under other names.
func (t *Task) projected(o object) {
	if t.LastStatus == "" {
		t.LastStatus = o.status("status")
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
}

// startedAt also accepts "started".
func startedAt(o object) time.Time {
	if o.has("startedAt") {
		return o.time("startedAt")
	}
	return o.time("started")
}

// exitCodes reads every key that begins with "exit", whether it holds one code or a list. ECS
// itself has only a container's exitCode.
func exitCodes(o object) (codes []*int64) {
	for _, f := range o.fields {
		switch {
		case len(f.key) < len("exit") || !same(f.key[:len("exit")], "exit"):
		case f.raw[0] == '[':
			for i, raw := range o.items(string(f.key)) {
				key := fmt.Sprintf("%s[%d]", f.key, i)
				one := object{path: o.path, err: o.err, fields: []field{{[]byte(key), raw}}}
				if !empty(raw) {
					codes = append(codes, one.integer(key))
				}
			}
		default:
			codes = append(codes, o.integer(string(f.key)))
		}
	}
	return codes
}

func container(c object) stop.Container {
	out := stop.Container{
		Name: c.text("name"), LastStatus: c.status("lastStatus"),
		Reason: c.text("reason"), RuntimeID: c.text("runtimeId"), ImageDigest: c.text("imageDigest"), Ran: ran(c),
	}
	if codes := exitCodes(c); len(codes) > 0 {
		out.ExitCode = codes[0]
	}
	return out
}

// partial reports whether an object shows only a part of a container. ECS always gives its ARN.
func partial(c object) bool { return !c.has("containerArn", "runtimeId") }

// ran reports whether DescribeTasks shows that a container ran: by the result of a health check,
// by an ECS Exec agent that was started in it, or by a host port, which Docker binds when it
// starts the container.
func ran(c object) bool {
	if checked(c.text("healthStatus")) || len(c.items("networkBindings")) > 0 {
		return true
	}
	for _, agent := range c.list("managedAgents") {
		if !agent.time("lastStartedAt").IsZero() || agent.status("lastStatus") == "RUNNING" {
			return true
		}
	}
	return false
}

// checked reports whether a health check had a result.
func checked(health string) bool { return health == "HEALTHY" || health == "UNHEALTHY" }

// healthy reads the health of the task. A result means that its containers ran.
func (t *Task) healthy(o object) {
	if !checked(o.text("healthStatus")) && !checked(o.text("health")) {
		return
	}
	if len(t.Containers) == 0 {
		t.Containers = make([]stop.Container, 1)
	}
	for i := range t.Containers {
		t.Containers[i].Ran = true
	}
}

// isContainer reports whether an object is a container of a task, without the task.
func isContainer(o object) bool {
	if o.has("stopCode", "stoppedReason", "containers", "clusterArn", "taskDefinitionArn", "desiredStatus", "kind", "task") {
		return false
	}
	return o.has("containerArn") || (o.has("name") && o.has("exitCode", "exit", "reason", "runtimeId", "lastStatus"))
}

// ofContainers makes a task of which only the containers are known.
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

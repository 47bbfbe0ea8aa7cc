package localecs

import (
	"slices"
	"time"
)

// record is a task with what is needed to run it. It is never changed once others can see it: a change
// is made on a clone, which replaces it once the database has the clone.
type record struct {
	ID      string          `json:"id"`
	Cluster string          `json:"cluster"`
	Family  string          `json:"family"`
	Of      string          `json:"of"` // see Subject.of
	Task    Task            `json:"task"`
	Specs   []ContainerSpec `json:"specs"` // in the order of Task.Containers
}

func (r *record) clone() *record {
	c := *r
	c.Task.Containers = slices.Clone(r.Task.Containers)
	c.Task.Attachments = slices.Clone(r.Task.Attachments)
	return &c
}

func (r *record) subject() Subject {
	return Subject{StartedBy: r.Task.StartedBy, TaskID: r.ID, LastStatus: r.Task.LastStatus, of: r.Of}
}

// The moves below make up a task's life. Each is one state change: one version, one write, one event.

// pending begins the pull. Fargate assigns runtime ids before it, and they stay whatever becomes of the
// containers (https://github.com/aws/aws-cdk/issues/32877).
func (r *record) pending(now time.Time) {
	r.Task.LastStatus = statusPending
	r.attachment("ATTACHED")
	r.Task.Connectivity, r.Task.ConnectivityAt = "CONNECTED", &now
	r.Task.PullStartedAt = &now
	for i := range r.Task.Containers {
		r.Task.Containers[i].RuntimeID = runtimeID(r.ID, i)
	}
}

// activating precedes the start of any command.
func (r *record) activating(now time.Time) {
	r.Task.LastStatus = statusActivating
	r.Task.PullStoppedAt = &now
}

func (r *record) running(now time.Time) {
	r.Task.LastStatus = statusRunning
	r.Task.StartedAt = &now
	for i := range r.Task.Containers {
		r.Task.Containers[i].LastStatus = statusRunning
	}
}

// neverStarted ends a task without a started command: it has no startedAt and no exit code.
// containerReason, for the first container, is optional.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func (r *record) neverStarted(now time.Time, reason, containerReason string) {
	r.askStop(now, codeFailedToStart, reason)
	for i := range r.Task.Containers {
		r.Task.Containers[i].LastStatus = statusStopped
	}
	r.Task.Containers[0].Reason = containerReason
	r.Task.LastStatus = statusDeprovisioning
}

// cannotStart ends a task of which the command of one container could not be started. The containers
// before it run and are to be stopped; those after it were not started.
func (r *record) cannotStart(now time.Time, failed int, reason string) {
	r.askStop(now, codeFailedToStart, reason)
	for i := range r.Task.Containers {
		c := &r.Task.Containers[i]
		if i < failed {
			c.LastStatus = statusRunning
			continue
		}
		c.LastStatus = statusStopped
	}
	r.Task.Containers[failed].Reason = reason
	r.wind(now)
}

// warned is Spot's warning: the task is still RUNNING, but has a stop code.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
func (r *record) warned(now time.Time) {
	r.askStop(now, codeSpot, "Your Spot Task was interrupted.")
	r.Task.StoppingAt = nil // it is not stopping yet
}

// stopping winds a task down. While commands are being started it only notes the request, which is
// acted on right after.
func (r *record) stopping(now time.Time, code, reason string) {
	r.askStop(now, code, reason)
	if r.Task.LastStatus != statusActivating {
		r.wind(now)
	}
}

// exited notes the end of one container. The end of an essential container, or of the last one, ends
// the task. The stop code and reason of the first who asked for the stop remain. An end that nobody saw
// is not the command's own: its supervisor was killed, as by a command that kills its parent, and all
// running tasks end so at once.
func (r *record) exited(end ended) {
	i := slices.IndexFunc(r.Task.Containers, func(c Container) bool { return c.Name == end.container })
	c, e, at := &r.Task.Containers[i], end.exit, end.at
	c.LastStatus, c.ExitCode, c.Reason = statusStopped, e.Code, e.Reason
	if began := r.Task.StartedAt; began != nil && at.Before(*began) { // it ended before its start was reported
		at = *began
	}
	if r.Specs[i].Essential || !r.anyRunning() {
		code, reason := codeContainerExited, "Essential container in task exited"
		if e.Code == nil {
			code, reason = codeTermination, "Host terminated: what ran the tasks of this machine was killed."
		}
		r.askStop(at, code, reason)
		r.wind(at)
	}
}

// takenAway ends a task whose processes died with the control plane that ran them. Nobody saw the exit
// codes, so there are none; what was known stays. The time at which execution stopped is unknown too,
// unless somebody noted it.
func (r *record) takenAway(now, ended time.Time) {
	if r.Task.StartedAt != nil && ended.After(*r.Task.StartedAt) {
		r.Task.ExecutionStoppedAt = &ended
	}
	r.askStop(now, codeTermination, "Host terminated: the local control plane that ran this task ended.")
	for i := range r.Task.Containers {
		r.Task.Containers[i].LastStatus = statusStopped
	}
	r.Task.LastStatus = statusDeprovisioning
}

func (r *record) stopped(now time.Time) {
	r.Task.LastStatus = statusStopped
	r.attachment("DELETED")
	r.Task.StoppedAt = &now
	for i := range r.Task.Containers {
		r.Task.Containers[i].LastStatus = statusStopped
	}
}

// askStop requests the task's stop. The code and reason of the first who asked remain.
func (r *record) askStop(now time.Time, code, reason string) {
	r.Task.DesiredStatus = statusStopped
	if r.Task.StoppingAt == nil {
		r.Task.StoppingAt = &now
	}
	if r.Task.StopCode == "" {
		r.Task.StopCode, r.Task.StoppedReason = code, reason
	}
}

// wind moves the task to STOPPING while a container runs, else to DEPROVISIONING.
func (r *record) wind(now time.Time) {
	if r.anyRunning() {
		r.Task.LastStatus = statusStopping
		return
	}
	if r.Task.LastStatus == statusRunning || r.Task.LastStatus == statusStopping {
		r.Task.ExecutionStoppedAt = &now
	}
	r.Task.LastStatus = statusDeprovisioning
}

func (r *record) anyRunning() bool {
	return slices.ContainsFunc(r.Task.Containers, func(c Container) bool { return c.LastStatus == statusRunning })
}

func (r *record) attachment(status string) {
	for i := range r.Task.Attachments {
		r.Task.Attachments[i].Status = status
	}
}

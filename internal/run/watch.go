package run

import (
	"fmt"
	"reflect"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// firstLook is when a task that was just accepted is first looked at: before
// anything it may not outlast.
func (d *decider) firstLook(lastStatus string) time.Time {
	if lastStatus == "STOPPED" {
		return d.now()
	}
	wait := min(d.t.FirstLook, d.job.Launchable())
	if d.job.Timeout > 0 {
		wait = min(wait, time.Duration(d.job.Timeout))
	}
	return d.now().Add(wait)
}

// watch holds a task that has not stopped against its limits, and sets the next
// look.
func (d *decider) watch(a *Attempt) string {
	if d.r.Stopping != nil {
		return d.stopAgain(a)
	}
	limit, asker, why := d.limit(a)
	if !limit.IsZero() && !d.now().Before(limit) {
		d.r.Stopping = &StopRequest{Asker: asker, By: "batchplane", Reason: why, At: d.now(), While: a.LastStatus}
		d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
		d.r.DueAt = d.now().Add(d.t.FirstLook)
		d.r.Cause = why + ": stopping the task"
		return d.r.Cause
	}
	d.r.DueAt = d.now().Add(d.nextLook(a))
	if !limit.IsZero() && limit.Before(d.r.DueAt) {
		d.r.DueAt = limit
	}
	return "the task is " + a.LastStatus
}

// stopAgain asks again, which does no harm, a task to stop that was asked before
// and has not. What stands for long is marked, so that a person is told, once.
func (d *decider) stopAgain(a *Attempt) string {
	s := d.r.Stopping
	d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
	d.r.DueAt = d.now().Add(d.t.FirstLook)
	if d.now().Sub(s.At) >= d.t.Stuck {
		s.Stuck = true
		d.r.Cause = fmt.Sprintf("asked to stop at %s UTC (%s), and the task is still %s: it is asked again every %s, look at it in ECS",
			s.At.UTC().Format("15:04"), s.Reason, a.LastStatus, job.Duration(d.t.FirstLook))
	}
	return "the task was asked to stop and is " + a.LastStatus
}

// limit is the time that the task may not outlast in its present state.
func (d *decider) limit(a *Attempt) (at time.Time, asker stop.Asker, why string) {
	if a.StartedAt.IsZero() && a.LastStatus != TaskRunning {
		return a.AcceptedAt.Add(d.job.Launchable()), stop.AskedByLaunchTimeout,
			fmt.Sprintf("not RUNNING %s after its launch", job.Duration(d.job.Launchable()))
	}
	if d.job.Timeout == 0 || a.StartedAt.IsZero() {
		return time.Time{}, "", ""
	}
	return a.StartedAt.Add(time.Duration(d.job.Timeout)), stop.AskedByTimeout, timedOut(d.job)
}

func timedOut(j *job.Job) string { return "timed out after " + j.Timeout.String() }

// nextLook is the usual wait. A task that has not started is looked at again
// within its job's timeout, since nobody knows yet when that begins to count.
func (d *decider) nextLook(a *Attempt) time.Duration {
	if a.StartedAt.IsZero() && d.job.Timeout > 0 {
		return min(d.t.NextLook, max(time.Duration(d.job.Timeout), time.Minute))
	}
	return d.t.NextLook
}

// TaskRunning is the lastStatus of a task whose containers run (ECS developer guide,
// "Amazon ECS task lifecycle"); before it come PROVISIONING, PENDING and ACTIVATING.
const TaskRunning = "RUNNING"

// looked is whether somebody looked at a task that nobody has asked to stop.
func looked(e *Seen) bool { return e != nil && e.Look && e.Stop.Code == "" }

// rests is whether all that a look brought is that the run's task runs as it should:
// when it is looked at next and what ECS says of it changed, and nothing else. Who
// looks keeps that in mind; a process that does not know it looks again.
func rests(before, after *Run) bool {
	a, b := after.Last(), before.Last()
	if !after.MayRest() || a.N != b.N || a.LastStatus != TaskRunning || a.StartedAt.IsZero() {
		return false
	}
	r := *after
	r.unshare(false)
	r.DueAt, r.StartedAt = before.DueAt, before.StartedAt
	if len(before.Owed) == 0 { // as after.Owed
		r.Owed = before.Owed
	}
	l := r.Last()
	l.Version, l.LastStatus, l.StartedAt = b.Version, b.LastStatus, b.StartedAt
	return reflect.DeepEqual(r, *before)
}

// MayRest is whether looks may have found the run's task as it should be, which they
// leave no trace of: then DueAt says only that no look was needed before.
func (r *Run) MayRest() bool {
	a := r.Last()
	return r.Status == Running && r.Stopping == nil && len(r.Owed) == 0 && a != nil && a.TaskARN != "" && !a.Over() && a.RefusedSince.IsZero()
}

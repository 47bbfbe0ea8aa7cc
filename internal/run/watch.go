package run

import (
	"fmt"
	"reflect"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// firstLook returns when a task that was just accepted is first looked at: not after any
// limit that it may exceed.
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

// watch checks a task that has not stopped against its limits, and sets the next look.
func (d *decider) watch(a *Attempt) string {
	if d.r.Stopping != nil {
		return d.stopAgain(a)
	}
	if a.Ending() {
		return d.endsItself(a)
	}
	limit, asker, why := d.limit(a)
	if !limit.IsZero() && !d.now().Before(limit) {
		d.r.Stopping = &StopRequest{Asker: asker, By: "batchplane", Reason: why, At: d.now(), While: a.LastStatus}
		d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
		d.r.DueAt = d.now().Add(d.t.FirstLook)
		d.r.Cause = why + ": stopping the task"
		return d.r.Cause
	}
	a.Long = a.Long || limit.IsZero() && !a.StartedAt.IsZero() && d.now().Sub(a.StartedAt) >= LongAfter
	d.r.DueAt = d.now().Add(d.nextLook(a))
	if !limit.IsZero() && limit.Before(d.r.DueAt) {
		d.r.DueAt = limit
	}
	return "the task is " + a.LastStatus
}

// LongAfter is how long a task may be RUNNING before a notice reports it, if its job sets no timeout:
// nothing else would say that it hangs.
const LongAfter = 24 * time.Hour

// RunsLong reports whether the run's task was found to have been RUNNING for LongAfter, and nobody
// has asked it to stop.
func (r *Run) RunsLong() bool {
	a := r.Last()
	return r.Status == Running && a != nil && a.Long && r.Stopping == nil && !a.Ending()
}

// stopAgain asks a task again to stop that was asked before and has not stopped; asking again
// does no harm. A stop that takes long is marked, so that a person is told once. A request that is still
// owed was refused, or cut off before its answer was saved.
func (d *decider) stopAgain(a *Attempt) string {
	s, confirmed := d.r.Stopping, !d.r.Owes(StopTask)
	d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
	d.r.DueAt = d.now().Add(d.t.FirstLook)
	if d.now().Sub(s.At) >= d.t.Stuck {
		a.Stuck = true
		d.r.Cause = fmt.Sprintf("asked to stop at %s UTC (%s), and the task is still %s: it is asked again every %s, look at it in ECS",
			s.At.UTC().Format("15:04"), s.Reason, a.LastStatus, job.Duration(d.t.FirstLook))
		if !confirmed {
			d.r.Cause = fmt.Sprintf("its stop was decided on at %s UTC (%s), the last request to ECS was not confirmed, and the task is still %s: ECS is asked again every minute, and the log says what it answers; or stop the task in ECS yourself",
				s.At.UTC().Format("15:04"), s.Reason, a.LastStatus)
		}
	}
	return "the task was asked to stop and is " + a.LastStatus
}

// endsItself looks at a task that ECS stops without our request, as it does once an essential
// container has ended. To ask for a stop would change nothing, whatever the job's timeout. A
// task that does not get to STOPPED for long is marked, so that a person is told once.
func (d *decider) endsItself(a *Attempt) string {
	if a.EndingSince.IsZero() {
		a.EndingSince = d.now()
	}
	d.r.DueAt = d.now().Add(d.t.FirstLook)
	if d.now().Sub(a.EndingSince) >= d.t.Stuck {
		a.Stuck = true
		d.r.Cause = fmt.Sprintf("ECS has been stopping the task since %s UTC or before, and it is still %s: its end is not known, look at it in ECS",
			a.EndingSince.UTC().Format("15:04"), a.LastStatus)
	}
	return "ECS is stopping the task, which is " + a.LastStatus
}

// limit returns the time that the task may not outlast in its current state.
func (d *decider) limit(a *Attempt) (at time.Time, asker stop.Asker, why string) {
	if a.StartedAt.IsZero() && a.LastStatus != TaskRunning {
		return a.AcceptedAt.Add(d.job.Launchable()), stop.AskedByLaunchTimeout,
			fmt.Sprintf("not RUNNING %s after its launch", job.Duration(d.job.Launchable()))
	}
	if d.job.Timeout == 0 || a.StartedAt.IsZero() {
		return time.Time{}, "", ""
	}
	return a.StartedAt.Add(time.Duration(d.job.Timeout)), stop.AskedByTimeout, "timed out after " + d.job.Timeout.String()
}

// nextLook returns the usual wait. A task that has not started is looked at again within its
// job's timeout, since nobody knows yet when that begins to count.
func (d *decider) nextLook(a *Attempt) time.Duration {
	if a.StartedAt.IsZero() && d.job.Timeout > 0 {
		return min(d.t.NextLook, max(time.Duration(d.job.Timeout), time.Minute))
	}
	return d.t.NextLook
}

// TaskRunning is the lastStatus of a task whose containers run (ECS developer guide, "Amazon
// ECS task lifecycle"). Before it come PROVISIONING, PENDING and ACTIVATING; after it
// DEACTIVATING, STOPPING and DEPROVISIONING, and at last STOPPED.
const TaskRunning = "RUNNING"

// Ending reports whether ECS was last seen stopping the attempt's task. It is not over then.
func (a *Attempt) Ending() bool {
	return a.LastStatus == "DEACTIVATING" || a.LastStatus == "STOPPING" || a.LastStatus == "DEPROVISIONING"
}

// Stuck reports whether the run's task has not stopped for long, although it was asked to or
// ECS was stopping it.
func (r *Run) Stuck() bool {
	a := r.Last()
	return r.Status == Running && a != nil && a.Stuck && (r.Stopping != nil || a.Ending())
}

// looked reports whether e is from a look at a task that nobody has asked to stop.
func looked(e *Seen) bool { return e != nil && e.Look && e.Stop.Code == "" }

// rests reports whether a look found only that the run's task runs as it should: only the
// time of the next look and what ECS says about the task changed. Whoever looks remembers
// that; a process that does not know it looks again.
func rests(before, after *Run) bool {
	a, b := after.Last(), before.Last()
	if !after.MayRest() || a.N != b.N || a.LastStatus != TaskRunning || a.StartedAt.IsZero() {
		return false
	}
	r := *after
	r.unshare(false)
	r.DueAt, r.StartedAt = before.DueAt, before.StartedAt
	if len(before.Owed) == 0 { // as in after.Owed
		r.Owed = before.Owed
	}
	l := r.Last()
	l.Version, l.LastStatus, l.StartedAt = b.Version, b.LastStatus, b.StartedAt
	return reflect.DeepEqual(r, *before)
}

// MayRest reports whether looks may have found the run's task as it should be. They leave no
// trace of that, so DueAt then says only that no look was needed before it.
func (r *Run) MayRest() bool {
	a := r.Last()
	return r.Status == Running && r.Stopping == nil && len(r.Owed) == 0 && a != nil && a.TaskARN != "" && a.Sure() && !a.Over() && !a.Ending() && a.RefusedSince.IsZero()
}

// lookedBy is how long after a run is due the sweep, which comes each minute, has certainly
// looked at its task.
const lookedBy = 2 * time.Minute

// RunsFrom returns the time from which the task of a run counts as running although ECS is not
// known to have said so: if the look that was due had found anything else, it would have saved
// that. It returns zero if there is no such time.
func (r *Run) RunsFrom() time.Time {
	if !r.MayRest() || r.DueAt.IsZero() {
		return time.Time{}
	}
	return r.DueAt.Add(lookedBy)
}

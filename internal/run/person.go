package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

func (d *decider) retry(e *RetryAsked) (Result, string) {
	if d.r.received(e.Trigger) {
		d.r.Duplicates++
		return Duplicate, fmt.Sprintf("duplicate of a retry of %s that was received before; it %s", d.r.ID, d.r.Status.Sentence())
	}
	changed := e.outdated(d)
	switch {
	case d.t.Standby:
		return Denied, standsBy
	case !d.r.Status.Terminal() && e.Alone:
		return Denied, fmt.Sprintf("%s %s: stop it first", d.r.ID, d.r.Status.Sentence())
	case !d.r.Status.Terminal():
		return Denied, fmt.Sprintf("%s %s: stop it first, or start a new run with `run %s`", d.r.ID, d.r.Status.Sentence(), d.r.ID.Job())
	case changed != "":
		return Denied, fmt.Sprintf("%s has changed since you looked: %s; look at it again before you retry it with `retry %[1]s`", d.r.ID, changed)
	case d.r.Status == Succeeded && !e.Force:
		return Denied, fmt.Sprintf("%s already succeeded: use --force to run it again", d.r.ID)
	case e.Blocked != "":
		return Denied, StillOpen(e.Blocked)
	case d.r.full():
		return Denied, fmt.Sprintf("%s was retried so often that no more can be kept of it: start a new run with `run %s`", d.r.ID, d.r.ID.Job())
	}
	d.beginAgain(e)
	return Did, fmt.Sprintf("launched attempt %d of %s", len(d.r.Attempts), d.r.ID)
}

// beginAgain launches the first attempt of a new allowance of a run that has ended.
func (d *decider) beginAgain(e *RetryAsked) {
	d.r.use(e.Task)
	d.r.Definition, d.r.Renew = e.Definition, false
	d.r.Triggers = append(d.r.Triggers, e.Trigger)
	d.r.First, d.r.Stopping = len(d.r.Attempts)+1, nil
	if d.r.Owes(Tell) {
		d.r.OwesFrom = d.r.OwesSince()
	}
	d.r.StartedAt, d.r.FinishedAt, d.r.ExitCode = time.Time{}, time.Time{}, nil
	d.r.ReadyAt, d.r.OnDemand, d.r.HeldUp = d.now(), false, time.Time{}
	d.r.launch(d.now(), d.t)
}

// outdated says what of the run is not as the person saw it: it has had another attempt, or a retry is
// less safe, because an attempt ran after all, the run succeeded, or a restored table may have forgotten
// that somebody retried it. "" means that it is.
func (e *RetryAsked) outdated(d *decider) string {
	r := d.r.KnownFrom(d.t.NotBefore)
	if e.Attempts != nil && *e.Attempts != len(r.Attempts) {
		return fmt.Sprintf("its attempts were %d and are %d now, and it %s", *e.Attempts, len(r.Attempts), r.Status.Sentence())
	}
	now := RetryOf(r, *d.job)
	switch {
	case !e.Seen.lighter(now):
		return ""
	case now.Safety == RetryDone:
		return now.Why
	}
	return fmt.Sprintf("a retry was %s and is %s now, since %s", e.Seen, now.Safety, now.Why)
}

// mostRetried is roughly how many bytes a run may have and still be retried; perEntry is what
// an attempt, a trigger or an effect takes besides its texts. An item of DynamoDB holds 400
// KB (Amazon DynamoDB developer guide, "Quotas"). If there were no room for the ends of its
// new attempts, nobody would hear of them.
const (
	mostRetried = 200 << 10
	perEntry    = 700
)

// full reports whether there is no room for a further retry.
func (r *Run) full() bool {
	n := perEntry * (len(r.Attempts) + len(r.Triggers) + len(r.Owed))
	for i := range r.Attempts {
		a := &r.Attempts[i]
		n += len(a.StoppedReason) + len(a.ContainerReason) + len(a.Why) + len(a.Next)
		if a.Revision != nil {
			n += perEntry
		}
	}
	for i := range r.Triggers {
		t := &r.Triggers[i]
		n += len(t.Request) + len(t.By) + len(t.Reason)
	}
	for i := range r.Owed {
		n += len(r.Owed[i].Cause)
	}
	return n > mostRetried
}

// received reports whether a request with the same id came before.
func (r *Run) received(t Trigger) bool {
	return t.Request != "" && slices.ContainsFunc(r.Triggers, func(o Trigger) bool {
		return o.Kind == t.Kind && o.Request == t.Request
	})
}

func (d *decider) stop(e StopAsked) (Result, string) {
	if d.r.Status.Terminal() {
		return Denied, fmt.Sprintf("%s %s: there is nothing to stop", d.r.ID, d.r.Status.Sentence())
	}
	if d.r.Stopping.byPerson() {
		return Duplicate, fmt.Sprintf("%s is being stopped already, at the request of %s", d.r.ID, somebody(d.r.Stopping.By))
	}
	a := d.r.Last()
	d.noteLooks(a)
	d.r.Stopping = &StopRequest{Asker: stop.AskedByPerson, By: e.By, Reason: e.Reason, At: d.now()}
	if a == nil || a.Over() || (a.TaskARN == "" && !a.mayHaveLaunched()) {
		d.dropStopped()
		return Did, fmt.Sprintf("%s was waiting and is stopped: no task of it is open, and none will be launched", d.r.ID)
	}
	d.r.Cause = fmt.Sprintf("stopping, at the request of %s: %s", somebody(e.By), e.Reason)
	switch {
	case a.TaskARN == "":
		d.search(a)
		fallthrough
	case !a.Sure():
		return Did, fmt.Sprintf("%s will be stopped as soon as ECS says which task it is", d.r.ID)
	}
	d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
	return Did, fmt.Sprintf("stopping %s", d.r.ID)
}

// noteLooks keeps that looks found the task running. They left no trace of it, and once a stop
// stands nobody can tell that they came.
func (d *decider) noteLooks(a *Attempt) {
	if from := d.r.RunsFrom(); !from.IsZero() && !d.now().Before(from) {
		a.LastStatus = TaskRunning
	}
}

func (s *StopRequest) byPerson() bool { return s != nil && s.Asker == stop.AskedByPerson }

func (s *StopRequest) cause() string {
	return fmt.Sprintf("stopped by %s: %s", somebody(s.By), s.Reason)
}

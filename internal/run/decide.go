package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Decide says what an event does to a run. It answers every event in every status, is
// deterministic, performs nothing, and does not change its arguments. Only RetryAsked leaves
// a terminal status. News of an older attempt or of a known version changes nothing.
func Decide(j *job.Job, r *Run, e Event, now time.Time, t *Timing) Decision {
	return DecideBeside("", j, r, e, now, t)
}

// DecideBeside is Decide for a run that lost its job's lock to another, open run: nothing of it
// is launched any more. If other is "", it is Decide.
func DecideBeside(other ID, j *job.Job, r *Run, e Event, now time.Time, t *Timing) (to Decision) {
	to.Next = *r
	var seen *Seen // it is large, so everybody reads this one
	if s, ok := e.(Seen); ok {
		seen = &s
	}
	to.Next.unshare(mayLaunch(r, e, seen))
	d := decider{job: j, r: &to.Next, at: &now, t: t, beside: other}
	if seen != nil {
		to.Result, to.Why = d.onSeen(seen)
	} else {
		to.Result, to.Why = d.on(e)
	}
	if to.Result == Ignored || to.Result == Denied {
		to.Next = *r
		return to
	}
	d.r.settleDue(now, t)
	if d.r.Owed = slices.Clip(d.r.Owed); len(d.r.Owed) == 0 {
		d.r.Owed = nil
	}
	if looked(seen) && rests(r, d.r) && (!t.NoteRunning || r.Last().LastStatus == TaskRunning) {
		to.Result, to.Until, to.Next = Rests, d.r.DueAt, *r
		return to
	}
	to.Counted = counted(r, d.r)
	return to
}

// mayLaunch reports whether an event is likely to lead to another attempt. seen is the event
// if it is a Seen.
func mayLaunch(r *Run, e Event, seen *Seen) bool {
	if seen != nil {
		// Most tasks that end by themselves succeed.
		return seen.Stop.LastStatus == "STOPPED" && seen.Stop.Code != "EssentialContainerExited"
	}
	switch e.(type) {
	case Due:
		a := r.Last()
		return r.Status == Queued && (a == nil || a.Over())
	case RetryAsked:
		return true
	}
	// Most refusals are for the rate or for lack of room, and the attempt stays the same.
	return false
}

// counted returns the attempt of which after counts more sends than before.
func counted(before, after *Run) int {
	a := after.Last()
	if a == nil {
		return 0
	}
	if b := before.Attempt(a.N); b != nil && b.Sends == a.Sends {
		return 0
	}
	return a.N
}

// settleDue keeps the rule that exactly the open runs are due at some time, and soon if
// somebody waits for a stop: a task may run on until then.
func (r *Run) settleDue(now time.Time, t *Timing) {
	if r.Status != Queued {
		r.Lacks = ""
	}
	switch {
	case !r.Open():
		r.DueAt = time.Time{}
	case r.DueAt.IsZero(), r.stopWaits() && r.DueAt.After(now.Add(t.Told)):
		r.DueAt = now.Add(t.Told)
	}
}

// stopWaits reports whether a stop was asked for and ECS does not know of it yet.
func (r *Run) stopWaits() bool {
	return r.Owes(StopTask) || r.Stopping != nil && (r.Status == Launching || r.Status == Running && !r.Last().Sure())
}

func (d *decider) triggered() (Result, string) {
	d.r.Duplicates++
	if d.r.Owes(Launch) {
		return Duplicate, fmt.Sprintf("duplicate of %s, whose launch was owed: %s", d.r.ID, d.resolveDoubt())
	}
	return Duplicate, fmt.Sprintf("duplicate of %s, which %s", d.r.ID, d.r.Status.Sentence())
}

func (d *decider) due(e Due) (Result, string) {
	woken := d.r.Waits && !e.Blocked
	if !woken && (d.r.DueAt.IsZero() || d.r.DueAt.After(d.now())) {
		return Ignored, "not due yet"
	}
	switch d.r.Status {
	case Queued:
		return d.dequeue(e)
	case Launching:
		return Did, fmt.Sprintf("attempt %d is in doubt: %s", len(d.r.Attempts), d.resolveDoubt())
	case Running:
		return Ignored, "a running task is looked at"
	}
	d.r.DueAt = d.now().Add(d.owedAgain())
	return Did, "what is owed is tried again"
}

// owedAgain returns the wait before what an ended run owes is tried again.
func (d *decider) owedAgain() time.Duration {
	return max(d.t.Told, min(d.now().Sub(d.r.OwesSince())/4, d.t.ToldMost))
}

// dequeue launches the attempt that a limit of the rate put off, or a new one.
func (d *decider) dequeue(e Due) (Result, string) {
	switch {
	case d.r.Waits && e.Blocked:
		d.r.DueAt = d.now().Add(d.t.Blocked)
		return Did, d.r.Cause
	case d.r.Renew && e.Task == nil:
		return Ignored, "the task definition must be resolved first"
	}
	if why := d.withheld(); why != "" {
		d.withhold(why)
		return Did, d.r.Cause
	}
	d.ready()
	if d.expired(0) {
		d.expire()
		return Did, d.r.Cause
	}
	if d.r.Renew {
		d.r.use(*e.Task)
		d.r.Renew = false
	}
	if a := d.r.Last(); a != nil && !a.Over() {
		// No send so far launched anything, so the token's life begins anew.
		a.SentAt, a.LastSentAt = d.now(), time.Time{}
		d.r.Status, d.r.Cause = Launching, launchingAttempt(a.N)
		d.resend()
		return Did, d.r.Cause
	}
	d.r.launch(d.now(), d.t)
	return Did, d.r.Cause
}

// ready ends the wait for another run's end. The deadline counts from here.
func (d *decider) ready() {
	if d.r.Waits {
		d.r.Waits, d.r.ReadyAt = false, d.now()
	}
}

// expired reports whether a launch after a wait would come after the run's deadline.
func (d *decider) expired(wait time.Duration) bool {
	return d.r.Late(d.job, d.now().Add(wait))
}

// Late reports whether a launch of the run at that time would come after its deadline.
func (r *Run) Late(j *job.Job, at time.Time) bool { return at.Sub(r.ReadyAt) > j.Retry.Within() }

// expire ends a run whose deadline passed while it waited to be launched.
func (d *decider) expire() {
	cause := fmt.Sprintf("not launched within its deadline of %s; last: %s", job.Duration(d.job.Retry.Within()), d.r.Cause)
	d.drop("failed: its deadline passed while it waited to be launched", Failed, cause)
}

// drop ends a run that is not launched, or not launched again, and with it the attempt that was
// to be; next is said of that one.
func (d *decider) drop(next string, s Status, cause string) {
	if a := d.r.Last(); a != nil && !a.Over() {
		a.EndedAt, a.Next = d.now(), next
	}
	d.finish(s, cause, d.now())
}

// dropStopped is drop at a person's request.
func (d *decider) dropStopped() {
	d.drop("stopped before it was launched", Stopped, d.r.Stopping.cause())
}

// unresolved waits for a revision of the task definition until the deadline. A run that
// waited for another's end no longer does: it is asked for its revision only once it may go
// on.
func (d *decider) unresolved(e Unresolved) (Result, string) {
	if d.r.Status != Queued || !d.r.Renew || !d.r.Waits && d.r.DueAt.After(d.now()) {
		return Ignored, "no revision is waited for"
	}
	d.ready()
	if e.Final || d.expired(0) {
		d.finish(Failed, "not launched: "+e.Err, d.now())
		return Did, d.r.Cause
	}
	d.r.Cause = "waiting for the task definition: " + e.Err
	d.r.DueAt = d.now().Add(d.t.Doubt)
	return Did, d.r.Cause
}

// resolveDoubt is the one place that decides whether a launch may be sent again: as long as
// ECS surely keeps its token and nobody is looking for its task instead. A search that has
// begun does not give way to a send: its task is unwanted, or the token is too old.
func (d *decider) resolveDoubt() string {
	a := d.r.Last()
	if d.now().Sub(a.SentAt) < d.t.TokenLife && !d.r.Owes(Find) && d.withheld() == "" {
		d.resend()
		return "sent again with the same token"
	}
	d.search(a)
	return "not sent again, looking for its task"
}

// search looks for an attempt's task instead of sending its launch again.
func (d *decider) search(a *Attempt) {
	d.r.settle(func(e Effect) bool { return e.Kind == Launch })
	d.r.Owe(Effect{Kind: Find, Attempt: a.N})
	d.r.DueAt = d.now().Add(d.t.Doubt)
}

// resend counts a further send of the last attempt before it goes out.
func (d *decider) resend() {
	a := d.r.Last()
	a.Apart = d.now().Sub(a.newestSend()) >= d.t.Doubt
	a.Sends++
	a.LastSentAt = d.now()
	d.r.Owe(Effect{Kind: Launch, Attempt: a.N})
	d.r.DueAt = d.now().Add(d.t.Doubt)
}

func (d *decider) done(e Done) (Result, string) {
	if e.Effect.Kind == Launch || e.Effect.Kind == Find {
		return Ignored, "it is done when its answer is known"
	}
	if !slices.Contains(d.r.Owed, e.Effect) {
		return Ignored, "it was not owed"
	}
	d.r.settle(func(o Effect) bool { return o == e.Effect })
	d.r.heard(e, d.now())
	if !d.r.Owes(Tell) {
		d.r.OwesFrom = time.Time{}
	}
	if e.Effect.Kind == StopTask {
		d.r.DueAt = d.now().Add(d.t.FirstLook)
	}
	return Did, "done"
}

// finish ends the run. Launches and stops that are still owed are dropped; notices stay owed.
func (d *decider) finish(s Status, cause string, at time.Time) {
	d.r.Status, d.r.Cause, d.r.FinishedAt = s, cause, at
	d.r.Forgotten = s != Succeeded && (d.r.Forgotten || d.r.ScheduledFor.Before(d.t.NotBefore))
	d.r.DueAt, d.r.Renew, d.r.Waits = time.Time{}, false, false
	d.r.settleTask()
}

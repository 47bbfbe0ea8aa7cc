package run

import (
	"cmp"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// rateLimited is why a run waits if ECS's rate left no room for it.
const rateLimited = "waiting: ECS limits the rate of launches"

// refused takes ECS's refusal of a send. It proves that the attempt launched nothing only if
// no other send of the attempt is without an answer.
//
// Only an exception for the rate is sent again with the same token. failures[] are the
// token's result, which ECS repeats for every further send (ECS API reference, "Ensuring
// idempotency"), so the next send needs a new token. For the same reason they also say what
// became of a send that was lost.
func (d *decider) refused(a *Attempt, e *Refused) (Result, string) {
	s, v := &e.Stop, stop.ClassifyOf(&e.Stop)
	if !d.current(a) || a.TaskARN != "" {
		return Ignored, "a refusal of an attempt that is settled"
	}
	if v.Started != stop.No {
		return d.noAnswer(a, e.Send, s.Reason)
	}
	if !a.refuse(e.Send) {
		return Ignored, fmt.Sprintf("that send %d was refused is known", e.Send)
	}
	if d.tokenResult(a, e) {
		a.settle()
	}
	switch {
	case a.mayHaveLaunched():
		a.Next = fmt.Sprintf("a send was refused (%s), but an earlier one has no answer", v.Rule)
		return Did, d.doubt(a)
	case s.Kind == stop.LaunchException && v.Lacks() == stop.NoRate:
		wait := d.t.Throttled + time.Duration(fraction(d.r.ID, a.Sends)*float64(d.t.Throttled))
		return Did, d.putOff(rateLimited, d.now().Add(wait))
	}
	a.EndedAt = d.now()
	a.note(s, &v)
	why := d.conclude(a, s, &v, d.now())
	if d.r.Status == Failed && e.Mend != "" {
		d.r.Cause += ": " + e.Mend
		why = d.r.Cause
	}
	return Did, why
}

// tokenResult reports whether an answer is the result of the client token, for all that was
// sent with it: failures[], in answer to the newest send, which went out within the token's
// life and so long after those before that they had arrived or never will.
func (d *decider) tokenResult(a *Attempt, e *Refused) bool {
	return e.Stop.Kind == stop.LaunchFailure && e.Send == a.Sends && a.Apart && d.now().Sub(a.SentAt) < d.t.TokenLife
}

// paced notes that a counted send did not go out, which proves as much as a refusal.
func (d *decider) paced(a *Attempt, send int, why string) (Result, string) {
	if !d.current(a) || a.TaskARN != "" {
		return Ignored, "the attempt is settled"
	}
	if !a.refuse(send) {
		return Ignored, fmt.Sprintf("that send %d did not go out is known", send)
	}
	if a.mayHaveLaunched() {
		return Did, d.doubt(a)
	}
	// It keeps its place: whoever was ready first is launched first.
	return Did, d.putOff(cmp.Or(why, "waiting for its turn: the rate of launches is limited"), d.place())
}

// place returns since when a run that could go at once has been waiting to be launched:
// whoever was ready first is launched first. The clock that set ReadyAt may have been ahead
// of this one.
func (d *decider) place() time.Time {
	if d.now().Before(d.r.ReadyAt) {
		return d.now()
	}
	return d.r.ReadyAt
}

// putOff makes the same attempt launch later, unless a person asked for its stop while it was
// not known whether there is a task to stop.
func (d *decider) putOff(why string, until time.Time) string {
	if d.r.Stopping.byPerson() {
		d.dropStopped()
		return d.r.Cause
	}
	d.r.settleTask()
	d.r.Status, d.r.Cause, d.r.DueAt = Queued, why, until
	return why
}

func (d *decider) noAnswer(a *Attempt, send int, err string) (Result, string) {
	if !d.current(a) || a.TaskARN != "" {
		return Ignored, "no answer for an attempt that is settled"
	}
	if send > 0 && send <= a.settled() {
		return Ignored, fmt.Sprintf("that send %d launched nothing is known", send)
	}
	a.Doubt = true
	a.Next = "no answer to a send: " + err
	return Did, d.doubt(a)
}

// doubt keeps the launch owed: whoever comes next sends it again.
func (d *decider) doubt(a *Attempt) string {
	d.r.Status, d.r.Cause = Launching, fmt.Sprintf("attempt %d is in doubt", a.N)
	if !d.r.Owes(Find) {
		d.r.Owe(Effect{Kind: Launch, Attempt: a.N})
	}
	d.r.DueAt = d.now().Add(d.t.Doubt)
	return d.r.Cause
}

package run

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Rules that this package adds to the classifier's, for ends that ECS did not describe.
const (
	RuleInDoubt     = "launch-in-doubt"
	RuleEndedUnseen = "ended-unseen"
)

// launched takes the task with which ECS answered a send. The answer to a send of the round
// before comes late if the end of that round's task was heard of first.
func (d *decider) launched(a *Attempt, e *Launched) (Result, string) {
	switch {
	case e.Round == a.Round-1 && e.TaskARN != a.Former:
		return d.second(a, e.TaskARN)
	case e.Round < a.Round:
		return Ignored, fmt.Sprintf("attempt %d is on round %d", a.N, a.Round)
	}
	if !a.Sure() {
		a.TaskARN, a.Found = "", nil // this says which task it is
	}
	return d.accepted(a, e.TaskARN, e.LastStatus)
}

// accepted takes the task that, as ECS answered, the attempt launched, or the first of those that a
// search found. Such a one is taken for it until a look, at once, has seen what it is: anyone who may
// run a task chooses its startedBy. A stop that a person asked for waits for that look.
func (d *decider) accepted(a *Attempt, arn, lastStatus string, found ...string) (Result, string) {
	if a.TaskARN != "" && a.TaskARN != arn {
		return d.second(a, arn)
	}
	known := a.TaskARN == arn
	a.TaskARN = arn
	if !d.current(a) {
		if known {
			return Ignored, fmt.Sprintf("attempt %d is over", a.N)
		}
		return Did, fmt.Sprintf("attempt %d is over; its task is noted", a.N)
	}
	d.r.settle(launching)
	if known && d.r.Status == Running {
		return Ignored, "accepted before"
	}
	a.AcceptedAt = d.now()
	a.LastStatus = cmp.Or(a.LastStatus, lastStatus)
	d.r.Status = Running
	d.r.DueAt = d.firstLook(lastStatus)
	if len(found) > 0 {
		a.Found, d.r.DueAt = found[:min(len(found), mostFound)], d.now()
	}
	switch {
	case d.r.Stopping == nil:
		d.r.Cause = "attempt " + strconv.Itoa(a.N) + " was accepted by ECS"
	case a.Sure():
		d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
	}
	return Did, "launched"
}

// launching reports whether an attempt's answer settles the effect.
func launching(e Effect) bool { return e.Kind == Launch || e.Kind == Find }

// second notes that another task carries an attempt's startedBy. ECS's idempotency forbids
// that; if it happens, a notice reports it.
func (d *decider) second(a *Attempt, arn string) (Result, string) {
	if a.RanAfterAll {
		return Ignored, "a second task of this attempt was told before"
	}
	a.RanAfterAll, a.Second = true, arn
	a.Next = a.AfterAll()
	if d.relaunchWaits(a) {
		if !a.Over() { // its next round was to come
			a.EndedAt = d.now()
		}
		d.finish(Failed, a.Next+", not relaunched", d.now())
	}
	return Did, a.Next
}

// relaunchWaits reports whether a, or a round of it, is over and the relaunch that was
// decided on has not been launched. There is then still time to take it back.
func (d *decider) relaunchWaits(a *Attempt) bool {
	return d.r.Status == Queued && a.N == len(d.r.Attempts)
}

// gone takes it that ECS does not know the task. ECS remembers a stopped task for an hour, so
// the task ended without our seeing how, unless it was launched only just now.
func (d *decider) gone(a *Attempt, asked time.Time) (Result, string) {
	if !d.current(a) || a.TaskARN == "" {
		return Ignored, "the attempt is settled"
	}
	if asked.Sub(a.AcceptedAt) < d.t.Settle {
		d.r.DueAt = a.AcceptedAt.Add(d.t.Settle)
		return Did, "ECS may not know a task this young yet"
	}
	if arn := a.TaskARN; d.nextFound(a) {
		d.second(a, arn) // whichever of them is the attempt's
		return Did, "ECS no longer knows this task; the next that was found is looked at"
	}
	cause := d.unknown(a, RuleEndedUnseen, "ECS no longer knows the task, and no event told how it ended")
	a.Class = stop.AppFailed
	return Did, d.giveUp(a, cause)
}

// unknown notes that nobody knows how the attempt ended, and returns the cause of its run's end.
func (d *decider) unknown(a *Attempt, rule, why string) (cause string) {
	a.EndedAt, a.Class, a.Started, a.Helps = d.now(), stop.Ambiguous, stop.Unknown, stop.Unknown
	a.Rule, a.Why = rule, why
	if rule == RuleInDoubt {
		return "in doubt, not relaunched: " + why
	}
	return "ended unseen: " + why
}

// giveUp ends a run whose last attempt's end nobody saw.
func (d *decider) giveUp(a *Attempt, cause string) string {
	if s := d.r.Stopping; s.byPerson() && a.Sure() { // else its task was not asked to stop
		a.Next = "stopped"
		d.finish(Stopped, s.cause()+"; "+cause, d.now())
		return d.r.Cause
	}
	return d.unproved(a, cause)
}

// unproved fails a run whose last attempt's task may run on, whoever asked for its stop.
func (d *decider) unproved(a *Attempt, cause string) string {
	a.Next = "failed: it may have run, so it is not relaunched by itself"
	d.finish(Failed, cause, d.now())
	return d.r.Cause
}

// seen takes a state of the attempt's task.
func (d *decider) seen(a *Attempt, e *Seen) (Result, string) {
	if e.earlier(a) {
		return d.earlier(a, e)
	}
	if e.TaskARN == "" { // it found the attempt by its startedBy, so it is the attempt's task
		e.TaskARN = a.TaskARN
	}
	if a.TaskARN != "" && e.TaskARN != a.TaskARN {
		if !a.Sure() { // it may be the attempt's
			a.Found = append(a.Found[:len(a.Found):len(a.Found)], e.TaskARN)
		}
		return d.second(a, e.TaskARN)
	}
	a.told()
	if e.Version > 0 && e.Version <= a.Version {
		return d.nothingNew(a, e)
	}
	s := e.Stop
	d.context(a, &s)
	v := stop.ClassifyOf(&s)
	if !d.current(a) {
		return d.late(a, e, &v)
	}
	d.learn(a, e)
	if v.Class == stop.NotStopped {
		d.r.Status = Running
		return Did, d.watch(a)
	}
	ended := e.EndedAt
	if ended.IsZero() {
		ended = d.now()
	}
	a.EndedAt, a.EndUnseen = ended, e.EndUnseen
	a.note(&s, &v)
	return Did, d.conclude(a, &s, &v, ended)
}

// earlier reports whether the state is, or may be, of a task of an earlier round: it is not
// of the current task, and if it names no round there were several.
func (e *Seen) earlier(a *Attempt) bool {
	return a.Round > 0 && e.Round < a.Round && (a.TaskARN == "" || e.TaskARN != a.TaskARN)
}

// earlier takes news of a task of an earlier round, or of one that does not say which. Such a
// task is known not to have started. If one started all the same, what it shows decides if
// nothing else has been launched yet; otherwise a notice reports it.
func (d *decider) earlier(a *Attempt, e *Seen) (Result, string) {
	v := stop.ClassifyOf(&e.Stop)
	switch {
	case v.Started != stop.Yes && e.Stop.StartedAt.IsZero():
		return Ignored, fmt.Sprintf("attempt %d is on round %d", a.N, a.Round)
	case !d.relaunchWaits(a) || a.Over():
		return d.second(a, e.TaskARN)
	}
	e.Round = a.Round
	return d.seen(a, e)
}

// nothingNew takes a version that was seen before. A look still sets the next one.
func (d *decider) nothingNew(a *Attempt, e *Seen) (Result, string) {
	if e.Look && d.current(a) {
		return Did, d.watch(a)
	}
	return Ignored, fmt.Sprintf("version %d of the task is known", e.Version)
}

// learn copies what a task's state shows about a current attempt. Only once that shows whose task it is, ECS is
// asked for a stop; if the task has ended, so does the run, and nothing is asked.
func (d *decider) learn(a *Attempt, e *Seen) {
	if d.r.Stopping != nil && !a.Sure() {
		d.r.Owe(Effect{Kind: StopTask, Attempt: a.N})
	}
	if a.TaskARN == "" {
		a.TaskARN, a.AcceptedAt = e.TaskARN, d.now()
		d.r.settle(launching)
	}
	a.Version, a.LastStatus, a.Found = max(a.Version, e.Version), e.Stop.LastStatus, nil
	if !e.Stop.StartedAt.IsZero() {
		a.StartedAt = e.Stop.StartedAt
		d.r.StartedAt = e.Stop.StartedAt
	}
}

// context gives the classifier what the run knows besides ECS's words. A start that was seen
// once remains a start, whatever the stop says.
func (d *decider) context(a *Attempt, s *stop.Stop) {
	if s.StartedAt.IsZero() {
		s.StartedAt = a.StartedAt
	}
	t := d.r.TaskOf(a)
	s.Container, s.Definition = t.Container, t.Containers
	if d.r.Stopping != nil {
		s.Asked, s.AskedWhile = d.r.Stopping.Asker, d.r.Stopping.While
	}
}

// late takes news of an attempt that has already been judged. It changes no status. If it
// shows that a task ran that was not known to have run, a notice reports that.
func (d *decider) late(a *Attempt, e *Seen, v *stop.Verdict) (Result, string) {
	ran := v.Started == stop.Yes || !e.Stop.StartedAt.IsZero()
	if !ran || a.Started == stop.Yes || a.RanAfterAll {
		return Ignored, fmt.Sprintf("attempt %d is over", a.N)
	}
	if d.relaunchWaits(a) {
		// It was judged too early: the task did start, and what it shows now decides.
		a.EndedAt = time.Time{}
		return d.seen(a, e)
	}
	a.RanAfterAll, a.Version, a.LastStatus = true, e.Version, e.Stop.LastStatus
	a.TaskARN = e.TaskARN
	a.StartedAt = e.Stop.StartedAt
	if v.Class != stop.NotStopped {
		a.note(&e.Stop, v)
	}
	a.Next = a.AfterAll()
	return Did, fmt.Sprintf("attempt %d ran after all", a.N)
}

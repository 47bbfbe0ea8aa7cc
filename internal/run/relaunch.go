package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// conclude decides what an attempt's end means for the run.
func (d *decider) conclude(a *Attempt, s *stop.Stop, v *stop.Verdict, ended time.Time) string {
	if req := d.r.Stopping; req.byPerson() {
		a.Next = "stopped"
		d.end(a, Stopped, req.cause(), ended)
		return d.r.Cause
	}
	if v.Class == stop.Succeeded {
		a.Next = "succeeded"
		d.end(a, Succeeded, "succeeded", ended)
		return d.r.Cause
	}
	again := relaunch(d.job, s, v)
	switch {
	case again.Yes:
		return d.again(a, &again, v, ended)
	case v.Class == stop.StoppedByUser && !again.Own:
		a.Next = "stopped: " + again.Since + again.Why
		d.end(a, Stopped, "stopped in ECS: "+cmp.Or(s.Reason, "no reason given"), ended)
		return d.r.Cause
	}
	a.Next = "failed: " + again.Since + again.Why
	d.end(a, Failed, d.cause(a, v), ended)
	return d.r.Cause
}

// moves reports whether this attempt is the one of its allowance after which the run leaves
// Spot for good. It costs no attempt, so there is at most one launch more than the job's
// retry allows.
func (d *decider) moves(a *Attempt, v *stop.Verdict) bool {
	if d.job.Capacity != job.SpotThenOnDemand || a.OnDemand {
		return false
	}
	lacks := v.Lacks()
	return lacks == stop.NoCapacity || lacks == stop.NoQuota || v.Class == stop.Interrupted
}

// made returns how many attempts of the allowance are used, without the one that Spot failed.
func (d *decider) made(a *Attempt) int {
	if a.OnDemand {
		return a.N - d.r.First
	}
	return a.N - d.r.First + 1
}

// usedUp fails the run because no attempt is left.
func (d *decider) usedUp(a *Attempt, v *stop.Verdict, ended time.Time) string {
	words := fmt.Sprintf("%d of %d attempts", d.made(a), d.job.Retry.Limit())
	if a.OnDemand {
		words += ", and one that Spot failed,"
	}
	a.Next = fmt.Sprintf("failed: %s are used up", words)
	d.end(a, Failed, fmt.Sprintf("%s; %s used", d.cause(a, v), words), ended)
	return d.r.Cause
}

// end finishes the run with what its last attempt showed.
func (d *decider) end(a *Attempt, s Status, why string, ended time.Time) {
	d.r.ExitCode = a.ExitCode
	d.finish(s, why, ended)
}

// again launches the next attempt, at once or after its backoff.
func (d *decider) again(a *Attempt, why *again, v *stop.Verdict, ended time.Time) string {
	if held := d.withheld(); held != "" {
		a.Next = "failed: not launched again: " + held
		d.end(a, Failed, d.cause(a, v)+"; not launched again: "+held, ended)
		return d.r.Cause
	}
	moves, made := d.moves(a, v), d.made(a)
	if room := v.Lacks(); room != "" && !moves {
		return d.nextRound(a, room, v, ended)
	}
	if made >= d.job.Retry.Limit() && !moves {
		return d.usedUp(a, v, ended)
	}
	wait := Backoff(d.job.Retry, d.r.ID, made, why.Unclear)
	if d.expired(wait) {
		return d.tooLate(a, v, ended)
	}
	d.r.Stopping, d.r.StartedAt, d.r.Renew = nil, time.Time{}, why.Renew
	d.r.OnDemand = d.r.OnDemand || moves
	d.r.settleTask()
	if wait == 0 && !why.Renew {
		a.Next = "relaunched at once: " + why.Since + why.Why
		d.r.launch(d.now(), d.t)
		return a.Next
	}
	d.r.DueAt = d.now().Add(wait)
	a.Next = "relaunch at " + d.r.DueAt.UTC().Format("2006-01-02 15:04:05 UTC") + ": " + why.Since + why.Why
	d.r.Status, d.r.Cause = Queued, a.Next
	return a.Next
}

// nextRound makes the same attempt launch with a new token once there may be room for it.
// Nobody is at fault, so it costs no attempt. A launch that the account's quota refused keeps
// its place: the first of those that wait asks for all of them.
func (d *decider) nextRound(a *Attempt, lacks stop.Room, v *stop.Verdict, ended time.Time) string {
	left := d.r.ReadyAt.Add(d.job.Retry.Within()).Sub(d.now())
	if left <= 0 {
		return d.tooLate(a, v, ended)
	}
	a.next()
	d.r.Stopping, d.r.StartedAt = nil, time.Time{}
	d.r.settleTask()
	d.r.Status, d.r.Lacks = Queued, lacks
	d.r.DueAt = d.now().Add(min(d.t.putOff(d.r.ID, a.Round), left))
	if lacks == stop.NoQuota {
		d.r.DueAt = d.place()
	}
	a.Next = fmt.Sprintf("waits, refused %d times so far: %s", a.Round, v.Why)
	d.r.Cause = "waiting: " + v.Why
	return d.r.Cause
}

// tooLate fails a run whose next launch would come after its deadline.
func (d *decider) tooLate(a *Attempt, v *stop.Verdict, ended time.Time) string {
	a.Next = fmt.Sprintf("failed: a relaunch would come after the deadline of %s", job.Duration(d.job.Retry.Within()))
	d.end(a, Failed, d.cause(a, v)+"; the deadline for relaunches has passed", ended)
	return d.r.Cause
}

// again is the answer to the question whether to make a further attempt.
type again struct {
	Yes bool
	// Unclear asks for the longer backoff.
	Unclear bool
	// Renew asks for the newest revision of the task definition.
	Renew bool
	// Own says that the job's own rule decided.
	Own bool
	// Since and Why, one after the other, say it in words.
	Since, Why string
}

// relaunch is the whole policy: the job's own rules first, then the two answers of the
// verdict, then what the job says about itself. Unless the job allows it, it never says yes
// to something that may have started. It never says yes to an end with exit code 0 that ECS
// did not force: the work may be done.
func relaunch(j *job.Job, s *stop.Stop, v *stop.Verdict) again {
	own, passed := ownRules(j, s, v)
	if own != nil {
		return *own
	}
	a := builtIn(j, s, v)
	if passed != "" {
		a.Why += "; " + passed
	}
	return a
}

// ownRules tries the job's rules in order. passed says why a rule that matched could not
// apply.
func ownRules(j *job.Job, s *stop.Stop, v *stop.Verdict) (own *again, passed string) {
	if len(j.Retry.Rules) == 0 {
		return nil, ""
	}
	f := facts(s)
	for i, rule := range j.Retry.Rules {
		if !rule.Matches(f) {
			continue
		}
		name := fmt.Sprintf("the job's rule %d (%s)", i+1, rule)
		if rule.Action == job.Fail {
			return &again{Own: true, Why: name}, ""
		}
		switch {
		case mayBeDone(s, v):
			passed = name + " did not apply: the job ended with exit code 0"
		case v.Started == stop.No || j.Retry.Idempotent:
			return &again{Own: true, Yes: true, Why: name}, ""
		default:
			passed = name + " did not apply: the task may have run and the job is not idempotent"
		}
	}
	return nil, passed
}

// facts returns what history shows of an end, so that a rule can be written from it.
func facts(s *stop.Stop) job.Facts {
	f := job.Facts{StopCode: stopCode(s), StoppedReason: s.Reason}
	for _, c := range s.Containers {
		if c.Reason != "" {
			f.ContainerReasons = append(f.ContainerReasons, c.Reason)
		}
	}
	if shown := containerReason(s); shown != "" {
		f.ContainerReasons = append(f.ContainerReasons, shown)
	}
	if c := mainContainer(s); c != nil {
		f.ExitCode = c.ExitCode
	}
	return f
}

func builtIn(j *job.Job, s *stop.Stop, v *stop.Verdict) again {
	switch {
	case v.Started == stop.No:
		return neverStarted(j, v)
	case mayBeDone(s, v):
		return again{Why: v.Why + "; the job itself ended with exit code 0, so its work may be done"}
	case s.Asked == stop.AskedByTimeout:
		return afterTimeout(j)
	case listedExit(j, s, v):
		return again{Yes: true, Why: "the job lists this exit code for a relaunch"}
	case j.Retry.Idempotent && interruptedOrUnknown(v):
		return again{Yes: true, Since: "it may have run, and the job is idempotent: ", Why: v.Why}
	}
	return again{Why: v.Why}
}

func neverStarted(j *job.Job, v *stop.Verdict) again {
	switch {
	case v.Rule == stop.RuleInactive && !j.Pinned():
		return again{Yes: true, Renew: true, Why: "nothing started, and the newest revision is taken instead of the inactive one"}
	case v.Helps == stop.No:
		return again{Since: "a person must mend it: ", Why: v.Why}
	}
	return again{Yes: true, Unclear: v.Helps == stop.Unknown, Since: "nothing started: ", Why: v.Why}
}

// mayBeDone reports whether the job's container ended with exit code 0 although neither the
// infrastructure nor somebody in ECS took its task away. If one of them did, the code says
// only that the container obeyed.
func mayBeDone(s *stop.Stop, v *stop.Verdict) bool {
	c := mainContainer(s)
	return c != nil && c.ExitCode != nil && *c.ExitCode == 0 && v.Class != stop.Interrupted && v.Class != stop.StoppedByUser
}

func afterTimeout(j *job.Job) again {
	if !j.Retry.Idempotent {
		return again{Why: "it timed out, and the job is not idempotent"}
	}
	return again{Yes: true, Unclear: true, Why: "it timed out, and the job is idempotent"}
}

// listedExit reports whether the job itself ended with an exit code that its definition
// lists. A code that a stop forced on it is not the job's own.
func listedExit(j *job.Job, s *stop.Stop, v *stop.Verdict) bool {
	c := mainContainer(s)
	return v.Class == stop.AppFailed && s.Asked == "" && c != nil && c.ExitCode != nil &&
		slices.Contains(j.Retry.ExitCodes, *c.ExitCode)
}

func interruptedOrUnknown(v *stop.Verdict) bool {
	return v.Class == stop.Interrupted || (v.Started == stop.Unknown && v.Helps != stop.No)
}

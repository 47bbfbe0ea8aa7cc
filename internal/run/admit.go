package run

import (
	"cmp"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Admission is what becomes of a first request for a run.
type Admission struct {
	// As is Launching, Queued (the run waits for another run's end), Skipped or Missed. Why
	// says it in words.
	As  Status
	Why string
	// Refuse, if not empty, says that nothing is recorded, and what to do.
	Refuse string
	// UsesSkip says that the request to skip the next slot is used up.
	UsesSkip bool
	// HeldBy is the open run because of which the slot is skipped.
	HeldBy ID
	// Forgotten is Run.Forgotten.
	Forgotten bool
	// Late says that a slot starts although a later one has overtaken it, which the job's
	// item must record.
	Late bool
	// Crowded says that a run that is to be launched is left to the look, because ECS takes
	// no launch at this moment.
	Crowded bool
}

// Situation is what Admit needs to know besides the job.
type Situation struct {
	Now time.Time
	// Item is the job's item; All carries the pause of all jobs, if any.
	Item job.Item
	All  job.Item
	// Holder and Waiter are the open runs that hold the job's lock and wait for it; "" if
	// there is none.
	Holder, Waiter ID
	// HolderSince is since when the holder, or else the waiter, has been open.
	HolderSince time.Time
	// Newest says that no later slot of the job has come. Later is a run of a later slot that
	// was started; "" if there is none.
	Newest bool
	Later  ID
	// SkipEnd is the slot after the one that the item's SkipNext names; zero if there is
	// none, or if the slots are not known beforehand.
	SkipEnd time.Time
	// Force lets a person run a paused job.
	Force bool
	// Refused is when ECS last refused, for its rate, a launch of the process that asks. It
	// is zero if ECS refused none, or if the process keeps to a rate itself.
	Refused time.Time
	// Timing holds NotBefore, Standby and the waits.
	Timing Timing
}

// Admit decides whether a run that does not exist yet is launched, waits, is skipped or is
// missed. A slot within a pause is skipped, whenever its trigger comes. A slot that was due
// before a pause began is not started within the pause either. It is missed if no trigger
// came in time, because then the pause is not why it did not run.
func Admit(j job.Job, req Request, s Situation) Admission {
	if a := withheld(&req, &s); a != nil {
		return *a
	}
	if req.Trigger.Kind == ByHand {
		return admitByHand(&j, &s)
	}
	skip, skips := s.Item.SkipNext, toSkip(req.ScheduledFor, &s)
	if p := job.PausedAt(&s.Item, &s.All, req.ScheduledFor); p != nil {
		return Admission{As: Skipped, Why: pauseWords(p), UsesSkip: skips}
	}
	if skips {
		return Admission{As: Skipped, Why: skipWords(skip), UsesSkip: true}
	}
	if tooLate(&j, &req, &s) {
		return Admission{As: Missed, Why: lateWords(&j, &req, s.Now)}
	}
	if p := job.PausedAt(&s.Item, &s.All, s.Now); p != nil {
		return Admission{As: Skipped, Why: pauseWords(p)}
	}
	if why := overtaken(&j, &req, &s); why != "" {
		return Admission{As: Missed, Why: why}
	}
	a := overlap(&j, false, &s)
	if a.As != Launching {
		return a
	}
	a.Late = Overdue(&j, &req, s.Now) && !s.Newest
	if a.Crowded = crowded(&req, &s); a.Crowded {
		a.Why = rateLimited
	}
	return a
}

// crowded reports whether a slot comes so soon after ECS refused a launch for its rate that
// its own would be refused too. After Throttled the rate's whole burst may be there again
// (ECS developer guide, "Fargate throttling quotas": 20, and 20 a second). Somebody must ask
// then, or some of it is lost before the look comes. A person's request is never left to the
// look.
func crowded(req *Request, s *Situation) bool {
	since := s.Now.Sub(s.Refused)
	return req.Trigger.Kind == BySchedule && since >= 0 && since < s.Timing.Throttled
}

// Limits that keep slots whose triggers were held up from starting all at once.
const (
	// overdue is how late a slot may be and still start whatever became of later ones.
	overdue = 3 * time.Minute
	// lateGap is the least time between two starts of overdue slots that later ones have
	// overtaken. It is less than the minute between the slots of any schedule, so that
	// triggers that are all equally late all start.
	lateGap = 30 * time.Second
)

// Overdue reports whether a slot's trigger comes so late that it matters whether a run of a
// later slot exists: more than three minutes after its job's window.
func Overdue(j *job.Job, req *Request, now time.Time) bool {
	return req.Trigger.Kind == BySchedule && now.Sub(req.ScheduledFor) > time.Duration(j.Window)+overdue
}

// overtaken says why an overdue slot no longer runs; "" if it still does.
func overtaken(j *job.Job, req *Request, s *Situation) string {
	if !Overdue(j, req, s.Now) {
		return ""
	}
	late := fmt.Sprintf("its trigger came %s late", job.Duration(s.Now.Sub(req.ScheduledFor).Truncate(time.Second)))
	switch {
	case s.Later != "":
		return fmt.Sprintf("%s, and %s, of a later slot, was started before", late, s.Later)
	case !s.Newest && s.Now.Sub(s.Item.Late) < lateGap:
		return late + ", and another slot was started late just before"
	}
	return ""
}

// toSkip reports whether a slot is the one that a person asked to skip. A trigger may come
// before that of an earlier slot; it does not take that slot's place.
func toSkip(slot time.Time, s *Situation) bool {
	skip := s.Item.SkipNext
	return skip != nil && !slot.Before(skip.At.Truncate(time.Minute)) && (s.SkipEnd.IsZero() || slot.Before(s.SkipEnd))
}

// tooLate reports whether a slot is missed. A slot that the sweep records is always missed,
// even in the very moment in which its time is up: no trigger came.
func tooLate(j *job.Job, req *Request, s *Situation) bool {
	switch {
	case req.Trigger.Kind == BySweep:
		return true
	case s.Now.Sub(req.ScheduledFor) <= j.Late():
		return false
	}
	return j.CatchUp != job.CatchUpLast || !s.Newest && req.Trigger.Kind != ByCatchUp
}

func admitByHand(j *job.Job, s *Situation) Admission {
	if p := job.PausedAt(&s.Item, &s.All, s.Now); p != nil && !s.Force {
		return Admission{Refuse: fmt.Sprintf("%s is %s: use --force to run it anyway", j.Name, pauseWords(p))}
	}
	return overlap(j, true, s)
}

func overlap(j *job.Job, byHand bool, s *Situation) Admission {
	other := cmp.Or(s.Holder, s.Waiter)
	switch {
	case !j.Exclusive() || other == "":
		return Admission{As: Launching}
	case j.Overlap == job.Queue && s.Waiter == "":
		return Admission{As: Queued, Why: fmt.Sprintf("waiting for the end of %s", s.Holder)}
	case j.Overlap == job.Queue && byHand:
		return Admission{Refuse: fmt.Sprintf("%s waits already for its turn, and only one may", s.Waiter)}
	case j.Overlap == job.Queue:
		return Admission{As: Skipped, Why: fmt.Sprintf("overlap: %s waits already for its turn; %s is open%s", s.Waiter, other, openSince(s)), HeldBy: other}
	case byHand:
		return Admission{Refuse: StillOpen(other)}
	}
	return Admission{As: Skipped, Why: fmt.Sprintf("overlap: %s was still open%s", other, openSince(s)), HeldBy: other}
}

// StillOpen says that an open run of the same job forbids another, and what to do.
func StillOpen(other ID) string {
	return fmt.Sprintf("%s is still open, and the job's runs may not overlap: wait for its end or stop it first", other)
}

func openSince(s *Situation) string {
	if s.HolderSince.IsZero() {
		return ""
	}
	return ", since " + job.UTC(s.HolderSince)
}

func pauseWords(p *job.Pause) string {
	words := "paused by " + somebody(p.By)
	if !p.To.IsZero() {
		words += " until " + p.Until()
	}
	if p.Reason != "" {
		words += ": " + p.Reason
	}
	return words
}

func skipWords(s *job.Skip) string {
	words := "skipped at the request of " + somebody(s.By)
	if s.Reason != "" {
		words += ": " + s.Reason
	}
	return words
}

func lateWords(j *job.Job, req *Request, now time.Time) string {
	within := job.Duration(j.Late())
	if req.Trigger.Kind == BySweep {
		return fmt.Sprintf("no trigger came within %s", within)
	}
	return fmt.Sprintf("its trigger came %s late, and it may start within %s", job.Duration(now.Sub(req.ScheduledFor).Truncate(time.Second)), within)
}

func somebody(by string) string { return cmp.Or(by, "a person") }

package run

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Admission is what becomes of a first request for a run.
type Admission struct {
	// As is Launching, Queued (it waits for another run's end), Skipped or
	// Missed. Why says it in words.
	As  Status
	Why string
	// Refuse, when not empty, says that nothing is recorded, and what to do.
	Refuse string
	// UsesSkip is whether the request to skip the next slot is used up.
	UsesSkip bool
}

// Situation is what Admit needs to know beside the job.
type Situation struct {
	Now time.Time
	// Item is the job's item; All is the pause of all jobs, if any.
	Item job.Item
	All  job.Item
	// Holder and Waiter are the open runs that hold the job's lock and wait for
	// it, "" when there is none.
	Holder, Waiter ID
	// Newest is whether no later slot of the job has come.
	Newest bool
	// Force lets a person run a paused job.
	Force bool
}

// Admit decides, of a run that does not exist yet, whether it is launched, waits,
// is skipped or is missed. Slots are judged at their nominal time and, for a
// pause, also now: what is paused does not start.
func Admit(j job.Job, req Request, s Situation) Admission {
	if req.Trigger.Kind == ByHand {
		return admitByHand(j, req, s)
	}
	if p := paused(req, s); p != nil {
		return Admission{As: Skipped, Why: pauseWords(p)}
	}
	if skip := s.Item.SkipNext; skip != nil && !req.ScheduledFor.Before(skip.At.Truncate(time.Minute)) {
		return Admission{As: Skipped, Why: "skipped at the request of " + somebody(skip.By), UsesSkip: true}
	}
	late := s.Now.Sub(req.ScheduledFor) > j.Late()
	if late && (j.CatchUp != job.CatchUpLast || !s.Newest) {
		return Admission{As: Missed, Why: lateWords(j, req, s.Now)}
	}
	return overlap(j, false, s)
}

func admitByHand(j job.Job, req Request, s Situation) Admission {
	if p := paused(req, s); p != nil && !s.Force {
		return Admission{Refuse: fmt.Sprintf("%s is %s: use --force to run it all the same", j.Name, pauseWords(p))}
	}
	return overlap(j, true, s)
}

func overlap(j job.Job, byHand bool, s Situation) Admission {
	switch {
	case !j.Exclusive() || s.Holder == "" && s.Waiter == "":
		return Admission{As: Launching}
	case j.Overlap == job.Queue && s.Waiter == "":
		return Admission{As: Queued, Why: fmt.Sprintf("waiting for the end of %s", s.Holder)}
	case j.Overlap == job.Queue && byHand:
		return Admission{Refuse: fmt.Sprintf("%s waits already for its turn, and only one may", s.Waiter)}
	case j.Overlap == job.Queue:
		return Admission{As: Skipped, Why: fmt.Sprintf("overlap: %s waits already for its turn", s.Waiter)}
	case byHand:
		return Admission{Refuse: fmt.Sprintf("%s is still open, and the job's runs may not overlap: wait for its end or stop it first", s.Holder)}
	}
	return Admission{As: Skipped, Why: fmt.Sprintf("overlap: %s was still open", s.Holder)}
}

func paused(req Request, s Situation) *job.Pause {
	for _, item := range []*job.Item{&s.Item, &s.All} {
		if p := item.PausedAt(s.Now); p != nil {
			return p
		}
		if p := item.PausedAt(req.ScheduledFor); p != nil && req.Trigger.Kind != ByHand {
			return p
		}
	}
	return nil
}

func pauseWords(p *job.Pause) string {
	words := "paused by " + somebody(p.By)
	if !p.To.IsZero() {
		words += " until " + p.To.UTC().Format("2006-01-02 15:04 UTC")
	}
	if p.Reason != "" {
		words += ": " + p.Reason
	}
	return words
}

func lateWords(j job.Job, req Request, now time.Time) string {
	within := job.Duration(j.Late())
	if req.Trigger.Kind == BySweep {
		return fmt.Sprintf("no trigger came within %s", within)
	}
	return fmt.Sprintf("its trigger came %s late, and it may start within %s", job.Duration(now.Sub(req.ScheduledFor).Truncate(time.Second)), within)
}

func somebody(by string) string {
	if by == "" {
		return "a person"
	}
	return by
}

package run

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// decider is one decision under way. It changes r in place.
type decider struct {
	job *job.Job
	r   *Run
	at  *time.Time
	t   *Timing
	// beside is an open run that has the lock of the run's job; "" in most decisions.
	beside ID
}

func (d *decider) now() time.Time { return *d.at }

func (d *decider) on(e Event) (Result, string) {
	switch e := e.(type) {
	case Triggered:
		return d.triggered()
	case Due:
		return d.due(e)
	case Waiting:
		return d.waiting()
	case Unresolved:
		return d.unresolved(e)
	case RetryAsked:
		return d.retry(&e)
	case StopAsked:
		return d.stop(e)
	case Done:
		return d.done(e)
	}
	return d.onTask(e)
}

// onTask takes the events that are about one attempt.
func (d *decider) onTask(e Event) (Result, string) {
	switch e := e.(type) {
	case Launched:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.launched(a, &e) })
	case Paced:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.paced(a, e.Send, e.Why) })
	case Refused:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.refused(a, &e) })
	case NoAnswer:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.noAnswer(a, e.Send, e.Err) })
	case Found:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.found(a.told(), e) })
	case Unseen:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.unseen(a, e) })
	case Strange:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.strange(a, &e) })
	case Gone:
		return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.gone(a, e.At) })
	}
	return Ignored, fmt.Sprintf("no such event: %T", e)
}

// onSeen takes a state of an attempt's task.
func (d *decider) onSeen(e *Seen) (Result, string) {
	return d.onAttempt(e.Attempt, func(a *Attempt) (Result, string) { return d.seen(a, e) })
}

func (d *decider) onAttempt(n int, f func(*Attempt) (Result, string)) (Result, string) {
	a := d.r.Attempt(n)
	if a == nil {
		return Ignored, fmt.Sprintf("the run has no attempt %d", n)
	}
	return f(a)
}

// current reports whether a is the attempt that the run is on.
func (d *decider) current(a *Attempt) bool {
	return a.N == len(d.r.Attempts) && !d.r.Status.Terminal() && !a.Over()
}

package run

import "time"

// Request is a first request for a run.
type Request struct {
	ID           ID
	ScheduledFor time.Time
	Trigger      Trigger
	Definition   string
	Task         TaskDefinition
	Args         []string
	Environment  map[string]string
}

// New returns the run that a first request claims: attempt 1 with its launch owed and its
// first send counted.
func New(req Request, now time.Time, t Timing) Run {
	r := req.run(now)
	r.launch(now, &t)
	return r
}

func (req Request) run(now time.Time) Run {
	return Run{
		ID: req.ID, ScheduledFor: req.ScheduledFor.UTC(), Definition: req.Definition, Task: req.Task,
		Args: req.Args, Environment: req.Environment,
		QueuedAt: now, ReadyAt: now, First: 1, Triggers: []Trigger{req.Trigger},
	}
}

// NewQueued returns a run that is claimed now and launched when its turn comes: at once by
// the next look or, if it waits, after another run of its job.
func NewQueued(req Request, why string, waits bool, now time.Time, t Timing) Run {
	r := req.run(now)
	r.Status, r.Cause, r.Waits, r.DueAt = Queued, why, waits, now
	if waits {
		r.DueAt = now.Add(t.Blocked)
	}
	return r
}

// NewUnresolved returns a run whose task definition could not be resolved just now. It is
// claimed, so that people see it, and launched when it can be.
func NewUnresolved(req Request, why string, now time.Time, t Timing) Run {
	r := req.run(now)
	r.Status, r.Cause, r.Renew, r.DueAt = Queued, "waiting for the task definition: "+why, true, now.Add(t.Throttled)
	return r
}

// NewEnded returns a run that is over as soon as it is recorded: skipped, missed, or failed
// because its definition cannot be launched at all.
func NewEnded(req Request, s Status, why string, now time.Time) Run {
	r := req.run(now)
	r.Status, r.Cause, r.FinishedAt = s, why, now
	return r
}

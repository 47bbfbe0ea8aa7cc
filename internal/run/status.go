package run

import "slices"

// Status is where a run stands.
type Status string

const (
	// Queued waits: for a backoff or for its turn.
	Queued Status = "queued"
	// Launching: a launch is owed or in doubt.
	Launching Status = "launching"
	// Running: ECS accepted the task.
	Running Status = "running"
	// Succeeded is proved by exit code 0 of the job's container.
	Succeeded Status = "succeeded"
	// Failed ended badly; Cause says how.
	Failed Status = "failed"
	// Stopped by a person, through us or in ECS.
	Stopped Status = "stopped"
	// Skipped did not run on purpose: pause, overlap.
	Skipped Status = "skipped"
	// Missed should have run; no trigger came in time.
	Missed Status = "missed"
)

// Statuses lists every status, in the order of a run's life.
var Statuses = []Status{Queued, Launching, Running, Succeeded, Failed, Stopped, Skipped, Missed}

// transitions is the whole graph. Only a person's retry leaves a terminal
// status, and it leads to launching or queued.
//
//exhaustive:enforce
var transitions = map[Status][]Status{
	Queued:    {Queued, Launching, Running, Succeeded, Failed, Stopped, Skipped},
	Launching: {Launching, Queued, Running, Succeeded, Failed, Stopped},
	Running:   {Running, Queued, Launching, Succeeded, Failed, Stopped},
	Succeeded: {Succeeded},
	Failed:    {Failed},
	Stopped:   {Stopped},
	Skipped:   {Skipped},
	Missed:    {Missed},
}

// retried are the statuses that a person's retry leads to.
var retried = []Status{Launching, Queued}

// Terminal is whether the run has ended.
func (s Status) Terminal() bool {
	return s != Queued && s != Launching && s != Running
}

// Valid is whether s is one of Statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// MayBecome is whether a run may go from s to next; byRetry says that a person
// asked for a retry.
func (s Status) MayBecome(next Status, byRetry bool) bool {
	if byRetry && s.Terminal() && slices.Contains(retried, next) {
		return true
	}
	return slices.Contains(transitions[s], next)
}

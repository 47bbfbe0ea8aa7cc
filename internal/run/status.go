package run

import "slices"

// Status is where a run is in its life.
type Status string

const (
	// Queued waits: for a backoff or for its turn.
	Queued Status = "queued"
	// Launching: a launch is owed or in doubt.
	Launching Status = "launching"
	// Running: ECS accepted the task.
	Running Status = "running"
	// Succeeded: exit code 0 of the job's container proves it.
	Succeeded Status = "succeeded"
	// Failed: it ended badly; Cause says how.
	Failed Status = "failed"
	// Stopped: a person stopped it, through us or in ECS.
	Stopped Status = "stopped"
	// Skipped: it did not run on purpose: pause, request to skip, overlap.
	Skipped Status = "skipped"
	// Missed: it should have run, but no trigger came in time.
	Missed Status = "missed"
)

// Statuses lists every status, in the order of a run's life.
var Statuses = []Status{Queued, Launching, Running, Succeeded, Failed, Stopped, Skipped, Missed}

// Terminal reports whether the run has ended.
func (s Status) Terminal() bool {
	return s != Queued && s != Launching && s != Running
}

// Valid reports whether s is one of Statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// Sentence returns a status as the end of a sentence that begins with a run.
func (s Status) Sentence() string {
	switch s {
	case Queued:
		return "waits to be launched"
	case Launching:
		return "is being launched"
	case Running:
		return "is running"
	case Skipped, Missed, Stopped:
		return "was " + string(s)
	}
	return "has " + string(s)
}

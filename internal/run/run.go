// Package run is the life of a run as data: what is known about it, what may happen to it,
// and what to do next. Admit decides on a first request, Decide on everything else. Both are
// total, deterministic and free of I/O.
package run

import (
	"cmp"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// Run is one occurrence of a job.
type Run struct {
	ID ID `json:"id"`
	// ScheduledFor is the nominal minute, UTC; for a run by hand, the time of the request.
	ScheduledFor time.Time `json:"scheduledFor"`
	// Definition is the hash of the job's definition that this run uses.
	Definition string `json:"definition"`
	// Task is the task definition revision that launches use.
	Task TaskDefinition `json:"task"`
	// Args and Environment are what a person gave a run by hand on top of the job's own.
	Args        []string          `json:"args,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`

	Status Status `json:"status"`
	// Cause says in words why the run has its status.
	Cause string `json:"cause,omitempty"`
	// DueAt is when time alone must drive the run; zero if nothing is due.
	DueAt time.Time `json:"dueAt,omitzero"`

	QueuedAt time.Time `json:"queuedAt"`
	// ReadyAt is when the run could first be launched; its deadline counts from there. It is
	// later than QueuedAt for a run that waited for another's end.
	ReadyAt time.Time `json:"readyAt,omitzero"`
	// Waits says that the run waits for the end of another run of its job.
	Waits bool `json:"waits,omitempty"`
	// HeldBy is the open run because of which this one was skipped.
	HeldBy ID `json:"heldBy,omitempty"`
	// UsedSkip says that this run used up a person's request to skip a slot.
	UsedSkip bool `json:"usedSkip,omitempty"`

	StartedAt  time.Time `json:"startedAt,omitzero"`
	FinishedAt time.Time `json:"finishedAt,omitzero"`
	ExitCode   *int64    `json:"exitCode,omitempty"`

	Attempts []Attempt `json:"attempts,omitempty"`
	// First is the first attempt of the current allowance: a person's retry begins a new one.
	First int `json:"first,omitempty"`
	// OnDemand says that further attempts of this allowance are launched on demand, because
	// Spot failed one of them.
	OnDemand bool `json:"onDemand,omitempty"`
	// Lacks is what ECS last had too little of for this run, while it waits to be launched.
	Lacks stop.Room `json:"lacks,omitempty"`
	// HeldUp is when the run was found to have waited to be launched for so long that people
	// are told; zero if it was not.
	HeldUp time.Time `json:"heldUp,omitzero"`
	// Forgotten says that the run ended without a success in a store that does not know all
	// launches of its time: see Timing.NotBefore.
	Forgotten bool `json:"forgotten,omitempty"`
	// Renew says that the task definition must be resolved anew before the next launch: the
	// recorded revision is INACTIVE, or none is recorded yet.
	Renew bool `json:"renew,omitempty"`

	Triggers   []Trigger `json:"triggers,omitempty"`
	Duplicates int       `json:"duplicates,omitempty"`
	// Stopping is the request to stop the current task; nil if there is none.
	Stopping *StopRequest `json:"stopping,omitempty"`
	// Owed are the effects that were decided and are not known to be done.
	Owed []Effect `json:"owed,omitempty"`
	// OwesFrom is when a run that was open, or had ended long before, came to owe a notice; zero
	// if it owes none.
	OwesFrom time.Time `json:"owesFrom,omitzero"`
	// Told are the newest mostTold notices that were sent or given up.
	Told []Told `json:"told,omitempty"`

	// Rev is the optimistic lock: the revision at which this value was read; 0 if it was
	// never stored.
	Rev int64 `json:"-"`
}

// TaskDefinition is a pinned revision with the parts of it that matter here.
type TaskDefinition struct {
	// ARN is the revision's full ARN.
	ARN string `json:"arn"`
	// Container is the job's own container.
	Container  string         `json:"container"`
	Containers []stop.Defined `json:"containers,omitempty"`
	// Log is where the job's container writes; zero if that is not known.
	Log Log `json:"log,omitzero"`
}

// Log is a log group of CloudWatch Logs and the beginning of the names of a task definition's
// log streams. Region is "" if it is the task's.
type Log struct {
	Group  string `json:"group"`
	Prefix string `json:"prefix"`
	Region string `json:"region,omitempty"`
	// Driver is the log driver if it is not awslogs; To is what its options say about where
	// the log goes; Link is the address that the task definition gives.
	Driver string `json:"driver,omitempty"`
	To     string `json:"to,omitempty"`
	Link   string `json:"link,omitempty"`
}

// Trigger is one request that was received for the run.
type Trigger struct {
	At time.Time `json:"at"`
	// Kind is what asked for the run.
	Kind TriggerKind `json:"kind"`
	// Request is the caller's request id, By is who asked, Reason is why.
	Request string `json:"request,omitempty"`
	By      string `json:"by,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// TriggerKind is what a trigger asked for.
type TriggerKind string

// What triggers ask for: a slot, a new run, a further attempt.
const (
	BySchedule TriggerKind = "schedule"
	ByCatchUp  TriggerKind = "catch-up"
	// BySweep records a slot that no trigger came for.
	BySweep TriggerKind = "sweep"
	ByHand  TriggerKind = "run"
	ByRetry TriggerKind = "retry"
)

// StopRequest is a request to stop the current task.
type StopRequest struct {
	Asker  stop.Asker `json:"asker"`
	By     string     `json:"by,omitempty"`
	Reason string     `json:"reason"`
	At     time.Time  `json:"at"`
	// While is the task's lastStatus at the time when batchplane itself asked for the stop.
	While string `json:"while,omitempty"`
}

// EffectKind is what an effect does.
type EffectKind string

const (
	// Launch sends RunTask for an attempt.
	Launch EffectKind = "launch"
	// StopTask asks ECS to stop an attempt's task.
	StopTask EffectKind = "stop-task"
	// Find looks for an attempt's task by its startedBy.
	Find EffectKind = "find"
	// Tell sends a notice; Notice is its kind.
	Tell EffectKind = "tell"
)

// Effect is something to do outside. It is saved before it is done.
type Effect struct {
	Kind    EffectKind `json:"kind"`
	Attempt int        `json:"attempt,omitempty"`
	// Notice is the kind of notice that a Tell sends. A notice about an end carries the
	// Status and Cause of that end: by the time it is sent, a retry may have begun.
	Notice string `json:"notice,omitempty"`
	// About is the attempt that a Tell is about; 0 means the last of Attempt attempts. Round is the
	// round that it is about; 0 means the first or all.
	About  int    `json:"about,omitempty"`
	Round  int    `json:"round,omitempty"`
	Status Status `json:"status,omitempty"`
	Cause  string `json:"cause,omitempty"`
	// Count is how many missed slots a Tell is about, and First is the run of the oldest. The
	// run that owes it is the newest.
	Count int `json:"count,omitempty"`
	First ID  `json:"first,omitempty"`
}

// Newer reports whether a list that begins with the newest slot has r before other, by their ids if their slots are
// the same.
func (r *Run) Newer(other *Run) bool {
	return cmp.Or(other.ScheduledFor.Compare(r.ScheduledFor), cmp.Compare(other.ID, r.ID)) < 0
}

// Last returns the newest attempt; nil if there is none.
func (r *Run) Last() *Attempt {
	if len(r.Attempts) == 0 {
		return nil
	}
	return &r.Attempts[len(r.Attempts)-1]
}

// Attempt returns attempt n; nil if there is none.
func (r *Run) Attempt(n int) *Attempt {
	if n < 1 || n > len(r.Attempts) {
		return nil
	}
	return &r.Attempts[n-1]
}

// Owes reports whether an effect of that kind is owed.
func (r *Run) Owes(kind EffectKind) bool {
	return slices.ContainsFunc(r.Owed, func(e Effect) bool { return e.Kind == kind })
}

// Owe adds an effect, once.
func (r *Run) Owe(e Effect) {
	if !slices.Contains(r.Owed, e) {
		r.Owed = append(r.Owed, e)
	}
}

// settle removes the effects that match, in place.
func (r *Run) settle(match func(Effect) bool) { r.Owed = slices.DeleteFunc(r.Owed, match) }

// settleTask removes all that is owed to the attempt's task. Notices stay owed.
func (r *Run) settleTask() { r.settle(func(e Effect) bool { return e.Kind != Tell }) }

// Lane is one of the two queues of open runs. They are separate so that a herd of runs that
// wait to be launched does not keep running tasks from being looked at.
type Lane string

const (
	// LaunchLane holds runs that are queued.
	LaunchLane Lane = "launch"
	// LookLane holds all other open runs.
	LookLane Lane = "look"
)

// Lane returns the lane in which an open run is due.
func (r *Run) Lane() Lane {
	if r.Status == Queued {
		return LaunchLane
	}
	return LookLane
}

// Open reports whether time must still look at the run: it has not ended, or something is
// owed.
func (r *Run) Open() bool { return !r.Status.Terminal() || len(r.Owed) > 0 }

// Duration returns the time from the start of the run's task to its end; 0 while it is
// unknown. ECS's times are in milliseconds, so a known duration is at least one.
func (r *Run) Duration() time.Duration {
	if a := r.Last(); r.StartedAt.IsZero() || r.FinishedAt.IsZero() || a != nil && a.EndUnseen {
		return 0
	}
	return max(r.FinishedAt.Sub(r.StartedAt), time.Millisecond)
}

// unshare copies everything that Decide may change in place, with room for one more effect
// and, if another is likely, one more attempt. For most runs that is one allocation. The room
// is empty, whatever lies behind the attempts that are copied. Triggers are only appended to.
func (r *Run) unshare(another bool) {
	n := len(r.Attempts)
	if another {
		n++
	}
	switch {
	case n <= 1 && len(r.Owed) <= 1:
		var room struct {
			attempts [1]Attempt
			owed     [1]Effect
		}
		r.Attempts, r.Owed = append(room.attempts[:0], r.Attempts...), append(room.owed[:0], r.Owed...)
	case n == 2 && len(r.Owed) <= 1:
		var room struct {
			attempts [2]Attempt
			owed     [1]Effect
		}
		r.Attempts, r.Owed = append(room.attempts[:0], r.Attempts...), append(room.owed[:0], r.Owed...)
	default:
		r.Attempts = append(make([]Attempt, 0, n), r.Attempts...)
		r.Owed = append(make([]Effect, 0, len(r.Owed)+1), r.Owed...)
	}
	r.Triggers = slices.Clip(r.Triggers)
	if r.Stopping != nil {
		s := *r.Stopping
		r.Stopping = &s
	}
}

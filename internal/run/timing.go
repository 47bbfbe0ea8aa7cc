package run

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Timing holds the waits that time drives. The zero value is not useful; the control plane
// runs with DefaultTiming.
type Timing struct {
	// Doubt is how long a launch may be without an answer before it is sent again, and the
	// wait between further sends.
	Doubt time.Duration
	// TokenLife is how long a launch may be sent again with the same client token. ECS keeps
	// a token for the lower of 24 h and the task's lifetime plus 1 h (ECS API reference,
	// "Ensuring idempotency"), so anything under an hour is safe whatever the task did.
	TokenLife time.Duration
	// Vanish is how long searches must find no task before a launch in doubt is given up.
	// ListTasks does not show a task that is stopping, which may run on for Spot's warning of
	// 2 minutes and a stopTimeout of 2 more (ECS developer guide, "Fargate capacity
	// providers").
	Vanish time.Duration
	// FirstLook is when a running task is first looked at; NextLook is the time between later
	// looks. It is under the hour for which ECS remembers a stopped task (ECS API reference,
	// DescribeTasks).
	FirstLook, NextLook time.Duration
	// NoteRunning says that the look that first finds a task RUNNING is saved, so that people
	// see it. It is for a store whose writes cost nothing.
	NoteRunning bool
	// Settle is how long after a launch ECS may not know the task yet (RunTask: "eventual
	// consistency").
	Settle time.Duration
	// Blocked is the wait before a run that waits for another's end checks by itself whether
	// it may go on. Normally the other's end wakes it.
	Blocked time.Duration
	// Throttled is the least wait after ECS refused a launch for its rate.
	Throttled time.Duration
	// Crowded is the wait after ECS first had no room for a launch; it doubles with each
	// further refusal, up to CrowdedMost. If the account's quota is used up, it is the wait
	// between two launches that ask whether some of it is free.
	Crowded, CrowdedMost time.Duration
	// Stuck is how long a task may have been asked to stop without effect, or ECS may have
	// been stopping it, before a notice reports it. It is far longer than the 2 minutes that
	// Fargate gives a container at most after SIGTERM (ECS API reference, ContainerDefinition,
	// stopTimeout).
	Stuck time.Duration
	// Told is the wait before an owed stop is tried again, and the first wait before an owed
	// notice is. A notice's wait grows to a quarter of the time for which an ended run has
	// owed it, up to ToldMost.
	Told, ToldMost time.Duration

	// NotBefore is from when on the store knows all launches; after it was restored it has
	// forgotten earlier ones. What was due before NotBefore is launched only at a person's
	// request. Zero means that it knows all.
	NotBefore time.Time
	// Standby says that nothing is launched at all.
	Standby bool
}

// NotBeforeForm is how a stack's parameter NotBefore is written: a time to the minute, UTC.
const NotBeforeForm = "2006-01-02T15:04Z"

// DefaultTiming is the timing of design and documentation.
var DefaultTiming = Timing{
	Doubt:       2 * time.Minute,
	TokenLife:   50 * time.Minute,
	Vanish:      10 * time.Minute,
	FirstLook:   5 * time.Minute,
	NextLook:    45 * time.Minute,
	Settle:      2 * time.Minute,
	Blocked:     time.Minute,
	Throttled:   time.Second,
	Crowded:     10 * time.Second,
	CrowdedMost: 5 * time.Minute,
	Stuck:       30 * time.Minute,
	Told:        time.Minute,
	ToldMost:    30 * time.Minute,
}

// Backoff returns the wait before relaunch n of an allowance (1 is the first). The first
// comes at once if a relaunch is likely to help. Later waits double from the job's base up to
// job.MaxBackoff. If the cause is unclear, no relaunch comes at once and the base is
// job.UnclearFactor times as long. Up to a quarter is taken off each wait, by the run's id
// and n, so that many runs that failed together do not come back together.
//
//	base 30s:  likely   0s  30s   1m  2m  4m ...
//	           unclear  2m   4m   8m 16m 32m ...
func Backoff(r job.Retry, id ID, n int, unclear bool) time.Duration {
	wait := r.Base()
	doublings := n - 2
	if unclear {
		wait *= job.UnclearFactor
		doublings = n - 1
	}
	if doublings < 0 {
		return 0
	}
	for range min(doublings, 20) {
		wait = min(2*wait, job.MaxBackoff)
	}
	wait = min(wait, job.MaxBackoff)
	return wait - time.Duration(float64(wait)/4*fraction(id, n))
}

// putOff returns the wait after the n-th refusal for lack of room. Up to a quarter is taken
// off, so that many runs that were refused together do not come back together.
func (t Timing) putOff(id ID, n int) time.Duration {
	wait := t.Crowded
	for range min(n-1, 20) {
		wait = min(2*wait, t.CrowdedMost)
	}
	return wait - time.Duration(float64(wait)/4*fraction(id, n))
}

// fraction returns a number in [0,1) that depends only on its arguments.
func fraction(id ID, n int) float64 {
	sum := sha256.Sum256([]byte(id))
	u := binary.BigEndian.Uint64(sum[:]) + uint64(n)*0x9e3779b97f4a7c15
	u ^= u >> 31
	u *= 0xbf58476d1ce4e5b9
	return float64((u^u>>29)>>11) / (1 << 53)
}

package run

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// How long a run may wait to be launched before a person should look.
const (
	// HeldUpAfter applies to most waits. A short lack of capacity is over sooner.
	HeldUpAfter = 15 * time.Minute
	// WaitsLong applies to a run that waits for another run's end or for the account's quota. A
	// crowd goes through the quota turn by turn: in a new account 200 jobs of midnight take 45
	// minutes, each night, and that is no news.
	WaitsLong = time.Hour
)

// Patience returns how long the run may wait to be launched before a person should look.
func (r *Run) Patience() time.Duration {
	if r.Waits || r.Lacks == stop.NoQuota {
		return WaitsLong
	}
	return HeldUpAfter
}

// WaitsSince returns since when a run has waited to be launched, or launched again: since it
// could first be launched, since a person retried it, or since the previous attempt was over.
func (r *Run) WaitsSince() time.Time {
	since := r.QueuedAt
	if !r.Waits && r.ReadyAt.After(since) {
		since = r.ReadyAt
	}
	for i := range r.Attempts {
		if a := &r.Attempts[i]; a.Over() && a.EndedAt.After(since) {
			since = a.EndedAt
		}
	}
	return since
}

// HeldUpNow reports whether people must be told that the run waits: it has waited for longer
// than its Patience, for room in ECS or for a revision of its task definition, and they were
// not told yet. A run that waits for another run's end does what its job asks for, and a run that waits
// for the rate gets its turn.
func (r *Run) HeldUpNow(now time.Time) bool {
	return r.Status == Queued && !r.Waits && (r.Lacks != "" || r.Renew) && r.HeldUp.IsZero() && now.Sub(r.WaitsSince()) >= r.Patience()
}

func (d *decider) waiting() (Result, string) {
	if !d.r.HeldUpNow(d.now()) || d.withheld() != "" {
		return Ignored, "nobody is to be told that it waits"
	}
	d.r.HeldUp = d.now()
	return Did, fmt.Sprintf("it waits to be launched for %s: people are told", job.Duration(d.now().Sub(d.r.WaitsSince()).Truncate(time.Second)))
}

package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/stop"
)

// Safety says whether a retry by a person may make a job run twice.
type Safety string

const (
	// RetrySafe: nothing of the run ever started, or its job says that running twice does no
	// harm.
	RetrySafe Safety = "safe"
	// RetryEnded: the job ended by itself, so nothing of it runs any more. Only its owner
	// knows whether its work may be done again.
	RetryEnded Safety = "ended"
	// RetryUnsafe: it may have run, or may still run, unseen.
	RetryUnsafe Safety = "unsafe"
	// RetryOpen: the run has not ended, so there is nothing to retry.
	RetryOpen Safety = "open"
	// RetryDone: it succeeded; a retry would do it again.
	RetryDone Safety = "done"
)

// Retry says whether a retry is safe, and why.
type Retry struct {
	Safety Safety `json:"safety"`
	Why    string `json:"why"`
}

// Words answers the question whether a retry is safe, the answer before its reason.
func (r Retry) Words() string {
	switch r.Safety {
	case RetrySafe:
		return "yes: " + r.Why
	case RetryEnded:
		return "only you know: " + r.Why
	case RetryUnsafe, RetryDone:
		return "no: " + r.Why
	case RetryOpen:
	}
	return r.Why
}

// RetryOf says whether a retry of a job's run is safe. All its attempts count: what an
// earlier one did is done.
func RetryOf(r Run, j job.Job) Retry {
	switch {
	case !r.Status.Terminal():
		return Retry{RetryOpen, "it has not ended: stop it first"}
	case r.Status == Succeeded:
		return Retry{RetryDone, "it succeeded, so a retry would do its work again"}
	case len(r.Attempts) == 0 && !r.Forgotten:
		return Retry{RetrySafe, "nothing of it was ever launched"}
	}
	worst := Retry{RetrySafe, "nothing of it ever started"}
	if r.Forgotten {
		worst = Retry{RetryUnsafe, "it may have run: this stack's table does not know all launches of that time"}
	}
	for i := range r.Attempts {
		if s := attemptSafety(&r.Attempts[i]); s.worse(worst) {
			worst = s
		}
	}
	if worst.Safety != RetrySafe && j.Retry.Idempotent {
		return Retry{RetrySafe, "the job is idempotent: running it twice does no harm; " + worst.Why}
	}
	return worst
}

// KnownFrom returns the run as a store knows it that knows all launches only from notBefore on; see
// Timing. A run that ended before may have been retried since.
func (r Run) KnownFrom(notBefore time.Time) Run {
	r.Forgotten = r.Forgotten || r.FinishedAt.Before(notBefore)
	return r
}

// worse reports whether r weighs more than o. Of two that weigh the same, the later one
// counts.
func (r Retry) worse(o Retry) bool {
	return r.Safety != RetrySafe && slices.Index(weights, r.Safety) >= slices.Index(weights, o.Safety)
}

// weights are what a retry may be of a run that has ended, the lightest first.
var weights = []Safety{RetrySafe, RetryEnded, RetryUnsafe, RetryDone}

// lighter reports whether a retry weighs more now than what somebody saw.
func (s Safety) lighter(now Retry) bool {
	seen := slices.Index(weights, s)
	return seen >= 0 && slices.Index(weights, now.Safety) > seen
}

func attemptSafety(a *Attempt) Retry {
	which := fmt.Sprintf("attempt %d", a.N)
	switch {
	case a.RanAfterAll:
		return Retry{RetryUnsafe, which + ": " + a.AfterAll()}
	case a.Started == stop.No, a.Started == "" && a.TaskARN == "" && !a.Doubt && a.Sends == a.Refusals:
		return Retry{RetrySafe, ""}
	case a.TaskARN == "":
		return Retry{RetryUnsafe, which + " may have been launched: " + cmp.Or(a.Why, "ECS's answer was lost and no task was found")}
	case a.ExitCode != nil && byItself(a):
		return Retry{RetryEnded, fmt.Sprintf("%s ended by itself with code %d: nothing of it still runs, and a retry repeats what it did", which, *a.ExitCode)}
	case a.ExitCode != nil:
		return Retry{RetryUnsafe, fmt.Sprintf("%s ran and was cut off with code %d: part of its work may be done", which, *a.ExitCode)}
	case a.Started == stop.Yes:
		return Retry{RetryUnsafe, which + " ran, and nobody knows how far it got"}
	}
	return Retry{RetryUnsafe, which + " may have run: " + cmp.Or(a.Why, "ECS did not say what became of it")}
}

// byItself reports whether the job's container ended by itself: it was not stopped at its
// limit, nor killed for its memory or its health.
func byItself(a *Attempt) bool {
	return a.Rule == stop.RuleExited || a.Rule == stop.RuleEndedLate
}

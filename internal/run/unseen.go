package run

import (
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Remembered is how long ECS remembers a stopped task ("at least one hour", ECS API
// reference, DescribeTasks). Whoever may not ask for longer than that can no longer learn how
// a task ended.
const Remembered = time.Hour

// Unseen: ECS was asked about an attempt's task, by a look or a search, and did not say.
// Refused says that it answered that it will not say, for example because a permission is
// missing. Otherwise there was no answer, or one that says to ask later.
type Unseen struct {
	Attempt int
	Refused bool
	Err     string
}

func (Unseen) event() {}

// unseen asks again later, so that others get their turn. Only refusals that outlast ECS's
// memory end the run: after an outage ECS itself says what it knows.
func (d *decider) unseen(a *Attempt, e Unseen) (Result, string) {
	looking := d.r.Status == Running && a.TaskARN != ""
	switch {
	case !d.current(a) || !looking && !d.r.Owes(Find):
		return Ignored, "the attempt is settled"
	case looking && d.r.DueAt.After(d.now()):
		return Ignored, "somebody else looked meanwhile"
	case e.Refused && a.RefusedSince.IsZero():
		a.RefusedSince = d.now()
	}
	if e.Refused && d.now().Sub(a.RefusedSince) >= Remembered {
		return Did, d.neverTold(a, e)
	}
	d.r.DueAt = d.now().Add(d.askAgain(a, e))
	return Did, "ECS does not say what became of the task: " + e.Err
}

// askAgain returns the wait before ECS is asked again. After a refusal it grows with the time
// for which ECS has refused to answer.
func (d *decider) askAgain(a *Attempt, e Unseen) time.Duration {
	if !e.Refused {
		return d.t.Told
	}
	return min(max(d.now().Sub(a.RefusedSince), d.t.Told), d.t.Vanish)
}

// neverTold ends the run. Its task may run on; a stop that a person asked for and that ECS
// did not take has not stopped it.
func (d *decider) neverTold(a *Attempt, e Unseen) string {
	rule := RuleEndedUnseen
	if d.r.Status == Launching {
		rule = RuleInDoubt
	}
	cause := d.unknown(a, rule, fmt.Sprintf("for %s ECS has not said what became of the task, which may still run: %s",
		job.Duration(d.now().Sub(a.RefusedSince).Truncate(time.Minute)), e.Err))
	if d.r.Owes(StopTask) || d.r.Owes(Find) {
		return d.unproved(a, cause)
	}
	return d.giveUp(a, cause)
}

// told forgets refusals: ECS answers again.
func (a *Attempt) told() *Attempt {
	a.RefusedSince = time.Time{}
	return a
}

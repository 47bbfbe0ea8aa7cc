package run

import (
	"fmt"
	"slices"
)

// mostFound is how many of the tasks that a search finds are looked at, one after the other.
const mostFound = 10

// Sure reports whether the task that is known is the attempt's: ECS's answer named it, or a look or
// an event showed what it is. Only then is it asked to stop.
func (a *Attempt) Sure() bool { return len(a.Found) == 0 }

// found takes the result of ListTasks(startedBy). ListTasks does not show stopped tasks (ECS
// API reference, ListTasks), so finding none proves nothing.
func (d *decider) found(a *Attempt, e Found) (Result, string) {
	if e.Round < a.Round {
		return Ignored, fmt.Sprintf("attempt %d is on another round", a.N)
	}
	switch {
	case slices.Contains(e.TaskARNs, a.TaskARN):
		return Ignored, "accepted before"
	case len(e.TaskARNs) > 0:
		return d.accepted(a, e.TaskARNs[0], "", e.TaskARNs...)
	}
	if !d.current(a) || !d.r.Owes(Find) {
		return Ignored, "the search is settled"
	}
	if a.SoughtAt.IsZero() {
		a.SoughtAt = d.now()
	}
	if d.now().Sub(a.SoughtAt) < d.t.Vanish {
		// A send may be on its way, or a task that is stopping may run on.
		d.r.DueAt = d.now().Add(d.t.Doubt)
		return Did, "no task is found yet"
	}
	return Did, d.giveUp(a, d.unknown(a, RuleInDoubt, "ECS never said whether this launch went through, and no task of it is found"))
}

// strange takes it that the attempt's task is not known after all. After the last one of those that a
// search found, nobody knows what became of the launch.
func (d *decider) strange(a *Attempt, e *Strange) (Result, string) {
	if !d.current(a) || a.TaskARN != e.TaskARN {
		return Ignored, "it is not taken for the attempt's any more"
	}
	if d.nextFound(a) {
		return Did, e.Why + "; the next that was found is looked at"
	}
	unknown := "ECS answered this launch with a task that cannot be its: "
	if !a.Sure() {
		unknown = "ECS never said whether this launch went through, and nothing that was found in its name, up to 10 tasks, is known to be its: "
	}
	a.TaskARN, a.LastStatus, a.Version, a.Found = "", "", 0, nil
	return Did, d.unproved(a, d.unknown(a, RuleInDoubt, unknown+e.Why))
}

// nextFound takes the next task that a search found for the attempt's, to be looked at now. It
// reports whether there is one.
func (d *decider) nextFound(a *Attempt) bool {
	if len(a.Found) < 2 {
		return false
	}
	a.Found = a.Found[1:]
	a.TaskARN, d.r.DueAt = a.Found[0], d.now()
	return true
}

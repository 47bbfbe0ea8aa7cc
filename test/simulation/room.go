package simulation

import (
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

const noQuota = "You've reached the limit on the number of vCPUs you can run concurrently"

// crowding makes ECS have no room from now on, for minutes or hours.
func (w *World) crowding() {
	for _, f := range []Fault{QuotaFull, CapacityGone} {
		if d, ok := w.luck(f, 40, "", int(w.now.Unix())); ok {
			w.deny(f, d)
		}
	}
}

// crowded says why there is no room for a launch, or returns "" if there is.
func (w *World) crowded() string {
	switch {
	case w.calm:
	case w.denied[QuotaFull].covers(w.now):
		return noQuota
	case w.denied[CapacityGone].covers(w.now):
		return noCapacity
	}
	return ""
}

// crowdedOut answers for lack of room: mostly with failures[], which are bound to the token, or
// else with an exception. AWS does not document what ECS checks first, so an exception may come
// although the token is bound to a task.
func (e *ecs) crowdedOut(l *port.Launch, token, why string, d dice) run.Event {
	if d.chance(200) {
		return exception(l.Attempt, "ClientException", why)
	}
	if e.tokens[token] != nil {
		return nil
	}
	e.tokens[token] = &binding{request: l, at: e.w.now, failure: why}
	return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{Kind: stop.LaunchFailure, Reason: why}}
}

// lacked notes, for an answer that proves what became of an attempt, whether the reason was a
// lack of room.
func (w *World) lacked(l *port.Launch, e run.Event) {
	a := w.store.runs[l.Run].run.Attempt(l.Attempt)
	mark := run.RoundID{Run: l.Run, Attempt: l.Attempt}
	refused, ok := e.(run.Refused)
	proves := a != nil && (!a.Doubt && a.Sends == a.Refusals+1 || a.Apart && refused.Stop.Kind == stop.LaunchFailure)
	if !ok || !proves {
		w.truth.lacks[mark] = false
		return
	}
	no := refused.Stop.Reason == noQuota || refused.Stop.Reason == noCapacity
	w.truth.lacks[mark] = no || refused.Stop.Reason == rateWords
	if no {
		w.noSpot(l, mark)
	}
}

// noSpot notes who was told first that Spot has no room for an attempt.
func (w *World) noSpot(l *port.Launch, mark run.RoundID) {
	if l.Job.Capacity == job.Spot && w.truth.spotFailed[mark] == nil {
		w.truth.spotFailed[mark] = w.h
	}
}

// freeOfCharge checks a send of a further attempt: if there was no room for the attempt before,
// no attempt may be charged.
func (w *World) freeOfCharge(l *port.Launch) {
	before := run.RoundID{Run: l.Run, Attempt: l.Attempt - 1}
	life := w.truth.lives[l.Run]
	switch {
	case l.Round > 0 || !w.truth.lacks[before] || w.truth.mistook[l.Run]:
	case slices.Contains(life.rounds, l.Attempt): // a person's retry
	case w.store.definition(w.store.runs[l.Run].run.Definition).Capacity == job.SpotThenOnDemand: // it moved
	default:
		w.violate("no room costs no attempt", l.Run, "attempt %d is sent, and for attempt %d there was no room", l.Attempt, before.Attempt)
	}
}

// limited notes that ECS refused a launch for its rate.
func (w *World) limited(e run.Event) {
	if refused, ok := e.(run.Refused); ok && w.throttled(refused.Stop) {
		w.truth.refused = w.wall()
	}
}

// refusal is everything that a simulated refusal says. There are few different ones, and they
// come often.
type refusal struct {
	kind         stop.Kind
	code, reason string
}

func (w *World) throttled(s stop.Stop) bool {
	said := refusal{s.Kind, s.ErrorCode, s.Reason}
	is, known := w.throttles[said]
	if !known {
		is = stop.Throttled(s)
		w.throttles[said] = is
	}
	return is
}

// leftToSweep: a run is claimed without being launched, and without another run for whose end it
// waits, only if ECS has just refused a launch for its rate, and only for a slot.
func (w *World) leftToSweep(r *run.Run) {
	if r.Status != run.Queued || r.Waits || r.Renew {
		return
	}
	w.truth.left++
	const calls = 100 * time.Millisecond // between the decision and its write
	late := w.wall().Sub(w.truth.refused) - run.DefaultTiming.Throttled
	if w.control.Pace == nil && w.now.Sub(w.truth.jumped) < calls {
		return // it was decided by the earlier clock
	}
	if w.control.Pace != nil || r.ID.ByHand() || r.DueAt.After(w.wall()) || late > calls && !w.h.disturbed {
		w.violate("only a crowd waits for the sweep", r.ID, "it is left to the sweep %s after ECS refused a launch", late)
	}
}

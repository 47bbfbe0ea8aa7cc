package simulation

import (
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// skip is a person's request to skip a slot. Handlers that began before since need not know of
// it.
type skip struct {
	at    time.Time
	since int
	open  bool
}

// skipAsked notes a request to skip, and when it is used up.
func (w *World) skipAsked(item *job.Item) {
	s := w.truth.skips[item.Name]
	switch {
	case item.SkipNext == nil && s != nil:
		s.open = false
	case item.SkipNext != nil && w.h != nil && strings.HasPrefix(w.h.name, "skip "):
		w.truth.skips[item.Name] = &skip{at: item.SkipNext.At, since: w.handled, open: true}
	}
}

// skipped checks a claim against the requests to skip: the slot that a request names does not
// start, in whatever order the triggers come, and no slot is skipped without a reason.
func (w *World) skipped(r *run.Run) {
	if r.ID.ByHand() || w.lost(r.ScheduledFor) {
		return
	}
	s := w.truth.skips[r.ID.Job()]
	switch {
	case r.Status == run.Skipped:
		if !s.names(r.ScheduledFor, w.truth.plans[r.ID.Job()]) && !w.paused(r) && !w.overlaps(r) {
			w.violate("what is skipped has a reason", r.ID, "it is %s: %s", r.Status, r.Cause)
		}
	case s != nil && s.open && s.since <= w.h.from && s.at.Equal(r.ScheduledFor):
		w.violate("what is to be skipped does not start", r.ID, "it is %s: %s", r.Status, r.Cause)
	}
}

// names reports whether a request that is not used up is about a slot: the first slot of the plan
// from its time on.
func (s *skip) names(slot time.Time, plans []plan) bool {
	if s == nil || !s.open || slot.Before(s.at.Truncate(time.Minute)) { // a rate counts from when it is asked
		return false
	}
	if len(plans) == 0 || plans[len(plans)-1].slots == nil {
		return true
	}
	slots := plans[len(plans)-1].slots
	first, _ := slots.slot(s.at.Add(-time.Minute))
	second, ok := slots.slot(first)
	return !ok || slot.Before(second)
}

// paused reports whether the job, or all jobs, are paused at the slot's time or were recently.
func (w *World) paused(r *run.Run) bool {
	for _, name := range []string{r.ID.Job(), job.All} {
		for _, p := range w.store.item(name).Pauses {
			lately := !p.From.After(w.wall().Add(slack)) && (p.To.IsZero() || p.To.After(w.wall().Add(-slack)))
			if lately || p.Covers(r.ScheduledFor) {
				return true
			}
		}
	}
	return false
}

// overlaps reports whether another run of the job is open, or recently was, or may have been
// before it was set aside.
func (w *World) overlaps(r *run.Run) bool {
	if j := w.store.definition(r.Definition); !j.Exclusive() {
		return false
	}
	for _, rec := range w.store.byJob[r.ID.Job()] {
		if rec.run.ID == r.ID {
			continue
		}
		l := w.truth.lives[rec.run.ID]
		unknown := !rec.run.Status.Valid() && (!rec.aside || rec.asideAt.After(w.now.Add(-slack))) // it may still run
		if unknown || !rec.run.Status.Terminal() || len(l.ends) > 0 && l.ends[len(l.ends)-1].at.After(w.now.Add(-slack)) {
			return true
		}
	}
	return false
}

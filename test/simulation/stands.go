package simulation

import (
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// stand is what a job's schedule was from a time on, until the next stand.
type stand struct {
	from time.Time
	is   deployed
	hash string
	// noted is when the job's item first held it, or held that the job is gone, and by which
	// handler.
	noted time.Time
	by    *handler
	// known is when a sweep first wrote what it had read of it. seen is when the last complete
	// list began that showed it. They are zero if there was none.
	known, seen time.Time
}

// wholeRead notes which schedules were shown by a list that has come to its end, as far as the
// mark of lists says so. If the mark did not move, only a process knows, and it may be replaced.
func (w *World) wholeRead(r port.Reading, began time.Time, err error) {
	if err != nil || r.Whole.IsZero() {
		return
	}
	at := r.Whole
	if mark := w.store.marks[port.MarkRegistry]; mark.Before(at) {
		at = mark
	}
	at = at.Add(-30 * time.Second) // by a clock that may be ahead
	for _, j := range w.jobs {
		s := &j.stands[len(j.stands)-1]
		item := w.store.items[j.job.Name] // somebody else may have written it in between
		if s.from.Before(at) && s.from.Before(began) && item != nil && !item.Gone && item.Plan.Schedule == s.is.job.Schedule {
			if s.seen = at; s.known.IsZero() {
				s.known = w.now
			}
		}
	}
}

// kept is how long a process relies on what it read of a schedule. If a clock jumps during that
// time, nobody can tell which of two readings was first.
const kept = 10 * time.Minute

// clocks is how much the handlers' clock may be off.
const clocks = 45 * time.Second

// replaced is how long a job that was found to be gone may be so and still count as replaced by a
// deploy: its slots up to then are judged.
const replaced = time.Hour + 15*time.Minute

// asked reports whether a job's schedule asked for a slot, or may have as far as is known of an item that
// could not be read: but not long after it left.
func (j *deployed) asked(slot time.Time) bool {
	there := func(d *deployed) bool { return !d.gone }
	return j.darkAt(slot) && j.stood(slot.Add(-replaced), slot.Add(clocks), there) || j.askedFor(slot)
}

// askedFor reports whether a job's schedule asked for a slot, by any clock.
func (j *deployed) askedFor(slot time.Time) bool {
	fires := func(d *deployed) bool {
		at, ok := d.slot(slot.Add(-time.Minute))
		return ok && at.Equal(slot)
	}
	if j.stood(slot.Add(-clocks), slot.Add(clocks), fires) {
		return true
	}
	for i := range len(j.stands) - 1 {
		s, until := &j.stands[i], j.stands[i+1].from
		if j.backLate(i, slot) && fires(&s.is) {
			return true
		}
		if s.from.After(slot.Add(clocks)) || until.Before(slot.Add(-clocks)) {
			continue
		}
		for n := i; n > 0 && j.nobodyKnows(n); n-- {
			if fires(&j.stands[n-1].is) {
				return true
			}
		}
	}
	return false
}

// backLate reports whether a slot belongs to a job that is new or came back, up to when that was
// written by a handler that may have died before it asked whether the job was still there.
func (j *deployed) backLate(n int, slot time.Time) bool {
	s := &j.stands[n]
	return (n == 0 || j.stands[n-1].is.gone) && s.by != nil && s.by.disturbed && !slot.Before(s.from) && !slot.After(s.noted)
}

// nobodyKnows reports whether the job's former state counts as continuing: either the state after
// it was changed before anybody had noted it, or the job came back soon.
func (j *deployed) nobodyKnows(n int) bool {
	s := &j.stands[n]
	return s.noted.IsZero() || s.is.gone && j.stands[n+1].from.Sub(s.noted) < replaced
}

// stood reports whether a job was something at some time in a span.
func (j *deployed) stood(from, to time.Time, as func(*deployed) bool) bool {
	for i := range j.stands {
		s := &j.stands[i]
		if !s.from.After(to) && (i+1 == len(j.stands) || j.stands[i+1].from.After(from)) && as(&s.is) {
			return true
		}
	}
	return false
}

// askedFor: what a sweep of a large group says was missed was asked for at its time, and what it
// runs late is deployed now.
func (w *World) askedFor(r *run.Run) {
	if w.group == nil || r.ID.ByHand() || len(r.Triggers) == 0 {
		return
	}
	d, kind := w.byName(r.ID.Job()), r.Triggers[0].Kind
	if kind != run.BySweep && kind != run.ByCatchUp {
		return
	}
	if !d.asked(r.ScheduledFor) {
		w.violate("nobody asks for what is no more", r.ID, "it is %s by %s: %s", r.Status, kind, r.Cause)
	}
	if kind == run.ByCatchUp && !d.stood(w.now.Add(-time.Minute-slack), w.now, func(d *deployed) bool { return !d.gone && !d.job.Disabled && d.job.CatchUp == job.CatchUpLast }) {
		w.violate("nobody asks for what is no more", r.ID, "it is run late, and its job is not there any more: %s", r.Cause)
	}
}

// had reports whether a job was known at a time, and not known to be gone.
func (w *World) had(name string, at time.Time) (had bool) {
	for _, p := range w.truth.plans[name] {
		if p.from.Before(at) {
			had = !p.gone
		}
	}
	return had
}

// judgeSeen: every slot of a schedule that was seen has its run.
func (w *World) judgeSeen() {
	if w.group == nil {
		return
	}
	for _, j := range w.jobs {
		for i := range j.stands {
			s := &j.stands[i]
			if s.seen.IsZero() || j.forgets {
				continue
			}
			from := s.known // a new job has no late slots
			if w.had(j.job.Name, s.from) {
				from = s.from.Add(clocks)
			}
			until := s.seen
			if judged := w.truth.checked.Add(-s.is.job.Late() - slotSlack); judged.Before(until) {
				until = judged
			}
			for at, ok := s.is.slot(from); ok && at.Before(until); at, ok = s.is.slot(at) {
				if w.lacksRun(j.job.Name, at) {
					w.violate("every slot that was seen has its run", run.ScheduledID(j.job.Name, at), "its schedule was so from %s, known at %s and last seen at %s", s.from.Format("15:04:05"), s.known.Format("15:04:05"), s.seen.Format("15:04:05"))
				}
			}
		}
	}
}

// heldAs is the part of an item by which a stand is recognised.
type heldAs struct {
	gone       bool
	definition string
}

// newest returns the last of a job's stands that matches an item, or the first stand.
func (j *deployed) newest(as heldAs) (n int) {
	for n = len(j.stands) - 1; n > 0; n-- {
		if is := &j.stands[n]; is.is.gone == as.gone && (as.gone || is.hash == as.definition) {
			break
		}
	}
	return n
}

// newerStands: what somebody found out about a schedule is not overwritten by what another had
// read before.
func (w *World) newerStands(item *job.Item) {
	if w.group == nil {
		return
	}
	j := w.byName(item.Name)
	if j == nil || item.Definition == "" {
		return
	}
	j.forgets = j.forgets || len(item.Former) == job.MaxFormer
	as := heldAs{item.Gone, item.Definition}
	if as == j.heldAs { // of an older stand that was alike, for all we know
		return
	}
	j.heldAs = as
	n := j.newest(as)
	if n < j.held && w.now.Sub(w.truth.jumped) > kept {
		w.violate("what is newer stands", "", "the item of job %s is of %s, and was of %s", item.Name, j.stands[n].from.Format("15:04:05"), j.stands[j.held].from.Format("15:04:05"))
	}
	if j.held = n; j.stands[n].noted.IsZero() {
		j.stands[n].noted, j.stands[n].by = w.now, w.h
	}
}

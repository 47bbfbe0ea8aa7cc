package simulation

import (
	"time"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// process is a sweeping process, with what it alone remembers until it dies.
type process struct {
	rests *port.Rests
	// told holds the runs that it was told are at rest, whatever a mutation made of that.
	told map[run.ID]remembered
	laps itemLaps
	// registry is what it knows about a large group.
	registry *schedules.Registry
	// control is nil if one process does everything.
	control *control.Control
}

// remembered is a run at rest, at a revision.
type remembered struct {
	rev         int64
	from, until time.Time
}

func (w *World) newProcess() *process {
	return &process{rests: &port.Rests{}, told: map[run.ID]remembered{}, registry: w.newRegistry(), control: w.mind()}
}

// resting returns until when a run, in its present state, rests; ok is false if it does not.
// Damaging a run by hand does not move it from where it is found.
func (p *process) resting(rec *record, at time.Time) (until time.Time, ok bool) {
	t, ok := p.told[rec.run.ID]
	same := t.rev == rec.run.Rev || rec.damaged && t.rev == rec.run.Rev-1
	return t.until, ok && same && t.until.After(at)
}

// sweeper returns the process of a sweep. A sweep beside another has a process of its own, and so
// have some others.
func (w *World) sweeper() *process { return w.thinks(w.aSweeper()) }

func (w *World) aSweeper() *process {
	p := w.sweepers[0]
	if w.busy(p) || w.dice("process", uint64(w.handled)).chance(100) {
		p = w.sweepers[1]
	}
	if w.group == nil {
		return p
	}
	if w.busy(p) { // a process does one thing at a time
		return w.newProcess()
	}
	if _, ok := w.luck(ProcessReplaced, 30, "", w.h.from); ok {
		w.dies(p)
	}
	return p
}

func (w *World) busy(p *process) bool {
	for h := w.h.parent; h != nil; h = h.parent {
		if h.process == p {
			return true
		}
	}
	return false
}

// dies makes a process forget everything.
func (w *World) dies(p *process) {
	if p != nil {
		*p = *w.newProcess()
	}
}

// remember tells the store whose call is running.
func (p storePort) remember() {
	if q := p.w.h.process; q != nil {
		p.w.store.rests = q.rests
	} else {
		p.w.store.rests = &port.Rests{}
	}
}

func (p storePort) Rest(r run.Run, from, until time.Time) {
	p.w.mayRest(r, from, until)
	if q := p.w.h.process; q != nil && q.told[r.ID].rev <= r.Rev { // what was read before the process read it again says nothing
		q.told[r.ID] = remembered{r.Rev, from, until}
	}
	if p.w.opt.Mutation == RestForEver {
		until = until.Add(1000 * time.Hour)
	}
	p.remember()
	p.w.store.Rest(r, from, until)
}

// mayRest: a run rests only if its task runs and there is nothing to do about it, and not past a
// limit.
func (w *World) mayRest(r run.Run, from, until time.Time) {
	t := w.ecs.byARN[r.Last().TaskARN]
	if t == nil || t.started.IsZero() || t.started.After(w.now) || r.Stopping != nil || len(r.Owed) > 0 {
		w.violate("only what runs rests", r.ID, "attempt %d rests until %s, and its task does not run or something is to be done", len(r.Attempts), until.Format("15:04:05"))
		return
	}
	j := w.store.definition(r.Definition)
	if j.Timeout > 0 && until.After(t.started.Add(time.Duration(j.Timeout)+time.Second)) || until.Sub(from) > run.DefaultTiming.NextLook {
		w.violate("no rest outlasts a limit", r.ID, "attempt %d started at %s and rests from %s until %s", len(r.Attempts), t.started.Format("15:04:05"), from.Format("15:04:05"), until.Format("15:04:05"))
	}
}

// keeps reports whether a write leaves a run in its place among those that are due.
func (m Mutation) keeps(c port.Change) bool {
	switch {
	case m == RestBlindly:
		return true
	case m == RestInPlace && c.Was != nil && c.Was.Open() && c.Was.Lane() == c.Run.Lane():
		a := c.Run.Last()
		return c.Run.Status == run.Launching || c.Run.Status == run.Running && a != nil && a.Version == 0
	}
	return c.KeepsPlace()
}

// early shows a task that is about to run as running.
func (m Mutation) early(t *ecsevent.Task) {
	if m == RestUnstarted && (t.LastStatus == "PROVISIONING" || t.LastStatus == "PENDING") {
		t.LastStatus, t.StartedAt = "RUNNING", t.CreatedAt
	}
}

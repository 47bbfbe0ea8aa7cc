package simulation

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// mending is what is known of a run that was damaged and can be read again.
type mending struct {
	// at is since when it can be read again.
	at time.Time
	// taken is when a person had it looked at again, and lock the run that then held its job's
	// lock. taken is zero if nobody had to, or could.
	taken time.Time
	lock  run.ID
}

// mends makes a damaged run be as it was before, as it is for a program that can read it. If it
// was set aside meanwhile, a person takes it up.
func (w *World) mends(rec *record, whole run.Run) (mends bool) {
	d, ok := w.luck(Mended, 700, string(whole.ID), int(whole.Rev))
	if !ok {
		return false
	}
	w.after(seconds(pick(d, 120, 600, 9000)-d.between(0, 119)), func() {
		whole.Rev = rec.run.Rev + 1
		rec.run, rec.damaged, rec.mended = &whole, false, &mending{at: w.now}
		rec.place++
		w.tell(whole.ID, "it can be read again, and is %s", whole.Status)
		w.after(seconds(pick(d, 1, 60, 3600, 10_000)), func() { w.takesUp(d, rec, 12) })
	})
	return true
}

// takesUp is a person who has a run that was set aside looked at again. If that is refused, the
// person asks again later.
func (w *World) takesUp(d dice, rec *record, times int) {
	id := rec.run.ID
	kept := slices.IndexFunc(w.store.kept, func(k port.Kept) bool { return strings.HasPrefix(k.Reason, "run "+string(id)+":") })
	if kept < 0 || times == 0 {
		return
	}
	req := port.KeptRequest{ID: w.store.kept[kept].ID(), Again: true, By: "ann"}
	w.person(&request{name: takeUp, run: id, try: 1, ask: func(ctx context.Context) (port.Reply, error) {
		return w.control.SettleKept(ctx, req)
	}})
	w.after(seconds(d.between(60, 3600)), func() { w.takesUp(d, rec, times-1) })
}

const takeUp = "take up"

// takenUp notes that a person has a run looked at again.
func (w *World) takenUp(after *run.Run) {
	if w.h == nil || w.h.name != takeUp || w.h.run != after.ID {
		return
	}
	if m := w.store.runs[after.ID].mended; m.taken.IsZero() {
		m.taken, m.lock = w.now, run.ID(w.store.item(after.ID.Job()).Lock)
	}
}

// stillAside reports whether a run was set aside and, though it can be read, nobody has taken it
// up. It was told as one that cannot be read.
func (rec *record) stillAside() bool {
	return rec.mended != nil && rec.aside && !rec.open && !rec.run.Status.Terminal()
}

// waitsAside reports whether a run waits for the end of one that is still aside: its job forbade
// overlaps only after that, and its task may run.
func (w *World) waitsAside(r *run.Run) bool {
	holder := w.store.runs[run.ID(w.store.item(r.ID.Job()).Lock)]
	return r.Waits && holder != nil && holder.stillAside()
}

// wasDamaged reports whether a run was damaged, and perhaps mended since: nobody looked at it for
// a time.
func (w *World) wasDamaged(id run.ID) bool {
	rec := w.store.runs[id]
	return rec != nil && (rec.damaged || rec.mended != nil)
}

// ofBefore reports whether a task of a mended run was launched, or asked for, before the run was
// mended. Others may run beside it: its run had lost its job's lock.
func (w *World) ofBefore(t *task) bool {
	m := w.store.runs[t.run].mended
	return m != nil && !w.truth.mistook[t.run] && (t.created.Before(m.at) || !slices.ContainsFunc(w.ecs.sends, func(s send) bool {
		return s.run == t.run && s.attempt == t.attempt && s.at.After(m.at)
	}))
}

// alone reports whether no other may run beside a task. judgeTakenUp judges those of before a run
// was mended.
func (w *World) alone(t *task) bool {
	return t.job.Exclusive() && !w.ofBefore(t) && !w.truth.mistook[t.run]
}

// startsBeside reports whether a task was launched, of another run whose definition forbids overlaps, while
// p had not stopped.
func (t *task) startsBeside(p *task) bool {
	other := t.run != p.run && t.run.Job() == p.run.Job() && t.job.Exclusive()
	return other && t.created.After(p.created) && p.runsAt(t.created)
}

// judgeTakenUp: once a person has a run looked at again, nothing starts beside its task, except
// what the run launches that held its job's lock then.
func (w *World) judgeTakenUp() {
	for _, p := range w.known() {
		m := w.store.runs[p.run].mended
		if m == nil || m.taken.IsZero() || w.truth.givenUp[p.by] || !p.job.Exclusive() || !w.ofBefore(p) {
			continue
		}
		for _, t := range w.ecs.tasks {
			if t.run != m.lock && t.created.After(m.taken) && t.startsBeside(p) {
				w.violate("no overlap where forbidden", t.run, "%s of it was launched at %s, and %s of %s, which was taken up at %s, had not stopped",
					t.short(), t.created.Format("15:04:05"), p.short(), p.run, m.taken.Format("15:04:05"))
			}
		}
	}
}

// corruptTold reports whether everybody was told that a run cannot be read.
func (w *World) corruptTold(id run.ID) bool {
	return w.everybodyTold(string(notice.Corrupt) + ":" + stack + "/" + string(id))
}

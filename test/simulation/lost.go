package simulation

import (
	"errors"

	"github.com/batchplane/batchplane/internal/run"
)

// unanswered handles the write of a run that took effect but was not answered so. A mutation
// forgets what the run owes, or that there is something to look at.
func (w *World) unanswered(r *run.Run, err error) {
	switch m := w.opt.Mutation; {
	case r == nil:
	case m == ConflictOwesNothing && errors.Is(err, errFalseConflict):
		rec := w.store.runs[r.ID]
		next := copyRun(*rec.run)
		next.Owed = nil
		if rec.run = &next; rec.open && !next.Open() {
			w.store.close(rec)
		}
	case m == LostIsForgotten && errors.Is(err, errLost):
		w.hide(r.ID)
	}
}

// deafen makes a mutation hear no further record of a run.
func (w *World) deafen(m Mutation, ids ...run.ID) {
	if w.opt.Mutation != m {
		return
	}
	if w.deaf == nil {
		w.deaf = map[run.ID]bool{}
	}
	for _, id := range ids {
		w.deaf[id] = true
	}
}

// doubled notes, for a mutation, what a run owes if its record comes twice.
func (w *World) doubled(r *run.Run) {
	if w.opt.Mutation != TwiceIsAgain {
		return
	}
	if w.twice == nil {
		w.twice = map[run.ID][]run.Effect{}
	}
	w.twice[r.ID] = r.Owed
}

// owedAgain makes a run owe again what it owed when its record came twice.
func (w *World) owedAgain(r *run.Run) {
	owed := w.twice[r.ID]
	if len(owed) == 0 || w.h.name != "notify" || r.Owes(run.Tell) {
		return
	}
	delete(w.twice, r.ID)
	*r = copyRun(*r)
	r.Owed = append(r.Owed, owed...)
}

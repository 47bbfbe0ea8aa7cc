package simulation

import (
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// sight is how a run was when a person looked at it.
type sight struct {
	attempts int
	safety   run.Safety
}

// looksFirst makes a request to retry a run say how the run is now, and returns for how long the
// person then thinks about it.
func (w *World) looksFirst(req *port.RetryRequest) time.Duration {
	d, ok := w.luck(PersonLooks, 600, req.RequestID, 0)
	if !ok {
		return 0
	}
	r := w.store.runs[req.Run].run
	s := sight{len(r.Attempts), run.RetryOf(*r, *w.store.definition(r.Definition)).Safety}
	w.people.sees[req.RequestID] = s
	if w.opt.Mutation != ForgetSeen {
		req.Attempts, req.Safety = &s.attempts, s.safety
	}
	return seconds(pick(d, 0, 5, 60, 1800))
}

// asSeen checks a retry of a run, as it was before, against what the person who asked for it saw.
func (w *World) asSeen(before *run.Run, request string) {
	s, looked := w.people.sees[request]
	if !looked {
		return
	}
	if s.attempts != len(before.Attempts) {
		w.violate("a retry is of what was seen", before.ID, "it had %d attempts, and %d when somebody decided to retry it", len(before.Attempts), s.attempts)
	}
	if !w.store.definition(before.Definition).Retry.Idempotent {
		w.retrySafe(before.ID, s.attempts, s.safety, "the retry that was asked for")
	}
}

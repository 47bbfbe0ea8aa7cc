package control

import (
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Rests are the runs that need not be looked at for a while, as one process knows
// it: a Store's memory for Rest. It is a hint that is never stored, and who has lost
// it looks once more. The zero value is empty; it is safe for concurrent use.
//
// A run is known by a stamp, which is another one wherever a write may have changed
// when the run must be looked at. So whatever another process writes ends its rest.
type Rests struct {
	mu   sync.Mutex
	runs map[run.ID]*rest
	// tidied is when those that Due no longer comes upon were last forgotten.
	tidied time.Time
}

type rest struct {
	stamp, rev int64
	// from and until are when it rests; from then on until is since when it is due. It
	// does not rest before from: then the clock was put back.
	from, until time.Time
	// met is whether Due came upon it since the last time of tidying.
	met bool
}

// forgetAfter is after how long a run is forgotten that Due does not come upon any
// more: it has ended, or has been changed.
const forgetAfter = 10 * time.Minute

// Over is whether Due passes over a run.
func (s *Rests) Over(id run.ID, stamp int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runs[id]
	if r == nil || r.stamp != stamp {
		return false
	}
	r.met = true
	return !now.Before(r.from) && now.Before(r.until)
}

// Give notes that Due gives a run, with the stamp by which it was found. Where the
// run rested until a moment ago, it has been due since then.
func (s *Rests) Give(r *run.Run, stamp int64, now time.Time) {
	if !r.MayRest() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tidy(now)
	was := s.runs[r.ID]
	if was == nil || was.stamp != stamp {
		s.runs[r.ID] = &rest{stamp: stamp, rev: r.Rev, met: true}
		return
	}
	was.rev, was.met = r.Rev, true
	if was.until.After(r.DueAt) && !was.until.After(now) {
		r.DueAt = was.until
	}
}

// Rest notes that a run which Due gave rests. One that Due gave at another revision,
// or did not give, is not known by what it will be found again.
func (s *Rests) Rest(r run.Run, from, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.runs[r.ID]; was != nil && was.rev == r.Rev {
		was.from, was.until = from, until
	}
}

// Len is how many runs are known.
func (s *Rests) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs)
}

func (s *Rests) tidy(now time.Time) {
	if s.runs == nil {
		s.runs, s.tidied = map[run.ID]*rest{}, now
	}
	if since := now.Sub(s.tidied); since >= 0 && since < forgetAfter {
		return
	}
	s.tidied = now
	for id, r := range s.runs {
		if !r.met {
			delete(s.runs, id)
		}
		r.met = false
	}
}

package port

import (
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// Rests remembers, for one process, which runs need not be looked at for a while: it is a
// Store's memory for Rest. It is a hint that is never stored; a process that has lost it
// looks once more. The zero value is empty and safe for concurrent use.
//
// A run is known by a stamp, which differs after any write that may have changed when the run
// must be looked at. So whatever another process writes ends its rest.
type Rests struct {
	mu   sync.Mutex
	runs map[run.ID]*rest
	// tidied is when runs that Due no longer comes across were last forgotten.
	tidied time.Time
}

type rest struct {
	stamp, rev int64
	// The run rests between from and until; when Due gives it after that, it has been due
	// since until. It does not rest before from: the clock must have been put back.
	from, until time.Time
	// met says that Due has come across it since the last tidying.
	met bool
}

// forgetAfter is how long after Due last came across a run it is forgotten: the run has ended
// or has been changed.
const forgetAfter = 10 * time.Minute

// Over reports whether Due passes over a run.
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

// Give notes that Due returns a run, with the stamp under which it was found. If the run
// rested until a moment ago, it has been due since then.
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

// Rest notes that a run which Due returned rests. If Due returned the run at another
// revision, or not at all, nothing tells under which stamp it will be found again, and Rest
// does nothing.
func (s *Rests) Rest(r run.Run, from, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.runs[r.ID]; was != nil && was.rev == r.Rev {
		was.from, was.until = from, until
	}
}

// Len returns how many runs are known.
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

package localecs

import "time"

// lookAgain is how long Resume waits before it checks again a task of which something still seems to
// run.
const lookAgain = 250 * time.Millisecond

// Resume continues with what New found in the database. Call it once, after New. It delivers the events
// that are owed. A task whose end was already written reaches STOPPED. Every other task that was not
// STOPPED died with the process that ran it, or is dying. Once nothing of it runs any more, Resume
// reports it as stopped, without exit codes, with startedAt if it had started, and with the stop code
// that it already had, else TerminationNotice.
func (s *Server) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.orphans {
		if r := s.tasks[id]; r.Task.LastStatus == statusDeprovisioning {
			s.arrange(r)
			continue
		}
		s.timers.after(0, func() { s.bury(id, map[string]time.Time{}) })
	}
	s.orphans = nil
	s.arrangeDelivery()
}

// bury ends a task of an earlier process once all its containers are dead. ends holds the ends of
// containers that were seen before: who finds a container dead removes the note of its end.
func (s *Server) bury(id string, ends map[string]time.Time) {
	s.mu.Lock()
	r, ok := s.tasks[id]
	s.mu.Unlock()
	if !ok {
		return
	}
	alive, ended := s.mayLive(r, ends)
	if alive {
		s.timers.after(lookAgain, func() { s.bury(id, ends) })
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.hold(id)()
	if r, ok := s.tasks[id]; s.closing || !ok || r.Task.LastStatus == statusDeprovisioning {
		return // somebody asked for its stop before it had started
	}
	if err := s.change(id, func(r *record, now time.Time) { r.takenAway(now, ended) }); err != nil {
		s.again(id, err, func() { s.bury(id, ends) })
	}
}

// mayLive reports whether something of a task may still live. It adds to ends what it sees. If
// nothing lives, ended is when the last container ended, zero unless somebody saw each of them end.
func (s *Server) mayLive(r *record, ends map[string]time.Time) (alive bool, ended time.Time) {
	runner, ok := s.cfg.Runner.(survivor)
	if !ok {
		return false, ended
	}
	for _, spec := range r.Specs {
		if end := runner.EndOf(spec); !end.IsZero() {
			ends[spec.Container] = end
		}
		alive, err := runner.Alive(spec)
		if err != nil {
			s.log.Error("localecs cannot tell whether a task of its earlier process still runs; it will look again", "task", r.ID, "error", err)
		}
		if alive || err != nil {
			return true, ended
		}
	}
	if len(ends) < len(r.Specs) {
		return false, ended
	}
	for _, end := range ends {
		if end.After(ended) {
			ended = end
		}
	}
	return false, ended
}

package localecs

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// start starts the commands of a task, once: from here until it is STOPPED, the task has an entry in
// live.
func (s *Server) start(id string) {
	r, l := s.claimStart(id)
	if r == nil {
		return
	}
	for i, spec := range r.Specs {
		p, err := s.cfg.Runner.Start(s.unlocked(spec), func(e Exit) { s.exited(id, spec.Container, e) })
		if err != nil {
			s.started(id, func(r *record, now time.Time) { r.notStarted(now, i, err) })
			return
		}
		s.mu.Lock()
		l.procs[spec.Container] = p
		s.mu.Unlock()
	}
	since := s.now()
	s.started(id, func(r *record, _ time.Time) { r.running(since) })
}

// claimStart returns a task that is to be started now, or nil. If a stop was requested in the meantime,
// it ends the task with nothing started.
func (s *Server) claimStart(id string) (*record, *live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.hold(id)()
	r, ok := s.tasks[id]
	if !ok || s.closing || r.Task.LastStatus != statusActivating || s.live[id] != nil {
		return nil, nil
	}
	if r.Task.DesiredStatus == statusStopped {
		if err := s.change(id, (*record).unstarted); err != nil {
			s.again(id, err, func() { s.start(id) })
		}
		return nil, nil
	}
	l := &live{starting: true, procs: map[string]Process{}}
	s.live[id] = l
	return r, l
}

// notStarted ends a task of which a command could not be started. If the machine had no room for the
// first command, nothing of the task ran; ECS reports the same when it has no capacity.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
func (r *record) notStarted(now time.Time, failed int, err error) {
	if failed == 0 && errors.Is(err, ErrNoRoom) {
		r.neverStarted(now, "Capacity is unavailable at this time. Please try again later: "+err.Error(), "")
		return
	}
	r.cannotStart(now, failed, "CannotStartContainerError: "+err.Error())
}

// unstarted ends a task that was stopped just before its commands.
func (r *record) unstarted(now time.Time) {
	r.neverStarted(now, "", "")
}

// started writes how the start went, then acts on what came in the meantime: a stop, or the end of a
// command.
func (s *Server) started(id string, move func(*record, time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.hold(id)()
	if err := s.change(id, move); err != nil {
		s.again(id, err, func() { s.started(id, move) })
		return
	}
	l := s.live[id]
	if l == nil {
		return // it could not be started, and is over
	}
	l.starting = false
	if s.tasks[id].Task.DesiredStatus == statusStopped {
		s.timers.after(0, func() {
			s.step(id, statusRunning, func(r *record, now time.Time) { r.stopping(now, r.Task.StopCode, "") })
		})
	}
	s.writeExits(id)
}

// exited receives the end of a container from the runner.
func (s *Server) exited(id, container string, e Exit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.live[id]
	if l == nil || s.closing {
		return
	}
	delete(l.procs, container)
	l.exits = append(l.exits, ended{container, e, s.now()})
	defer s.hold(id)()
	s.writeExits(id)
}

// writeExits writes the ends that were seen, once the start is written, and tries again until it can. The
// task is held.
func (s *Server) writeExits(id string) {
	if err := s.writeSeen(id); err != nil {
		s.again(id, err, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			defer s.hold(id)()
			s.writeExits(id)
		})
	}
}

// writeEnd writes the ends of a task that were seen, if any are left to be written.
func (s *Server) writeEnd(id string) error {
	if l := s.live[id]; l == nil || len(l.exits) == 0 {
		return nil
	}
	defer s.hold(id)()
	if err := s.writeSeen(id); err != nil {
		return fmt.Errorf("writing the end of task %s: %w", id, err)
	}
	return nil
}

// writeSeen writes the ends that were seen, in order, each with its own time: the state may have been
// full for long since. The task is held.
func (s *Server) writeSeen(id string) error {
	for l := s.live[id]; l != nil && !l.starting && len(l.exits) > 0; {
		e := l.exits[0]
		if err := s.change(id, func(r *record, _ time.Time) { r.exited(e) }); err != nil {
			return err
		}
		l.exits = slices.Delete(l.exits, 0, 1)
	}
	return nil
}

// Kill sends SIGKILL to every process that was asked to stop and has not stopped.
func (s *Server) Kill() {
	s.mu.Lock()
	var stubborn []Process
	for id, l := range s.live {
		if r := s.tasks[id]; r == nil || r.Task.DesiredStatus != statusStopped {
			continue
		}
		for _, p := range l.procs {
			stubborn = append(stubborn, p)
		}
	}
	s.mu.Unlock()
	for _, p := range stubborn {
		p.Stop(true)
	}
}

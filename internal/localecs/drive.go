package localecs

import (
	"cmp"
	"fmt"
	"time"
)

// retryAfter is how long a state change waits that the database did not accept.
const retryAfter = time.Second

// live is what this process has started of a task.
type live struct {
	starting bool // Runner.Start is running, or its outcome is not yet written
	procs    map[string]Process
	exits    []ended // seen, not yet written
}

type ended struct {
	container string
	exit      Exit
	at        time.Time
}

// hold waits until nobody else changes what key identifies, a task by its id or a token. The server is
// locked, but not while hold waits, nor while the holder writes. So writes of different tasks run side
// by side.
func (s *Server) hold(key string) (release func()) {
	for {
		other, taken := s.held[key]
		if !taken {
			break
		}
		s.mu.Unlock()
		<-other
		s.mu.Lock()
	}
	mine := make(chan struct{})
	s.held[key] = mine
	return func() {
		delete(s.held, key)
		close(mine)
	}
}

// change makes one state change: it applies move to a copy, writes the copy together with its event,
// and only then shows it and arranges what follows. After an error everything is as before. The server
// is locked, and the task held.
func (s *Server) change(id string, move func(*record, time.Time)) error {
	before, ok := s.tasks[id]
	if !ok {
		return nil // it is STOPPED
	}
	now := s.now()
	r := before.clone()
	move(r, now)
	s.hasten(r, now)
	r.Task.Version++
	r.Task.UpdatedAt = &now
	if err := s.keep(nil, r); err != nil {
		return err
	}
	delete(s.unwritten, id)
	if before.Task.LastStatus != r.Task.LastStatus || before.Task.DesiredStatus != r.Task.DesiredStatus {
		s.arrange(r)
	}
	return nil
}

// hasten moves a task past states in which it would not stay and which nobody is told of.
func (s *Server) hasten(r *record, now time.Time) {
	d := s.cfg.Delays
	if !s.cfg.OnlyStopped {
		return
	}
	// arrange finds out whether a task hangs.
	if r.Task.LastStatus == statusProvisioning && d.Provisioning == 0 && s.cfg.Inject == nil && s.cfg.Faults[FaultHang] == 0 {
		s.provisioned(r, now)
	}
	if r.Task.LastStatus == statusPending && d.Pending == 0 {
		s.pulled(r, now)
	}
	if r.Task.LastStatus == statusDeprovisioning && d.Deprovisioning == 0 {
		r.stopped(now)
	}
}

// keepLaunch saves new tasks and the token that is bound to them.
func (s *Server) keepLaunch(t token, records []*record) error {
	bind := &t
	if t.Token == "" {
		bind = nil
	}
	if err := s.keep(bind, records...); err != nil {
		return err
	}
	for _, r := range records {
		s.arrange(r)
	}
	return nil
}

// keep writes tasks, their events and a token in one transaction.
func (s *Server) keep(bind *token, records ...*record) error {
	var events []*event
	for _, r := range records {
		made, err := s.eventsOf(r)
		if err != nil {
			return err
		}
		events = append(events, made...)
	}
	if err := s.apart(func() error { return s.store.save(s.ctx, bind, records, events) }); err != nil {
		return err
	}
	for _, r := range records {
		// Nothing follows STOPPED, so from here on such a task is read from the store if somebody asks
		// for it.
		if s.tasks[r.ID] = r; r.Task.LastStatus == statusStopped {
			delete(s.tasks, r.ID)
		}
	}
	s.outbox.add(events...)
	s.arrangeDelivery()
	return nil
}

// arrange asks the clock for what follows a state. Each callback checks that the task is still in that
// state, so none needs to be cancelled.
func (s *Server) arrange(r *record) {
	id, d := r.ID, s.cfg.Delays
	switch r.Task.LastStatus {
	case statusProvisioning:
		if !s.strikes(FaultHang, r.subject()) {
			s.timers.after(d.Provisioning, func() { s.step(id, statusProvisioning, s.provisioned) })
		}
	case statusPending:
		s.timers.after(d.Pending, func() { s.step(id, statusPending, s.pulled) })
	case statusActivating:
		s.timers.after(0, func() { s.start(id) })
	case statusRunning:
		s.arrangeSpot(r)
	case statusStopping:
		s.arrangeKill(r)
	case statusDeprovisioning:
		s.timers.after(d.Deprovisioning, func() { s.step(id, statusDeprovisioning, (*record).stopped) })
	case statusStopped:
		delete(s.live, id)
	}
}

// step moves a task on if it is still in the state for which the step was arranged.
func (s *Server) step(id, from string, move func(*record, time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.hold(id)()
	r, ok := s.tasks[id]
	if !ok || s.closing || r.Task.LastStatus != from {
		return
	}
	if err := s.change(id, move); err != nil {
		s.again(id, err, func() { s.step(id, from, move) })
	}
}

// again retries a state change that could not be written.
func (s *Server) again(id string, err error, f func()) {
	s.unwritten[id] = err
	s.log.Error("localecs could not write a task's state; it will try again", "task", id, "error", err)
	s.timers.after(retryAfter, f)
}

func (s *Server) provisioned(r *record, now time.Time) {
	if s.strikes(FaultENI, r.subject()) {
		r.neverStarted(now, "Timeout waiting for network interface provisioning to complete.", "")
		return
	}
	r.pending(now)
}

func (s *Server) pulled(r *record, now time.Time) {
	if s.strikes(FaultPull, r.subject()) {
		image := cmp.Or(r.Task.Containers[0].Image, "image")
		reason := fmt.Sprintf("CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref %s: "+
			"failed to do request: Head \"https://registry-1.docker.io/v2/\": dial tcp 198.51.100.7:443: i/o timeout", image)
		r.neverStarted(now, reason, reason)
		return
	}
	if missing := s.missing(r); missing != "" {
		r.neverStarted(now, "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "+
			"unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: "+missing, "")
		return
	}
	r.activating(now)
}

// arrangeSpot interrupts a running task, if the fault strikes it, and stops a warned one after the
// grace.
func (s *Server) arrangeSpot(r *record) {
	id, d := r.ID, s.cfg.Delays
	if r.Task.StopCode == codeSpot {
		s.timers.after(d.SpotGrace, func() {
			s.step(id, statusRunning, func(r *record, now time.Time) { r.stopping(now, codeSpot, "") })
		})
		return
	}
	if r.Task.DesiredStatus == statusRunning {
		s.timers.after(d.SpotAfter, func() { s.spot(id) })
	}
}

func (s *Server) spot(id string) {
	s.mu.Lock()
	r, ok := s.tasks[id]
	hit := ok && !s.closing && r.Task.LastStatus == statusRunning && s.strikes(FaultSpot, r.subject())
	s.mu.Unlock()
	if hit {
		s.step(id, statusRunning, (*record).warned)
	}
}

// arrangeKill sends SIGTERM to what runs, and SIGKILL to what still runs after its stopTimeout.
func (s *Server) arrangeKill(r *record) {
	if s.live[r.ID] == nil {
		return // not ours: its processes died with the process that started them
	}
	for _, spec := range r.Specs {
		s.timers.after(0, func() { s.signal(r.ID, spec.Container, false) })
		s.timers.after(spec.StopTimeout, func() { s.signal(r.ID, spec.Container, true) })
	}
}

func (s *Server) signal(id, container string, kill bool) {
	s.mu.Lock()
	var p Process
	if l := s.live[id]; l != nil {
		p = l.procs[container]
	}
	s.mu.Unlock()
	if p != nil {
		p.Stop(kill)
	}
}

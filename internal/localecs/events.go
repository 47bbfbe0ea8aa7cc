package localecs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// envelope is an event as EventBridge delivers it. Its own version is always "0".
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
type envelope struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"`
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     Task     `json:"detail"`
}

// event is one delivery that is owed. It is stored with the state change that it reports, and dropped
// once Deliver has returned nil. So it is delivered at least once.
type event struct {
	Seq    int64
	TaskID string
	Due    time.Time
	Loose  bool // need not keep the order of its task
	Body   []byte

	tries int
	err   error // of the last try
}

// eventsOf returns the deliveries of a state change: one, unless faults strike it.
func (s *Server) eventsOf(r *record) ([]*event, error) {
	if s.cfg.OnlyStopped && r.Task.LastStatus != statusStopped {
		return nil, nil
	}
	id, now := uuid(fmt.Sprintf("event %s %d", r.ID, r.Task.Version)), s.now()
	body, err := json.Marshal(envelope{
		Version: "0", ID: id, DetailType: "ECS Task State Change", Source: "aws.ecs",
		Account: s.cfg.Account, Time: now.Format(time.RFC3339), Region: s.cfg.Region,
		Resources: []string{r.Task.TaskARN}, Detail: r.Task,
	})
	if err != nil {
		return nil, fmt.Errorf("writing the event of task %s: %w", r.ID, err)
	}
	subject := r.subject()
	subject.Version = r.Task.Version
	if s.strikes(FaultLostEvent, subject) {
		return nil, nil
	}
	e := &event{TaskID: r.ID, Due: now, Body: body}
	switch {
	case s.strikes(FaultReorder, subject):
		e.Due, e.Loose = now.Add(reordered), true
	case s.strikes(FaultDelay, subject):
		e.Due = now.Add(delayed)
	}
	events := []*event{e}
	if s.strikes(FaultDuplicate, subject) {
		events = append(events, &event{TaskID: r.ID, Due: now.Add(reordered), Loose: true, Body: body})
	}
	return events, nil
}

// arrangeDelivery asks the clock for the next delivery. The server is locked.
func (s *Server) arrangeDelivery() {
	o := &s.outbox
	if len(o.flying) >= s.cfg.Abreast {
		return
	}
	e := o.next()
	if e == nil {
		return
	}
	due := e.Due
	if s.startsFirst() { // nobody tells when the launches are over
		due = s.cfg.Clock.Now().Add(startsPause)
	}
	if o.cancel != nil && !due.Before(o.wakeAt) {
		return
	}
	if o.cancel != nil {
		o.cancel()
	}
	o.wakeAt = due
	o.cancel = s.timers.after(due.Sub(s.cfg.Clock.Now()), s.deliverDue)
}

// startsPause is how often it is asked whether launches are still to come.
const startsPause = 50 * time.Millisecond

// startsFirst reports whether no further event may be delivered beside the one that is.
func (s *Server) startsFirst() bool {
	return len(s.outbox.flying) > 0 && s.cfg.Launching != nil && s.cfg.Launching()
}

// deliverDue delivers what is due, up to Abreast events at a time.
func (s *Server) deliverDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := &s.outbox
	o.cancel = nil
	for !s.closing && len(o.flying) < s.cfg.Abreast && !s.startsFirst() {
		e := o.next()
		if e == nil || e.Due.After(s.cfg.Clock.Now()) {
			break
		}
		o.flying[e.TaskID] = true
		if s.cfg.Abreast > 1 {
			s.timers.after(0, func() { s.deliverOne(e) })
			continue
		}
		s.fly(e)
	}
	s.arrangeDelivery()
}

func (s *Server) deliverOne(e *event) {
	s.mu.Lock()
	s.fly(e)
	s.mu.Unlock()
	s.deliverDue()
}

// fly delivers an event. The server is locked before and after, but not during the delivery.
func (s *Server) fly(e *event) {
	s.mu.Unlock()
	err := s.deliver(e)
	if err == nil {
		// If the database keeps it, it is delivered again after a restart.
		if err := s.store.dropEvent(s.ctx, e.Seq); err != nil {
			s.log.Warn("localecs could not drop a delivered event", "task", e.TaskID, "error", err)
		}
	}
	s.mu.Lock()
	delete(s.outbox.flying, e.TaskID)
	s.settle(e, err)
}

// deliverWithin bounds one call of Deliver.
const deliverWithin = time.Minute

func (s *Server) deliver(e *event) error {
	ctx, cancel := context.WithTimeout(s.hearing, deliverWithin)
	defer cancel()
	return s.cfg.Deliver(ctx, e.Body)
}

// settle removes an event that was delivered, and postpones one that was not.
func (s *Server) settle(e *event, err error) {
	if err == nil {
		s.outbox.remove(e)
		return
	}
	most := time.Minute
	if s.cfg.Saved != nil && s.cfg.Saved(err) {
		most = 10 * time.Minute
	}
	wait := min(time.Second<<min(e.tries, 10), most)
	e.tries, e.err = e.tries+1, err
	s.outbox.postpone(e, s.cfg.Clock.Now().Add(wait))
	if !s.closing {
		s.log.Warn("an event was not taken; it will be given again", "task", e.TaskID, "try", e.tries, "in", wait, "error", err)
	}
}

// Trouble returns an error for each task whose newest state could not be written, or of which an event failed to
// be delivered more than once.
func (s *Server) Trouble() (why []error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := maps.Clone(s.unwritten)
	for _, e := range s.outbox.events {
		if e.tries > 1 {
			of[e.TaskID] = e.err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		why = append(why, of[id])
	}
	return why
}

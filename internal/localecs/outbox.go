package localecs

import (
	"cmp"
	"slices"
	"time"
)

// outbox holds the events that are owed. What it does for one of them takes about as long whether a
// hundred or ten thousand wait.
type outbox struct {
	events []*event            // by the time at which they are due, then in the order of their changes
	ofTask map[string][]*event // those that must keep the order of their task, in that order

	flying map[string]bool // tasks with an event that is being delivered
	wakeAt time.Time       // when the requested callback comes
	cancel func()
}

func newOutbox() outbox {
	return outbox{ofTask: map[string][]*event{}, flying: map[string]bool{}}
}

func (o *outbox) add(events ...*event) {
	for _, e := range events {
		o.place(e)
		if !e.Loose {
			o.ofTask[e.TaskID] = append(o.ofTask[e.TaskID], e)
		}
	}
}

// next returns the event to be delivered next: the one due first of those that need not wait for an
// earlier event of their task. So the order of a task's events is kept, even over errors and delays,
// except for duplicates and reordered ones.
func (o *outbox) next() *event {
	for _, e := range o.events {
		if !o.flying[e.TaskID] && (e.Loose || o.ofTask[e.TaskID][0] == e) {
			return e
		}
	}
	return nil
}

// remove takes out an event that next returned.
func (o *outbox) remove(e *event) {
	o.take(e)
	if e.Loose {
		return
	}
	if later := o.ofTask[e.TaskID][1:]; len(later) > 0 {
		o.ofTask[e.TaskID] = later
	} else {
		delete(o.ofTask, e.TaskID)
	}
}

// postpone changes when an event is due.
func (o *outbox) postpone(e *event, due time.Time) {
	o.take(e)
	e.Due = due
	o.place(e)
}

func (o *outbox) place(e *event) {
	i, _ := o.find(e)
	o.events = slices.Insert(o.events, i, e)
}

func (o *outbox) take(e *event) {
	if i, ok := o.find(e); ok {
		o.events = slices.Delete(o.events, i, i+1)
	}
}

// find compares by the wall clock: once the clock was changed, times with a monotonic reading and times
// without one have no order.
func (o *outbox) find(e *event) (int, bool) {
	return slices.BinarySearchFunc(o.events, e, func(a, b *event) int {
		return cmp.Or(a.Due.Round(0).Compare(b.Due.Round(0)), cmp.Compare(a.Seq, b.Seq))
	})
}

package simulation

import (
	"container/heap"
	"time"
)

type kind uint8

const (
	kindSlot     kind = iota // a schedule's time has come
	kindTrigger              // a trigger is delivered
	kindDelivery             // an event is delivered
	kindSweep
	kindTaskStopped
	kindState // a task's state that is no stop is told
	kindConsole
	kindLateSend
	kindPerson
	kindPlague // deploys, people, clocks
	kindCalm
)

type entry struct {
	at   int64
	seq  int
	kind kind
	data any
}

// queue is what is to come, the earliest first, and in the order of planning
// where times are equal.
type queue struct {
	entries []entry
	seq     int
}

func (q *queue) Len() int { return len(q.entries) }
func (q *queue) Less(i, j int) bool {
	a, b := &q.entries[i], &q.entries[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}
func (q *queue) Swap(i, j int) { q.entries[i], q.entries[j] = q.entries[j], q.entries[i] }
func (q *queue) Push(x any)    { q.entries = append(q.entries, x.(entry)) } //nolint:forcetypeassert // only entries
func (q *queue) Pop() any {
	last := len(q.entries) - 1
	e := q.entries[last]
	q.entries = q.entries[:last]
	return e
}

func (q *queue) within(t time.Time) bool {
	return len(q.entries) > 0 && q.entries[0].at <= t.UnixNano()
}

func (w *World) at(t time.Time, k kind, data any) {
	w.queue.seq++
	heap.Push(&w.queue, entry{t.UnixNano(), w.queue.seq, k, data})
}

func (w *World) after(d time.Duration, k kind, data any) { w.at(w.now.Add(d), k, data) }

// patience is how long after the schedules stopped everything must have ended.
const patience = 4 * 24 * time.Hour

func (w *World) loop() {
	for w.queue.Len() > 0 && w.now.Before(w.end.Add(patience)) {
		w.step()
	}
}

// step takes the next thing that happens.
func (w *World) step() {
	e := heap.Pop(&w.queue).(entry) //nolint:forcetypeassert // only entries
	if t := time.Unix(0, e.at).UTC(); t.After(w.now) {
		w.now = t
	}
	switch e.kind {
	case kindSlot:
		w.slot(e.data.(*slot))
	case kindTrigger:
		w.trigger(e.data.(*trigger))
	case kindDelivery:
		w.deliver(e.data.(*delivery))
	case kindSweep:
		w.sweeps()
	case kindTaskStopped:
		w.taskStopped(e.data.(*planned))
	case kindState:
		w.taskState(e.data.(*task))
	case kindConsole:
		w.console(e.data.(*task))
	case kindLateSend:
		l := e.data.(*late)
		w.ecs.carryOut(l.l, l.token, w.dice("late"+l.token, 0))
	case kindPerson:
		w.person(e.data.(*request))
	case kindPlague:
		w.plague()
	case kindCalm:
		w.quieten()
	}
}

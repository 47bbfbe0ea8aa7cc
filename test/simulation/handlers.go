package simulation

import (
	"context"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// tries is how often the platform delivers an input that fails: once, and twice more after about
// one and two minutes (Lambda developer guide, "Asynchronous invocation").
const tries = 3

// hours is the time after which a lost input comes again, as when a person redrives a dead-letter
// queue.
func hours(d dice) time.Duration { return time.Duration(d.between(60, 900)) * time.Minute }

func again(try int) time.Duration { return time.Duration(try) * time.Minute }

// slot is a schedule's next time. serial identifies that of an older schedule.
type slot struct {
	job    *deployed
	at     time.Time
	serial int
}

// trigger is one delivery of a slot's trigger, with the definition of its time.
type trigger struct {
	run  run.ID
	job  job.Job
	hash string // the job's hash
	at   time.Time
	try  int
}

// slot fires a schedule, within its minute, and plans its next time.
func (w *World) slot(s *slot) {
	if s.serial != s.job.serial || w.now.After(w.end) {
		return
	}
	w.plan(s.job, s.at)
	t := w.triggers.give()
	*t = trigger{run: run.ScheduledID(s.job.job.Name, s.at), job: s.job.job, hash: s.job.hash(), at: s.at, try: 1}
	d := w.dice("slot "+t.job.Name, uint64(s.at.Unix()))
	if w.hit(d, TriggerLost, 30) {
		w.tell("", "the trigger of %s at %s is lost", t.job.Name, s.at.Format("15:04"))
		return
	}
	if w.down.covers(w.now) {
		w.misses(d, t)
		return
	}
	wait := seconds(d.between(0, 45+int(time.Duration(t.job.Window).Seconds())))
	if w.hit(d, TriggerLate, 40) {
		wait = seconds(d.between(60, 3000))
	}
	w.after(wait, func() { w.trigger(t) })
	if w.hit(d, TriggerTwice, 80) {
		again := w.anew(t, 1)
		w.after(wait+seconds(d.between(0, 100)), func() { w.trigger(again) })
	}
	if d, ok := w.luck(TriggerRedriven, 40, t.job.Name, int(s.at.Unix())); ok {
		again := w.anew(t, 1)
		w.after(hours(d), func() { w.trigger(again) })
	}
}

// misses is a trigger that cannot be delivered: EventBridge Scheduler gives it up after a while, and a
// person redrives most of what the dead-letter queue holds, all at once.
func (w *World) misses(d dice, t *trigger) {
	w.tell("", "the trigger of %s at %s cannot be delivered", t.job.Name, t.at.Format("15:04"))
	if d.chance(700) {
		w.at(w.down.until.Add(seconds(d.between(0, 90))), func() { w.trigger(t) })
	}
}

// anew returns a copy of the trigger for its try-th delivery.
func (w *World) anew(t *trigger, try int) *trigger {
	again := w.triggers.give()
	*again = *t
	again.try = try
	return again
}

// plan puts the job's first slot after a time on the queue.
func (w *World) plan(j *deployed, after time.Time) {
	if next, ok := j.next(after); ok {
		s := &slot{j, next, j.serial}
		w.at(next, func() { w.slot(s) })
	}
}

// rests reports whether nothing starts the job.
func (j *deployed) rests() bool { return j.job.Disabled || j.gone || j.job.Schedule == "" }

// next returns the schedule's first minute after a time.
func (j *deployed) next(after time.Time) (time.Time, bool) {
	if j.rests() {
		return time.Time{}, false
	}
	if j.almanac != nil {
		return nextOf(j.timing.starts, after)
	}
	t := after.Truncate(time.Minute).Add(time.Minute)
	for !fires(j.every, j.minute, t) {
		t = t.Add(time.Minute)
	}
	return t, true
}

// slot returns the schedule's first minute after a time that is in its calendar.
func (j *deployed) slot(after time.Time) (time.Time, bool) {
	if j.almanac != nil && !j.rests() {
		return nextOf(j.timing.slots, after)
	}
	t, ok := j.next(after)
	return t, ok && (j.until.IsZero() || t.Before(j.until))
}

func fires(every, minute int, t time.Time) bool { return t.Minute()%every == minute%every }

func (w *World) trigger(t *trigger) {
	if w.trace != nil {
		w.tell(t.run, "trigger, delivery %d", t.try)
	}
	twin := func() { w.trigger(w.anew(t, tries)) }
	var reply port.Reply
	var h *handler
	ok := w.handle("trigger", t.run, twin, func(ctx context.Context) (err error) {
		h = w.h
		h.slot = t.at
		reply, err = w.fire(ctx, t)
		return err
	})
	if ok {
		w.taken(t, reply, h.disturbed)
	}
	if !ok && t.try < tries {
		t.try++
		w.after(again(t.try-1), func() { w.trigger(t) })
	}
}

// delivery is an event on its way to onstopped.
type delivery struct {
	task *task
	body []byte
	try  int
	stop bool
}

func (w *World) deliver(e *delivery) {
	if w.trace != nil {
		w.tell(e.task.run, "event of %s, delivery %d: %s %s", e.task.short(), e.try, e.task.code, e.task.reason)
	}
	twin := func() { w.deliver(&delivery{e.task, e.body, tries, false}) }
	ok := w.handle("onstopped", e.task.run, twin, func(ctx context.Context) error {
		return w.control.OnStopped(ctx, w.opt.Mutation.event(e.body))
	})
	if e.task.heard = e.task.heard || ok && e.stop; ok && e.stop && e.task.copy == noCopy {
		w.truth.heard[e.task.by] = true
	}
	if !ok && e.try < tries {
		e.try++
		w.after(again(e.try-1), func() { w.deliver(e) })
	}
}

// schedule plans what the world will hear of a task.
func (w *World) schedule(t *task) {
	if !t.stopped.IsZero() {
		plan := t.plan
		w.at(t.stopped, func() { w.taskStopped(t, plan) })
	}
	d := w.dice("states "+t.by, uint64(t.plan))
	if t.plan == 0 && (!t.warned.IsZero() || w.hit(d, EventEarly, 60)) {
		w.at(later(t.warned, t.created.Add(seconds(d.between(0, 100)))), func() { w.taskState(t) })
	}
}

func (w *World) taskState(t *task) {
	w.deliver(&delivery{task: t, body: t.event(w.now), try: tries})
}

// taskStopped handles a stop that was planned. If the plan has changed, it does nothing.
func (w *World) taskStopped(t *task, plan int) {
	if plan != t.plan {
		return
	}
	d := w.dice("event "+t.by, uint64(t.plan))
	if w.hit(d, EventLost, 50) || t.lost {
		w.tell(t.run, "%s stopped (%s %s), and its event is lost", t.short(), t.code, t.reason)
		return
	}
	e := &delivery{task: t, body: t.event(w.now), try: 1, stop: true}
	wait := time.Duration(d.between(100, 5000)) * time.Millisecond
	if w.hit(d, EventLate, 50) {
		wait = seconds(d.between(30, 7200))
	}
	w.after(wait, func() { w.deliver(e) })
	if w.hit(d, EventTwice, 100) {
		twin := *e
		w.after(seconds(d.between(0, 400)), func() { w.deliver(&twin) })
	}
	if d, ok := w.luck(EventRedriven, 40, t.by, t.plan); ok {
		twin := *e
		w.after(hours(d), func() { w.deliver(&twin) })
	}
}

// console plays a person who stops a task in ECS.
func (w *World) console(t *task) {
	if t.status(w.now) == "STOPPED" || w.calm {
		return
	}
	w.tell(t.run, "somebody stops %s in ECS", t.short())
	t.stop(w, byOther, "Task stopped by user")
}

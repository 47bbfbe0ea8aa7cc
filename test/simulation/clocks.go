package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// wrongClock is the clock of one function, in some worlds, that is now and then off by minutes or hours
// while those of the others are right.
type wrongClock struct {
	of string
	by time.Duration
	// ever means that it was off. What then depends on two clocks is not judged. far means that it was
	// off by more than tokenSlack.
	ever, far bool
	// early holds when slots were recorded, by that clock, as missed before their time.
	early map[run.ID]time.Time
}

// tokenSlack is how much the clocks of two functions may differ so that no launch is sent again with a
// token that ECS has forgotten.
var tokenSlack = time.Hour - run.DefaultTiming.TokenLife

// byClocks are the checks that compare times of two functions, or ask for something within a time.
var byClocks = map[string]bool{
	"a long wait is told": true, "a lost event is made up for": true, "no end is made up": true, "no task is stopped without a reason": true,
	"owed notices show": true, "silence ends": true, "late slots are missed": true, "deadlines are kept": true, "an end that hangs is told": true,
	"a stop without effect is told": true, "a task that runs for long is told": true, "only a crowd waits for the sweep": true, "no rest outlasts a limit": true,
	"the rate is kept": true, "what is paused does not start": true, "what is skipped has a reason": true, "nobody asks for what is no more": true,
	"what is newer stands": true, "only what left is gone": true, "every slot that was seen has its run": true, "a calendar that ends is told": true,
}

// forgotten reports whether a launch may have been sent again with a token that ECS had forgotten, which
// nobody can tell by a clock that is that far off.
func (w *World) forgotten(t *task) bool {
	a := w.store.runs[t.run].run.Attempt(t.attempt)
	return a != nil && w.resent(*a)
}

// resent is forgotten for an attempt. Each round counts its sends anew.
func (w *World) resent(a run.Attempt) bool { return w.wrong.far && (a.Sends > 1 || a.Round > 0) }

// vague reports whether it depends on clocks as what an end is told, or whether it is.
func (w *World) vague(r *run.Run, e end) bool {
	return w.wrong.ever && (e.status == run.Succeeded || w.store.definition(r.Definition).Notify.FirstOnly)
}

// misleads chooses whether one function's clock will be off, and whose.
func (w *World) misleads() {
	if d, ok := w.luck(ClockApart, 60, "", 0); ok {
		w.wrong = wrongClock{of: pick(d, "trigger", "onstopped", "sweep", "notify"), early: map[run.ID]time.Time{}}
	}
}

// strays puts that clock off for a while. When it is right again it may jump back.
func (w *World) strays() {
	if w.wrong.of == "" || w.wrong.by != 0 {
		return
	}
	d, ok := w.luck(ClockApart, 80, "now", int(w.now.Unix()))
	if !ok {
		return
	}
	by := time.Duration(pick(d, d.between(2, 9), d.between(20, 90), d.between(100, 500))) * time.Minute
	w.wrong.far = w.wrong.far || by > tokenSlack
	if d.chance(500) {
		by = -by
	}
	w.wrong.by, w.wrong.ever = by, true
	w.tell("", "the clock of %s is off by %s", w.wrong.of, by)
	w.after(time.Duration(d.between(1, 200))*time.Minute, w.rightens)
}

func (w *World) rightens() {
	if w.wrong.by != 0 {
		w.tell("", "the clock of %s is right again", w.wrong.of)
	}
	w.wrong.by = 0
}

// off returns how much the running handler's clock is off.
func (w *World) off() time.Duration {
	if w.wrong.by == 0 || w.h == nil || w.h.runsIn() != w.wrong.of {
		return 0
	}
	return w.wrong.by
}

// runsIn returns the name of the function that the handler runs in.
func (h *handler) runsIn() string {
	switch h.name {
	case "sweep", "notify", "onstopped":
		return h.name
	}
	return "trigger"
}

// passedOver reports whether a sweep may have passed over a slot since the item of its job could not be
// read, and said so. By a clock that is off that may be any slot.
func (w *World) passedOver(j *deployed, slot time.Time) bool {
	told := slices.ContainsFunc(w.store.kept, func(k port.Kept) bool { return strings.HasPrefix(k.Reason, "no notice will say which slots") })
	return told && (j.darkAt(slot) || w.wrong.ever && len(j.dark) > 0)
}

// refusesWhatComes reports whether triggers may be refused, since the clock of their function is behind.
func (w *World) refusesWhatComes() bool { return w.wrong.ever && w.wrong.of == "trigger" }

// tooEarly notes a slot that is recorded as missed before its time.
func (w *World) tooEarly(r *run.Run) {
	if w.wrong.ever && r.Status == run.Missed && r.ScheduledFor.After(w.now) {
		w.wrong.early[r.ID] = r.QueuedAt
	}
}

// givesWay reports whether a change replaces a record that was written ahead of its time, as the handler
// knew it when it began, or knows it since its clock was put right. A retry keeps the time at which its run
// was recorded.
func (w *World) givesWay(before, after *run.Run) bool {
	gives := w.wrong.ever && before.Status.Terminal() && len(before.Attempts) == 0 && after.Duplicates == 0 &&
		!after.QueuedAt.Equal(before.QueuedAt) && (w.h.began.Before(before.QueuedAt) || w.wall().Before(before.QueuedAt))
	if gives {
		delete(w.wrong.early, after.ID)
	}
	return gives
}

// runsAfterAll: a slot that a wrong clock called missed before its time is claimed anew if its trigger
// comes, to a right clock. By the schedule that is deployed by then it may be the trigger of another slot.
func (w *World) runsAfterAll(t *trigger, reply port.Reply) {
	at, early := w.wrong.early[t.run]
	if early && reply.Run == t.run && reply.Outcome == port.Duplicate && w.store.runs[t.run].run.Status == run.Missed && w.wrong.by == 0 && at.Sub(w.now) > 2*clocks {
		w.violate("what was missed too early runs", t.run, "its trigger came, and it counts as missed since %s", at.Format("15:04:05"))
	}
}

// dated makes a mutation show a record that was written ahead of its time as written just now.
func (m Mutation) dated(r *run.Run, now time.Time) {
	if m == AheadStands && r.Status == run.Missed && r.QueuedAt.After(now) {
		r.QueuedAt = now
	}
}

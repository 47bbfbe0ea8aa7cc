package simulation

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// registry answers what one schedule carries now.
type registry struct{ w *World }

const scheduleARN = "schedule/"

// Schedule implements port.Schedules.
func (p registry) Schedule(_ context.Context, arn string) (j job.Job, err error) {
	w := p.w
	w.call("Schedule", func(dice) {
		if _, fails := w.luck(RegistryFails, 150, arn, w.h.from); fails {
			w.h.disturbed, err = true, errUnavailable
			return
		}
		if d := w.byName(strings.TrimPrefix(arn, scheduleARN)); d != nil && !d.gone {
			j = d.job
			j.Modified = d.modified
			return
		}
		err = fmt.Errorf("simulated: %s: %w", arn, port.ErrNotFound)
	})
	return j, err
}

// Ours implements port.Schedules.
func (registry) Ours(arn string) bool { return strings.HasPrefix(arn, scheduleARN) }

func (w *World) byName(name string) *deployed {
	for _, j := range w.jobs {
		if j.job.Name == name {
			return j
		}
	}
	return nil
}

// fire delivers a trigger: with a definition that is taken as it is or, in some worlds, with what
// a schedule or a rule carries.
func (w *World) fire(ctx context.Context, t *trigger) (port.Reply, error) {
	if w.control.Schedules == nil {
		return w.control.Scheduled(ctx, t.hash, t.job, t.at)
	}
	return w.control.Fire(ctx, w.asSlot(t))
}

// asSlot returns what a schedule carries, or a rule, which carries only the job's name.
func (w *World) asSlot(t *trigger) port.Slot {
	s := port.Slot{Name: t.job.Name, At: t.at}
	if d := w.dice("rule "+t.job.Name, 0); d.chance(700) {
		s.Carried, s.Schedule = &t.job, scheduleARN+t.job.Name
	}
	return s
}

// taken checks the answer to a trigger: there is a run, or nothing if the calendar has no such
// day, or a slot that waits until it is known what is deployed.
func (w *World) taken(t *trigger, reply port.Reply, disturbed bool) {
	has, out := w.store.runs[t.run] != nil, w.leftOut(t)
	w.runsAfterAll(t, reply)
	switch {
	case out:
		w.staysOut(t)
	case w.control.Timing.Standby && reply.Outcome == port.Refused:
	case reply.Outcome == port.Waits:
		w.truth.waits = append(w.truth.waits, w.asSlot(t))
	case !has && !w.mayLack(t, reply, disturbed):
		w.violate("every trigger has its run", t.run, "its trigger was taken, and there is none: %s", reply.Message)
	}
}

// staysOut: a trigger whose time does not count starts nothing. A sweep goes by the plan that it knows.
func (w *World) staysOut(t *trigger) {
	rec := w.store.runs[t.run]
	if rec == nil || w.bySweep(t.run) {
		return
	}
	// If only the name came along, it was the definition that was known.
	if w.almanac == nil || !counts(w.store.definition(rec.run.Definition).When, w.almanac.zone, t.at) {
		w.violate("what the calendar leaves out does not run", t.run, "its day is not one of %s", t.job.Calendar.Only)
	}
}

// leftOut reports whether a trigger's time does not count for its job.
func (w *World) leftOut(t *trigger) bool {
	if w.almanac != nil {
		return !counts(t.job.When, w.almanac.zone, t.at)
	}
	return len(t.job.Calendar.Only) > 0 && !t.at.Before(calendarEnds)
}

// mayLack reports whether a trigger may have no run. That is so if it named only its job, whose
// known plan was another one, and so was taken for a neighbouring slot; or if it was refused
// because what came along is not deployed, or because that, or which runs are open when it first
// forbids overlaps, could not be found out in time. The check of the slots then finds the slots
// without a run.
func (w *World) mayLack(t *trigger, reply port.Reply, disturbed bool) bool {
	switch {
	case reply.Run != "" && reply.Run != t.run:
		return w.asSlot(t).Schedule == "" && !w.foundSilent(reply.Run) || w.standsFor(reply.Run)
	case reply.Outcome == port.Filtered:
		// Its schedule has other terms now, by which it is judged. Of what was deployed while the item could
		// not be read, nobody knows from when to when it was.
		replaced := w.store.item(t.job.Name).Definition != t.hash
		if w.asSlot(t).Schedule != "" {
			replaced = !w.carries(t)
		}
		return replaced || w.byName(t.job.Name).darkAt(t.at)
	}
	return reply.Outcome == port.Refused && (w.refusesWhatComes() || w.unknown(t, disturbed))
}

// foundSilent reports whether a sweep recorded a run for the silence of a rate: it is no slot of that.
func (w *World) foundSilent(id run.ID) bool { return w.forRate(id, run.BySweep) }

// standsFor reports whether a sweep started a run for the silence of a rate: it stands for an event that is
// late.
func (w *World) standsFor(id run.ID) bool { return w.forRate(id, run.ByCatchUp) }

func (w *World) forRate(id run.ID, kind run.TriggerKind) bool {
	return w.byName(id.Job()).timing.every > 0 && w.store.runs[id].run.Triggers[0].Kind == kind
}

// unknown reports whether it could not be found out, or not in time, what is deployed or which runs are open.
func (w *World) unknown(t *trigger, disturbed bool) bool {
	first := t.job.Exclusive() && w.store.item(t.job.Name).Definition != t.hash
	return w.control.Schedules != nil && (disturbed || first || !w.carries(t))
}

// carries reports whether a schedule now carries what came along with a trigger.
func (w *World) carries(t *trigger) bool {
	d := w.byName(t.job.Name)
	return w.asSlot(t).Schedule != "" && d != nil && !d.gone && reflect.DeepEqual(d.job, t.job)
}

// judgePending: a slot that waited is settled: it was started, or kept as one that could not be.
func (w *World) judgePending() {
	settled := map[run.ID]bool{}
	for _, p := range w.store.pending {
		id := run.ScheduledID(p.Slot.Name, p.Slot.At)
		settled[id] = settled[id] || p.Done
	}
	for _, s := range w.truth.waits {
		if id := run.ScheduledID(s.Name, s.At); !settled[id] {
			w.violate("a slot that waits is settled", id, "it waits, or is forgotten")
		}
	}
}

// calendarEnds is midnight in calendarZone after the day on which worlds begin.
var calendarEnds = time.Date(2026, 11, 22, 19, 0, 0, 0, time.UTC)

const calendarZone = "Asia/Karachi"

// calendar gives a job a calendar whose only day ends during the world.
func (w *World) calendar(j *deployed) {
	if w.almanac != nil {
		return
	}
	if _, ok := w.luck(CalendarEnds, 250, j.job.Name, 0); ok {
		j.job.Timezone, j.job.Calendar, j.until = calendarZone, job.Calendar{Only: []string{"2026-11-22"}}, calendarEnds
	}
}

// someChecks is the number of checks of the slots within which the end of a job's calendar must
// be reported.
const someChecks = 5

// calendarsTold: that a calendar ends, and that it has ended, is reported for a job that runs.
func (w *World) calendarsTold() {
	for name, item := range w.store.items {
		if item.Gone || !item.Plan.Runs() || len(item.Plan.Calendar.Only) == 0 || !slices.ContainsFunc(w.store.byJob[name], func(rec *record) bool { return !rec.damaged }) {
			continue
		}
		want, d := "calendar-ends", *w.byName(name)
		d.gone, d.job.Disabled = false, false
		if _, more := d.slot(w.wall()); !more {
			want = "calendar-over"
		}
		if w.truth.calendars == nil {
			w.truth.calendars = map[string]int{}
		}
		w.truth.calendars[name]++
		if item.Plan.Schedule != d.job.Schedule {
			w.truth.calendars[name] = 0
		}
		if strings.HasSuffix(item.EndTold, " "+want) {
			w.truth.calendars[name] = 0
		}
		if w.truth.calendars[name] > someChecks {
			w.violate("a calendar that ends is told", "", "of job %s, %s: told is %q", name, want, item.EndTold)
		}
	}
}

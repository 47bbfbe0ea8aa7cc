package simulation

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	entries "github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// group is a schedule group, read by production's own registry, as EventBridge Scheduler shows
// it. It has more pages than are listed at once. Most of its schedules carry no job of this world
// and are recognised as such.
type group struct {
	w *World
	// pages is the number of pages. A job's schedule has its place on one of them.
	pages int
	// carried holds every definition that its schedules ever had, by input.
	carried []job.Job
	// applied is when `apply` last announced something new.
	applied time.Time
	listed  int
	// out is the page that was listed last, which nobody keeps.
	out []schedules.Listed
}

// places is the number of places in a group of any size.
const places = 6000

// large makes the world's registry be listed in laps, however many jobs it has.
func (w *World) large() {
	if _, ok := w.luck(LargeGroup, 200, "", 0); !ok && (!w.opt.Large || !w.active.Has(LargeGroup)) {
		return
	}
	d := w.dice("large", 0)
	w.group = &group{w: w, pages: d.between(21, 45)}
	w.control.Registry = renewing{w}
	w.control.Schedules = registry{w}
}

// newRegistry returns the registry of a process that knows nothing.
func (w *World) newRegistry() *schedules.Registry {
	if w.group == nil {
		return nil
	}
	return &schedules.Registry{
		Scheduler: w.group, Trigger: stack, Read: w.group.read, Now: w.wall, Abreast: 1,
		Wait: func(context.Context, time.Duration) error { return nil },
	}
}

func (g *group) read(input string) (j job.Job, ok bool, err error) {
	n, err := strconv.Atoi(input)
	if err != nil {
		return j, false, fmt.Errorf("simulated: %w", err)
	}
	return g.carried[n], true, nil
}

// put makes a job's schedule carry its current state.
func (w *World) put(j *deployed) {
	g := w.group
	if g == nil {
		return
	}
	if j.input == "" {
		j.place = w.dice("place "+j.job.Name, 0).IntN(places)
	}
	j.modified, j.input = w.now, strconv.Itoa(len(g.carried))
	g.carried = append(g.carried, j.job)
	stand := stand{from: w.now, is: *j, hash: j.job.Hash()}
	stand.is.stands = nil
	j.stands = append(j.stands, stand)
	if d := w.dice("apply "+j.job.Name, uint64(len(j.stands))); len(j.stands) > 1 && d.chance(400) {
		g.applied = w.now
	}
}

var (
	errRate  = &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	errToken = &smithy.GenericAPIError{Code: "ValidationException", Message: "Invalid token."}
)

// ListSchedules implements schedules.Scheduler. Something may befall the handler only at the
// first call of a sweep: the calls are many and do little.
func (g *group) ListSchedules(_ context.Context, token string, _ int) (page []schedules.Listed, next string, err error) {
	w := g.w
	if g.listed++; w.h.pages > 0 {
		w.h.pages++
		w.now = w.now.Add(4 * time.Millisecond)
		return g.page(token)
	}
	w.h.pages = 1
	w.call("ListSchedules", func(dice) {
		if hangs, _ := w.hangs(); hangs {
			err = context.DeadlineExceeded
			return
		}
		page, next, err = g.page(token)
	})
	return page, next, err
}

func (g *group) page(token string) (page []schedules.Listed, next string, err error) {
	w := g.w
	if _, fails := w.luck(RegistryFails, 4, "page", g.listed); fails {
		w.h.disturbed = true
		return nil, "", errRate
	}
	from := 0
	if token != "" {
		if _, fails := w.luck(TokenRefused, 5, "", g.listed); fails {
			w.h.disturbed = true
			return nil, "", errToken
		}
		from, _ = strconv.Atoi(token)
	}
	g.out = g.out[:0]
	to := from + (places+g.pages-1)/g.pages
	for _, j := range w.jobs {
		if j.gone || j.place < from || j.place >= to {
			continue
		}
		if _, forgets := w.luck(ListForgets, 20, j.job.Name, g.listed); forgets {
			j.forgotten = w.now
			continue
		}
		g.out = append(g.out, schedules.Listed{Name: j.job.Name, Modified: j.modified})
	}
	if to < places {
		next = strconv.Itoa(to) // the place with which the next page begins
	}
	return g.out, next, nil
}

// GetSchedule implements schedules.Scheduler.
func (g *group) GetSchedule(_ context.Context, name string) (out entries.Schedule, err error) {
	if name == port.Applied {
		return g.get(name)
	}
	w := g.w
	w.call("GetSchedule", func(dice) {
		if hangs, _ := w.hangs(); hangs {
			err = context.DeadlineExceeded
			return
		}
		if g.busy(name) {
			w.h.disturbed, err = true, errRate
			return
		}
		out, err = g.get(name)
	})
	return out, err
}

// busy reports whether a schedule cannot be read now, or for some minutes.
func (g *group) busy(name string) bool {
	w := g.w
	j := w.byName(name)
	if d, fails := w.luck(RegistryPartial, 60, name, w.h.from<<8+w.h.calls); fails && j != nil {
		j.unread = w.now.Add(seconds(pick(d, 0, 1, 120, 600)))
	}
	return j != nil && !w.calm && !j.unread.Before(w.now)
}

func (g *group) get(name string) (entries.Schedule, error) {
	if name == port.Applied && !g.applied.IsZero() {
		return entries.Schedule{Name: name, Modified: g.applied}, nil
	}
	d := g.w.byName(name)
	if d == nil || d.gone || g.w.opt.Mutation == ForgottenIsGone && !d.forgotten.IsZero() && g.w.now.Sub(d.forgotten) < 10*time.Minute {
		return entries.Schedule{}, port.ErrNotFound
	}
	g.w.tell("", "the schedule of %s is read", name)
	return entries.Schedule{Name: name, Modified: d.modified, Target: stack, Input: d.input}, nil
}

// renewing is the registry of the process whose sweep is running.
type renewing struct{ w *World }

// Renew implements port.Registry.
func (p renewing) Renew(ctx context.Context, name string, at time.Time) (port.Renewal, error) {
	w := p.w
	if w.h.process == nil { // the trigger has no registry
		return port.Renewal{}, nil
	}
	if m := w.opt.Mutation; m == StaleSlots && w.h.checking || m == OlderIsWritten && !w.h.checking {
		return port.Renewal{}, nil
	}
	r, err := w.h.process.registry.Renew(ctx, name, at)
	if w.trace != nil {
		w.tell("", "%s as of %s is there: %t, gone: %t (%v)", name, at.Format("15:04:05"), r.Job != nil, r.Gone, err)
	}
	if err != nil && w.opt.Mutation == UntoldIsAsked {
		return port.Renewal{}, nil
	}
	return r, err
}

// sweepLarge is the sweep of a large group, as in package wire/sweep.
func (w *World) sweepLarge(ctx context.Context) error {
	h := w.h
	if d, ok := w.luck(GroupResized, 30, "", h.from); ok {
		w.group.pages = pick(d, d.between(1, 20), d.between(21, 45))
	}
	began := w.now
	reading, err := h.process.registry.Jobs(ctx)
	var unread *schedules.UnreadError
	if err != nil && !errors.As(err, &unread) {
		h.checking = true
		return errors.Join(err, w.tryPending(ctx), w.checked(w.control.CheckSlots(ctx)), w.look(ctx), w.lag(ctx))
	}
	l, synced := w.control.Load(ctx)
	if synced == nil {
		synced = w.control.SyncLoaded(ctx, l, reading)
		w.wholeRead(reading, began, synced)
	}
	err = errors.Join(err, synced, w.tryPending(ctx))
	h.checking = true
	if l == nil {
		return errors.Join(err, w.checked(w.control.CheckSlots(ctx)), w.look(ctx), w.lag(ctx))
	}
	return errors.Join(err, w.checked(w.control.CheckLoaded(ctx, l)), w.look(ctx), w.lag(ctx))
}

func (w *World) checked(err error) error {
	if err == nil {
		w.slotsChecked()
	}
	return err
}

func (w *World) tryPending(ctx context.Context) error {
	if !w.store.pendingSlots() {
		return nil
	}
	return w.control.TryPending(ctx)
}

// churns deletes, creates and changes schedules of a large group more often than others: what a
// lap does not show yet matters only for minutes.
func (w *World) churns(j *deployed) {
	if w.group == nil {
		return
	}
	if d, ok := w.luck(Gone, 150, "churn "+j.job.Name, w.handled); ok {
		j.gone, j.back = !j.gone, w.now
		w.deployed(j)
		if serial := j.serial; d.chance(500) {
			w.after(seconds(d.between(5, 500)), func() {
				if !w.calm && j.serial == serial {
					j.gone, j.back = !j.gone, w.now
					w.deployed(j)
				}
			})
		}
	} else if d, ok := w.luck(Deploy, 60, "churn "+j.job.Name, w.handled); ok {
		j.reschedule(d)
		w.deployed(j)
	}
}

// soon makes half of a large group's jobs have slots that are judged before a lap is over.
func (w *World) soon(j *deployed) {
	if d := w.dice("soon "+j.job.Name, 0); w.group != nil && d.chance(500) {
		j.job.StartWithin = minutes(d.between(1, 3))
		j.job.CatchUp = pick(d, job.CatchUpNone, job.CatchUpLast)
	}
}

package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// ahead is how far ahead of this machine's clock a slot may lie. EventBridge starts nothing
// before its time, so a slot further ahead comes from somebody else. Claimed now, it would
// make the real trigger a duplicate.
const ahead = 2 * time.Minute

// Scheduled handles a schedule's trigger: it claims the run of that minute and launches it. A
// slot that the job filters leaves nothing behind. A redelivery is a duplicate, and finishes
// a launch that is owed. An error means that something is owed and could not be done.
//
// Nothing proves here which schedule it was. A time up to two minutes after a slot, such as
// that of a rule's second event, or one minute before it stands for that slot. Any other time
// that the job's schedule does not have is refused. What is refused is kept. hash is the job's hash
// if it is known, or "".
func (c *Control) Scheduled(ctx context.Context, hash string, j job.Job, at time.Time) (port.Reply, error) {
	return c.scheduled(ctx, accepted{job: j, hash: hash}, at, func(why string) (port.Reply, error) {
		return c.refuseSlot(ctx, j.Name, at, why)
	})
}

// scheduled starts a slot. unlike answers for a time that nothing proves and that the job, as
// far as it is known, does not have.
func (c *Control) scheduled(ctx context.Context, a accepted, at time.Time, unlike func(why string) (port.Reply, error)) (port.Reply, error) {
	j := a.job
	at = at.UTC()
	if why := c.early(at); why != "" {
		return c.refuseSlot(ctx, j.Name, at, why)
	}
	if a.proven {
		return c.proven(ctx, a, at.Truncate(time.Minute))
	}
	slot, expected, err := c.place(ctx, j, at)
	if err != nil {
		return port.Reply{}, err
	}
	if why := c.stale(a, slot); why != "" {
		return c.refuseSlot(ctx, j.Name, at, why)
	}
	if why := startless(&a); why != "" {
		return unlike(why)
	}
	if !expected {
		return unlike(fmt.Sprintf("%s in %s has no such time, and no schedule of the stack proves it", j.Schedule, j.Zone()))
	}
	return c.unlessFiltered(ctx, a, slot, nil)
}

// early says why a slot's time has not come; "" if it has.
func (c *Control) early(at time.Time) string {
	if at.Sub(c.Now()) > ahead {
		return "it is in the future: a slot is claimed only once its time has come"
	}
	return ""
}

// startless says why a job has no slot at all that can start without proof; "" if its
// schedule has some. Anyone who may write any rule of the account knows the names of jobs.
func startless(a *accepted) string {
	switch {
	case a.item == nil:
	case a.job.Schedule == "":
		return "it has no schedule: only people run it"
	case a.job.Disabled:
		return "its schedule is switched off"
	}
	return ""
}

// oldest is how old a slot may be if nothing proves which schedule asked for it: as old as a
// message in a queue of failures can be (Amazon SQS keeps a message 14 days).
const oldest = 14 * 24 * time.Hour

// stale says why a slot that nothing proves is too old; "" if it is not. A slot for which
// nobody looks any more, or from before the job was deployed, would be recorded and reported
// as missed, or even caught up with.
func (c *Control) stale(a accepted, slot time.Time) string {
	age := c.Now().Sub(slot)
	switch {
	case age <= a.job.Late() || a.item == nil:
		return ""
	case age > oldest:
		return "it is more than 14 days ago"
	case !slot.After(a.item.Since) && len(a.item.Former) == 0:
		return "it is before the job was deployed"
	}
	return ""
}

// unlessFiltered starts a slot unless the job's own terms filter it.
func (c *Control) unlessFiltered(ctx context.Context, a accepted, slot time.Time, odd *odd) (port.Reply, error) {
	j := a.job
	if why := filtered(j, slot, odd.or(a.item)); why != "" {
		c.Log.InfoContext(ctx, "filtered", "job", j.Name, "slot", slot, "why", why)
		return port.Reply{Outcome: port.Filtered, Message: fmt.Sprintf("%s has no run at %s: %s", j.Name, slot.Format(time.RFC3339), why)}, nil
	}
	return c.slot(ctx, j, slot, run.BySchedule, claiming{hash: a.hash, item: a.item, odd: odd})
}

// refuseSlot answers a slot that no deployed schedule asks for. It is kept, so that one can
// see who asked.
func (c *Control) refuseSlot(ctx context.Context, name string, at time.Time, why string) (port.Reply, error) {
	reply := refuse("", "%v: %s", port.Slot{Name: name, At: at}, why)
	c.Log.ErrorContext(ctx, "refused a slot", "job", name, "slot", at, "why", why)
	return reply, c.keep(ctx, nil, reply.Message)
}

// place returns the slot that a start at a time stands for. expected reports whether the
// job's schedule has it. A job whose schedule is not known or cannot be read has every slot:
// whoever deployed it wanted runs.
func (c *Control) place(ctx context.Context, j job.Job, at time.Time) (slot time.Time, expected bool, err error) {
	minute := at.Truncate(time.Minute)
	if j.Schedule == "" {
		return minute, true, nil
	}
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return minute, true, nil //nolint:nilerr // whoever deployed it wanted runs
	}
	if every, ok := t.Spec().Rate(); ok {
		slot, err = c.placeRate(ctx, j.Name, minute, every)
		return slot, true, err
	}
	slot, expected = t.Place(at)
	return slot, expected, nil
}

// placeRate returns the minute before, if a run that an event started at that minute shows that
// this is the second event of one time. Nobody knows the minutes of a rate, but two of them do
// not follow each other. A run that the sweep recorded for a silence shows no event; one that it
// started for that stands for an event that is late.
func (c *Control) placeRate(ctx context.Context, name string, minute time.Time, every time.Duration) (time.Time, error) {
	if every < 2*time.Minute {
		return minute, nil
	}
	before := minute.Add(-time.Minute)
	was, err := c.Store.Run(ctx, run.ScheduledID(name, before))
	switch {
	case errors.Is(err, port.ErrNotFound):
		return minute, nil
	case err != nil:
		return minute, fmt.Errorf("looking for the run of the minute before: %w", err)
	case !slices.ContainsFunc(was.Triggers, func(t run.Trigger) bool { return t.Kind == run.BySchedule || t.Kind == run.ByCatchUp }):
		return minute, nil
	}
	return before, nil
}

// filtered says why a slot does not count for its job; "" if it does. A schedule that cannot
// be read filters nothing: whoever deployed it wanted runs.
func filtered(j job.Job, at time.Time, s *job.Shift) string {
	if j.Schedule == "" {
		return ""
	}
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return ""
	}
	return t.Under(s).Filtered(at)
}

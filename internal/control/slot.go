package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// ahead is how far ahead of this machine's clock a slot may lie. EventBridge
// starts nothing before its time, so that what lies further ahead is somebody
// else's: claimed now, it would make the real trigger a duplicate.
const ahead = 2 * time.Minute

// Scheduled is a schedule's trigger: it claims the run of that minute and
// launches it. A slot that the job filters leaves nothing behind. A redelivery is
// a duplicate, and finishes a launch that is owed. An error means that something is
// owed and could not be done.
//
// Nothing proves here which schedule it was: a time shortly after a slot, as the
// second event of a rule has it, stands for that slot, and one that the job's
// schedule does not have is refused. What is refused is kept.
func (c *Control) Scheduled(ctx context.Context, j job.Job, at time.Time) (Reply, error) {
	return c.ScheduledAs(ctx, "", j, at)
}

// ScheduledAs is Scheduled where the job's hash is known; "" is that it is not.
func (c *Control) ScheduledAs(ctx context.Context, hash string, j job.Job, at time.Time) (Reply, error) {
	return c.scheduled(ctx, accepted{job: j, hash: hash}, at, func(why string) (Reply, error) {
		return c.refuseSlot(ctx, j.Name, at, why)
	})
}

// scheduled starts a slot; unlike answers a time that nothing proves and that the job,
// as it is known, does not have.
func (c *Control) scheduled(ctx context.Context, a accepted, at time.Time, unlike func(why string) (Reply, error)) (Reply, error) {
	j := a.job
	at = at.UTC()
	if at.Sub(c.Now()) > ahead {
		return c.refuseSlot(ctx, j.Name, at, "it is in the future: a slot is claimed only once its time has come")
	}
	if a.proven {
		return c.proven(ctx, a, at.Truncate(time.Minute))
	}
	slot, expected, err := c.place(ctx, j, at)
	if err != nil {
		return Reply{}, err
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

// startless says why a job has no slot at all that nothing proves, "" where its schedule
// has some: whoever may write any rule of the account knows the names of jobs.
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

// oldest is how old a slot may be of which nothing proves which schedule asked: as
// old as what lay in a queue of failures (Amazon SQS keeps a message 14 days).
const oldest = 14 * 24 * time.Hour

// stale says why a slot is too old that nothing proves, "" where it is not: a slot
// that nobody looks for any more, or of before the job was deployed, would be
// recorded and told as missed, or even caught up with.
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

// unlessFiltered starts a slot that the job's own terms do not filter.
func (c *Control) unlessFiltered(ctx context.Context, a accepted, slot time.Time, odd *odd) (Reply, error) {
	j := a.job
	if why := filtered(j, slot, odd.or(a.item)); why != "" {
		c.Log.InfoContext(ctx, "filtered", "job", j.Name, "slot", slot, "why", why)
		return Reply{Outcome: Filtered, Message: fmt.Sprintf("%s has no run at %s: %s", j.Name, slot.Format(time.RFC3339), why)}, nil
	}
	return c.slotOf(ctx, j, slot, run.BySchedule, claiming{hash: a.hash, item: a.item, odd: odd})
}

// refuseSlot answers a slot that nobody who was deployed asks for. It is kept, so
// that it can be seen who did.
func (c *Control) refuseSlot(ctx context.Context, name string, at time.Time, why string) (Reply, error) {
	reply := refuse("", "the slot of %s at %s: %s", name, at.Format(time.RFC3339), why)
	c.Log.ErrorContext(ctx, "refused a slot", "job", name, "slot", at, "why", why)
	return reply, c.keep(ctx, nil, reply.Message)
}

// place is the slot that a start at a time stands for; expected is whether the
// job's schedule has it. A job whose schedule is not known, or cannot be read, has
// every slot: whoever deployed it wanted runs.
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

// placeRate is the minute before, where a run of it shows that this is the second
// event of one time: nobody knows the minutes of a rate, but that they do not
// follow upon each other.
func (c *Control) placeRate(ctx context.Context, name string, minute time.Time, every time.Duration) (time.Time, error) {
	if every < 2*time.Minute {
		return minute, nil
	}
	before := minute.Add(-time.Minute)
	_, err := c.Store.Run(ctx, run.ScheduledID(name, before))
	switch {
	case errors.Is(err, ErrNotFound):
		return minute, nil
	case err != nil:
		return minute, fmt.Errorf("looking for the run of the minute before: %w", err)
	}
	return before, nil
}

// filtered says why a slot does not count for its job, "" when it does. A
// schedule that cannot be read filters nothing: whoever deployed it wanted runs.
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

package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// pend keeps a slot until it is known what is deployed, or its time is up.
func (c *Control) pend(ctx context.Context, s port.Slot, why string) (port.Reply, error) {
	late, err := c.lateOf(ctx, s)
	if err != nil {
		return port.Reply{}, fmt.Errorf("%v: %w", s, err)
	}
	p := port.Pending{Slot: s, Since: c.Now().UTC(), Until: s.At.Add(late), Why: why}
	if !p.Until.After(c.Now()) {
		return c.refuseSlot(ctx, s.Name, s.At, "its time is up, and "+why)
	}
	if err := c.Store.PutPending(ctx, p); err != nil {
		return port.Reply{}, fmt.Errorf("keeping %v: %w", s, err)
	}
	c.Log.WarnContext(ctx, "a slot waits until it can be told what is deployed", "job", s.Name, "slot", s.At, "schedule", s.Schedule, "why", why)
	return port.Reply{Outcome: port.Waits, Message: fmt.Sprintf("%v waits until %s, since %s", s, p.Until.Format(time.RFC3339), why)}, nil
}

// lateOf returns how long after its time a slot may still be started: as what came along
// says, or else as the job's item says.
func (c *Control) lateOf(ctx context.Context, s port.Slot) (time.Duration, error) {
	late := (job.Job{}).Late()
	if s.Carried != nil { // which nobody has validated
		late = s.Carried.Late()
	} else {
		item, err := c.item(ctx, s.Name)
		if err != nil {
			return 0, err
		}
		late = cmp.Or(time.Duration(item.Plan.StartWithin), late)
	}
	return min(max(late, job.MinStartWithin), job.MaxStartWithin+job.MaxWindow), nil
}

// pendingBatch is how many pending slots one sweep tries. The next one goes on behind them,
// among the pendingMost oldest, so that those nobody can decide do not hold the others back.
const (
	pendingBatch = 200
	pendingMost  = 2000
)

// goesRound is where TryPending goes on.
type goesRound struct {
	mu   sync.Mutex
	last port.Pending // the last one that was tried
}

// next returns the slots to try next of all, which come the oldest first.
func (g *goesRound) next(all []port.Pending) []port.Pending {
	if len(all) <= pendingBatch {
		return all
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := max(0, slices.IndexFunc(all, g.before))
	return slices.Concat(all[i:], all[:i])[:pendingBatch]
}

// before reports whether the last one that was tried comes before p.
func (g *goesRound) before(p port.Pending) bool {
	return cmp.Or(g.last.Since.Compare(p.Since), cmp.Compare(g.last.ID(), p.ID())) < 0
}

// tried notes that p was tried.
func (g *goesRound) tried(p port.Pending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = p
}

// TryPending tries pending slots again. It starts those that are found to be deployed. One
// that is not found by the end of its time, or that cannot be read, is kept as an input that
// could not be used, which a notice reports.
func (c *Control) TryPending(ctx context.Context) error {
	var errs []error
	ps, err := c.Store.Pending(ctx, pendingMost)
	if unreadable := (*port.UnreadablePendingError)(nil); errors.As(err, &unreadable) {
		errs = append(errs, c.dropPending(ctx, unreadable))
	} else if err != nil {
		errs = append(errs, fmt.Errorf("loading pending slots: %w", err))
	}
	for _, p := range c.pendings.next(ps) {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		c.pendings.tried(p)
		if err := c.tryPending(ctx, p); err != nil {
			errs = append(errs, fmt.Errorf("the pending slot of %s at %s: %w", p.Slot.Name, p.Slot.At.Format(time.RFC3339), err))
		}
	}
	return errors.Join(errs...)
}

// dropPending gives up the slots that cannot be read, except those that a newer version wrote.
//
// Crash window: if it crashes before a slot is done, the slot is kept twice.
func (c *Control) dropPending(ctx context.Context, unreadable *port.UnreadablePendingError) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(unreadable.Slots)) {
		why := unreadable.Slots[id]
		if errors.Is(why, port.ErrNewer) {
			errs = append(errs, why)
			continue
		}
		c.Log.ErrorContext(ctx, "gave a pending slot up", "id", id, "why", why)
		err := c.keep(ctx, nil, fmt.Sprintf("the record of a slot that waited until it could be told what is deployed cannot be read, so it was not started: %v. If it is a slot of a deployed job, it is reported as missed", why))
		if err == nil {
			err = c.Store.DonePending(ctx, id)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// ifHonest says what to do about a slot that was given up. Nobody can tell here whether it
// was honest: a one-time schedule that deleted itself before the sweep or the trigger saw it
// leaves as little behind as a slot that somebody made up.
const ifHonest = "If it should have run, deploy its schedule (again), a one-time one at least two minutes before its time; if nobody deployed it, CloudTrail's data events show who called the trigger"

// tryPending tries one slot. A fault that outlasts the slot's time ends it too; otherwise
// nobody would be told, and each sweep would fail for ever.
func (c *Control) tryPending(ctx context.Context, p port.Pending) error {
	why, err := c.startPending(ctx, p)
	over := !p.Until.After(c.Now())
	switch {
	case err != nil && (!over || ctx.Err() != nil):
		return err
	case err != nil:
		why = err.Error()
	case why != "":
		why += ". " + ifHonest
	}
	if why != "" {
		if !over {
			return nil
		}
		reason := fmt.Sprintf("%v was not started: up to the end of its time %s", p.Slot, why)
		c.Log.ErrorContext(ctx, "gave a pending slot up", "job", p.Slot.Name, "slot", p.Slot.At, "schedule", p.Slot.Schedule, "why", why)
		if err := c.keep(ctx, nil, reason); err != nil {
			return err
		}
	}
	p.Done = true
	if err := c.Store.PutPending(ctx, p); err != nil {
		return fmt.Errorf("storing that it is settled: %w", err)
	}
	return nil
}

// startPending starts the slot if it is found to be deployed; why says why nobody can tell.
func (c *Control) startPending(ctx context.Context, p port.Pending) (why string, err error) {
	defer panics.Recover(&err)
	if why, err = c.bringUp(ctx, p); err != nil || why != "" {
		return why, err
	}
	a, err := c.accept(ctx, p.Slot)
	if err != nil || a.why != "" {
		return a.why, err
	}
	rep, err := c.scheduled(ctx, a, p.Slot.At, func(why string) (port.Reply, error) {
		return c.refuseSlot(ctx, p.Slot.Name, p.Slot.At, why)
	})
	if err == nil || errors.Is(err, port.ErrOwed) {
		return "", nil
	}
	// If its run exists, the look does the rest: it performs what is owed, and sets aside and
	// reports a run that cannot be read or makes no sense.
	if rep.Run != "" {
		if exist, e := c.Store.Exist(ctx, []run.ID{rep.Run}); e == nil && exist[rep.Run] {
			return "", nil
		}
	}
	return "", err
}

// bringUp brings a job's item up to what the registry held when the slot came, or later,
// because a change of a rule is found minutes after it. If a schedule of the stack came
// along, that schedule is asked instead. why says why nobody can tell.
func (c *Control) bringUp(ctx context.Context, p port.Pending) (why string, err error) {
	if c.Registry == nil || c.Schedules != nil && c.Schedules.Ours(p.Slot.Schedule) {
		return "", nil
	}
	item, err := c.item(ctx, p.Slot.Name)
	if err != nil {
		return "", err
	}
	at := later(p.Since, item.FoundOutAt()) // others may have found out more
	r, err := c.Registry.Renew(ctx, p.Slot.Name, at)
	switch {
	case err != nil:
		return fmt.Sprintf("it could not be told what is deployed: %v", err), nil
	case r.Unproved:
		return "a schedule that may carry the job cannot be used", nil
	case r.Job == nil: // the item says what the job was
		return "", nil
	}
	return "", c.learn(ctx, *r.Job, at)
}

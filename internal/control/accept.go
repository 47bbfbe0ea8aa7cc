package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// Fire handles the trigger of a schedule or a rule. It launches what is deployed: it compares
// what came along with the job's item and the registry. A slot waits for the sweep if neither
// can tell, or if nothing proves the slot and the job, as far as it is known, does not have
// it. An error means that something is owed and could not be done.
func (c *Control) Fire(ctx context.Context, s port.Slot) (port.Reply, error) {
	s.At = s.At.UTC()
	if why := c.early(s.At); why != "" {
		return c.refuseSlot(ctx, s.Name, s.At, why)
	}
	a, err := c.accept(ctx, s)
	switch {
	case err != nil:
		return port.Reply{}, fmt.Errorf("%v: %w", s, err)
	case a.why != "":
		return c.pend(ctx, s, a.why)
	}
	return c.scheduled(ctx, a, s.At, func(why string) (port.Reply, error) {
		return c.pend(ctx, s, why) // what is known of the job may date from before a change
	})
}

// accepted is what a slot starts.
type accepted struct {
	job job.Job
	// hash is the hash of the job; "" if it is not known.
	hash string
	// proven says that a schedule of the stack asks for the slot, as far as anyone can tell.
	// A schedule of another group proves no minute, whatever it carries.
	proven bool
	// younger says that the definition was deployed after the slot, or within beforeChange
	// before it. The slot then belongs to a definition that nobody has seen, and says nothing
	// about this one's minutes.
	younger bool
	// item is the job's item as it was read for this slot; nil if it has changed since.
	item *job.Item
	// why, if not "", says why nobody can tell yet what is deployed.
	why string
}

// beforeChange is how long after a change a schedule may still fire as it was before.
// EventBridge does not say how soon a change takes effect.
const beforeChange = time.Minute

// accept finds out what a slot starts: the deployed definition that came along, if it was in
// force at the slot, or else what the schedule carries now.
func (c *Control) accept(ctx context.Context, s port.Slot) (accepted, error) {
	item, err := c.item(ctx, s.Name)
	if err != nil {
		return accepted{}, err
	}
	held, hash, err := c.held(ctx, &item, s)
	if err != nil || hash != "" {
		return accepted{job: held, hash: hash, item: &item, proven: s.Carried != nil && c.Schedules != nil && c.Schedules.Ours(s.Schedule)}, err
	}
	if s.Schedule == "" || c.Schedules == nil {
		return accepted{why: "the registry does not hold, as far as it was read, what came along"}, nil
	}
	asked := c.Now()
	carried, err := c.Schedules.Schedule(ctx, s.Schedule)
	switch {
	case errors.Is(err, port.ErrNotFound):
		return accepted{why: fmt.Sprintf("%v, nor does the registry, as far as it was read, hold what came along", err)}, nil
	case err != nil:
		return accepted{why: fmt.Sprintf("it could not be told what is deployed: %v", err)}, nil
	}
	j := port.Register(carried)
	why, err := c.takeIn(ctx, item, j, s.At, asked)
	return accepted{job: j.Job, hash: j.Hash, proven: true, younger: j.Modified.After(s.At.Add(-beforeChange)), why: why}, err
}

// takeIn learns what a schedule carries. why says why its slot, at a time, waits all the same:
// the definition first forbids overlaps, and the item does not name the open runs. A trigger,
// which has no registry, may not look for them; a sweep may lose the item to somebody else. A
// slot that is missed by now needs no lock and does not wait.
func (c *Control) takeIn(ctx context.Context, item job.Item, j port.Registered, at, asked time.Time) (why string, err error) {
	const unlooked = "the job's runs may not overlap from now on, and the sweep has not looked yet which ones are open"
	first := c.firstForbids(ctx, &deployment{Registered: j, was: item})
	if first && c.Registry == nil {
		if c.Now().Sub(at) > j.Late() && j.CatchUp != job.CatchUpLast {
			return "", nil
		}
		return unlooked, nil
	}
	if err := c.learn(ctx, j, asked); err != nil || !first {
		return "", err
	}
	item, err = c.item(ctx, j.Name)
	if err == nil && c.firstForbids(ctx, &deployment{Registered: j, was: item}) {
		return unlooked, nil
	}
	return "", err
}

// held returns the deployed definition that a slot asks for by what came along. If a
// definition came along, that is the one among the item's present and former definitions into
// which sync completed it. If only the name came along, it is the present one. The hash is ""
// if there is none, or if the schedule must be asked, see forbidsNow.
func (c *Control) held(ctx context.Context, item *job.Item, s port.Slot) (j job.Job, hash string, err error) {
	hashes := []string{item.Definition}
	if s.Carried != nil {
		for i := len(item.Former) - 1; i >= 0; i-- {
			hashes = append(hashes, item.Former[i].Definition)
		}
	}
	for _, hash := range hashes {
		if hash == "" || !item.Held(hash, s.At) {
			continue
		}
		j, err := c.definition(ctx, hash)
		if err != nil {
			return job.Job{}, "", lost(err)
		}
		if s.Carried != nil && !s.Carried.IsFormOf(*j, hash) {
			continue
		}
		if ask, err := c.forbidsNow(ctx, item, s, j); ask || err != nil {
			return job.Job{}, "", lost(err)
		}
		return *j, hash, nil
	}
	return job.Job{}, "", nil
}

// forbidsNow reports whether a job's definition forbids overlaps by now, and the one that came
// along did not. By that one the slot's run would not hold the job's lock, and slots would start
// beside it. So the slot's schedule is asked, which carries the present one.
func (c *Control) forbidsNow(ctx context.Context, item *job.Item, s port.Slot, came *job.Job) (bool, error) {
	if came.Exclusive() || item.Gone || c.Schedules == nil || !c.Schedules.Ours(s.Schedule) {
		return false, nil
	}
	now, err := c.definition(ctx, item.Definition)
	return err == nil && now.Exclusive(), err
}

// learn stores what a schedule was found to carry before the sweep came to it, so that the
// first firing after a deploy is like any other. If somebody found out something after asked,
// that stands: it may be newer.
func (c *Control) learn(ctx context.Context, j port.Registered, asked time.Time) error {
	item, err := c.item(ctx, j.Name)
	if err != nil || item.FoundOutAt().After(asked) {
		return err
	}
	checked, err := c.Store.Mark(ctx, port.MarkSlots)
	if err != nil {
		return fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	d, problem := c.deployment(item, j, checked)
	if problem != nil {
		c.Log.ErrorContext(ctx, "a schedule cannot be used", "why", problem.Error())
	}
	if !d.changed {
		return nil
	}
	_, err = c.deploy(ctx, d, false)
	return err
}

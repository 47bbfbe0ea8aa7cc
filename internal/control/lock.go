package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// holdsLock reports whether a run must hold its job's lock: from its claim, or from when it
// no longer waits for another run's end, to its own end. It keeps the lock while it waits
// between attempts.
func holdsLock(r *run.Run, j *job.Job) bool {
	return r.ID != "" && j.Exclusive() && !r.Status.Terminal() && !r.Waits
}

// takesLock reports whether the change of a run takes its job's lock. A run that was set aside has
// lost it, and takes it again when it is launched.
func takesLock(item *job.Item, before, after *run.Run, j *job.Job) bool {
	return holdsLock(after, j) && (!holdsLock(before, j) || item.Lock != string(after.ID))
}

// lock returns the job's item after the change of a run. It is written together with the run,
// so at no time does one know of the change and the other not. An item that is not at the
// revision that was read refuses both.
func lock(item job.Item, before, after *run.Run, j *job.Job) (next job.Item, changed bool) {
	id := string(after.ID)
	switch {
	case takesLock(&item, before, after, j):
		item.Lock, changed = id, true
	case !holdsLock(after, j) && item.Lock == id:
		item.Lock, changed = "", true
	}
	if after.Status.Terminal() && slices.Contains(item.Beside, id) { // else the lock would go to it
		item.Beside = slices.DeleteFunc(slices.Clone(item.Beside), func(other string) bool { return other == id })
	}
	switch {
	case after.Waits && item.Waiting != id:
		item.Waiting, changed = id, true
	case !after.Waits && item.Waiting == id:
		item.Waiting, changed = "", true
	}
	return item, changed
}

// unlessTaken returns an error if a change would take the job's lock, or the one place of a
// run that waits, from a run that is open. Whoever decided on the change looked at the item
// before; what was free then may be taken now. ErrConflict makes them decide anew. From here
// to the write, the item's revision guards it.
func (c *Control) unlessTaken(ctx context.Context, item *job.Item, before, after *run.Run, j *job.Job) error {
	var other run.Run
	var err error
	switch {
	case takesLock(item, before, after, j):
		other, err = c.holder(ctx, item, after.ID)
	case after.Waits && !before.Waits:
		other, err = c.open(ctx, item.Waiting, after.ID)
	}
	if err == nil && other.ID != "" {
		return fmt.Errorf("run %s was faster than %s: %w", other.ID, after.ID, port.ErrConflict)
	}
	return err
}

// open loads the run that an item names; it returns zero if the run is no longer open.
// Whoever next needs the item repairs what it says about a run that has ended. A run of
// unknown status has not ended: its task may run, and whoever sets it aside frees the lock.
func (c *Control) open(ctx context.Context, id string, except run.ID) (run.Run, error) {
	if id == "" || run.ID(id) == except {
		return run.Run{}, nil
	}
	r, err := c.Store.Run(ctx, run.ID(id))
	if errors.Is(err, port.ErrNotFound) || err == nil && r.Status.Terminal() && r.Status.Valid() {
		return run.Run{}, nil
	}
	if err != nil {
		return run.Run{}, fmt.Errorf("loading run %s, which the job's item names: %w", id, err)
	}
	return r, nil
}

// blocker returns an open run of the same job that keeps the run from being launched.
func (c *Control) blocker(ctx context.Context, id run.ID, j *job.Job) (run.ID, error) {
	if !j.Exclusive() {
		return "", nil
	}
	item, err := c.item(ctx, id.Job())
	if err != nil {
		return "", err
	}
	r, err := c.holder(ctx, &item, id)
	return r.ID, err
}

// holder returns the open run that holds a job's lock; zero if none does. A run may have ended
// while it was given the lock: its end did not find the lock held by it, and passed nothing on.
func (c *Control) holder(ctx context.Context, item *job.Item, except run.ID) (run.Run, error) {
	if len(item.Beside) > 0 {
		r, err := c.open(ctx, item.Lock, "")
		if err != nil {
			return r, err
		}
		item.Lock = string(r.ID)
		if err := c.passOn(ctx, item); err != nil {
			return r, err
		}
	}
	return c.open(ctx, item.Lock, except)
}

// holdForOpen gives the lock that nobody holds to an open run, so that the first definition
// to forbid overlaps does not run beside runs of an earlier one. The others that are open
// follow it, see passOn.
func (c *Control) holdForOpen(ctx context.Context, item *job.Item) error {
	open, err := c.anyOpen(ctx, item.Name)
	item.Beside = slices.DeleteFunc(open, func(id string) bool { return id == item.Lock })
	if err != nil {
		return err
	}
	return c.passOn(ctx, item)
}

// passOn gives a free lock to the next run that was open when a definition first forbade
// overlaps, and still is.
func (c *Control) passOn(ctx context.Context, item *job.Item) error {
	for item.Lock == "" && len(item.Beside) > 0 {
		r, err := c.open(ctx, item.Beside[0], "")
		if err != nil && !errors.Is(err, port.ErrUnreadable) {
			return err
		}
		if err == nil && r.Nonsense() == "" {
			item.Lock = string(r.ID)
		}
		item.Beside = item.Beside[1:]
	}
	return nil
}

// mostBeside is how many open runs of a job are found at most.
const mostBeside = 100

// anyOpen returns the newest open runs of a job that do not wait for another. It passes over
// runs that make no sense: they are set aside, so nothing would end them and free the lock.
func (c *Control) anyOpen(ctx context.Context, name string) (ids []string, err error) {
	var open []run.Run
	// An index, by which a status is found, lags behind; the newest runs are read as they are.
	for _, status := range []run.Status{"", run.Queued, run.Launching, run.Running} {
		rs, err := c.Store.Runs(ctx, port.Query{Job: name, Status: status, Limit: mostBeside})
		if err != nil {
			return nil, fmt.Errorf("looking for open runs of job %s: %w", name, err)
		}
		open = append(open, rs...)
	}
	sort.Slice(open, func(i, k int) bool { return open[i].Newer(&open[k]) }) // slices.SortFunc for runs takes 4 KB of a zip
	for i := range open {
		if r := &open[i]; !r.Status.Terminal() && !r.Waits && r.Nonsense() == "" {
			ids = append(ids, string(r.ID))
		}
	}
	ids = slices.Compact(ids)
	return ids[:min(mostBeside, len(ids))], nil
}

// decide makes the event and decides about it. A run that was set aside, and so lost its job's
// lock, is not launched beside a run that has taken the lock since. relock reports whether a launch
// must take the lock again.
func (c *Control) decide(ctx context.Context, j *job.Job, before *run.Run, event func(*run.Run) (run.Event, error)) (e run.Event, d *run.Decision, relock bool, err error) {
	if e, err = event(before); err != nil {
		return nil, nil, false, err
	}
	d = new(run.Decide(j, before, e, c.Now(), &c.Timing))
	if d.Counted == 0 || !holdsLock(before, j) {
		return e, d, false, nil
	}
	item, err := c.item(ctx, before.ID.Job())
	if err != nil {
		return e, d, false, err
	}
	other, err := c.holder(ctx, &item, before.ID)
	if err == nil && other.ID != "" {
		d = new(run.DecideBeside(other.ID, j, before, e, c.Now(), &c.Timing))
	}
	return e, d, other.ID == "" && item.Lock != string(before.ID), err
}

// wake lets the run that waits for another's end go on. If this is missed, the look finds it
// a minute later.
func (c *Control) wake(ctx context.Context, ended *run.Run) error {
	j, err := c.definition(ctx, ended.Definition)
	if err != nil || !j.Exclusive() || !ended.Status.Terminal() {
		return err
	}
	item, err := c.item(ctx, ended.ID.Job())
	if err != nil || item.Waiting == "" {
		return err
	}
	r, err := c.Store.Run(ctx, run.ID(item.Waiting))
	if err != nil || !r.Waits || r.Nonsense() != "" {
		return nil //nolint:nilerr // the look repairs what the item says
	}
	if _, err := c.wakeUp(ctx, &r); err != nil {
		return fmt.Errorf("launching %s, which waited: %w", r.ID, err)
	}
	return nil
}

// release takes a run that is set aside out of its job's item. Nothing else would, and the
// job would not run any more.
func (c *Control) release(ctx context.Context, id run.ID) error {
	return c.untilWritten(ctx, "releasing the lock of "+string(id), func() error {
		item, err := c.item(ctx, id.Job())
		held, _ := item.HeldBy(string(id))
		if err != nil || item.Lock != string(id) && item.Waiting != string(id) && !held {
			return err
		}
		if held {
			item.Holder = nil // it holds no slot back any more
		}
		if item.Lock == string(id) {
			item.Lock = ""
		}
		if item.Waiting == string(id) {
			item.Waiting = ""
		}
		if err := c.passOn(ctx, &item); err != nil {
			return err
		}
		return c.Store.Commit(ctx, port.Change{Item: &item})
	})
}

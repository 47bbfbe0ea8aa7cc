package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// holdsLock is whether a run must hold its job's lock: from its claim, or from when
// it no longer waits, to its end. Waits between attempts keep it.
func holdsLock(r *run.Run, j *job.Job) bool {
	return r.ID != "" && j.Exclusive() && !r.Status.Terminal() && !r.Waits
}

// lock is the job's item after the change of a run: it is written together with
// the run, so there is no time at which one knows and the other does not. An
// item that is not at the revision that was read refuses both.
func lock(item job.Item, before, after *run.Run, j *job.Job) (next job.Item, changed bool) {
	id := string(after.ID)
	switch {
	case holdsLock(after, j) && !holdsLock(before, j):
		item.Lock, changed = id, true
	case !holdsLock(after, j) && item.Lock == id:
		item.Lock, changed = "", true
	}
	switch {
	case after.Waits && item.Waiting != id:
		item.Waiting, changed = id, true
	case !after.Waits && item.Waiting == id:
		item.Waiting, changed = "", true
	}
	return item, changed
}

// unlessTaken is an error where a change would take the job's lock, or the one place of
// a run that waits, from a run that is open. Whoever decided on the change looked
// at the item before: what was free then need not be any more. ErrConflict has it
// decided anew; the item's revision guards the time from here to the write.
func (c *Control) unlessTaken(ctx context.Context, item *job.Item, before, after *run.Run, j *job.Job) error {
	var taken string
	switch {
	case holdsLock(after, j) && !holdsLock(before, j):
		taken = item.Lock
	case after.Waits && !before.Waits:
		taken = item.Waiting
	}
	other, err := c.openRun(ctx, taken, after.ID)
	if err == nil && other != "" {
		return fmt.Errorf("run %s was faster than %s: %w", other, after.ID, ErrConflict)
	}
	return err
}

// openRun is the run that an item names, "" when it is not open any more.
func (c *Control) openRun(ctx context.Context, id string, except run.ID) (run.ID, error) {
	r, err := c.open(ctx, id, except)
	return r.ID, err
}

// open loads the run that an item names; it is zero when it is not open any more:
// what an item says of a run that has ended is repaired by the next who needs it. One of
// no known status has not: its task may run, and whoever sets it aside frees the lock.
func (c *Control) open(ctx context.Context, id string, except run.ID) (run.Run, error) {
	if id == "" || run.ID(id) == except {
		return run.Run{}, nil
	}
	r, err := c.Store.Run(ctx, run.ID(id))
	if errors.Is(err, ErrNotFound) || err == nil && r.Status.Terminal() && r.Status.Valid() {
		return run.Run{}, nil
	}
	if err != nil {
		return run.Run{}, fmt.Errorf("loading run %s, which the job's item names: %w", id, err)
	}
	return r, nil
}

// blocker is an open run of the same job that keeps r from being launched.
func (c *Control) blocker(ctx context.Context, id run.ID, j *job.Job) (run.ID, error) {
	if !j.Exclusive() {
		return "", nil
	}
	item, err := c.item(ctx, id.Job())
	if err != nil {
		return "", err
	}
	return c.openRun(ctx, item.Lock, id)
}

// anyOpen is the newest open run of a job that waits for no other, among its
// newest 100: what a definition that is the first to forbid overlaps must know of. One
// that makes no sense is set aside, and nothing would end it and free the lock.
func (c *Control) anyOpen(ctx context.Context, name string) (run.ID, error) {
	rs, err := c.Store.Runs(ctx, Query{Job: name})
	if err != nil {
		return "", fmt.Errorf("looking for open runs of job %s: %w", name, err)
	}
	for _, r := range rs {
		if !r.Status.Terminal() && !r.Waits && r.Nonsense() == "" {
			return r.ID, nil
		}
	}
	return "", nil
}

// wake lets the run that waits for another's end go on. Should this be missed,
// the look finds it a minute later.
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

// release takes a run that is set aside out of its job's item: nothing else
// would, and the job would not run any more.
func (c *Control) release(ctx context.Context, id run.ID) error {
	return c.untilWritten(ctx, "releasing the lock of "+string(id), func() error {
		item, err := c.item(ctx, id.Job())
		if err != nil || item.Lock != string(id) && item.Waiting != string(id) {
			return err
		}
		if item.Lock == string(id) {
			item.Lock = ""
		}
		if item.Waiting == string(id) {
			item.Waiting = ""
		}
		return c.Store.Commit(ctx, Change{Item: &item})
	})
}

package control

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// save writes a run with the notices that the change owes. In the same write it writes the
// job's item if the change takes or frees the job's lock, or ends the run and with it perhaps
// a time of failing. relock says that the run lost the lock and takes it again.
//
// Of its arguments it changes only after, which then is what is stored, with the notices
// added.
func (c *Control) save(ctx context.Context, before, after *run.Run, j *job.Job, relock bool, why string) error {
	if !relock && !touches(before, after, j) {
		return c.owing(ctx, before, port.Change{Run: after}, j, &job.Item{}, why)
	}
	item, err := c.item(ctx, after.ID.Job())
	if err != nil {
		return err
	}
	return c.saveWith(ctx, before, after, j, item, false, why)
}

// saveWith is save with the job's item as it was read; changed says that the caller changed
// it.
func (c *Control) saveWith(ctx context.Context, before, after *run.Run, j *job.Job, item job.Item, changed bool, why string) error {
	next, too, err := c.itemAfter(ctx, item, before, after, j)
	if err != nil {
		return err
	}
	change := port.Change{Run: after}
	if changed || too {
		written := next
		change.Item = &written
	}
	return c.owing(ctx, before, change, j, &item, why)
}

// itemAfter returns a job's item after the change of a run.
func (c *Control) itemAfter(ctx context.Context, item job.Item, before, after *run.Run, j *job.Job) (next job.Item, changed bool, err error) {
	if err := c.unlessTaken(ctx, &item, before, after, j); err != nil {
		return item, false, err
	}
	next, changed = lock(item, before, after, j)
	if err := c.passOn(ctx, &next); err != nil {
		return item, false, err
	}
	if notice.Ended(before, after) {
		var byEnd bool
		next, byEnd = notice.AfterEnd(next, after, j)
		changed = changed || byEnd
	}
	return next, changed, nil
}

// owing commits a change with the notices that it owes, which it adds to the change's run.
// item is the job's item before the change.
func (c *Control) owing(ctx context.Context, before *run.Run, change port.Change, j *job.Job, item *job.Item, why string) error {
	for _, o := range notice.Of(before, change.Run, j, item) {
		change.Run.OweTell(string(o.Kind), o.Attempt, o.Round, c.Now(), c.Timing)
	}
	return c.commit(ctx, before, change, j, why)
}

// commit writes a change of a run. The run is then as it is stored.
func (c *Control) commit(ctx context.Context, before *run.Run, change port.Change, j *job.Job, why string) error {
	if before.ID != "" {
		if err := senseless(before); err != nil {
			return fmt.Errorf("saving run %s: %w", before.ID, err)
		}
		change.Was = before
	}
	if err := c.Store.Commit(ctx, change); err != nil {
		return fmt.Errorf("saving run %s: %w", change.Run.ID, err)
	}
	change.Run.Rev++
	c.noteSlot(change.Run.ID)
	if c.Watch != nil {
		c.Watch(*j, *before, *change.Run, why)
	}
	return nil
}

// touches reports whether the change of a run may also change its job's item.
func touches(before, after *run.Run, j *job.Job) bool {
	return notice.Ended(before, after) || holdsLock(before, j) != holdsLock(after, j) || before.Waits != after.Waits
}

// noteworthy returns the level at which a saved change is logged. That something decided
// before was done as expected is no decision of its own: the run records it.
func noteworthy(before, after *run.Run, e run.Event) slog.Level {
	switch e.(type) {
	case run.Done:
		return slog.LevelDebug
	case run.Launched:
		if before.Status == run.Launching && after.Status == run.Running && after.Stopping == nil {
			return slog.LevelDebug
		}
	}
	return slog.LevelInfo
}

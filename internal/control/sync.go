package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/job"
)

// Sync copies the registry's jobs into the jobs' items, where commands and the
// look read them. Items of jobs that are no longer in the registry stay, marked
// as gone, so that history keeps its words.
func (c *Control) Sync(ctx context.Context, jobs []job.Job) error {
	return c.sync(ctx, jobs, true)
}

// SyncSome is Sync where the registry could not be read as a whole: no job is
// gone because it is not among these.
func (c *Control) SyncSome(ctx context.Context, jobs []job.Job) error {
	return c.sync(ctx, jobs, false)
}

func (c *Control) sync(ctx context.Context, jobs []job.Job, all bool) error {
	items, err := c.Store.Items(ctx)
	if err != nil {
		return fmt.Errorf("loading the jobs' items: %w", err)
	}
	known := make(map[string]job.Item, len(items))
	for _, item := range items {
		known[item.Name] = item
	}
	for _, j := range jobs {
		item := known[j.Name]
		delete(known, j.Name)
		if err := c.syncJob(ctx, item, j); err != nil {
			return err
		}
	}
	for _, item := range known {
		if !all || item.Gone || item.Name == job.All {
			continue
		}
		item.Gone = true
		if err := c.putItem(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) syncJob(ctx context.Context, item job.Item, j job.Job) error {
	hash := j.Hash()
	if item.Definition == hash && !item.Gone {
		return nil
	}
	if err := c.define(ctx, j); err != nil {
		return err
	}
	if plan := j.Plan(); !item.Plan.Equal(plan) || item.Gone {
		item.Plan, item.Since = plan, c.Now()
	}
	item.Name, item.Definition, item.Gone = j.Name, hash, false
	return c.putItem(ctx, item)
}

// putItem writes an item. Losing a race is no error here: the next sync sees
// what the winner wrote and tries again.
func (c *Control) putItem(ctx context.Context, item job.Item) error {
	err := c.Store.Commit(ctx, Change{Item: &item})
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("storing the item of job %s: %w", item.Name, err)
	}
	return nil
}

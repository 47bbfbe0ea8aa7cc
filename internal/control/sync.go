package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/timetable"
)

// PlanError names jobs whose schedules cannot be read, which a person must mend.
type PlanError struct {
	Problems []error
	// Err is what else went wrong, nil where all others were synced.
	Err error
}

func (e *PlanError) Error() string {
	return errors.Join(append(slices.Clone(e.Problems), e.Err)...).Error()
}

func (e *PlanError) Unwrap() error { return e.Err }

// Sync copies the registry's jobs into the jobs' items, where commands and the
// look read them. Items of jobs that are no longer in the registry stay, marked
// as gone, so that history keeps its words. A job whose schedule cannot be read
// keeps the plan that it had, and is named by a *PlanError.
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
	var unreadable *UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return fmt.Errorf("loading the jobs' items: %w", err)
	}
	known := make(map[string]job.Item, len(items))
	for _, item := range items {
		known[item.Name] = item
	}
	checked, err := c.Store.Mark(ctx, MarkSlots)
	if err != nil {
		return fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	var errs, problems []error
	for _, j := range jobs {
		item := known[j.Name]
		delete(known, j.Name)
		if unreadable != nil && unreadable.Jobs[j.Name] != nil {
			errs = append(errs, fmt.Errorf("reading the item of job %s: %w", j.Name, unreadable.Jobs[j.Name]))
			continue
		}
		problem, err := c.syncJob(ctx, item, j, checked)
		errs, problems = note(errs, err), note(problems, problem)
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
	if all {
		errs = append(errs, c.markGone(ctx, known))
	}
	if len(problems) > 0 {
		return &PlanError{Problems: problems, Err: errors.Join(errs...)}
	}
	return errors.Join(errs...)
}

func note(errs []error, err error) []error {
	if err != nil {
		errs = append(errs, err)
	}
	return errs
}

// markGone notes that jobs left the registry, which still held them when it was
// last read.
func (c *Control) markGone(ctx context.Context, items map[string]job.Item) error {
	for _, item := range items {
		if item.Gone || item.Name == job.All {
			continue
		}
		seen, err := c.Store.Mark(ctx, MarkRegistry)
		if err != nil {
			return fmt.Errorf("reading when the registry was last read: %w", err)
		}
		item = item.Leave(seen, c.Now())
		c.Log.WarnContext(ctx, "a job left the registry", "job", item.Name, "definition", item.Definition, "lastSeen", item.SeenAt)
		if err := c.putItem(ctx, item); err != nil {
			return err
		}
	}
	if err := c.Store.SetMark(ctx, MarkRegistry, c.Now()); err != nil {
		return fmt.Errorf("storing when the registry was read: %w", err)
	}
	return nil
}

// planProblem says why a job's plan cannot be read. What a plan says never
// changes, so it is read once.
func (c *Control) planProblem(hash string, j job.Job) error {
	if j.Schedule == "" {
		return nil
	}
	if known, ok := c.plans.Load(hash); ok {
		err, _ := known.(error)
		return err
	}
	_, err := timetable.Of(j.Plan())
	if err != nil {
		err = fmt.Errorf("job %s: %w", j.Name, err)
	}
	c.plans.Store(hash, err)
	return err
}

// syncJob writes what is new of a job. A plan that cannot be read is a problem, and
// leaves the one before in force: its slots are still watched.
func (c *Control) syncJob(ctx context.Context, item job.Item, j job.Job, checked time.Time) (problem, err error) {
	hash, plan := j.Hash(), j.Plan()
	if problem = c.planProblem(hash, j); problem != nil {
		if plan = item.Plan; item.Away(j.Modified, c.Now()) {
			plan = job.Plan{}
		}
	}
	next, changed := item.Deploy(hash, plan, j.Modified, checked, c.Now())
	if !changed {
		return problem, nil
	}
	if err := c.define(ctx, hash, j); err != nil {
		return problem, err
	}
	if item.Definition != hash && item.Rev > 0 {
		if err := c.holdForOpen(ctx, &next, j); err != nil {
			return problem, err
		}
	}
	if item.Gone {
		c.Log.InfoContext(ctx, "a job came back into the registry", "job", j.Name, "goneSince", item.GoneAt)
	}
	next.Name = j.Name
	return problem, c.putItem(ctx, next)
}

// holdForOpen gives the lock that nobody holds to an open run: a definition that
// is the first to forbid overlaps does not run beside those before it.
func (c *Control) holdForOpen(ctx context.Context, item *job.Item, j job.Job) error {
	if !j.Exclusive() || item.Lock != "" {
		return nil
	}
	holder, err := c.anyOpen(ctx, j.Name)
	item.Lock = string(holder)
	return err
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

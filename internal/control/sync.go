package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	news, problems, errs := c.news(jobs, known, unreadable, checked)
	errs = append(errs, c.deployAll(ctx, news))
	if ctx.Err() != nil {
		return errors.Join(append(errs, ctx.Err())...)
	}
	if all {
		errs = append(errs, c.markGone(ctx, known))
	}
	if len(problems) > 0 {
		return &PlanError{Problems: problems, Err: errors.Join(errs...)}
	}
	return errors.Join(errs...)
}

// news are what is new of the registry's jobs, which it takes out of those that are
// known. problems are plans that cannot be read.
func (c *Control) news(jobs []job.Job, known map[string]job.Item, unreadable *UnreadableItemsError, checked time.Time) (news []deployment, problems, errs []error) {
	for _, j := range jobs {
		item := known[j.Name]
		delete(known, j.Name)
		if unreadable != nil && unreadable.Jobs[j.Name] != nil {
			errs = append(errs, fmt.Errorf("reading the item of job %s: %w", j.Name, unreadable.Jobs[j.Name]))
			continue
		}
		d, problem := c.deployment(item, j, checked)
		if problems = note(problems, problem); d.changed {
			news = append(news, d)
		}
	}
	return news, problems, errs
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
	var left []job.Item
	for _, item := range items {
		if !item.Gone && item.Name != job.All {
			left = append(left, item)
		}
	}
	slices.SortFunc(left, func(a, b job.Item) int { return strings.Compare(a.Name, b.Name) })
	if err := c.leave(ctx, left); err != nil {
		return err
	}
	if err := c.Store.SetMark(ctx, MarkRegistry, c.Now()); err != nil {
		return fmt.Errorf("storing when the registry was read: %w", err)
	}
	return nil
}

func (c *Control) leave(ctx context.Context, left []job.Item) error {
	if len(left) == 0 {
		return nil
	}
	seen, err := c.Store.Mark(ctx, MarkRegistry)
	if err != nil {
		return fmt.Errorf("reading when the registry was last read: %w", err)
	}
	return c.write(ctx, len(left), func(i int) error {
		item := left[i].Leave(seen, c.Now())
		c.Log.WarnContext(ctx, "a job left the registry", "job", item.Name, "definition", item.Definition, "lastSeen", item.SeenAt)
		return c.putItem(ctx, item)
	})
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

// deployment is what the registry holds of a job, beside its item: as it was, and
// as it is with that.
type deployment struct {
	job       job.Job
	hash      string
	was, next job.Item
	changed   bool
}

// deployment finds what is new of a job. A plan that cannot be read is a problem, and
// leaves the one before in force: its slots are still watched.
func (c *Control) deployment(item job.Item, j job.Job, checked time.Time) (d deployment, problem error) {
	hash, plan := j.Hash(), j.Plan()
	if problem = c.planProblem(hash, j); problem != nil {
		if plan = item.Plan; item.Away(j.Modified, c.Now()) {
			plan = job.Plan{}
		}
	}
	d = deployment{job: j, hash: hash, was: item}
	d.next, d.changed = item.Deploy(hash, plan, j.Modified, checked, c.Now())
	d.next.Name = j.Name
	return d, problem
}

// deployAll writes what is new of jobs, several at a time, until the time is up:
// each job by itself, so that what was written stays written.
func (c *Control) deployAll(ctx context.Context, news []deployment) error {
	absent := c.absent(ctx, news)
	return c.write(ctx, len(news), func(i int) error { return c.deploy(ctx, news[i], absent[news[i].hash]) })
}

// absent are definitions that are not stored, as far as one call for all can tell.
// Where it fails each job asks for its own, so that it is known whose fails.
func (c *Control) absent(ctx context.Context, news []deployment) map[string]bool {
	absent := map[string]bool{}
	for _, d := range news {
		if _, known := c.definitions.Load(d.hash); !known {
			absent[d.hash] = true
		}
	}
	if len(absent) == 0 {
		return nil
	}
	stored, err := c.Store.Definitions(ctx, slices.Sorted(maps.Keys(absent)))
	if err != nil {
		c.Log.WarnContext(ctx, "definitions could not be looked for at once", "definitions", len(absent), "why", err.Error())
		return nil
	}
	for hash, j := range stored {
		c.definitions.Store(hash, j)
		delete(absent, hash)
	}
	return absent
}

// deploy writes what is new of a job: the definition first, so that no item names
// one that is not there.
func (c *Control) deploy(ctx context.Context, d deployment, absent bool) (err error) {
	defer guard(&err)
	if absent {
		err = c.putDefinition(ctx, d.job)
	} else {
		err = c.define(ctx, d.hash, d.job)
	}
	if err != nil {
		return err
	}
	if d.was.Definition != d.hash && d.was.Rev > 0 {
		if err := c.holdForOpen(ctx, &d.next, d.job); err != nil {
			return err
		}
	}
	if d.was.Gone {
		c.Log.InfoContext(ctx, "a job came back into the registry", "job", d.job.Name, "goneSince", d.was.GoneAt)
	}
	return c.putItem(ctx, d.next)
}

// writers is how many jobs are written at once: at 5 ms a call 3,200 units a second,
// less than what a new table takes, which is 4,000 (Amazon DynamoDB Developer Guide,
// "DynamoDB throughput capacity").
const writers = 16

// write does n writes, several at a time, until the time is up.
func (c *Control) write(ctx context.Context, n int, do func(i int) error) error {
	errs := make([]error, n)
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
			errs[i] = do(i)
		}
	}
	if c.abreast() == 1 {
		work()
		return errors.Join(errs...)
	}
	var wg sync.WaitGroup
	for range min(n, writers, c.abreast()) {
		wg.Go(work)
	}
	wg.Wait()
	return errors.Join(errs...)
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

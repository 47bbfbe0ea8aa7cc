package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	return c.sync(ctx, Reading{Jobs: registered(jobs), Whole: c.Now()})
}

// SyncSome is Sync where the registry could not be read as a whole: no job is
// gone because it is not among these.
func (c *Control) SyncSome(ctx context.Context, jobs []job.Job) error {
	return c.sync(ctx, Reading{Jobs: registered(jobs)})
}

func registered(jobs []job.Job) []Registered {
	out := make([]Registered, len(jobs))
	for i := range jobs {
		out[i] = Register(jobs[i])
	}
	return out
}

func (c *Control) sync(ctx context.Context, r Reading) error {
	l, err := c.Load(ctx)
	if err != nil {
		return err
	}
	return c.SyncLoaded(ctx, l, r)
}

// SyncLoaded is Sync of what was read of the registry, with items that were loaded
// after that.
func (c *Control) SyncLoaded(ctx context.Context, l *Loaded, r Reading) error {
	news, problems, errs := c.news(ctx, l, r.Jobs)
	errs = append(errs, c.deployAll(ctx, l, news))
	if ctx.Err() != nil {
		return errors.Join(append(errs, ctx.Err())...)
	}
	if !r.Whole.IsZero() {
		errs = append(errs, c.markGone(ctx, l, r))
	}
	if len(problems) > 0 {
		return &PlanError{Problems: problems, Err: errors.Join(errs...)}
	}
	return errors.Join(errs...)
}

// news are what is new of the registry's jobs. problems are plans that cannot be
// read.
func (c *Control) news(ctx context.Context, l *Loaded, jobs []Registered) (news []deployment, problems, errs []error) {
	now := c.Now()
	checked := sync.OnceValues(func() (time.Time, error) { return c.Store.Mark(ctx, MarkSlots) })
	for i := range jobs {
		j := &jobs[i]
		item := l.item(j.Name)
		if c.synced.holds(j.Name, j.Hash, item.Rev, now) {
			continue
		}
		if l.unreadable != nil && l.unreadable.Jobs[j.Name] != nil {
			errs = append(errs, fmt.Errorf("reading the item of job %s: %w", j.Name, l.unreadable.Jobs[j.Name]))
			continue
		}
		upTo, err := checked()
		if err != nil {
			return nil, problems, append(errs, fmt.Errorf("reading up to when slots were checked: %w", err))
		}
		d, problem, err := c.latest(ctx, item, *j, upTo)
		errs = note(errs, err)
		if problems = note(problems, problem); d.changed {
			news = append(news, d)
		} else if problem == nil && d.Hash == j.Hash {
			c.synced.put(j.Name, synced(j.Hash, item))
		}
	}
	return news, problems, errs
}

// latest is the deployment of what was read of a job, or of what is newer: none where
// that cannot be told, or the job is gone.
func (c *Control) latest(ctx context.Context, item job.Item, j Registered, upTo time.Time) (d deployment, problem, err error) {
	if d, problem = c.deployment(item, j, upTo); !d.changed {
		return d, problem, nil
	}
	newer, err := c.newer(ctx, &item)
	switch {
	case err != nil || newer.Gone:
		return deployment{}, nil, err
	case newer.Job != nil:
		d, problem = c.deployment(item, *newer.Job, upTo)
	}
	return d, problem, nil
}

func note(errs []error, err error) []error {
	if err != nil {
		errs = append(errs, err)
	}
	return errs
}

// markGone notes that jobs left the registry, which still held them when it was
// last read. One that another process came to know since it was begun to read all may
// have been made behind what was read by then.
func (c *Control) markGone(ctx context.Context, l *Loaded, r Reading) error {
	there := make(map[string]bool, len(r.Jobs))
	for i := range r.Jobs {
		there[r.Jobs[i].Name] = true
	}
	var left []job.Item
	for i := range l.items {
		if item := &l.items[i]; !item.Gone && item.Name != job.All && !there[item.Name] && !item.KnownAt.After(r.Whole) {
			left = append(left, *item)
		}
	}
	if err := c.leave(ctx, l, left); err != nil {
		return err
	}
	if err := c.Store.SetMark(ctx, MarkRegistry, r.Whole); err != nil {
		return fmt.Errorf("storing when the registry was read: %w", err)
	}
	return nil
}

func (c *Control) leave(ctx context.Context, l *Loaded, left []job.Item) error {
	if len(left) == 0 {
		return nil
	}
	seen, err := c.Store.Mark(ctx, MarkRegistry)
	if err != nil {
		return fmt.Errorf("reading when the registry was last read: %w", err)
	}
	return c.write(ctx, l, len(left), func(i int) (job.Item, error) {
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
	Registered
	was, next job.Item
	changed   bool
}

// deployment finds what is new of a job. A plan that cannot be read is a problem, and
// leaves the one before in force: its slots are still watched.
func (c *Control) deployment(item job.Item, j Registered, checked time.Time) (d deployment, problem error) {
	plan := j.Plan()
	if problem = c.planProblem(j.Hash, j.Job); problem != nil {
		if plan = item.Plan; item.Away(j.Modified, c.Now()) {
			plan = job.Plan{}
		}
	}
	d = deployment{Registered: j, was: item}
	d.next, d.changed = item.Deploy(j.Hash, plan, j.Modified, checked, c.Now())
	d.next.Name = j.Name
	return d, problem
}

// deployAll writes what is new of jobs, several at a time, until the time is up:
// each job by itself, so that what was written stays written.
func (c *Control) deployAll(ctx context.Context, l *Loaded, news []deployment) error {
	absent := c.absent(ctx, news)
	return c.write(ctx, l, len(news), func(i int) (job.Item, error) { return c.deploy(ctx, news[i], absent[news[i].Hash]) })
}

// absent are definitions that are not stored, as far as one call for all can tell.
// Where it fails each job asks for its own, so that it is known whose fails.
func (c *Control) absent(ctx context.Context, news []deployment) map[string]bool {
	absent := map[string]bool{}
	for _, d := range news {
		if _, known := c.definitions.Load(d.Hash); !known {
			absent[d.Hash] = true
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
// one that is not there. It returns the item as it is now.
func (c *Control) deploy(ctx context.Context, d deployment, absent bool) (item job.Item, err error) {
	defer guard(&err)
	if absent {
		err = c.putDefinition(ctx, d.Job)
	} else {
		err = c.define(ctx, d.Hash, d.Job)
	}
	if err != nil {
		return item, err
	}
	if d.was.Definition != d.Hash && d.was.Rev > 0 {
		if err := c.holdForOpen(ctx, &d.next, d.Job); err != nil {
			return item, err
		}
	}
	if d.was.Gone {
		c.Log.InfoContext(ctx, "a job came back into the registry", "job", d.Name, "goneSince", d.was.GoneAt)
	}
	return c.putItem(ctx, d.next)
}

// writers is how many jobs are written at once: at 5 ms a call 3,200 units a second,
// less than what a new table takes, which is 4,000 (Amazon DynamoDB Developer Guide,
// "DynamoDB throughput capacity").
const writers = 16

// write writes n jobs' items, several at a time, until the time is up.
func (c *Control) write(ctx context.Context, l *Loaded, n int, do func(i int) (job.Item, error)) error {
	errs, items := make([]error, n), make([]job.Item, n)
	c.several(ctx, n, func(i int) { items[i], errs[i] = do(i) })
	l.put(items)
	return errors.Join(errs...)
}

// several does n things, several at a time, until the time is up.
func (c *Control) several(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
			do(i)
		}
	}
	if c.abreast() == 1 {
		work()
		return
	}
	var wg sync.WaitGroup
	for range min(n, writers, c.abreast()) {
		wg.Go(work)
	}
	wg.Wait()
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

// putItem writes an item, and returns it as it is then. Losing a race is no error
// here: the next sync sees what the winner wrote and tries again.
func (c *Control) putItem(ctx context.Context, item job.Item) (job.Item, error) {
	err := c.Store.Commit(ctx, Change{Item: &item})
	switch {
	case errors.Is(err, ErrConflict):
		return c.item(ctx, item.Name)
	case err != nil:
		return job.Item{}, fmt.Errorf("storing the item of job %s: %w", item.Name, err)
	}
	item.Rev++
	return item, nil
}

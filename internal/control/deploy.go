package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
)

// deployment is what the registry holds of a job, with the job's item before and after it is
// taken in.
type deployment struct {
	port.Registered
	was, next job.Item
	changed   bool
}

// deployment finds out what is new about a job. A plan that cannot be read is a problem and
// leaves the plan before it in force, so that its slots are still watched.
func (c *Control) deployment(item job.Item, j port.Registered, checked time.Time) (d deployment, problem error) {
	plan := j.Plan()
	if problem = c.planProblem(j.Hash, j.Job); problem != nil {
		if plan = item.Plan; item.Away(j.Modified, c.Now()) {
			plan = job.Plan{}
		}
	}
	d = deployment{Registered: j, was: item}
	d.next, d.changed = item.Deploy(j.Hash, plan, j.Modified, checked, c.Now())
	d.next.Name, d.next.SwitchedOff, d.next.CutShort, d.next.Postponed = j.Name, j.SwitchedOff, j.CutShort, j.Postponed
	return d, problem
}

// deployAll writes what is new about jobs, several at a time, until the time is up. It writes
// each job by itself, so that what was written stays written.
func (c *Control) deployAll(ctx context.Context, l *Loaded, news []deployment) error {
	absent := c.absent(ctx, news)
	err := c.write(ctx, l, len(news), func(i int) (job.Item, error) { return c.deploy(ctx, news[i], absent[news[i].Hash]) })
	return errors.Join(err, c.stillNew(ctx, l, news))
}

// stillNew asks about new jobs, as stillBack asks about jobs that came back, if a list of all
// began before their items were written.
func (c *Control) stillNew(ctx context.Context, l *Loaded, news []deployment) error {
	news = slices.DeleteFunc(slices.Clone(news), func(d deployment) bool { return d.was.Rev > 0 })
	if len(news) == 0 || c.Registry == nil {
		return nil
	}
	listed, err := c.lastRead(ctx)
	if err != nil {
		return err
	}
	news = slices.DeleteFunc(news, func(d deployment) bool {
		return d.next.KnownAt.After(listed) || l.rev(d.Name) == 0 // it could not be written
	})
	return c.write(ctx, l, len(news), func(i int) (job.Item, error) { return c.stillBack(ctx, l.item(news[i].Name)) })
}

// absent returns the definitions that are not stored, as far as one call for all can tell. If
// that call fails, each job asks for its own, so that it is known whose fails.
func (c *Control) absent(ctx context.Context, news []deployment) map[string]bool {
	absent := map[string]bool{}
	for _, d := range news {
		if _, known := c.definitions.get(d.Hash); !known {
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
		c.definitions.put(hash, &j)
		delete(absent, hash)
	}
	return absent
}

// deploy writes what is new about a job. It writes the definition first, so that no item
// names one that does not exist. It returns the item as it is now.
func (c *Control) deploy(ctx context.Context, d deployment, absent bool) (item job.Item, err error) {
	defer panics.Recover(&err)
	if absent {
		err = c.putDefinition(ctx, d.Hash, d.Job)
	} else {
		err = c.define(ctx, d.Hash, d.Job)
	}
	if err != nil {
		return item, err
	}
	if c.firstForbids(ctx, &d) {
		if err := c.holdForOpen(ctx, &d.next); err != nil {
			return item, err
		}
	}
	if d.was.Gone {
		c.Log.InfoContext(ctx, "a job came back into the registry", "job", d.Name, "goneSince", d.was.GoneAt)
	}
	item, err = c.putItem(ctx, d.next)
	if err != nil || !d.was.Gone {
		return item, err
	}
	return c.stillBack(ctx, item)
}

// firstForbids reports whether a deployment forbids overlaps that the definition before may
// have allowed. If that forbade them too, its own runs hold the lock.
func (c *Control) firstForbids(ctx context.Context, d *deployment) bool {
	if d.was.Rev == 0 || d.was.Definition == d.Hash || !d.Exclusive() {
		return false
	}
	before, err := c.definition(ctx, d.was.Definition)
	return err != nil || !before.Exclusive()
}

// stillBack asks about a job that came back, as of the last list of all. If the job was made
// again after it was read, that list need not have shown it, and whoever made the list still
// took the job to be gone. So the mark of that list does not say that the job was there.
//
// Crash window: if the job had left by then, its slots up to that list are reported as
// missed.
func (c *Control) stillBack(ctx context.Context, item job.Item) (job.Item, error) {
	if c.Registry == nil || item.Gone {
		return item, nil
	}
	listed, err := c.lastRead(ctx)
	if err != nil {
		return item, err
	}
	r, err := c.Registry.Renew(ctx, item.Name, listed)
	if err != nil {
		return item, fmt.Errorf("job %s: asking whether it is still there: %w", item.Name, err)
	}
	if !r.Gone || item.KnownAt.After(r.Found) { // it was made since
		return item, nil
	}
	return c.leaveOne(ctx, item, r.Seen)
}

// writers is how many jobs are written at once. At 5 ms a call that is 3,200 units a second,
// less than the 4,000 that a new table takes (Amazon DynamoDB Developer Guide, "DynamoDB
// throughput capacity").
const writers = 16

// write writes n jobs' items, several at a time, until the time is up.
func (c *Control) write(ctx context.Context, l *Loaded, n int, do func(i int) (job.Item, error)) error {
	items, written := make([]job.Item, n), make([]bool, n)
	err := c.severally(ctx, n, func(i int) (err error) {
		items[i], err = do(i)
		written[i] = err == nil
		return err
	})
	l.put(items)
	for i := range items {
		if l.laps != nil && written[i] {
			l.fresh[items[i].Name] = true
		}
	}
	return err
}

// several calls do for 0 to n-1, several at a time, until the time is up.
func (c *Control) several(ctx context.Context, n int, do func(i int)) {
	port.InParallel(n, min(writers, c.abreast()), func(i int) {
		if ctx.Err() == nil {
			do(i)
		}
	})
}

// severally is several for what may fail.
func (c *Control) severally(ctx context.Context, n int, do func(i int) error) error {
	errs := make([]error, n)
	c.several(ctx, n, func(i int) {
		defer panics.Recover(&errs[i])
		errs[i] = do(i)
	})
	return errors.Join(errs...)
}

// putItem writes an item and returns it as it is then. Losing a race is no error here: the
// next sync sees what the winner wrote and tries again.
func (c *Control) putItem(ctx context.Context, item job.Item) (job.Item, error) {
	err := c.Store.Commit(ctx, port.Change{Item: &item})
	switch {
	case errors.Is(err, port.ErrConflict):
		return c.item(ctx, item.Name)
	case err != nil:
		return job.Item{}, fmt.Errorf("storing the item of job %s: %w", item.Name, err)
	}
	item.Rev++
	return item, nil
}

// knownAs names what memory keeps of a job that the registry holds.
func knownAs(j *port.Registered) string {
	known := j.Hash
	if j.SwitchedOff {
		known += " off"
	}
	if j.CutShort {
		known += " cut"
	}
	if j.Postponed {
		known += " postponed"
	}
	return known
}

package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// recent is how old a reading may be by which a slot is started: the registry was always read
// about a minute before.
const recent = time.Minute

// errRaced means that somebody else wrote the item in between.
var errRaced = errors.New("its item changed meanwhile")

// holds reports whether a job's slots are judged by what the registry held at that time or
// later. If they are not, w becomes the job as the registry holds it now.
func (c *Control) holds(ctx context.Context, w *watched, at time.Time) (bool, error) {
	if c.Registry == nil || w.Gone {
		return true, nil
	}
	at = later(at, w.KnownAt) // others may have found out more
	r, err := c.Registry.Renew(ctx, w.Name, at)
	if err != nil {
		return false, fmt.Errorf("asking what is deployed: %w", err)
	}
	w.unproved = r.Unproved
	switch {
	case r.Gone && w.KnownAt.After(r.Found):
		return true, nil
	case !r.Gone && (r.Job == nil || r.Job.Hash == w.Definition):
		return true, nil
	}
	item, err := c.renew(ctx, w.Name, r, at)
	if err != nil || item.Rev == w.Rev {
		return err == nil, err
	}
	_ = w.take(&item) // the next check reports a plan that cannot be read
	return false, nil
}

// newer returns what the registry holds of a job whose item is newer than what was read of
// it: a trigger, or the sweep of another process, may have found out more. It returns zero if
// nothing newer is known, or if the job is as gone as its item says. A job that comes back
// must be found by a reading made since the last list of all began, because that list may no
// longer have shown it.
func (c *Control) newer(ctx context.Context, item *job.Item) (r port.Renewal, err error) {
	if c.Registry == nil || item.Definition == "" {
		return r, nil
	}
	at := item.FoundOutAt()
	if item.Gone {
		listed, err := c.lastRead(ctx)
		if err != nil {
			return r, err
		}
		at = later(at, listed)
	}
	if r, err = c.Registry.Renew(ctx, item.Name, at); err != nil {
		return r, fmt.Errorf("job %s: asking what is deployed: %w", item.Name, err)
	}
	if r.Gone {
		err = c.leaves(ctx, item.Name, r)
	}
	return r, err
}

// renew makes a job's item hold what was read of it at that time or later. What somebody else
// has found out since then stands.
func (c *Control) renew(ctx context.Context, name string, r port.Renewal, at time.Time) (item job.Item, err error) {
	if r.Gone {
		err = c.leaves(ctx, name, r)
	} else {
		err = c.learn(ctx, *r.Job, at)
	}
	if err != nil {
		return item, err
	}
	item, err = c.item(ctx, name)
	if err == nil && (item.Gone != r.Gone || !r.Gone && item.Definition != r.Job.Hash) {
		err = errRaced
	}
	return item, err
}

// leaves notes that a job left the registry.
func (c *Control) leaves(ctx context.Context, name string, r port.Renewal) error {
	item, err := c.item(ctx, name)
	if err != nil || item.Gone || item.KnownAt.After(r.Found) {
		return err
	}
	seen, err := c.lastRead(ctx)
	if err != nil {
		return err
	}
	_, err = c.leaveOne(ctx, item, later(seen, r.Seen))
	return err
}

package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Registered is a job as the registry holds it, with the hash of its definition.
type Registered struct {
	job.Job
	Hash string
}

// Register returns the Registered of a job.
func Register(j job.Job) Registered { return Registered{Job: j, Hash: j.Hash()} }

// Reading is what was read of the registry.
type Reading struct {
	// Jobs are its jobs as far as they are known, each once. Broken are the names of jobs
	// that are not among them because one of their schedules cannot be used.
	Jobs   []Registered
	Broken []string
	// Whole is when the reading of all of it began: a job that is not among Jobs has left
	// since then. It is zero if not all was read; then no job is gone because it is missing.
	Whole time.Time
}

// Registry is asked about one job whose slots would otherwise be judged by a reading some
// minutes old.
type Registry interface {
	// Renew returns a job as it was at that time or later: its schedules are read if what is
	// known of them is older. That a job is gone is always known as of a minute ago or later,
	// because an older finding may have missed that the job was made again. The zero Renewal
	// means that nothing can be known. An error means that nobody could tell just now.
	Renew(ctx context.Context, name string, at time.Time) (Renewal, error)
}

// Renewal is what is known about one job.
type Renewal struct {
	// Job is the job as it is; nil if that cannot be known or it is gone.
	Job *Registered
	// Gone says that the job left the registry, as far as whoever was asked knows. It was
	// last there at Seen and found to be gone at Found. What became known later is about a
	// job that was made again.
	Gone        bool
	Seen, Found time.Time
	// Unproved says that no usable schedule carries the job, and that an unusable one may.
	// Nothing of the job is then started that no trigger asked for.
	Unproved bool
}

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
	_ = w.take(item) // the next check reports a plan that cannot be read
	return false, nil
}

// newer returns what the registry holds of a job whose item is newer than what was read of
// it: a trigger, or the sweep of another process, may have found out more. It returns zero if
// nothing newer is known, or if the job is as gone as its item says. A job that comes back
// must be found by a reading made since the last list of all began, because that list may no
// longer have shown it.
func (c *Control) newer(ctx context.Context, item *job.Item) (r Renewal, err error) {
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
func (c *Control) renew(ctx context.Context, name string, r Renewal, at time.Time) (item job.Item, err error) {
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
func (c *Control) leaves(ctx context.Context, name string, r Renewal) error {
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

// ListedAtOnce is the largest number of schedules of a group that the sweep lists each minute.
const ListedAtOnce = 2000

// Applied is the name of a schedule, switched off and without a job, to which `apply` writes after it
// has changed a group that is listed in laps. The permission to deploy is enough to write it.
const Applied = ".applied"

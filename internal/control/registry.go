package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Registered is a job as the registry holds it, and the hash of its definition.
type Registered struct {
	job.Job
	Hash string
}

// Register makes a Registered of a job.
func Register(j job.Job) Registered { return Registered{Job: j, Hash: j.Hash()} }

// Reading is what was read of the registry.
type Reading struct {
	// Jobs are its jobs as far as they are known, each once. Broken are the names of those
	// that are not among them since a schedule of theirs cannot be used.
	Jobs   []Registered
	Broken []string
	// Whole is when it was begun to read all of it: a job that is not among Jobs has left
	// it since. It is zero where not all was read, and no job is gone for that.
	Whole time.Time
}

// Registry is asked about one job, whose slots would be judged by a reading of some
// minutes ago.
type Registry interface {
	// Renew is a job as it was at a time or later: its schedules are read where what is
	// known of them held only before. That it is gone is as of a minute ago or later,
	// whatever the time: who found it so before may have missed that it was made again.
	// The zero Renewal is that nothing can be known. An error means that it could not be
	// told just now.
	Renew(ctx context.Context, name string, at time.Time) (Renewal, error)
}

// Renewal is what is known of one job.
type Renewal struct {
	// Job is the job as it is, nil where that cannot be known or it is gone.
	Job *Registered
	// Gone is whether it left the registry, where it last was at Seen, as far as who was
	// asked knows. It was found to be so at Found; what became known later is of one made
	// again.
	Gone        bool
	Seen, Found time.Time
	// Unproved is that no schedule which can be used carries the job, and one that cannot
	// be may: nothing of it is started that no trigger asked for.
	Unproved bool
}

// recent is how old a reading may be by which a slot is started: the registry has
// always been read about a minute before.
const recent = time.Minute

// errRaced is of an item that somebody else wrote in between.
var errRaced = errors.New("its item changed meanwhile")

// holds is whether a job's slots are judged by what the registry holds at a time or
// later; where they are not, w is as it holds it now.
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
	_ = w.take(item) // the next check says so of a plan that cannot be read
	return false, nil
}

// newer is what the registry holds of a job whose item is of later than what was read
// of it: a trigger, or the sweep of another process, may have found out more. It is
// zero where nothing newer is known, or the job is as gone as its item says. One that comes
// back is there by what was read since the last list of all: a later one may not have shown
// it any more.
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

// renew has a job's item hold what was read of it at a time or later: what somebody else
// found out since that time stands.
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

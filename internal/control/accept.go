package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// Slot is what a schedule or a rule asks for: the run of a job at a nominal time.
type Slot struct {
	// Name is the job's.
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	// Carried is the definition that came along, nil where only the name did. It is
	// a hint: what runs is what is deployed.
	Carried *job.Job `json:"carried,omitempty"`
	// Schedule is the ARN of the schedule that came along, "" where none did. It
	// proves nothing of who sends it.
	Schedule string `json:"schedule,omitempty"`
}

// Schedules is the registry, asked for one schedule.
type Schedules interface {
	// Schedule is the job that a schedule of the stack's group carries now, as
	// sync completes it. An error that wraps ErrNotFound means that there is no
	// such schedule in the group, or that it carries no job; any other that it
	// could not be told.
	Schedule(ctx context.Context, arn string) (job.Job, error)
	// Ours is whether an ARN is that of a schedule of the stack's group, going by the
	// ARN: it asks nobody whether there is such a schedule.
	Ours(arn string) bool
}

// Fire is the trigger of a schedule or a rule. What is launched is what is
// deployed: what came along is held against the job's item and the registry, and a
// slot for which neither can tell waits for the sweep, as does one that nothing proves and
// that the job, as it is known, does not have. An error means that something is owed and
// could not be done.
func (c *Control) Fire(ctx context.Context, s Slot) (Reply, error) {
	s.At = s.At.UTC()
	if s.At.Sub(c.Now()) > ahead {
		return c.ScheduledAs(ctx, "", job.Job{Name: s.Name}, s.At) // refused
	}
	a, err := c.accept(ctx, s)
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("the slot of %s at %s: %w", s.Name, s.At.Format(time.RFC3339), err)
	case a.why != "":
		return c.pend(ctx, s, a.why)
	}
	return c.scheduled(ctx, a, s.At, func(why string) (Reply, error) {
		return c.pend(ctx, s, why) // what is known of the job may be of before a change
	})
}

// accepted is what a slot starts.
type accepted struct {
	job job.Job
	// hash is the job's, "" where it is not known.
	hash string
	// proven is whether a schedule of the stack asks for it, as far as can be told: one
	// of another group proves no minute, whatever it carries.
	proven bool
	// younger is whether it was deployed after the slot, or within beforeChange of it: the
	// slot is that of a definition that nobody has seen, and tells nothing of this one's
	// minutes.
	younger bool
	// item is the job's item, as it was read for this; nil where it changed since.
	item *job.Item
	// why, when not "", says why it cannot be told yet what is deployed.
	why string
}

// beforeChange is for how long a schedule is taken to fire yet as it was before a change:
// EventBridge does not say how soon one counts.
const beforeChange = time.Minute

// accept finds out what a slot starts: the deployed definition that came along,
// if it was in force at the slot; else what the schedule carries now.
func (c *Control) accept(ctx context.Context, s Slot) (accepted, error) {
	item, err := c.item(ctx, s.Name)
	if err != nil {
		return accepted{}, err
	}
	held, hash, err := c.held(ctx, &item, s)
	if err != nil || hash != "" {
		return accepted{job: held, hash: hash, item: &item, proven: s.Carried != nil && c.Schedules != nil && c.Schedules.Ours(s.Schedule)}, err
	}
	if s.Schedule == "" || c.Schedules == nil {
		return accepted{why: "the registry does not hold, as far as it was read, what came along"}, nil
	}
	asked := c.Now()
	carried, err := c.Schedules.Schedule(ctx, s.Schedule)
	switch {
	case errors.Is(err, ErrNotFound):
		return accepted{why: fmt.Sprintf("%v, nor does the registry, as far as it was read, hold what came along", err)}, nil
	case err != nil:
		return accepted{why: fmt.Sprintf("it could not be told what is deployed: %v", err)}, nil
	}
	j := Register(carried)
	return accepted{job: j.Job, hash: j.Hash, proven: true, younger: j.Modified.After(s.At.Add(-beforeChange))}, c.learn(ctx, j, asked)
}

// held is the deployed definition that a slot asks for by what came along: by its
// definition, the one of the job's item, present or former, that it is the form of
// before sync completed it; by its name alone, the present one. The hash is "" where
// there is none.
func (c *Control) held(ctx context.Context, item *job.Item, s Slot) (j job.Job, hash string, err error) {
	hashes := []string{item.Definition}
	if s.Carried != nil {
		for i := len(item.Former) - 1; i >= 0; i-- {
			hashes = append(hashes, item.Former[i].Definition)
		}
	}
	for _, hash := range hashes {
		if hash == "" || !item.Held(hash, s.At) {
			continue
		}
		j, err := c.definition(ctx, hash)
		if err != nil {
			return job.Job{}, "", lost(err)
		}
		if s.Carried == nil || s.Carried.IsFormOf(*j, hash) {
			return *j, hash, nil
		}
	}
	return job.Job{}, "", nil
}

// learn stores what a schedule was found to carry before the sweep came to it, so
// that the first firing after a deploy is like any other. What somebody found out since
// that was asked stands: it may be of later.
func (c *Control) learn(ctx context.Context, j Registered, asked time.Time) error {
	item, err := c.item(ctx, j.Name)
	if err != nil || item.FoundOutAt().After(asked) {
		return err
	}
	checked, err := c.Store.Mark(ctx, MarkSlots)
	if err != nil {
		return fmt.Errorf("reading up to when slots were checked: %w", err)
	}
	d, problem := c.deployment(item, j, checked)
	if problem != nil {
		c.Log.ErrorContext(ctx, "a schedule cannot be used", "why", problem.Error())
	}
	if !d.changed {
		return nil
	}
	_, err = c.deploy(ctx, d, false)
	return err
}

package control

import (
	"context"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/timetable"
)

// Pause keeps schedules from starting new runs of a job, or of all jobs. Runs that were
// claimed before go on. A pause outlasts deploys.
func (c *Control) Pause(ctx context.Context, req port.PauseRequest) (port.Reply, error) {
	now := c.Now()
	if !req.Until.IsZero() && !req.Until.After(now) {
		return refuse("", "%s is in the past: give --until a future time", req.Until.UTC().Format(time.RFC3339)), nil
	}
	return c.changeItem(ctx, req.Job, req.By, req.Reason, func(item *job.Item) port.Reply {
		p := job.Pause{From: now, To: req.Until, By: req.By, Reason: req.Reason}
		item.AddPause(p)
		until := "until `resume`"
		if !req.Until.IsZero() {
			until = "until " + p.Until()
		}
		return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("%s paused %s; slots until then are recorded as skipped", named(req.Job), until)}
	})
}

// Resume ends a pause now. If there is none, it takes back a request to skip the next slot.
func (c *Control) Resume(ctx context.Context, req port.ResumeRequest) (port.Reply, error) {
	now := c.Now()
	return c.changeItem(ctx, req.Job, req.By, "", func(item *job.Item) port.Reply {
		skip := item.SkipNext
		if timetable.SkipLapsed(item, now) {
			skip, item.SkipNext = nil, nil
		}
		switch paused := item.EndPause(now); {
		case paused && skip != nil:
			return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("%s resumed; its next slot will still be skipped, unless you `resume` again", named(req.Job))}
		case paused:
			return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("%s resumed", named(req.Job))}
		case skip != nil:
			item.SkipNext = nil
			return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("the next slot of %s will not be skipped", req.Job)}
		}
		pause := req.Job + " has no pause of its own"
		if req.Job == job.All {
			pause = "there is no pause of all jobs"
		}
		return refuse("", "%s: `pauses` lists those in force", pause)
	})
}

// SkipNext marks the next slot of a job that would otherwise run as one to skip. A slot
// within a pause is skipped anyway.
func (c *Control) SkipNext(ctx context.Context, req port.SkipRequest) (port.Reply, error) {
	now := c.Now()
	all, err := c.item(ctx, job.All)
	if err != nil {
		return port.Reply{}, err
	}
	return c.changeItem(ctx, req.Job, req.By, req.Reason, func(item *job.Item) port.Reply {
		t, err := timetable.OfItem(item)
		if err != nil || item.Plan.Disabled {
			return refuse("", "%s has no active schedule, so there is no slot to skip", req.Job)
		}
		if item.SkipNext != nil && !timetable.SkipLapsed(item, now) {
			return port.Reply{Outcome: port.Duplicate, Message: fmt.Sprintf("the next slot of %s will already be skipped", req.Job)}
		}
		on := job.GoesOn(item, &all, now.Truncate(time.Minute).Add(time.Minute))
		paused := refuse("", "%s is paused until somebody resumes it, and all its slots until then are skipped", req.Job)
		if !t.Foreseen() {
			if on.IsZero() {
				return paused
			}
			item.SkipNext = &job.Skip{At: on, By: req.By, Reason: req.Reason}
			return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("the next slot of %s will be skipped", req.Job)}
		}
		next, ok := t.NextOpen(item, &all, now)
		switch {
		case !ok && on.IsZero():
			return paused
		case !ok:
			return refuse("", "%s has no future slot", req.Job)
		}
		item.SkipNext = &job.Skip{At: next, By: req.By, Reason: req.Reason}
		return port.Reply{Outcome: port.Accepted, Message: fmt.Sprintf("the slot of %s at %s will be skipped", req.Job, job.UTC(next))}
	})
}

func named(name string) string {
	if name == job.All {
		return "all jobs are"
	}
	return name + " is"
}

// changeItem changes a job's item under its optimistic lock. If change refuses, nothing is
// written. What is written is logged with who asked for it.
func (c *Control) changeItem(ctx context.Context, name, by, reason string, change func(*job.Item) port.Reply) (reply port.Reply, err error) {
	err = c.untilWritten(ctx, "changing the item of "+name, func() error {
		item, err := c.item(ctx, name)
		if err != nil {
			return err
		}
		switch {
		case name == job.All:
		case item.Gone:
			reply = refuse("", noMore, name)
			return nil
		case item.Rev == 0:
			reply = refuse("", "there is no job %q", name)
			return nil
		}
		if reply = change(&item); reply.Outcome != port.Accepted {
			return nil
		}
		if err := c.Store.Commit(ctx, port.Change{Item: &item}); err != nil {
			return fmt.Errorf("storing the item of %s: %w", name, err)
		}
		c.Log.InfoContext(ctx, "changed what a job's schedule does", "job", name, "by", by, "what", reply.Message, "reason", reason)
		return nil
	})
	if err != nil {
		return port.Reply{}, err
	}
	return reply, nil
}

package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// RunByHand starts a new run of a job that the control plane knows.
func (c *Control) RunByHand(ctx context.Context, req port.RunRequest) (port.Reply, error) {
	if req.RequestID == "" {
		return port.Reply{}, errors.New("running a job by hand: the request has no id")
	}
	j, _, err := c.current(ctx, req.Job)
	switch {
	case errors.Is(err, errGone):
		return refuse("", noMore, req.Job), nil
	case errors.Is(err, port.ErrNotFound):
		return refuse("", "there is no job %q: use a name of the jobs file; one deployed just now is known within a minute", req.Job), nil
	case err != nil:
		return port.Reply{}, err
	}
	now := c.Now()
	r := run.Request{
		ID: run.ByHandID(j.Name, req.RequestID), ScheduledFor: now.UTC().Truncate(time.Millisecond),
		Trigger: run.Trigger{At: now, Kind: run.ByHand, Request: req.RequestID, By: req.By},
		Args:    req.Args, Environment: req.Inputs,
	}
	if why := refusedChange(*j, req); why != "" {
		return refuse("", "%s", why), nil
	}
	probe := run.Run{Args: r.Args, Environment: r.Environment}
	if ps := probe.Effective(j.For(r.Args)).Validate(); len(ps) > 0 {
		return refuse("", "%s", ps[0]), nil
	}
	return c.claim(ctx, *j, r, claiming{force: req.Force})
}

// refusedChange says what in a run by hand the job does not let people change.
func refusedChange(j job.Job, req port.RunRequest) string {
	if why := j.Refuses(req.Inputs, req.Args); why != "" {
		return fmt.Sprintf("%s: %s", j.Name, why)
	}
	for name, value := range req.Inputs {
		if job.LooksSecret(name, value) {
			return name + " looks like a secret, and anyone who may read ECS events could read it: put it into the task definition's secrets"
		}
	}
	return ""
}

// errGone means that a job left the registry. noMore says so.
var errGone = fmt.Errorf("it left the registry: %w", port.ErrNotFound)

const noMore = "there is no job %q any more: it left the registry"

// current returns the newest definition of a job that is in the registry, and the hash under
// which the store has it. Another version of the program may compute another hash.
func (c *Control) current(ctx context.Context, name string) (j *job.Job, hash string, err error) {
	item, err := c.Store.Item(ctx, name)
	if err != nil {
		return nil, "", fmt.Errorf("loading the item of job %q: %w", name, err)
	}
	if item.Gone {
		return nil, "", fmt.Errorf("job %q: %w", name, errGone)
	}
	if item.Definition == "" {
		return nil, "", fmt.Errorf("job %q is not in the registry: %w", name, port.ErrNotFound)
	}
	j, err = c.definition(ctx, item.Definition)
	return j, item.Definition, lost(err)
}

// Retry asks for a further attempt of a run that has ended.
func (c *Control) Retry(ctx context.Context, req port.RetryRequest) (port.Reply, error) {
	if req.RequestID == "" {
		return port.Reply{}, errors.New("retrying a run: the request has no id")
	}
	trigger := run.Trigger{At: c.Now(), Kind: run.ByRetry, Request: req.RequestID, By: req.By, Reason: req.Reason}
	rep, r, err := c.ask(ctx, req.Run, func(r *run.Run) (run.Event, error) {
		e := run.RetryAsked{Trigger: trigger, Force: req.Force, Attempts: req.Attempts, Seen: req.Safety, Definition: r.Definition, Task: r.Task}
		if !r.Status.Terminal() {
			e.Alone = c.alone(ctx, r.ID.Job())
			return e, nil
		}
		return c.renewed(ctx, r, e, req.Same)
	})
	if r != nil && r.Status != run.Running && r.Status != run.Succeeded { // ECS did not launch it, or it is over
		said := reply(r)
		rep.Outcome, rep.Message = said.Outcome, said.Message
	}
	return rep, err
}

// alone reports whether a further run of a job would be refused while one is open, as far as
// anyone can tell.
func (c *Control) alone(ctx context.Context, name string) bool {
	j, _, err := c.current(ctx, name)
	return err != nil || j.Overlap == job.Forbid
}

// renewed takes the newest definition and revision for a retry.
func (c *Control) renewed(ctx context.Context, r *run.Run, e run.RetryAsked, same bool) (run.Event, error) {
	j, hash, err := c.current(ctx, r.ID.Job())
	if same || errors.Is(err, port.ErrNotFound) {
		// The job is gone from the registry: what ran before is all there is.
		hash = r.Definition
		j, err = c.definition(ctx, hash)
	}
	if err != nil {
		return nil, err
	}
	if why := refusedChange(*j, port.RunRequest{Inputs: r.Environment, Args: r.Args}); why != "" && !same {
		return nil, fmt.Errorf("it was given what the job no longer takes: %s; start a new run with `run %s`: %w", why, j.Name, port.ErrUnlaunchable)
	}
	if e.Blocked, err = c.blocker(ctx, r.ID, j); err != nil {
		return nil, err
	}
	if same && r.Task.ARN != "" {
		return e, nil
	}
	e.Definition = hash
	e.Task, err = c.Launcher.Resolve(ctx, r.Effective(*j))
	if err != nil {
		return nil, fmt.Errorf("resolving the task definition of job %s: %w", j.Name, err)
	}
	return e, nil
}

// StopRun asks to stop a run's task, or takes it out of the queue.
func (c *Control) StopRun(ctx context.Context, req port.StopRequest) (port.Reply, error) {
	reason := cmp.Or(req.Reason, "no reason given")
	rep, r, err := c.ask(ctx, req.Run, func(*run.Run) (run.Event, error) {
		return run.StopAsked{By: req.By, Reason: reason}, nil
	})
	if err != nil && r != nil && r.Owes(run.StopTask) {
		rep.Message = fmt.Sprintf("%s is to be stopped, but ECS did not take that and is asked again each minute: %v", r.ID, err)
	}
	return rep, err
}

// ask gives a person's request to a run and performs what follows from it. It returns the run
// as it is then; nil if nothing was done.
func (c *Control) ask(ctx context.Context, id run.ID, event func(*run.Run) (run.Event, error)) (port.Reply, *run.Run, error) {
	d, err := c.step(ctx, id, event)
	switch {
	case errors.Is(err, port.ErrUnlaunchable):
		return refuse(id, "%v", err), nil, nil
	case errors.Is(err, port.ErrNotFound):
		return refuse(id, "there is no run %s: `history` and notices show the names of runs", id), nil, nil
	case err != nil:
		return port.Reply{}, nil, err
	}
	switch d.Result {
	case run.Denied:
		return refuse(id, "%s", d.Why), nil, nil
	case run.Duplicate:
		return port.Reply{Run: id, Outcome: port.Duplicate, Status: d.Next.Status, Message: d.Why}, nil, nil
	}
	r, err := c.settle(ctx, d)
	return port.Reply{Run: id, Outcome: port.Accepted, Status: r.Status, Message: d.Why}, r, err
}

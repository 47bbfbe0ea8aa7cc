package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Reply is the answer to a request, for people and machines.
type Reply struct {
	Run     run.ID     `json:"run,omitempty"`
	Outcome Outcome    `json:"outcome"`
	Status  run.Status `json:"status,omitempty"`
	Message string     `json:"message"`
}

// Outcome is what a request came to.
type Outcome string

const (
	// Accepted: the request was carried out or is under way.
	Accepted Outcome = "accepted"
	// Duplicate: the same request had come before.
	Duplicate Outcome = "duplicate"
	// Refused: the request was not carried out; Message says what to do.
	Refused Outcome = "refused"
)

// RunRequest asks for a new run of a job by hand.
type RunRequest struct {
	Job string `json:"job"`
	// RequestID makes a repeated request the same run.
	RequestID string `json:"requestId"`
	By        string `json:"by,omitempty"`
	// Args are added to the job's command.
	Args        []string          `json:"args,omitempty"`
	Environment map[string]string `json:"environment,omitempty"`
	// Force runs a paused job.
	Force bool `json:"force,omitempty"`
}

// RetryRequest asks for a further attempt of a run that has ended.
type RetryRequest struct {
	Run       run.ID `json:"run"`
	RequestID string `json:"requestId"`
	By        string `json:"by,omitempty"`
	// Same takes the recorded definition and revision, not the newest.
	Same bool `json:"same,omitempty"`
	// Force retries a run that succeeded.
	Force bool `json:"force,omitempty"`
}

// StopRequest asks to stop a run.
type StopRequest struct {
	Run    run.ID `json:"run"`
	By     string `json:"by,omitempty"`
	Reason string `json:"reason"`
}

// Scheduled is a schedule's trigger: it claims the run of that minute and
// launches it. A redelivery is a duplicate, and finishes a launch that is
// owed. An error means that something is owed and could not be done.
func (c *Control) Scheduled(ctx context.Context, j job.Job, at time.Time) (Reply, error) {
	at = at.UTC().Truncate(time.Minute)
	return c.slot(ctx, j, at, run.BySchedule)
}

func (c *Control) slot(ctx context.Context, j job.Job, at time.Time, kind run.TriggerKind) (Reply, error) {
	return c.claim(ctx, j, run.Request{
		ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Trigger: run.Trigger{At: c.Now(), Kind: kind},
	}, false)
}

// RunByHand starts a new run of a job that the control plane knows.
func (c *Control) RunByHand(ctx context.Context, req RunRequest) (Reply, error) {
	if req.RequestID == "" {
		return Reply{}, errors.New("running a job by hand: the request has no id")
	}
	j, err := c.current(ctx, req.Job)
	if errors.Is(err, ErrNotFound) {
		return refuse("", "there is no job %q; `history` shows those that ran, the jobs file those that are", req.Job), nil
	}
	if err != nil {
		return Reply{}, err
	}
	now := c.Now()
	r := run.Request{
		ID: run.ByHandID(j.Name, req.RequestID), ScheduledFor: now.UTC().Truncate(time.Second),
		Trigger:     run.Trigger{At: now, Kind: run.ByHand, Request: req.RequestID, By: req.By},
		Environment: req.Environment,
	}
	if len(req.Args) > 0 {
		r.Command = slices.Concat(j.Command, req.Args)
	}
	for name, value := range req.Environment {
		if job.LooksSecret(name, value) {
			return refuse("", "%s looks like a secret, and anyone who may read ECS events could read it: put it into the task definition's secrets", name), nil
		}
	}
	probe := run.Run{Command: r.Command, Environment: r.Environment}
	if ps := probe.Effective(j).Validate(); len(ps) > 0 {
		return refuse("", "%s", ps[0]), nil
	}
	return c.claim(ctx, j, r, req.Force)
}

// current is the newest definition of a job that is in the registry.
func (c *Control) current(ctx context.Context, name string) (job.Job, error) {
	item, err := c.Store.Item(ctx, name)
	if err != nil {
		return job.Job{}, fmt.Errorf("loading the item of job %q: %w", name, err)
	}
	if item.Gone || item.Definition == "" {
		return job.Job{}, fmt.Errorf("job %q is not in the registry: %w", name, ErrNotFound)
	}
	return c.definition(ctx, item.Definition)
}

// claim writes the run, once, as what it is admitted, and launches it.
//
// Crash windows: before the write nothing happened, and the trigger is
// delivered again. After it the launch is owed: a redelivered trigger, or the
// look two minutes later, sends the same request with the same token.
func (c *Control) claim(ctx context.Context, j job.Job, req run.Request, force bool) (Reply, error) {
	req.Definition = j.Hash()
	for range conflictRetries {
		if _, err := c.Store.Run(ctx, req.ID); err == nil {
			return c.again(ctx, req.ID, req.Trigger)
		} else if !errors.Is(err, ErrNotFound) {
			return Reply{}, fmt.Errorf("looking for run %s: %w", req.ID, err)
		}
		r, refusal, err := c.tryClaim(ctx, j, req, force)
		switch {
		case errors.Is(err, ErrConflict):
			continue // somebody else claimed it, or the job's item changed
		case err != nil:
			return Reply{}, fmt.Errorf("claiming run %s: %w", req.ID, err)
		case refusal != "":
			return refuse("", "%s", refusal), nil
		}
		c.Log.InfoContext(ctx, "claimed", "run", r.ID, "status", r.Status, "why", r.Cause)
		r, err = c.settle(ctx, run.Decision{Next: r, Counted: len(r.Attempts)})
		return reply(r), err
	}
	return Reply{}, fmt.Errorf("claiming run %s: %w %d times", req.ID, ErrConflict, conflictRetries)
}

func (c *Control) tryClaim(ctx context.Context, j job.Job, req run.Request, force bool) (_ run.Run, refusal string, err error) {
	situation, err := c.situation(ctx, j, req, force)
	if err != nil {
		return run.Run{}, "", err
	}
	a := run.Admit(j, req, situation)
	if a.Refuse != "" {
		return run.Run{}, a.Refuse, nil
	}
	if err := c.Store.PutDefinition(ctx, j); err != nil {
		return run.Run{}, "", fmt.Errorf("storing the definition of job %s: %w", j.Name, err)
	}
	first := c.first(ctx, j, req, a)
	if a.UsesSkip {
		item := situation.Item
		item.SkipNext = nil
		r, err := c.commit(ctx, run.Run{}, Change{Run: &first, Item: &item}, j, first.Cause)
		return r, "", err
	}
	r, err := c.save(ctx, run.Run{}, first, j, "claimed: "+first.Cause)
	return r, "", err
}

// situation is what an admission needs to know beside the job.
func (c *Control) situation(ctx context.Context, j job.Job, req run.Request, force bool) (s run.Situation, err error) {
	s = run.Situation{Now: c.Now(), Force: force, Newest: true}
	if s.Item, err = c.item(ctx, j.Name); err != nil {
		return s, err
	}
	if s.All, err = c.item(ctx, job.All); err != nil {
		return s, err
	}
	if next, ok := nextSlot(j.Plan(), req.ScheduledFor); ok {
		s.Newest = next.After(s.Now)
	}
	if !j.Exclusive() {
		return s, nil
	}
	if s.Holder, err = c.openRun(ctx, s.Item.Lock, req.ID); err != nil {
		return s, err
	}
	s.Waiter, err = c.openRun(ctx, s.Item.Waiting, req.ID)
	return s, err
}

// first is the run as it is claimed. What cannot be launched as it stands is
// claimed as failed, so that it is seen and told.
func (c *Control) first(ctx context.Context, j job.Job, req run.Request, a run.Admission) run.Run {
	now := c.Now()
	switch a.As {
	case run.Skipped, run.Missed:
		return run.NewEnded(req, a.As, a.Why, now)
	case run.Queued:
		r := run.NewQueued(req, a.Why, true, now, c.Timing)
		r.Renew = true // which revision runs is settled when it is launched
		return r
	}
	if ps := j.Validate(); len(ps) > 0 {
		return run.NewEnded(req, run.Failed, "the job's definition is not valid: "+ps[0].String(), now)
	}
	task, err := c.Launcher.Resolve(ctx, j)
	switch {
	case errors.Is(err, ErrUnlaunchable):
		return run.NewEnded(req, run.Failed, err.Error(), now)
	case err != nil:
		return run.NewUnresolved(req, err.Error(), now, c.Timing)
	}
	req.Task = task
	return run.New(req, now, c.Timing)
}

// again answers a trigger whose run exists.
func (c *Control) again(ctx context.Context, id run.ID, t run.Trigger) (Reply, error) {
	d, err := c.step(ctx, id, func(run.Run) (run.Event, error) { return run.Triggered{Trigger: t}, nil })
	if err != nil {
		return Reply{}, err
	}
	r, err := c.settle(ctx, d)
	return Reply{Run: id, Outcome: Duplicate, Status: r.Status, Message: d.Why}, err
}

// reply says in a sentence how a request that was carried out stands.
func reply(r run.Run) Reply {
	rep := Reply{Run: r.ID, Outcome: Accepted, Status: r.Status}
	switch {
	case r.Status == run.Running:
		rep.Message = fmt.Sprintf("launched %s", r.ID)
	case r.Status.Terminal() && len(r.Attempts) == 0:
		rep.Outcome, rep.Message = Refused, fmt.Sprintf("%s was not launched: it %s: %s", r.ID, r.Status.Sentence(), r.Cause)
	default:
		rep.Message = fmt.Sprintf("%s %s: %s", r.ID, r.Status.Sentence(), r.Cause)
	}
	return rep
}

func refuse(id run.ID, format string, args ...any) Reply {
	return Reply{Run: id, Outcome: Refused, Message: "refused: " + fmt.Sprintf(format, args...)}
}

// Retry asks for a further attempt of a run that has ended.
func (c *Control) Retry(ctx context.Context, req RetryRequest) (Reply, error) {
	if req.RequestID == "" {
		return Reply{}, errors.New("retrying a run: the request has no id")
	}
	trigger := run.Trigger{At: c.Now(), Kind: run.ByRetry, Request: req.RequestID, By: req.By}
	return c.ask(ctx, req.Run, func(r run.Run) (run.Event, error) {
		e := run.RetryAsked{Trigger: trigger, Force: req.Force, Definition: r.Definition, Task: r.Task}
		if !r.Status.Terminal() {
			return e, nil
		}
		return c.renewed(ctx, r, e, req.Same)
	})
}

// renewed takes the newest definition and revision for a retry.
func (c *Control) renewed(ctx context.Context, r run.Run, e run.RetryAsked, same bool) (run.Event, error) {
	j, err := c.current(ctx, r.ID.Job())
	if same || errors.Is(err, ErrNotFound) {
		// The job is gone from the registry: what ran before is all there is.
		j, err = c.definition(ctx, r.Definition)
	}
	if err != nil {
		return nil, err
	}
	if e.Blocked, err = c.blocker(ctx, r.ID, j); err != nil {
		return nil, err
	}
	if same && r.Task.ARN != "" {
		return e, nil
	}
	e.Definition = j.Hash()
	e.Task, err = c.Launcher.Resolve(ctx, r.Effective(j))
	if err != nil {
		return nil, fmt.Errorf("resolving the task definition of job %s: %w", j.Name, err)
	}
	return e, nil
}

// StopRun asks to stop a run's task, or takes it out of the queue.
func (c *Control) StopRun(ctx context.Context, req StopRequest) (Reply, error) {
	reason := cmp.Or(req.Reason, "no reason given")
	return c.ask(ctx, req.Run, func(run.Run) (run.Event, error) {
		return run.StopAsked{By: req.By, Reason: reason}, nil
	})
}

// ask puts a person's request to a run and performs what it leads to.
func (c *Control) ask(ctx context.Context, id run.ID, event func(run.Run) (run.Event, error)) (Reply, error) {
	d, err := c.step(ctx, id, event)
	switch {
	case errors.Is(err, ErrUnlaunchable):
		return refuse(id, "%v", err), nil
	case errors.Is(err, ErrNotFound):
		return refuse(id, "there is no run %s; `history` lists the runs", id), nil
	case err != nil:
		return Reply{}, err
	}
	switch d.Outcome {
	case run.Denied:
		return refuse(id, "%s", d.Why), nil
	case run.Duplicate:
		return Reply{Run: id, Outcome: Duplicate, Status: d.Next.Status, Message: d.Why}, nil
	}
	r, err := c.settle(ctx, d)
	return Reply{Run: id, Outcome: Accepted, Status: r.Status, Message: d.Why}, err
}

package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

func (c *Control) slot(ctx context.Context, j job.Job, at time.Time, kind run.TriggerKind, how claiming) (port.Reply, error) {
	return c.claim(ctx, j, run.Request{
		ID: run.ScheduledID(j.Name, at), ScheduledFor: at, Trigger: run.Trigger{At: c.Now(), Kind: kind},
	}, how)
}

// claiming says how a run is claimed.
type claiming struct {
	// hash is the hash of the job, if it is known.
	hash string
	// force says that a person insists.
	force bool
	// item is the job's item, if the handler of this very trigger has just read it. It is
	// read anew before a second try. It is never older than its trigger: what a pause, a lock
	// or a skipped slot decides was true while the trigger was handled.
	item *job.Item
	// over is a record that the claim replaces; nil if it replaces none. See run.Run.Ahead.
	over *run.Run
	// odd is what follows from a minute that the job's schedule does not have; nil if it has
	// it.
	odd *odd
}

// claim writes the run once, in the state in which it is admitted, and launches it. The write
// itself finds out whether the run exists; claim looks for it only after an error or a
// refusal.
//
// Crash windows: before the write nothing has happened, and the trigger is delivered again.
// After it the launch is owed: a redelivered trigger, or the look two minutes later, sends
// the same request with the same token.
func (c *Control) claim(ctx context.Context, j job.Job, req run.Request, how claiming) (port.Reply, error) {
	if req.Definition = how.hash; req.Definition == "" {
		req.Definition = j.Hash()
	}
	for n := range conflictRetries {
		if err := c.backOff(ctx, n); err != nil {
			return port.Reply{}, err
		}
		d, refusal, err := c.tryClaim(ctx, j, req, how)
		if err != nil || refusal != "" {
			rep, found, err := c.claimed(ctx, req, &how)
			if found {
				return rep, err
			}
		}
		switch {
		case errors.Is(err, port.ErrConflict):
			how.item = nil // the job's item changed
			continue
		case err != nil:
			return port.Reply{Run: req.ID}, fmt.Errorf("claiming run %s: %w", req.ID, err)
		case refusal != "":
			return refuse("", "%s", refusal), nil
		}
		c.Log.InfoContext(ctx, "claimed", "run", d.Next.ID, "status", d.Next.Status, "why", d.Next.Cause)
		next, err := c.settle(ctx, d)
		return reply(next), err
	}
	return port.Reply{Run: req.ID}, fmt.Errorf("claiming run %s: %w %d times", req.ID, port.ErrConflict, conflictRetries)
}

// unclaimed is what a claimed run was before. Nothing changes it.
var unclaimed run.Run

// tryClaim returns what was decided about a run that is claimed; nil beside a refusal or an
// error.
func (c *Control) tryClaim(ctx context.Context, j job.Job, req run.Request, how claiming) (d *run.Decision, refusal string, err error) {
	situation, err := c.situation(ctx, j, req, how)
	if err != nil {
		return nil, "", err
	}
	a := run.Admit(j, req, situation)
	if a.Refuse != "" {
		return nil, a.Refuse, nil
	}
	if err := c.define(ctx, req.Definition, j); err != nil {
		return nil, "", err
	}
	d = &run.Decision{Next: c.first(ctx, j, req, a)}
	first := &d.Next
	if how.over != nil {
		first.Replace(how.over, situation.Now, c.Timing)
	}
	d.Counted = len(first.Attempts)
	item, why := situation.Item, "claimed: "+first.Cause
	changed := how.odd.note(&item, first, j, c)
	switch {
	case a.UsesSkip:
		item.SkipNext, changed = nil, true
	case a.Late:
		item.Late, changed = situation.Now, true
	}
	if !changed && a.HeldBy == "" {
		err = c.save(ctx, &unclaimed, first, &j, false, why)
	} else {
		err = c.saveWith(ctx, &unclaimed, first, &j, item, changed, why)
	}
	return d, "", err
}

// situation returns what an admission needs to know besides the job.
func (c *Control) situation(ctx context.Context, j job.Job, req run.Request, how claiming) (s run.Situation, err error) {
	s = run.Situation{Now: c.Now(), Force: how.force, Newest: true, Refused: c.crowd.since(), Timing: c.Timing}
	if s.Item, err = c.itemOr(ctx, j.Name, how.item); err != nil {
		return s, err
	}
	if s.All, err = c.item(ctx, job.All); err != nil {
		return s, err
	}
	if next, ok := slotAfter(j.Plan(), req.ScheduledFor); ok {
		s.Newest = next.After(s.Now)
	}
	if run.Overdue(&j, &req, s.Now) {
		if s.Later, err = c.laterRun(ctx, req); err != nil {
			return s, err
		}
	}
	_, s.SkipEnd = timetable.Skipped(&s.Item)
	if !j.Exclusive() {
		return s, nil
	}
	return c.holders(ctx, s, req.ID)
}

// holders adds which open run holds the job's lock and which waits for it.
func (c *Control) holders(ctx context.Context, s run.Situation, id run.ID) (run.Situation, error) {
	holder, err := c.holder(ctx, &s.Item, id)
	if err != nil {
		return s, err
	}
	waiter, err := c.open(ctx, s.Item.Waiting, id)
	s.Holder, s.Waiter = holder.ID, waiter.ID
	if holder.ID == "" {
		holder = waiter
	}
	if s.HolderSince = holder.ReadyAt; s.HolderSince.IsZero() {
		s.HolderSince = holder.QueuedAt
	}
	return s, err
}

// laterRun returns the newest run of a later slot that was started; "" if there is none.
func (c *Control) laterRun(ctx context.Context, req run.Request) (run.ID, error) {
	q := port.Query{Job: req.ID.Job(), Scheduled: true, Since: req.ScheduledFor.Add(time.Minute), Limit: existBatch}
	for {
		rs, err := c.Store.Runs(ctx, q)
		if err != nil {
			return "", fmt.Errorf("looking for runs of later slots: %w", err)
		}
		for i := range rs {
			if rs[i].Status != run.Missed && rs[i].Status != run.Skipped {
				return rs[i].ID, nil
			}
		}
		if len(rs) < q.Limit {
			return "", nil
		}
		q.Until = rs[len(rs)-1].ScheduledFor.Add(-time.Minute)
	}
}

// first returns the run as it is claimed. A run that cannot be launched as it stands is
// claimed as failed, so that people see it and are told.
func (c *Control) first(ctx context.Context, j job.Job, req run.Request, a run.Admission) run.Run {
	now := c.Now()
	switch a.As {
	case run.Skipped, run.Missed:
		r := run.NewEnded(req, a.As, a.Why, now)
		r.HeldBy, r.UsedSkip, r.Forgotten = a.HeldBy, a.UsesSkip, a.Forgotten
		return r
	case run.Queued:
		r := run.NewQueued(req, a.Why, true, now, c.Timing)
		r.Renew = true // which revision runs is decided when it is launched
		return r
	}
	if problem := c.invalid(req.Definition, j); problem != "" {
		return run.NewEnded(req, run.Failed, "the job's definition is not valid: "+problem, now)
	}
	task, err := c.Launcher.Resolve(ctx, j)
	switch {
	case errors.Is(err, port.ErrUnlaunchable):
		return run.NewEnded(req, run.Failed, err.Error(), now)
	case err != nil:
		return run.NewUnresolved(req, err.Error(), now, c.Timing)
	}
	req.Task = task
	if a.Crowded {
		return run.NewQueued(req, a.Why, false, now, c.Timing)
	}
	return run.New(req, now, c.Timing)
}

// invalid says why a definition cannot be launched; "" if it can. What a hash names never
// changes, so this is found out once. A run with arguments was checked when it was asked for.
func (c *Control) invalid(hash string, j job.Job) string {
	if problem, ok := c.problems.get(hash); ok {
		return problem
	}
	problem := ""
	if ps := j.For(nil).Validate(); len(ps) > 0 {
		problem = ps[0].String()
	}
	c.problems.put(hash, problem)
	return problem
}

// again answers a trigger whose run exists.
func (c *Control) again(ctx context.Context, id run.ID) (port.Reply, error) {
	d, err := c.step(ctx, id, always(run.Triggered{}))
	if err != nil {
		return port.Reply{Run: id}, err
	}
	r, err := c.settle(ctx, d)
	return port.Reply{Run: id, Outcome: port.Duplicate, Status: r.Status, Message: d.Why}, err
}

// reply says in a sentence how a request that was carried out stands.
func reply(r *run.Run) port.Reply {
	rep := port.Reply{Run: r.ID, Outcome: port.Accepted, Status: r.Status}
	switch {
	case r.Status == run.Running:
		rep.Message = "launched " + string(r.ID)
	case r.Status.Terminal() && len(r.Attempts) == 0, launchFailed(r):
		rep.Outcome, rep.Message = port.Refused, fmt.Sprintf("%s was not launched: it %s: %s", r.ID, r.Status.Sentence(), r.Cause)
	default:
		rep.Message = string(r.ID) + " " + r.Status.Sentence() + ": " + r.Cause
	}
	return rep
}

// launchFailed reports whether ECS refused the launch of the current attempt for good.
func launchFailed(r *run.Run) bool {
	a := r.Last()
	return r.Status == run.Failed && a != nil && a.TaskARN == "" && !a.Doubt
}

func refuse(id run.ID, format string, args ...any) port.Reply {
	return port.Reply{Run: id, Outcome: port.Refused, Message: "refused: " + fmt.Sprintf(format, args...)}
}

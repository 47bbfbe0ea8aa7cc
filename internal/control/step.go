package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// step is the one shape of every change: load, decide, save with owed effects. It performs
// nothing. It makes the event from the run as loaded, and makes it anew after a conflict.
func (c *Control) step(ctx context.Context, id run.ID, event func(*run.Run) (run.Event, error)) (d *run.Decision, err error) {
	err = c.untilWritten(ctx, "deciding about run "+string(id), func() error {
		before, err := c.Store.Run(ctx, id)
		if err != nil {
			return fmt.Errorf("loading run %s: %w", id, err)
		}
		d, err = c.decideAndSave(ctx, &before, event)
		return err
	})
	return d, err
}

// stepFrom is step for a run that has just been saved or loaded: it loads the run only if it
// has changed since. The write refuses what does not follow from that state. If there is
// nothing to write, step asks anew whether that still holds. That a run rests is not asked
// anew: it is true only of the state that was loaded, and is remembered as such.
func (c *Control) stepFrom(ctx context.Context, before *run.Run, event func(*run.Run) (run.Event, error)) (*run.Decision, error) {
	d, err := c.decideAndSave(ctx, before, event)
	if errors.Is(err, port.ErrConflict) || err == nil && d.Next.Rev == before.Rev && d.Result != run.Rests {
		return c.step(ctx, before.ID, event)
	}
	return d, err
}

// always makes an event that does not depend on the run.
func always(e run.Event) func(*run.Run) (run.Event, error) {
	return func(*run.Run) (run.Event, error) { return e, nil }
}

func (c *Control) decideAndSave(ctx context.Context, before *run.Run, event func(*run.Run) (run.Event, error)) (_ *run.Decision, err error) {
	defer panics.Recover(&err)
	if err := senseless(before); err != nil {
		return nil, fmt.Errorf("deciding about run %s: %w", before.ID, err)
	}
	j, err := c.definition(ctx, before.Definition)
	if err != nil {
		return nil, fmt.Errorf("deciding about run %s: %w", before.ID, lost(err))
	}
	e, d, relock, err := c.decide(ctx, j, before, event)
	if err != nil {
		return nil, err
	}
	if d.Result == run.Ignored || d.Result == run.Denied || d.Result == run.Rests {
		return d, nil
	}
	if d.Next.Definition != before.Definition { // a retry; what is saved obeys the new definition
		if j, err = c.definition(ctx, d.Next.Definition); err != nil {
			return nil, err
		}
	}
	if err := c.save(ctx, before, &d.Next, j, relock, d.Why); err != nil {
		return nil, err
	}
	if level := noteworthy(before, &d.Next, e); c.Log.Enabled(ctx, level) {
		c.Log.Log(ctx, level, "decided", "run", before.ID, "event", fmt.Sprintf("%T", e), "status", d.Next.Status, "why", d.Why)
	}
	return d, nil
}

// lost turns an error about a definition to which a run refers into one that is not
// ErrNotFound: that the definition is missing does not mean that there is no such run.
func lost(err error) error {
	if errors.Is(err, port.ErrNotFound) {
		return errors.New(err.Error())
	}
	return err
}

// item loads a job's item; a job that never had one gets an empty one.
func (c *Control) item(ctx context.Context, name string) (job.Item, error) {
	item, err := c.Store.Item(ctx, name)
	if errors.Is(err, port.ErrNotFound) {
		return job.Item{Name: name}, nil
	}
	if err != nil {
		return job.Item{}, fmt.Errorf("loading the item of job %s: %w", name, err)
	}
	return item, nil
}

// itemOr returns a job's item as it is known, or loads it if known is nil.
func (c *Control) itemOr(ctx context.Context, name string, known *job.Item) (job.Item, error) {
	if known != nil {
		return *known, nil
	}
	return c.item(ctx, name)
}

// definition loads a definition unless it is in memory. All who ask for it share it.
func (c *Control) definition(ctx context.Context, hash string) (*job.Job, error) {
	if j, ok := c.definitions.get(hash); ok {
		return j, nil
	}
	j, err := c.Store.Definition(ctx, hash)
	if err != nil {
		return nil, fmt.Errorf("loading definition %s: %w", hash, err)
	}
	c.definitions.put(hash, &j)
	return &j, nil
}

// settle performs what a run owes, and what follows from that, each effect once. A crash here
// leaves the effect owed: a redelivery of the same input, or the look at DueAt, finds it and
// comes back here.
//
// Only the caller that counted a launch's send performs that launch. A launch that is found
// owed may be on its way, and is left to whoever counted it or to the look.
func (c *Control) settle(ctx context.Context, d *run.Decision) (*run.Run, error) {
	r, counted := &d.Next, d.Counted
	var few [4]run.Effect
	tried := few[:0]
	var errs []error
	for {
		e, ok := c.next(r, tried, counted)
		if !ok {
			if err := c.wake(ctx, r); err != nil {
				errs = append(errs, err)
			}
			return r, errors.Join(errs...)
		}
		tried = append(tried, e)
		d, err := c.perform(ctx, r, e)
		if d != nil {
			if d.Result == run.Ignored {
				tried = leaveTells(tried, r, &d.Next)
			}
			r, counted = &d.Next, cmp.Or(d.Counted, counted)
		}
		if err != nil && !errors.Is(err, port.ErrTelling) { // it stays owed until it is told
			errs = append(errs, &owedError{e.Kind, err})
		}
	}
}

// owedError says that an effect is owed, and why. It is put into words only when somebody
// reads it: while ECS is out of order there are many, and few are read.
type owedError struct {
	kind run.EffectKind
	err  error
}

func (e *owedError) Error() string { return fmt.Sprintf("%s is %v: %v", e.kind, port.ErrOwed, e.err) }

func (e *owedError) Unwrap() []error { return []error{port.ErrOwed, e.err} }

// leaveTells adds to tried the notices that a run came to owe while an effect was performed
// whose outcome changed nothing. Whoever wrote them sends them now or, after a crash, the
// look does.
func leaveTells(tried []run.Effect, before, after *run.Run) []run.Effect {
	for _, e := range after.Owed {
		if e.Kind == run.Tell && !slices.Contains(before.Owed, e) {
			tried = append(tried, e)
		}
	}
	return tried
}

// next returns the first owed effect that was not tried yet and is ours to perform.
func (c *Control) next(r *run.Run, tried []run.Effect, counted int) (run.Effect, bool) {
	for _, e := range r.Owed {
		switch {
		case slices.Contains(tried, e), e.Kind == run.Tell && c.Notifier == nil, e.Kind == run.Launch && e.Attempt != counted:
			continue
		}
		return e, true
	}
	return run.Effect{}, false
}

// perform does one owed effect and saves the outcome. The decision is nil if nothing was
// decided, also beside an error.
func (c *Control) perform(ctx context.Context, r *run.Run, e run.Effect) (_ *run.Decision, err error) {
	defer panics.Recover(&err)
	j, err := c.definition(ctx, r.Definition)
	if err != nil {
		return nil, err
	}
	asked := r.ForAttempt(*j, e.Attempt)
	event, err := c.effect(ctx, r, &asked, e)
	if err != nil {
		return nil, err
	}
	d, err := c.stepFrom(ctx, r, always(event))
	if err != nil {
		return nil, err
	}
	switch e := event.(type) {
	case run.NoAnswer:
		if d.Next.Status == run.Launching {
			return d, fmt.Errorf("launching attempt %d of %s: no answer: %s", e.Attempt, r.ID, e.Err)
		}
	case run.Unseen:
		if d.Next.Owes(run.Find) {
			return d, fmt.Errorf("looking for the task of attempt %d of %s: %s", e.Attempt, r.ID, e.Err)
		}
	}
	return d, nil
}

// effect performs e outside and returns the event that reports it.
func (c *Control) effect(ctx context.Context, r *run.Run, j *job.Job, e run.Effect) (run.Event, error) {
	//exhaustive:enforce
	switch e.Kind {
	case run.Launch:
		return c.launch(ctx, r, j, e.Attempt), nil
	case run.StopTask:
		if err := c.stopTask(ctx, r, j, e.Attempt); err != nil {
			return nil, err
		}
	case run.Find:
		arns, err := c.Launcher.Find(ctx, j.Cluster, r.RoundID(e.Attempt).StartedBy(c.Stack))
		if err != nil {
			return run.Unseen{Attempt: e.Attempt, Refused: errors.Is(err, port.ErrRefused), Err: err.Error()}, nil
		}
		return run.Found{Attempt: e.Attempt, Round: r.RoundID(e.Attempt).Round, TaskARNs: arns}, nil
	case run.Tell:
		took, err := c.tell(ctx, r, j, e)
		if err != nil {
			return nil, err
		}
		return run.Done{Effect: e, To: took}, nil
	}
	return run.Done{Effect: e}, nil
}

// launch sends an attempt's request. The answer belongs to the send that r, as saved, counted
// last.
func (c *Control) launch(ctx context.Context, r *run.Run, j *job.Job, attempt int) run.Event {
	round, send := r.RoundID(attempt).Round, r.Attempt(attempt).Sends
	if !c.mayGo(ctx) {
		return run.Paced{Attempt: attempt, Send: send, Why: whyPaced(c.Pace)}
	}
	answer := c.Launcher.Launch(ctx, port.Launch{
		Stack: c.Stack, Run: r.ID, ScheduledFor: r.ScheduledFor, Attempt: attempt, Round: round, Task: r.Task, Job: *j,
	})
	if c.Pace == nil {
		c.crowd.note(answer, c.Now())
	}
	switch e := answer.(type) {
	case run.Refused:
		e.Send = send
		return e
	case run.NoAnswer:
		e.Send = send
		return e
	case run.Launched:
		e.Round = round
		return e
	}
	return answer
}

func (c *Control) stopTask(ctx context.Context, r *run.Run, j *job.Job, attempt int) error {
	a := r.Attempt(attempt)
	if a == nil || r.Stopping == nil {
		return nil
	}
	reason := fmt.Sprintf("batchplane: %s (%s)", r.Stopping.Reason, r.ID)
	if err := c.Launcher.StopTask(ctx, j.Cluster, a.TaskARN, reason); err != nil {
		return fmt.Errorf("stopping the task of attempt %d of %s: %w", attempt, r.ID, err)
	}
	return nil
}

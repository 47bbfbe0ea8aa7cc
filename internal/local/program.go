// Package local is the control plane on one machine: the same handlers as on AWS, driven by a clock in
// the same process.
package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/panics"
	"github.com/batchplane/batchplane/internal/port"
)

// clockMark names the store's mark up to which slots were fired.
const clockMark = "local-clock"

// Program is a control plane with its schedules.
type Program struct {
	Control *control.Control
	// Gate is the control plane's pacer.
	Gate *Gate
	// AtOnce makes a new state begin with the current minute instead of the next one.
	AtOnce bool
	// Abreast is how many slots are fired at a time; 0 means 1.
	Abreast int

	trouble atomic.Pointer[trouble]
	firing  atomic.Bool

	mu        sync.Mutex // guards what follows; held while slots are fired
	jobs      []job.Job
	schedules []*schedule
	next      time.Time // the first slot of all schedules; zero if there is none
	fired     time.Time // slots up to here were fired
	marked    time.Time

	check check
}

// Start sets the clock to where an earlier process left it, and loads the jobs.
func (p *Program) Start(ctx context.Context, jobs []job.Job) error {
	mark, err := p.Control.Store.Mark(ctx, clockMark)
	if err != nil {
		return fmt.Errorf("reading where the clock stopped: %w", err)
	}
	p.fired = mark // if it is still to come, the clock was put back while nothing ran: see putBack
	return p.take(ctx, jobs, mark.IsZero() && p.AtOnce)
}

// Load replaces the jobs. Jobs that did not change continue as they are. For a job that is new or has a
// new schedule, no earlier slot counts as late.
func (p *Program) Load(ctx context.Context, jobs []job.Job) error {
	return p.take(ctx, jobs, false)
}

// Jobs returns the jobs that were last loaded.
func (p *Program) Jobs() []job.Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.jobs
}

func (p *Program) take(ctx context.Context, jobs []job.Job, first bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, err := p.items(ctx)
	if err != nil {
		return err
	}
	jobs = slices.Clone(jobs)
	for i := range jobs {
		if before[jobs[i].Name].Gone { // this job is not the one that went
			jobs[i].Modified = p.Control.Now()
		}
	}
	if err := p.Control.Sync(ctx, jobs); err != nil {
		return fmt.Errorf("storing the jobs: %w", err)
	}
	after, err := p.items(ctx)
	if err != nil {
		return err
	}
	schedules, err := p.schedule(jobs, after, first)
	if err != nil {
		return err
	}
	p.jobs, p.schedules, p.next = jobs, schedules, soonest(schedules)
	return nil
}

func (p *Program) items(ctx context.Context) (map[string]job.Item, error) {
	items, err := p.Control.Store.Items(ctx)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return nil, fmt.Errorf("loading the jobs' items: %w", err)
	}
	out := make(map[string]job.Item, len(items))
	for _, item := range items {
		out[item.Name] = item
	}
	return out, nil
}

// Fire triggers every slot that has come since the last call, those of one job in order. If a slot
// could not even be claimed, the next call tries it again, since the mark does not move past it.
func (p *Program) Fire(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Control.Now().Round(0) // without the monotonic reading: wall-clock time
	p.putBack(ctx, now)
	var errs []error
	if !p.next.IsZero() && !p.next.After(now) {
		errs = p.fireDue(ctx, now)
		p.next = soonest(p.schedules)
	}
	if len(errs) == 0 && !p.Gate.Closed() {
		p.fired = now
		errs = append(errs, p.mark(ctx))
	}
	return errors.Join(errs...)
}

// Firing reports whether slots are being fired.
func (p *Program) Firing() bool { return p.firing.Load() }

// fireDue triggers the slots that have come, Abreast jobs at a time. The caller holds mu.
func (p *Program) fireDue(ctx context.Context, now time.Time) []error {
	p.firing.Store(true)
	defer p.firing.Store(false)
	due := slices.DeleteFunc(slices.Clone(p.schedules), func(s *schedule) bool { return s.next.IsZero() || s.next.After(now) })
	errs := make([]error, len(due))
	port.InParallel(len(due), p.Abreast, func(i int) { errs[i] = p.fire(ctx, due[i], now) })
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// putBack handles a clock that was put back, and continues from the time that it shows. A slot that
// already ran does not run again: its run exists. But a slot that the wrong clock only recorded as
// missed does run (run.Run.Ahead).
func (p *Program) putBack(ctx context.Context, now time.Time) {
	by := p.fired.Sub(now)
	if by < time.Minute {
		return
	}
	p.Control.Log.WarnContext(ctx, "the clock was put back", "by", by.String())
	p.check.stop() // it goes on to the wrong time
	for _, s := range p.schedules {
		s.advance(now)
	}
	p.next = soonest(p.schedules)
	if err := p.Control.PutBack(ctx, by); err != nil {
		p.Control.Log.ErrorContext(ctx, "open runs after the clock was put back", "err", err)
	}
}

// fire triggers the slots of one job. Once the gate is closed, the rest waits for the next start.
func (p *Program) fire(ctx context.Context, s *schedule, now time.Time) (err error) {
	defer panics.Recover(&err) // or the process would end over one job, and again after each start
	// After the machine has slept, or its clock was put ahead, older slots are left for the sweep to
	// find, as after a start: it reports them together.
	if oldest := now.Add(-s.job.Late()); s.next.Before(oldest) {
		s.advance(oldest.Add(-1))
	}
	for !s.next.IsZero() && !s.next.After(now) {
		if p.Gate.Closed() {
			return nil
		}
		if _, err := p.Control.Scheduled(ctx, s.hash, s.job, s.next); err != nil && !p.claimed(ctx, err) {
			return err
		}
		s.advance(s.next)
	}
	return nil
}

// claimed reports whether a trigger that failed left a run behind, whose launch the look will finish.
func (p *Program) claimed(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, port.ErrOwed)
}

// mark stores how far the clock has come, once a minute: slots are minutes, and firing one again makes
// a duplicate.
func (p *Program) mark(ctx context.Context) error {
	minute := p.fired.Truncate(time.Minute)
	if minute.Equal(p.marked) {
		return nil
	}
	if err := p.Control.Store.SetMark(ctx, clockMark, minute); err != nil {
		return fmt.Errorf("storing how far the clock has come: %w", err)
	}
	p.marked = minute
	return nil
}

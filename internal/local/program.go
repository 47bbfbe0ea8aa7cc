// Package local is the control plane on one machine: the same handlers as on
// AWS, driven by a clock in the same process.
package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/timetable"
)

// tick is how often the clock looks at schedules and due runs.
const tick = 200 * time.Millisecond

// clockMark is the store's mark up to which slots were fired.
const clockMark = "local-clock"

// Program is a control plane with its schedules.
type Program struct {
	Control *control.Control
	Jobs    []job.Job

	schedules []schedule
	fired     time.Time // slots up to here were fired
	marked    time.Time
	swept     time.Time
	said      string // the fault that was last logged, at saidAt
	saidAt    time.Time
}

type schedule struct {
	job  job.Job
	cron timetable.Timetable
	next time.Time // zero when it never fires again
}

// Start copies the jobs to where requests by hand find them and sets the clock
// to where an earlier process left it.
func (p *Program) Start(ctx context.Context) error {
	if err := p.Control.Sync(ctx, p.Jobs); err != nil {
		return fmt.Errorf("storing the jobs: %w", err)
	}
	now := p.Control.Now()
	mark, err := p.Control.Store.Mark(ctx, clockMark)
	if err != nil {
		return fmt.Errorf("reading where the clock stopped: %w", err)
	}
	p.fired = mark
	if mark.IsZero() || mark.After(now) {
		p.fired = now
	}
	for _, j := range p.Jobs {
		if j.Schedule == "" || j.Disabled {
			continue
		}
		// What is older than StartWithin is for the sweep to find.
		after := p.fired
		if earliest := now.Add(-j.Late()); after.Before(earliest) {
			after = earliest
		}
		s, err := newSchedule(j, after)
		if err != nil {
			return err
		}
		p.schedules = append(p.schedules, s)
	}
	return nil
}

func newSchedule(j job.Job, after time.Time) (schedule, error) {
	t, err := timetable.Of(j.Plan())
	if err != nil {
		return schedule{}, fmt.Errorf("job %s: %w", j.Name, err)
	}
	s := schedule{job: j, cron: t}
	s.advance(after)
	return s, nil
}

func (s *schedule) advance(after time.Time) {
	next, ok := s.cron.Next(after)
	if !ok {
		next = time.Time{}
	}
	s.next = next
}

// Fire triggers every slot that has come since the last call. A slot whose
// trigger could not even be claimed is tried again at the next call, since the
// mark does not move past it.
func (p *Program) Fire(ctx context.Context) error {
	now := p.Control.Now()
	var errs []error
	for i := range p.schedules {
		s := &p.schedules[i]
		for !s.next.IsZero() && !s.next.After(now) {
			if _, err := p.Control.Scheduled(ctx, s.job, s.next); err != nil && !p.claimed(ctx, err) {
				errs = append(errs, err)
				break
			}
			s.advance(s.next)
		}
	}
	if len(errs) == 0 {
		p.fired = now
		errs = append(errs, p.mark(ctx))
	}
	return errors.Join(errs...)
}

// claimed is whether a trigger's error left a run behind, whose launch the look
// will finish.
func (p *Program) claimed(ctx context.Context, err error) bool {
	return ctx.Err() == nil && errors.Is(err, control.ErrOwed)
}

// mark stores how far the clock has come, once a minute: slots are minutes, and
// one that is fired again is a duplicate.
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

// Idle is whether no run is open.
func (p *Program) Idle(ctx context.Context) (bool, error) {
	ever := p.Control.Now().AddDate(1000, 0, 0)
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		open, err := p.Control.Store.Due(ctx, lane, ever, 1)
		if err != nil {
			return false, fmt.Errorf("looking for open runs: %w", err)
		}
		if len(open) > 0 {
			return false, nil
		}
	}
	return true, nil
}

// Run drives the program until ctx ends, or, where length is not 0, for that
// long and then until no run is open. Faults are logged and tried again.
func (p *Program) Run(ctx context.Context, length time.Duration) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	started := p.Control.Now()
	for {
		draining := length > 0 && p.Control.Now().Sub(started) >= length
		if done, err := p.step(ctx, draining); err != nil {
			p.complain(ctx, err)
		} else if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// complain logs a fault, and one that lasts once a minute.
func (p *Program) complain(ctx context.Context, err error) {
	now := p.Control.Now()
	if err.Error() == p.said && now.Sub(p.saidAt) < time.Minute {
		return
	}
	p.said, p.saidAt = err.Error(), now
	p.Control.Log.ErrorContext(ctx, "the clock", "err", err)
}

// sweep checks the slots once a minute.
func (p *Program) sweep(ctx context.Context) error {
	if p.Control.Now().Sub(p.swept) < time.Minute {
		return nil
	}
	if err := p.Control.CheckSlots(ctx); err != nil {
		return fmt.Errorf("checking the slots: %w", err)
	}
	p.swept = p.Control.Now()
	return nil
}

func (p *Program) step(ctx context.Context, draining bool) (done bool, err error) {
	var fire error
	if !draining {
		fire = p.Fire(ctx)
	}
	_, look := p.Control.Look(ctx)
	if err := errors.Join(fire, look, p.sweep(ctx)); err != nil {
		return false, err
	}
	if !draining {
		return false, nil
	}
	return p.Idle(ctx)
}

// Package sweep assembles the function that drives what only time can drive. It runs every minute.
package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire/base"
	"github.com/batchplane/batchplane/internal/wire/environ"
)

// Config is the function's configuration.
type Config struct {
	base.Config
	// Group is the stack's schedule group, Trigger the ARN of the trigger function.
	Group   string `env:"BATCHPLANE_SCHEDULE_GROUP"`
	Trigger string `env:"BATCHPLANE_TRIGGER"`
	// Ends is the name of the rule that brings the ends of tasks to onstopped.
	Ends string `env:"BATCHPLANE_STOPPED_TASKS"`
	// Rate is the most RunTask calls a second that the sweep sends.
	Rate int `env:"BATCHPLANE_LAUNCH_RATE" form:"a number from 1 to 999"`
}

// How the time of a sweep is divided.
const (
	// spare is how much of the function's time is left when all parts end, for the log and the metrics.
	spare = 8 * time.Second
	// lastCalls is how long before that the look stops beginning further runs. It is longer than a call
	// may take, since a launch that is cut off is in doubt.
	lastCalls = 12 * time.Second
)

// Handler is the function's handler.
type Handler func(ctx context.Context) error

// New reads the configuration. It makes no calls.
func New(lookup environ.Lookup) (Handler, error) {
	s, err := newSweeper(lookup)
	if err != nil {
		return nil, err
	}
	return s.sweep, nil
}

func newSweeper(env environ.Lookup) (*sweeper, error) {
	var c Config
	a, err := base.NewAWS(env)
	if err := errors.Join(environ.Fill(&c, env), err); err != nil {
		return nil, err
	}
	log := base.Log(os.Stdout)
	group := func() schedules.Group { // each with retries of its own
		return schedules.Group{Scheduler: a.Signed("SCHEDULER", "scheduler"), Name: c.Group}
	}
	bus := schedules.Bus{EventBridge: a.Signed("EVENTBRIDGE", "events")}
	registry := &schedules.Registry{
		Scheduler: group(), Rules: bus, Trigger: c.Trigger, Read: entry.Noting(log),
	}
	return &sweeper{
		stack: c.Stack, log: log, metrics: os.Stdout, now: time.Now, registry: registry, rules: bus, ends: c.Ends,
		control: &control.Control{
			Registry:  registry,
			Schedules: &schedules.Lookup{Group: group(), Function: c.Trigger[strings.LastIndexByte(c.Trigger, ':')+1:], Read: entry.Noting(log)},
			Stack:     c.Stack, Store: base.Store(c.Config, a, log), Now: time.Now, Timing: base.Timing(c.Config), Log: log,
			Launcher: &fargate.Launcher{ECS: ecs.NewFromConfig(a.For("ECS")), Now: time.Now},
			Pace:     &control.Window{Rate: c.Rate, Even: true}, InTurns: true,
			Watch: base.RunMetrics(c.Config, os.Stdout, time.Now, log),
		},
	}, nil
}

type sweeper struct {
	stack    string
	log      *slog.Logger
	metrics  io.Writer
	now      func() time.Time
	registry interface {
		Jobs(ctx context.Context) (port.Reading, error)
	}
	// rules has the rule of the name ends.
	rules   schedules.Rules
	ends    string
	control *control.Control
	// swept is when this process began its last sweep that checked the slots to the end.
	swept time.Time
}

// sweep does all its parts, whatever becomes of the others, and emits the heartbeat only if none
// failed. It looks and launches from its first second to its last, or until the next sweep takes over.
// Meanwhile it reads the registry and checks the slots. A slow registry may take half of the time at
// most, so that slots are still checked. The registry comes first: by the plans of a day ago, jobs that
// were deleted since would count as missed, or even be caught up.
func (s *sweeper) sweep(ctx context.Context) error {
	began := s.now()
	ctx, cancel := inTime(ctx)
	defer cancel()
	var looked control.Looked
	var lookErr error
	var look sync.WaitGroup
	look.Go(func() {
		left := 2 * half(ctx)
		looked, lookErr = s.control.LookUntil(ctx, began.Add(left-min(lastCalls, left/2)))
	})
	lag, err := s.lag(ctx)
	errs := []error{err}
	problems, loaded, err := s.sync(ctx)
	checked := s.check(ctx, loaded)
	if errs = append(errs, err, checked); checked == nil {
		s.swept = began.Round(0) // without the monotonic reading: a frozen process wakes up by the wall clock
	}
	untold, err := s.control.Untold(ctx)
	problems += s.deaf(ctx) // last: if it gets no answer, nothing waits for it
	look.Wait()
	err = errors.Join(append(errs, err, lookErr)...)
	if err != nil {
		s.log.ErrorContext(ctx, "the sweep is not complete", "why", err.Error())
	}
	s.log.InfoContext(ctx, "swept", "due", looked.Due, "launched", looked.Launched, "described", looked.Described, "waiting", looked.Waiting)
	return errors.Join(err, s.emit(figures{sweep: lag, due: s.age(looked.Oldest), notice: s.age(untold), problems: problems, complete: err == nil}))
}

// inTime ends before the function's own time does, after which nothing could be reported.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-spare))
}

// half returns half of the time that is left.
func half(ctx context.Context) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return time.Hour
	}
	return time.Until(end) / 2
}

// age returns how long ago a time was, 0 if there is none.
func (s *sweeper) age(since time.Time) time.Duration {
	if since.IsZero() {
		return 0
	}
	return s.now().Sub(since)
}

// figures are what the alarms watch.
type figures struct {
	sweep, due, notice time.Duration
	problems           int
	complete           bool
}

// ownSweep is how long the last sweep counts as this process's own. Another process may have swept
// since, but then the lag is smaller.
const ownSweep = 2 * time.Minute

// lag returns how long ago slots were last checked, 0 for a new stack.
func (s *sweeper) lag(ctx context.Context) (time.Duration, error) {
	if own := s.now().Sub(s.swept); own >= 0 && own <= ownSweep {
		return own, nil
	}
	mark, err := s.control.Store.Mark(ctx, port.MarkSweep)
	if err != nil {
		return 0, fmt.Errorf("reading when the last sweep was here: %w", err)
	}
	if mark.IsZero() {
		return 0, nil
	}
	return s.now().Sub(mark), nil
}

// sync copies the registry into the jobs' items, in half of the time that is left, and tries pending
// slots. If a schedule cannot be read and nobody knows whose it is, no job counts as gone: it may be
// that job's. problems is how many schedules somebody must mend. err is what prevented the work, such
// as that AWS does not allow all schedules to be read just now. loaded holds the items, nil if they
// were not read.
func (s *sweeper) sync(ctx context.Context) (problems int, loaded *control.Loaded, err error) {
	ctx, cancel := context.WithTimeout(ctx, half(ctx))
	defer cancel()
	reading, err := s.read(ctx)
	var broken *schedules.ProblemError
	var unread *schedules.UnreadError
	if errors.As(err, &broken) {
		problems = s.report(ctx, broken.Problems)
	}
	switch {
	case errors.As(err, &unread):
		err = fmt.Errorf("reading the registry: %w", unread)
	case broken != nil:
		err = nil
	case err != nil:
		return 0, nil, errors.Join(fmt.Errorf("reading the registry: %w", err), s.control.TryPending(ctx))
	}
	loaded, synced := s.control.Load(ctx)
	if synced == nil {
		synced = s.control.SyncLoaded(ctx, loaded, reading)
	}
	if plans, ok := errors.AsType[*control.PlanError](synced); ok {
		problems += s.report(ctx, plans.Problems)
		synced = plans.Err
	}
	return problems, loaded, errors.Join(err, synced, s.control.TryPending(ctx))
}

// deaf returns 1 if nobody brings the ends of tasks, so that only looks find them. If that cannot be told, it
// returns 0: the alarm is about what somebody must mend.
func (s *sweeper) deaf(ctx context.Context) int {
	rule, err := s.rules.DescribeRule(ctx, s.ends)
	if err == nil && !rule.Disabled() {
		return 0
	}
	s.log.ErrorContext(ctx, "the rule for ends of tasks is off or cannot be read", "rule", s.ends, "why", err)
	if err == nil || errors.Is(err, port.ErrNotFound) {
		return 1
	}
	return 0
}

func (s *sweeper) check(ctx context.Context, loaded *control.Loaded) error {
	if loaded == nil {
		return s.control.CheckSlots(ctx)
	}
	return s.control.CheckLoaded(ctx, loaded)
}

// read reads the registry in three quarters of the time that is left. What it has read by then is
// copied, and the next sweep continues.
func (s *sweeper) read(ctx context.Context) (port.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, half(ctx)*3/2)
	defer cancel()
	return s.registry.Jobs(ctx)
}

func (s *sweeper) report(ctx context.Context, problems []error) int {
	for _, problem := range problems {
		s.log.ErrorContext(ctx, "a schedule cannot be used", "why", problem.Error())
	}
	return len(problems)
}

// emit prints the sweep's metrics.
func (s *sweeper) emit(f figures) error {
	out := []base.Figure{
		{Name: "SweepLag", Unit: base.Seconds, Value: f.sweep.Seconds()},
		{Name: "DueLag", Unit: base.Seconds, Value: f.due.Seconds()},
		{Name: "NoticeLag", Unit: base.Seconds, Value: f.notice.Seconds()},
		{Name: "ScheduleProblems", Unit: base.Count, Value: float64(f.problems)},
	}
	if f.complete {
		out = append(out, base.Figure{Name: "Heartbeat", Unit: base.Count, Value: 1})
	}
	return base.PrintFigures(s.metrics, s.now(), s.stack, "", out...)
}

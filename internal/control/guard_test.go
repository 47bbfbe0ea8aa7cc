package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestARunThatMakesNoSense is set aside and reported like one that cannot be read. Only then
// is its job's lock free, since its task may run. The look comes to the other runs.
func TestARunThatMakesNoSense(t *testing.T) {
	t.Parallel()
	forbid := with(hourly, func(j *job.Job) { j.Schedule, j.Overlap = "* * * * *", job.Forbid })
	for name, change := range map[string]func(*run.Run){
		"launching without an attempt": func(r *run.Run) { r.Attempts, r.Owed = nil, nil },
		"owes what it does not have":   func(r *run.Run) { r.Attempts = nil },
		"of no status":                 func(r *run.Run) { r.Status = "lost" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := known(t, forbid, report)
			bad := run.New(run.Request{ID: "hourly/20261122T1730Z", ScheduledFor: t0, Definition: forbid.Hash()}, t0, run.DefaultTiming)
			change(&bad)
			item, err := w.store.Item(t.Context(), "hourly")
			if err != nil {
				t.Fatal(err)
			}
			item.Lock = string(bad.ID)
			if err := w.store.Commit(t.Context(), port.Change{Run: &bad, Item: &item}); err != nil {
				t.Fatal(err)
			}
			w.deaf = true
			w.triggerAt(clockAt(17, 34, 0), forbid, clockAt(17, 34, 0))
			if r := w.run(run.ScheduledID("hourly", clockAt(17, 34, 0))); r.Status != run.Skipped {
				t.Errorf("while it is not set aside the next is %s: %s", r.Status, r.Cause)
			}
			w.triggerAt(clockAt(17, 35, 0), report, clockAt(17, 35, 0))
			w.clock.AdvanceTo(clockAt(17, 41, 0))
			if looked, err := w.ctl.Look(t.Context()); err != nil || looked.Described != 1 {
				t.Errorf("%+v, %v", looked, err)
			}
			if w.kinds() != string(notice.Corrupt) || !strings.Contains(w.told[0].Cause, "it makes no sense") {
				t.Errorf("told %+v", w.told)
			}
			if looked, err := w.ctl.Look(t.Context()); err != nil || looked.Due != 0 {
				t.Errorf("again: %+v, %v", looked, err)
			}
			if err := w.ctl.OnStopped(t.Context(), []byte(`{"source":"aws.ecs","detail-type":"ECS Task State Change","detail":{"taskArn":"arn:aws:ecs:local:1:task/c/1","lastStatus":"STOPPED","startedBy":"prod/hourly/20261122T1730Z/1"}}`)); err == nil {
				t.Error("its stop was taken")
			}
			if rep := w.triggerAt(clockAt(18, 0, 0), forbid, clockAt(18, 0, 0)); rep.Outcome != port.Accepted {
				t.Errorf("the next slot: %+v", rep)
			}
		})
	}
}

// never is a Pacer that lets nothing be launched.
type never struct{}

func (never) Sent(time.Time, time.Time) {}

func (never) Take(time.Time) time.Duration { return time.Hour }

// TestAPanicIsAnError: a panic over one run stops no other, whatever its value.
func TestAPanicIsAnError(t *testing.T) {
	t.Parallel()
	for _, panics := range []func(){
		func() { nothing := strings.Count("", "x"); _ = 1 / nothing },
		func() { panic("a text") },
		func() { panic(errors.New("an error")) },
	} {
		w := newWorld(t, setup{script: runs(time.Minute, 0), redeliver: true})
		w.know(hourly, report)
		w.ctl.Pace = never{}
		w.triggerAt(clockAt(18, 0, 0), hourly, clockAt(18, 0, 0))
		w.triggerAt(clockAt(18, 0, 0), report, clockAt(18, 0, 0))
		w.ctl.Pace = nil
		w.ctl.Watch = func(j job.Job, _, _ run.Run, _ string) {
			if j.Name == "hourly" {
				panics()
			}
		}
		_, err := w.ctl.Look(t.Context())
		if err == nil || !strings.Contains(err.Error(), "a fault of this program") || !strings.Contains(err.Error(), "guard_test.go") {
			t.Errorf("the look says %v", err)
		}
		if r := w.run(run.ScheduledID("report", clockAt(18, 0, 0))); r.Status != run.Running {
			t.Errorf("the other is %s", r.Status)
		}
	}
}

// poisoned is a store that panics over one job at some of its calls.
type poisoned struct {
	*memory.Store
	job, at string
}

func (s poisoned) over(at, name string) {
	if at == s.at && name == s.job {
		panic("poison")
	}
}

func (s poisoned) Item(ctx context.Context, name string) (job.Item, error) {
	s.over("item", name)
	return s.Store.Item(ctx, name)
}

func (s poisoned) Runs(ctx context.Context, q port.Query) ([]run.Run, error) {
	s.over("runs", q.Job)
	return s.Store.Runs(ctx, q)
}

func (s poisoned) Run(ctx context.Context, id run.ID) (run.Run, error) {
	s.over("run", id.Job())
	return s.Store.Run(ctx, id)
}

func (s poisoned) Rest(r run.Run, now, until time.Time) {
	s.over("rest", r.ID.Job())
	s.Store.Rest(r, now, until)
}

// TestAPanicOverOneJob: it keeps no other job's slots from being judged and reported, and no
// other task from being looked at.
func TestAPanicOverOneJob(t *testing.T) {
	t.Parallel()
	one := with(hourly, func(j *job.Job) { j.Name, j.CatchUp = "a-one", job.CatchUpLast })
	ending := with(one, func(j *job.Job) { j.Calendar.Only = []string{"2026-11-22", "2026-11-24"} })
	for at, first := range map[string]job.Job{"item": one, "runs": one, "runs of a calendar": ending} {
		w := known(t, first, hourly)
		w.ctl.Store = poisoned{w.store, "a-one", strings.TrimSuffix(at, " of a calendar")}
		w.clock.AdvanceTo(clockAt(18, 20, 0))
		err := w.ctl.CheckSlots(t.Context())
		if err == nil || !strings.Contains(err.Error(), "a fault of this program: poison") {
			t.Errorf("%s: the sweep says %v", at, err)
		}
		if r := w.run(run.ScheduledID("hourly", clockAt(18, 0, 0))); r.Status != run.Missed || r.Owes(run.Tell) || len(w.told) != 1 {
			t.Errorf("%s: the other is %s, owes %v, told %d", at, r.Status, r.Owed, len(w.told))
		}
	}

	w := newWorld(t, setup{script: runs(3*time.Hour, 0)})
	w.know(report, hourly)
	w.triggerAt(clockAt(18, 0, 0), report, clockAt(18, 0, 0))
	w.triggerAt(clockAt(18, 0, 0), hourly, clockAt(18, 0, 0))
	w.clock.AdvanceTo(clockAt(18, 59, 0))
	w.ctl.Store = poisoned{w.store, "hourly", "rest"}
	if _, err := w.ctl.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "poison") {
		t.Errorf("the look says %v", err)
	}
	w.ctl.Store = w.store
	if looked, err := w.ctl.Look(t.Context()); err != nil || looked.Described != 1 {
		t.Errorf("the next look described %d tasks, %v", looked.Described, err)
	}
	w.ctl.Store = poisoned{w.store, "hourly", "run"}
	if err := w.ctl.Tell(t.Context(), run.ScheduledID("hourly", clockAt(18, 0, 0))); err == nil || !strings.Contains(err.Error(), "poison") {
		t.Errorf("the notifier says %v", err)
	}
}

// poison is a registry that panics over one job and knows nothing of the others.
type poison struct{ job string }

func (r poison) Renew(_ context.Context, name string, _ time.Time) (port.Renewal, error) {
	if name == r.job {
		panic("poison")
	}
	return port.Renewal{}, nil
}

// TestAPanicBesideOthers: what is done for several jobs at a time goes on for the others.
func TestAPanicBesideOthers(t *testing.T) {
	t.Parallel()
	every := with(hourly, func(j *job.Job) { j.Name, j.Schedule = "a-one", "rate(1 hour)" })
	other := with(every, func(j *job.Job) { j.Name = "another" })
	for _, abreast := range []int{1, 4} {
		w := known(t, every, other)
		w.ctl.Abreast, w.ctl.Store = abreast, poisoned{w.store, "a-one", "runs"}
		w.clock.AdvanceTo(clockAt(21, 0, 0))
		if err := w.ctl.CheckSlots(t.Context()); err == nil || !strings.Contains(err.Error(), "a fault of this program: poison") {
			t.Errorf("%d abreast: the check says %v", abreast, err)
		}
		if got := w.slotsOf("another"); !strings.HasSuffix(got, "missed") {
			t.Errorf("%d abreast: of the other %q", abreast, got)
		}
		w.ctl.Store, w.ctl.Registry = w.store, poison{"a-one"}
		if err := w.ctl.Sync(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "a fault of this program: poison") {
			t.Errorf("%d abreast: the sync says %v", abreast, err)
		}
		if item, err := w.store.Item(t.Context(), "another"); err != nil || !item.Gone {
			t.Errorf("%d abreast: the other is gone: %t, %v", abreast, item.Gone, err)
		}
	}
}

// contended refuses the first commits of each run.
type contended struct {
	*memory.Store
	mu     sync.Mutex
	refuse int
	tries  map[run.ID]int
}

func (s *contended) Commit(ctx context.Context, c port.Change) error {
	s.mu.Lock()
	s.tries[c.Run.ID]++
	refused := s.tries[c.Run.ID] <= s.refuse
	s.mu.Unlock()
	if refused {
		return fmt.Errorf("simulated: %w", port.ErrConflict)
	}
	return s.Store.Commit(ctx, c)
}

// handler counts the waits of one handler. After its last refusal it goes alone: handlers
// whose waits take no time may meet others for ever on a busy machine.
type handler struct{ waits int }

// TestManyAtOnce: handlers of one job that meet wait ever longer, each for a random time, and
// all get through.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := &contended{Store: &memory.Store{}, refuse: 15, tries: map[run.ID]int{}}
	var mu, alone sync.Mutex
	waits := map[time.Duration]bool{}
	var longest, total time.Duration
	c := &control.Control{
		Stack: stack, Store: s, Now: func() time.Time { return t0.Add(time.Hour) }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler),
		Backoff: func(ctx context.Context, d time.Duration) error {
			if h, ok := ctx.Value(handler{}).(*handler); ok {
				if h.waits++; h.waits == s.refuse {
					alone.Lock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			waits[d], longest, total = true, max(longest, d), total+d
			return nil
		},
	}
	var wg sync.WaitGroup
	errs := make([]error, 100)
	for i := range errs {
		wg.Go(func() {
			h := handler{}
			_, errs[i] = c.Scheduled(context.WithValue(t.Context(), handler{}, &h), "", hourly, t0.Add(-time.Duration(i)*time.Hour).Truncate(time.Hour))
			if h.waits == s.refuse {
				alone.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if item, err := s.Item(t.Context(), "hourly"); err != nil || item.Missed == nil || item.Missed.Count != len(errs) {
		t.Errorf("the item: %+v, %v", item.Missed, err)
	}
	if n := len(errs) * s.refuse; longest >= time.Second || len(waits) < n*9/10 || total/time.Duration(n) > 500*time.Millisecond {
		t.Errorf("%d different waits, the longest %s, %s in all", len(waits), longest, total)
	}
	s.refuse, s.tries = 1000, map[run.ID]int{}
	if _, err := c.Scheduled(t.Context(), "", hourly, t0.Add(-200*time.Hour).Truncate(time.Hour)); !errors.Is(err, port.ErrConflict) {
		t.Errorf("for ever: %v", err)
	}
	c.Backoff = func(context.Context, time.Duration) error { return context.Canceled }
	if _, err := c.Scheduled(t.Context(), "", hourly, t0.Add(-201*time.Hour).Truncate(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
}

package control_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	ecsstop "github.com/batchplane/batchplane/internal/stop"
)

// asked is a store that notes how many due runs it was asked for, and sets none aside.
type asked struct {
	*memory.Store

	mu     sync.Mutex // a look goes along both lanes side by side
	limits map[run.Lane][]int
}

func (s *asked) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	s.mu.Lock()
	s.limits[lane] = append(s.limits[lane], limit)
	s.mu.Unlock()
	return s.Store.Due(ctx, lane, now, limit) //nolint:wrapcheck // it is the store's own
}

func (*asked) SetAside(context.Context, run.ID, string) error { return errBroken }

// tasksRun is an ECS whose tasks all run, which takes its time to say so and has no room for
// more.
type tasksRun struct {
	throttledECS

	takes     func(cluster string)
	described []string
}

func (e *tasksRun) Describe(_ context.Context, cluster string, arns []string) (tasks []ecsevent.Task, _ []string, _ error) {
	if e.described = append(e.described, cluster); e.takes != nil {
		e.takes(cluster)
	}
	for _, arn := range arns {
		tasks = append(tasks, ecsevent.Task{ARN: arn, LastStatus: "RUNNING", StartedAt: t0, Version: 2})
	}
	return tasks, nil, nil
}

func (e *tasksRun) Launch(_ context.Context, l port.Launch) run.Event {
	if e.open {
		e.launched++
		return run.Launched{Attempt: l.Attempt, TaskARN: "arn:task/" + string(l.Run), LastStatus: "PROVISIONING"}
	}
	return run.Refused{Attempt: l.Attempt, Stop: ecsstop.Stop{Kind: ecsstop.LaunchFailure, Reason: vcpus}}
}

// inOrder returns a control plane that does one thing after the other, at a time that the
// test moves.
func inOrder(store port.Store, ecs port.Launcher, now *time.Time) *control.Control {
	return &control.Control{
		Stack: stack, Store: store, Launcher: ecs, Now: func() time.Time { return *now }, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler), Abreast: 1,
		Wait: func(_ context.Context, d time.Duration) error { *now = now.Add(d); return nil },
	}
}

// theTask returns a due run of a job whose task runs; the lower its number, the longer it has
// been due.
func theTask(j job.Job, n int) run.Run {
	id := run.ID(fmt.Sprintf("%s-%04d/20261122T0000Z", j.Name, n))
	return run.Run{
		ID: id, Definition: j.Hash(), Status: run.Running, DueAt: t0.Add(time.Duration(n)*time.Millisecond - time.Minute),
		QueuedAt: t0.Add(-time.Hour), StartedAt: t0.Add(-time.Hour),
		Attempts: []run.Attempt{{N: 1, TaskARN: "arn:task/" + string(id), LastStatus: "RUNNING", Version: 1, StartedAt: t0.Add(-time.Hour), AcceptedAt: t0.Add(-time.Hour), SentAt: t0.Add(-time.Hour)}},
	}
}

func put(t *testing.T, store port.Store, rs ...run.Run) {
	t.Helper()
	for i := range rs {
		if err := store.Commit(t.Context(), port.Change{Run: &rs[i]}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHowManyDueRunsAreAskedFor: a look comes to all runs that can be handled, however many
// before them cannot be, and asks for no more than that takes.
func TestHowManyDueRunsAreAskedFor(t *testing.T) {
	t.Parallel()
	good, lost := job.Job{Name: "good", TaskDefinition: "x"}, job.Job{Name: "lost", TaskDefinition: "x"} // the definition of lost is not there
	of := func(n int, is func(i int) job.Job) (rs []run.Run) {
		for i := range n {
			rs = append(rs, theTask(is(i), i))
		}
		return rs
	}
	for name, c := range map[string]struct {
		runs    []run.Run
		queued  int
		corrupt int
		rate    int
		lane    run.Lane
		asked   []int
		due     int
		oldest  time.Time // since when what is left has been due
	}{
		"all are handled":           {runs: of(250, func(int) job.Job { return good }), lane: run.LookLane, asked: []int{100, 100, 100}, due: 250},
		"none can be handled":       {runs: of(250, func(int) job.Job { return lost }), lane: run.LookLane, asked: []int{100, 200, 400}, due: 250, oldest: t0},
		"every second is handled":   {runs: of(250, func(i int) job.Job { return []job.Job{lost, good}[i%2] }), lane: run.LookLane, asked: []int{100, 100, 150, 226}, due: 250, oldest: t0},
		"the first cannot be read":  {runs: of(150, func(int) job.Job { return lost }), corrupt: 40, lane: run.LookLane, asked: []int{100, 200}, due: 110, oldest: t0},
		"they wait for the quota":   {queued: 1500, lane: run.LaunchLane, asked: []int{100, 198, 396, 792, 1000}, oldest: t0.Add(-time.Minute)},
		"they wait for their rate":  {queued: 150, rate: 1, lane: run.LaunchLane, asked: []int{100}, due: 100, oldest: t0.Add(time.Millisecond - time.Minute)},
		"just as many as are asked": {runs: of(100, func(int) job.Job { return good }), lane: run.LookLane, asked: []int{100, 100}, due: 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, now, ecs := &asked{Store: &memory.Store{}, limits: map[run.Lane][]int{}}, t0, &tasksRun{}
			ctl := inOrder(store, ecs, &now)
			if c.rate > 0 {
				ecs.open, ctl.Pace = true, &control.Window{Rate: c.rate}
			}
			put(t, store, c.runs...)
			for _, r := range c.runs[:c.corrupt] {
				if err := store.Corrupt(t.Context(), r.ID); err != nil {
					t.Fatal(err)
				}
			}
			if err := store.PutDefinition(t.Context(), good); err != nil {
				t.Fatal(err)
			}
			for i := range c.queued {
				r := run.NewQueued(run.Request{ID: theTask(good, i).ID, Definition: good.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}}, "waiting", false, t0.Add(time.Duration(i)*time.Millisecond-time.Minute), run.DefaultTiming)
				r.DueAt = t0.Add(time.Duration(i)*time.Millisecond - time.Minute)
				put(t, store, r)
			}
			looked, err := ctl.Look(t.Context())
			if !slices.Equal(store.limits[c.lane], c.asked) || c.due > 0 && looked.Due != c.due {
				t.Errorf("asked for %v, want %v; %d due, want %d (%v)", store.limits[c.lane], c.asked, looked.Due, c.due, err != nil)
			}
			if !looked.Oldest.Equal(c.oldest) {
				t.Errorf("due since %s, want %s", looked.Oldest, c.oldest)
			}
			if looked, _ = ctl.Look(t.Context()); !looked.Oldest.Equal(c.oldest) {
				t.Errorf("by a second look due since %s, want %s", looked.Oldest, c.oldest)
			}
		})
	}
}

// TestALookThatIsCutShort: since when what is left has been due is known from the oldest of
// the runs, in whichever cluster, that the look did not come to. Nothing more is asked for
// then.
func TestALookThatIsCutShort(t *testing.T) {
	t.Parallel()
	store, now := &asked{Store: &memory.Store{}, limits: map[run.Lane][]int{}}, t0
	ecs := &tasksRun{takes: func(string) { now = now.Add(time.Minute) }}
	dueSince := map[string]time.Time{}
	for k := range 4 {
		j := job.Job{Name: fmt.Sprintf("job%d", k), TaskDefinition: "x", Cluster: fmt.Sprintf("cluster%d", k)}
		if err := store.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		for i := range 25 {
			r := theTask(j, 25*k+i)
			r.Stopping = &run.StopRequest{By: "ann", Asker: ecsstop.AskedByPerson, At: t0} // no look leaves such a run at rest
			if dueSince[j.Cluster].IsZero() {
				dueSince[j.Cluster] = r.DueAt
			}
			put(t, store, r)
		}
	}
	looked, err := inOrder(store, ecs, &now).LookUntil(t.Context(), t0.Add(time.Minute))
	if err != nil || len(ecs.described) != 1 {
		t.Fatalf("%+v, %v; it came to %v", looked, err, ecs.described)
	}
	delete(dueSince, ecs.described[0])
	oldest := now
	for _, at := range dueSince {
		if at.Before(oldest) {
			oldest = at
		}
	}
	if !looked.Oldest.Equal(oldest) || !slices.Equal(store.limits[run.LookLane], []int{100}) {
		t.Errorf("due since %s, want %s; asked for %v", looked.Oldest, oldest, store.limits)
	}
}

// TestTasksHaveHalfOfTheTime of a look that does one thing after the other. The launches that
// are due have the rest.
func TestTasksHaveHalfOfTheTime(t *testing.T) {
	t.Parallel()
	store, now := &memory.Store{}, t0
	ecs := &tasksRun{takes: func(string) { now = now.Add(20 * time.Second) }}
	ecs.open = true
	for k := range 6 {
		j := job.Job{Name: fmt.Sprintf("job%d", k), TaskDefinition: "x", Cluster: fmt.Sprintf("cluster%d", k)}
		if err := store.PutDefinition(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		put(t, store, theTask(j, k))
	}
	waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x"}, 1)
	now = time.Now() // the launch waits by this clock
	if _, err := inOrder(store, ecs, &now).LookUntil(t.Context(), now.Add(80*time.Second)); err != nil {
		t.Fatal(err)
	}
	if len(ecs.described) != 2 || ecs.launched != 1 {
		t.Errorf("looked at the tasks of %v, launched %d", ecs.described, ecs.launched)
	}
}

// TestALookEndsOnceNothingWaits: launches that ECS put off for its rate are made, and then
// nothing is due any more.
func TestALookEndsOnceNothingWaits(t *testing.T) {
	t.Parallel()
	store, now, ecs := &memory.Store{}, t0, &throttledECS{}
	ctl := inOrder(store, ecs, &now)
	ctl.Wait = func(_ context.Context, d time.Duration) error { now, ecs.open = now.Add(d), true; return nil }
	if err := store.PutDefinition(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		r := run.NewQueued(run.Request{ID: minute(n), Definition: report.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}}, "waiting", false, t0, run.DefaultTiming)
		put(t, store, r)
	}
	looked, err := ctl.LookUntil(t.Context(), t0.Add(10*time.Minute))
	if err != nil || ecs.launched != 3 || looked.Launched != 3 || looked.Waiting || !looked.Oldest.IsZero() || now.Sub(t0) > 2*time.Minute {
		t.Errorf("launched %d, %+v, %v after %s", ecs.launched, looked, err, now.Sub(t0))
	}
}

// TestNobodyWaitsForTheEnd: a look does not wait until its time is up, because then it would
// begin with nothing.
func TestNobodyWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	for within, want := range map[time.Duration]int{run.DefaultTiming.Throttled: 0, run.DefaultTiming.Throttled + time.Millisecond: 1} {
		store, now, waits := &memory.Store{}, t0, 0
		ctl := inOrder(store, &throttledECS{open: true}, &now)
		ctl.Pace = noPace{}
		ctl.Wait = func(_ context.Context, d time.Duration) error { waits++; now = now.Add(d); return nil }
		if err := store.PutDefinition(t.Context(), report); err != nil {
			t.Fatal(err)
		}
		r := run.NewQueued(run.Request{ID: minute(0), Definition: report.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}}, "waiting", false, t0, run.DefaultTiming)
		put(t, store, r)
		if looked, err := ctl.LookUntil(t.Context(), t0.Add(within)); err != nil || !looked.Waiting || waits != want {
			t.Errorf("within %s it waits %d times: %+v, %v", within, waits, looked, err)
		}
	}
}

// noPace is a Pacer that lets nothing go.
type noPace struct{}

func (noPace) Take(time.Time) time.Duration { return time.Millisecond }
func (noPace) Sent(time.Time, time.Time)    {}

// noWrites is a store that takes no writes.
type noWrites struct{ port.Store }

func (noWrites) Commit(context.Context, port.Change) error { return errBroken }

// TestWhatCouldNotBeSavedIsLeft: a task is seen to have stopped, but its end cannot be
// written. The run is still due, for as long as it has been.
func TestWhatCouldNotBeSavedIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(time.Minute, 0)})
	w.deaf = true
	launched(t, w, report)
	w.look() // this process has looked before it was due
	w.clock.Advance(10 * time.Minute)
	w.ctl.Store = noWrites{w.store}
	for range 2 {
		looked, err := w.ctl.Look(t.Context())
		if due := w.run(minute(0)).DueAt; !errors.Is(err, errBroken) || !looked.Oldest.Equal(due) {
			t.Errorf("due since %s, want %s, %v", looked.Oldest, due, err)
		}
	}
}

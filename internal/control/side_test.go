package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	ecsstop "github.com/batchplane/batchplane/internal/stop"
)

// account is an ECS with an account's quota, in time that the test moves.
type account struct {
	throttledECS

	// tasks is how many may run at once, for each capacity. Each runs for runs.
	tasks map[job.Capacity]int
	runs  time.Duration
	// hangs are runs whose RunTask gets no answer within ten seconds.
	hangs []run.ID
	// describes makes DescribeTasks hang too.
	describes bool

	mu       sync.Mutex
	running  map[job.Capacity]int
	most     map[job.Capacity]int
	asked    []question
	launched []run.ID
}

type question struct {
	at      time.Time
	run     run.ID
	refused bool
}

const vcpus = "You've reached the limit on the number of vCPUs you can run concurrently"

func (a *account) Launch(_ context.Context, l port.Launch) run.Event {
	if slices.Contains(a.hangs, l.Run) {
		time.Sleep(10 * time.Second)
		return run.NoAnswer{Attempt: l.Attempt, Err: "context deadline exceeded"}
	}
	time.Sleep(300 * time.Millisecond)
	a.mu.Lock()
	defer a.mu.Unlock()
	kind := l.Job.Capacity
	limit, limited := a.tasks[kind]
	full := limited && a.running[kind] >= limit
	a.asked = append(a.asked, question{time.Now(), l.Run, full})
	if full {
		return run.Refused{Attempt: l.Attempt, Stop: ecsstop.Stop{Kind: ecsstop.LaunchFailure, Reason: vcpus}}
	}
	if a.running == nil {
		a.running, a.most = map[job.Capacity]int{}, map[job.Capacity]int{}
	}
	a.running[kind]++
	a.most[kind] = max(a.most[kind], a.running[kind])
	a.launched = append(a.launched, l.Run)
	time.AfterFunc(a.runs, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.running[kind]--
	})
	return run.Launched{Attempt: l.Attempt, TaskARN: "arn:task/" + string(l.Run), LastStatus: "PROVISIONING"}
}

func (a *account) Describe(_ context.Context, _ string, arns []string) (tasks []ecsevent.Task, _ []string, _ error) {
	if a.describes {
		time.Sleep(10 * time.Second)
		return nil, nil, context.DeadlineExceeded
	}
	for _, arn := range arns {
		tasks = append(tasks, ecsevent.Task{ARN: arn, LastStatus: "RUNNING"})
	}
	return tasks, nil, nil
}

// quick returns a control plane in a bubble of time.
func quick(ecs port.Launcher, store port.Store) *control.Control {
	return &control.Control{
		Stack: stack, Store: store, Launcher: ecs, Now: time.Now, Timing: run.DefaultTiming,
		Log: slog.New(slog.DiscardHandler), Pace: &control.Window{Rate: 20, Even: true},
	}
}

// waiting makes n runs of a job wait to be launched, the first the longest.
func waiting(t *testing.T, store port.Store, j job.Job, n int) (ids []run.ID) {
	t.Helper()
	if err := store.PutDefinition(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r := run.NewQueued(run.Request{
			ID: run.ID(fmt.Sprintf("%s-%03d/20261122T0000Z", j.Name, i)), Definition: j.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"},
		}, "waiting", false, time.Now().Add(time.Duration(i-n)*time.Millisecond), run.DefaultTiming)
		if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.ID)
	}
	return ids
}

// TestNewAccount: 200 jobs of 0.25 vCPU at midnight, in an account that may run 6 vCPU at
// once. All of them run on their first attempt, 24 at a time, the oldest first, and little of
// the quota stays idle.
func TestNewAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{tasks: map[job.Capacity]int{job.OnDemand: 24}, runs: 5 * time.Minute}
		ids := waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x", Capacity: job.OnDemand, Retry: job.Retry{Attempts: 1}}, 200)
		began := time.Now()
		for range 60 { // sweeps
			end := time.Now().Add(time.Minute)
			if _, err := quick(ecs, store).LookUntil(t.Context(), end); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(end))
		}
		if len(ecs.launched) != 200 || ecs.most[job.OnDemand] != 24 {
			t.Errorf("%d of 200 were launched, %d at once", len(ecs.launched), ecs.most[job.OnDemand])
		}
		for i, id := range ecs.launched { // those under way together may change places
			if was := slices.Index(ids, id); max(was-i, i-was) > 8 {
				t.Errorf("%s was launched as number %d", id, i)
			}
		}
		refused := 0
		var last time.Time
		for _, a := range ecs.asked {
			if a.refused {
				refused++
			} else {
				last = a.at
			}
		}
		// The last of nine turns of 24 begins after eight times five minutes.
		if took := last.Sub(began); took > 8*(5*time.Minute+20*time.Second) {
			t.Errorf("the last was launched after %s", took)
		}
		if refused > 400 {
			t.Errorf("%d launches were refused", refused)
		}
		for _, r := range load(t, store, ids) {
			if len(r.Attempts) != 1 || r.Status != run.Running {
				t.Errorf("%s is %s after %d attempts: %s", r.ID, r.Status, len(r.Attempts), r.Cause)
			}
		}
	})
}

// TestTheFirstAsksForAll: while the quota is used up, one launch asks every ten seconds, and
// it is always the oldest. Spot has a quota of its own.
func TestTheFirstAsksForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{tasks: map[job.Capacity]int{job.OnDemand: 0}, runs: time.Hour}
		ids := waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x", Capacity: job.OnDemand}, 30)
		spot := waiting(t, store, job.Job{Name: "spot", TaskDefinition: "x", Capacity: job.Spot}, 5)
		c := quick(ecs, store)
		// A process that does not know yet has up to 7 launches under way when it learns.
		if _, err := c.LookUntil(t.Context(), time.Now().Add(5*time.Second)); err != nil {
			t.Fatal(err)
		}
		if first := len(ecs.asked); first > 15 {
			t.Errorf("%d launches before it knows", first)
		}
		ecs.asked = nil
		looked, err := c.LookUntil(t.Context(), time.Now().Add(60*time.Second))
		if err != nil || !looked.Waiting {
			t.Errorf("%+v, %v", looked, err)
		}
		var asked []string
		for i, a := range ecs.asked {
			if a.run != ids[0] || i > 0 && a.at.Sub(ecs.asked[i-1].at) < 10*time.Second {
				asked = append(asked, fmt.Sprint(a.run, " ", a.at))
			}
		}
		if len(ecs.asked) < 5 || len(ecs.asked) > 6 || len(asked) > 0 {
			t.Errorf("%d launches in a minute, of which are too soon, or not the first: %v", len(ecs.asked), asked)
		}
		if !slices.Equal(ecs.launched, spot) {
			t.Errorf("launched on Spot: %v", ecs.launched)
		}
	})
}

func load(t *testing.T, store port.Store, ids []run.ID) (rs []run.Run) {
	t.Helper()
	for _, id := range ids {
		r, err := store.Run(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

// TestOneThatHangs: calls that get no answer hold nobody back.
func TestOneThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{runs: time.Hour, describes: true}
		ids := waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x"}, 41)
		ecs.hangs = []run.ID{ids[0], ids[7]}
		for i := range 3 { // tasks to look at, of three clusters
			j := job.Job{Name: fmt.Sprintf("old-%d", i), TaskDefinition: "x", Cluster: fmt.Sprint(i)}
			_ = store.PutDefinition(t.Context(), j)
			r := run.Run{ID: run.ID(j.Name + "/20261122T0000Z"), Definition: j.Hash(), Status: run.Running, DueAt: time.Now(), Attempts: []run.Attempt{{N: 1, Sends: 1, TaskARN: "arn:task/old"}}}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
		}
		c := quick(ecs, store)
		began := time.Now()
		looked, err := c.LookUntil(t.Context(), began.Add(30*time.Second))
		if err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("got %v", err)
		}
		if last := ecs.asked[len(ecs.asked)-1].at.Sub(began); len(ecs.launched) != 39 || last > 3*time.Second {
			t.Errorf("%d of 39 were launched, the last after %s: %+v", len(ecs.launched), last, looked)
		}
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("the look took %s", took)
		}
	})
}

// TestTurns: processes that look at once launch one at a time. The newest takes over, and the
// one before it ends.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, ecs := &memory.Store{}, &account{runs: time.Hour}
		waiting(t, store, job.Job{Name: "etl", TaskDefinition: "x"}, 900)
		began := time.Now()
		var looks sync.WaitGroup
		ended := make([]time.Duration, 3)
		for i := range ended {
			looks.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Second)
				c := quick(ecs, store)
				c.InTurns = true
				if _, err := c.LookUntil(t.Context(), began.Add(2*time.Minute)); err != nil {
					t.Error(err)
				}
				ended[i] = time.Since(began)
			})
		}
		looks.Wait()
		if len(ecs.launched) != 900 {
			t.Errorf("%d were launched", len(ecs.launched))
		}
		for i := 20; i < len(ecs.asked); i++ {
			if d := ecs.asked[i].at.Sub(ecs.asked[i-20].at); d < 900*time.Millisecond || d > 1200*time.Millisecond {
				t.Fatalf("20 calls in %s, %s after the begin", d, ecs.asked[i].at.Sub(began))
			}
		}
		if ended[0] > 15*time.Second || ended[1] > 25*time.Second || ended[2] > 48*time.Second {
			t.Errorf("they ended after %v", ended)
		}
		// A turn that was given back can be taken at once.
		if at, err := store.Mark(t.Context(), port.MarkLaunching); err != nil || at.After(time.Now()) {
			t.Errorf("the turn is taken until %s, %v", at, err)
		}
	})
}

// TestNewAccountOnECS is the same with the real adapter and the stand-in for ECS, from
// triggers that all come at once, with a look a minute.
func TestNewAccountOnECS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{script: runs(3*time.Minute, 0), vcpus: 6})
	for i := range 200 {
		j := job.Job{Name: fmt.Sprintf("etl-%03d", i), TaskDefinition: "report", Retry: job.Retry{Attempts: 1}}
		if rep, err := w.ctl.Scheduled(t.Context(), "", j, t0); err != nil || rep.Status != run.Running && rep.Status != run.Queued {
			t.Fatalf("%s: %+v, %v", j.Name, rep, err)
		}
	}
	w.live()
	rs, err := w.store.Runs(t.Context(), port.Query{Limit: 1000})
	if err != nil || len(rs) != 200 || len(w.starts()) != 200 {
		t.Errorf("%d runs, %d tasks, %v", len(rs), len(w.starts()), err)
	}
	for _, r := range rs {
		if r.Status != run.Succeeded || len(r.Attempts) != 1 {
			t.Errorf("%s %s after %d attempts: %s", r.ID, r.Status, len(r.Attempts), r.Cause)
		}
	}
}

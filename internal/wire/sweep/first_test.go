package sweep

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// counts counts calls by name, and how many of each were under way at most.
type counts struct {
	mu              sync.Mutex
	made, now, most map[string]int
}

// call makes a call that takes some time.
func (c *counts) call(name string, latency time.Duration) {
	c.mu.Lock()
	c.made[name]++
	c.now[name]++
	c.most[name] = max(c.most[name], c.now[name])
	c.mu.Unlock()
	time.Sleep(latency)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now[name]--
}

// reset returns the calls since the last reset.
func (c *counts) reset() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := maps.Clone(c.made)
	clear(c.made)
	return made
}

// counted is a store that is 5 ms away and counts what jobs cost.
type counted struct {
	memory.Store
	*counts
}

func (s *counted) Items(ctx context.Context) ([]job.Item, error) {
	s.call("Items", 10*away) // megabytes, one page after the other
	return s.Store.Items(ctx)
}

func (s *counted) Definition(ctx context.Context, hash string) (job.Job, error) {
	s.call("Definition", away)
	return s.Store.Definition(ctx, hash)
}

func (s *counted) Definitions(ctx context.Context, hashes []string) (map[string]job.Job, error) {
	s.call("Definitions", 4*away) // a hundred in a call, in parallel
	return s.Store.Definitions(ctx, hashes)
}

func (s *counted) PutDefinition(ctx context.Context, j job.Job) error {
	s.call("PutDefinition", away)
	return s.Store.PutDefinition(ctx, j)
}

func (s *counted) Commit(ctx context.Context, c port.Change) error {
	s.call("Commit", away)
	return s.Store.Commit(ctx, c)
}

func (s *counted) Mark(ctx context.Context, name string) (time.Time, error) {
	s.call("Mark", away)
	return s.Store.Mark(ctx, name)
}

// distant is EventBridge Scheduler with a number of schedules. It accepts 250 GetSchedule calls a
// second, burst and sustained, and lists a hundred schedules in a call (AWS General Reference, "Amazon
// EventBridge Scheduler endpoints and quotas"; EventBridge Scheduler API Reference, ListSchedules).
type distant struct {
	*counts
	latency   time.Duration
	schedules int

	mu      sync.Mutex
	tokens  float64
	filled  time.Time
	refused int
}

var deployed = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func (d *distant) ListSchedules(_ context.Context, token string, limit int) (page []schedules.Listed, next string, err error) {
	d.call("ListSchedules", d.latency)
	from, _ := strconv.Atoi(token)
	to := min(from+limit, d.schedules)
	for i := from; i < to; i++ {
		page = append(page, schedules.Listed{Name: fmt.Sprintf("job-%05d", i), Modified: deployed})
	}
	if to < d.schedules {
		next = strconv.Itoa(to)
	}
	return page, next, nil
}

func (d *distant) GetSchedule(_ context.Context, name string) (entry.Schedule, error) {
	if d.throttles() {
		return entry.Schedule{}, &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}
	}
	d.call("GetSchedule", d.latency)
	input, err := job.Job{Name: name, TaskDefinition: "etl", Schedule: "0 3 * * *"}.ScheduleInput()
	return entry.Schedule{Name: name, Modified: deployed, Expression: "cron(0 3 * * ? *)", Zone: "UTC", Target: "trigger", Input: input}, err
}

func (d *distant) throttles() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tokens = min(250, d.tokens+250*time.Since(d.filled).Seconds())
	d.filled = time.Now()
	if d.tokens < 1 {
		d.refused++
		return true
	}
	d.tokens--
	return false
}

// TestFirstSync is a model, in virtual time, of the first sweeps of a stack with 10,000 jobs. Within
// two of them all jobs are known, nothing is written twice, and no call exceeds a rate of AWS's.
func TestFirstSync(t *testing.T) {
	t.Parallel()
	const many = 10_000
	for name, c := range map[string]struct {
		latency time.Duration // of Scheduler
		kept    bool          // whether the second sweep runs in the process of the first
		first   int           // jobs that are known after the first sweep
	}{
		"5 ms, each in a process of its own": {5 * time.Millisecond, false, many},
		"slow, in one process":               {100 * time.Millisecond, true, 6000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := functionTime(t)
			synctest.Test(t, func(t *testing.T) {
				calls := &counts{made: map[string]int{}, now: map[string]int{}, most: map[string]int{}}
				store := &counted{counts: calls}
				registry := &distant{counts: calls, latency: c.latency, schedules: many}
				sweep := firstProcess(store, registry)
				known := func() int {
					items, err := store.Store.Items(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					return len(items)
				}
				once := func() {
					ctx, cancel := context.WithTimeout(t.Context(), timeout)
					defer cancel()
					began := time.Now()
					err := sweep.sweep(ctx)
					t.Logf("%s: %d jobs, %v", time.Since(began), known(), err)
					if !c.kept {
						sweep = firstProcess(store, registry)
					}
				}
				once()
				if n := known(); n < c.first {
					t.Errorf("the first sweep came to %d jobs", n)
				}
				once()
				made := calls.reset()
				if n := known(); n != many {
					t.Errorf("two sweeps came to %d jobs", n)
				}
				if made["PutDefinition"] != many || made["Commit"] != many || made["Definition"] > 0 || made["Definitions"] > 2 {
					t.Errorf("calls of the store: %v", made)
				}
				if c.kept && made["GetSchedule"] != many+1 || registry.refused > 0 { // one read is for what was applied
					t.Errorf("%d schedules were read, and %d refused", made["GetSchedule"], registry.refused)
				}
				if most := calls.most["Commit"] + calls.most["PutDefinition"]; most > 32 {
					t.Errorf("%d writes at once", most)
				}
				once()
				if made := calls.reset(); made["PutDefinition"]+made["Commit"]+made["Definitions"]+made["Definition"] > 0 {
					t.Errorf("with nothing new: %v", made)
				}
			})
		})
	}
}

// firstProcess returns a function's process that knows nothing.
func firstProcess(store *counted, s schedules.Scheduler) *sweeper {
	quiet := slog.New(slog.DiscardHandler)
	return &sweeper{
		stack: "prod", log: quiet, metrics: io.Discard, now: time.Now, rules: &bus{},
		registry: &schedules.Registry{Scheduler: s, Trigger: "trigger", Read: entry.Registered},
		control: &control.Control{
			Stack: "prod", Store: store, Launcher: &bucketECS{}, Now: time.Now, Timing: run.DefaultTiming, Log: quiet,
			Pace: &control.Window{Rate: 20, Even: true}, InTurns: true,
		},
	}
}

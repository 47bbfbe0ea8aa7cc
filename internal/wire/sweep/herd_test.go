package sweep

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
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
	"github.com/batchplane/batchplane/internal/stop"
)

// far is a store that is 5 ms away, as a table is from a function. It keeps runs in order of time, so
// that a model of ten thousand is quick.
type far struct {
	memory.Store

	mu    sync.Mutex
	runs  map[run.ID]run.Run
	lanes map[run.Lane][]due
}

type due struct {
	at time.Time
	id run.ID
}

func (d due) compare(o due) int { return cmp.Or(d.at.Compare(o.at), cmp.Compare(d.id, o.id)) }

const away = 5 * time.Millisecond

func (s *far) Run(_ context.Context, id run.ID) (run.Run, error) {
	time.Sleep(away)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[id], nil
}

func (s *far) Commit(_ context.Context, c port.Change) error {
	time.Sleep(away)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, r := s.runs[c.Run.ID], *c.Run
	if old.Rev != r.Rev {
		return port.ErrConflict
	}
	if lane := s.lanes[old.Lane()]; len(lane) > 0 {
		// It is mostly one of the first, so the few before it move.
		if i, ok := slices.BinarySearchFunc(lane, due{old.DueAt, old.ID}, due.compare); ok {
			copy(lane[1:], lane[:i])
			s.lanes[old.Lane()] = lane[1:]
		}
	}
	r.Rev++
	s.runs[r.ID] = r
	d := due{r.DueAt, r.ID}
	i, _ := slices.BinarySearchFunc(s.lanes[r.Lane()], d, due.compare)
	s.lanes[r.Lane()] = slices.Insert(s.lanes[r.Lane()], i, d)
	return nil
}

func (s *far) Due(_ context.Context, lane run.Lane, now time.Time, limit int) (rs []run.Run, err error) {
	time.Sleep(2 * away) // the index, then the runs
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.lanes[lane][:min(limit, len(s.lanes[lane]))] {
		if d.at.After(now) {
			break
		}
		rs = append(rs, s.runs[d.id])
	}
	return rs, nil
}

func (s *far) MoveMark(ctx context.Context, name string, from, to time.Time) error {
	time.Sleep(away)
	return s.Store.MoveMark(ctx, name, from, to)
}

func (s *far) Mark(ctx context.Context, name string) (time.Time, error) {
	time.Sleep(away)
	return s.Store.Mark(ctx, name)
}

// bucketECS launches, after a latency, as many as its rate allows: 20 a second, burst and sustained
// (ECS developer guide, "Fargate throttling quotas").
type bucketECS struct {
	latency time.Duration

	mu     sync.Mutex
	tokens float64
	filled time.Time
	sent   []time.Time
	refuse int
	// hangs says whether the n-th call gets no answer within its time.
	hangs func(n int) bool
}

func (e *bucketECS) Launch(_ context.Context, l port.Launch) run.Event {
	e.mu.Lock()
	now := time.Now()
	e.tokens = min(20, e.tokens+20*now.Sub(e.filled).Seconds())
	e.filled = now
	e.sent = append(e.sent, now)
	n, throttled := len(e.sent), e.tokens < 1
	if throttled {
		e.refuse++
	} else {
		e.tokens--
	}
	e.mu.Unlock()
	switch {
	case throttled:
		return run.Refused{Attempt: l.Attempt, Stop: stop.Stop{Kind: stop.LaunchException, ErrorCode: "ThrottlingException", Reason: "Rate exceeded"}}
	case e.hangs != nil && e.hangs(n):
		time.Sleep(10 * time.Second)
		return run.NoAnswer{Attempt: l.Attempt, Err: "Client.Timeout exceeded while awaiting headers"}
	}
	time.Sleep(e.latency)
	return run.Launched{Attempt: l.Attempt, TaskARN: "arn:task/" + string(l.Run), LastStatus: "PROVISIONING"}
}

func (*bucketECS) Resolve(context.Context, job.Job) (run.TaskDefinition, error) {
	return run.TaskDefinition{ARN: "arn:1", Container: "app"}, nil
}

func (*bucketECS) Describe(context.Context, string, []string) ([]ecsevent.Task, []string, error) {
	return nil, nil, nil
}
func (*bucketECS) StopTask(context.Context, string, string, string) error { return nil }
func (*bucketECS) Find(context.Context, string, string) ([]string, error) { return nil, nil }

// functionTime returns the sweep's timeout in the template.
func functionTime(t *testing.T) time.Duration {
	t.Helper()
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`CodeUri: functions/sweep\n +Timeout: (\d+)`).FindSubmatch(template)
	if m == nil {
		t.Fatal("the template names no time of the sweep")
	}
	n, _ := strconv.Atoi(string(m[1]))
	return time.Duration(n) * time.Second
}

// TestHerd is a model, in virtual time, of 10,000 runs that wait at midnight. The sweep is the real
// one, once a minute and up to a minute late, each in a process of its own, with the store and ECS as
// far away as they are. ECS's own limit takes 8m20s.
func TestHerd(t *testing.T) {
	t.Parallel()
	const herd, limit = 10_000, 500 * time.Second
	for _, latency := range []time.Duration{0, 250 * time.Millisecond, 500 * time.Millisecond} {
		for name, late := range map[string]func(minute int, d *rand.Rand) time.Duration{
			"in time":        func(int, *rand.Rand) time.Duration { return 0 },
			"late at random": func(_ int, d *rand.Rand) time.Duration { return time.Duration(d.Int64N(int64(time.Minute))) },
			"every second one a minute late": func(minute int, _ *rand.Rand) time.Duration {
				return time.Duration(minute%2) * 59 * time.Second
			},
		} {
			t.Run(fmt.Sprintf("%s, %s", latency, name), func(t *testing.T) {
				t.Parallel()
				timeout := functionTime(t)
				synctest.Test(t, func(t *testing.T) {
					ecs := &bucketECS{latency: latency, tokens: 20}
					took := drain(t, herd, ecs, timeout, late)
					t.Logf("%s, %d RunTask calls, %d of them refused", took, len(ecs.sent), ecs.refuse)
					if took > limit*115/100 {
						t.Errorf("it took %s, ECS's own limit takes %s", took, limit)
					}
					if most := atOnce(ecs.sent); most > 23 {
						t.Errorf("%d calls in one second", most)
					}
				})
			})
		}
	}
}

// TestHerdOfWhichSomeHang: a call that gets no answer holds up nobody.
func TestHerdOfWhichSomeHang(t *testing.T) {
	t.Parallel()
	timeout := functionTime(t)
	synctest.Test(t, func(t *testing.T) {
		ecs := &bucketECS{latency: 250 * time.Millisecond, tokens: 20, hangs: func(n int) bool { return n%10 == 0 && n < 900 }}
		took := drain(t, 1000, ecs, timeout, func(int, *rand.Rand) time.Duration { return 0 })
		// The calls that hang are sent again two minutes later.
		if took > 200*time.Second {
			t.Errorf("it took %s", took)
		}
		slices.SortFunc(ecs.sent, time.Time.Compare)
		if first := ecs.sent[999].Sub(ecs.sent[0]); first > 60*time.Second {
			t.Errorf("the first thousand calls took %s", first)
		}
	})
}

// drain makes runs wait, and sweeps come, until all runs run. It returns how long that took.
func drain(t *testing.T, herd int, ecs *bucketECS, timeout time.Duration, late func(int, *rand.Rand) time.Duration) time.Duration {
	t.Helper()
	store, began := &far{runs: map[run.ID]run.Run{}, lanes: map[run.Lane][]due{}}, time.Now()
	ecs.filled = began
	j := job.Job{Name: "herd", TaskDefinition: "x"}
	if err := store.PutDefinition(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	for i := range herd {
		id := run.ID(fmt.Sprintf("job-%05d/20261122T0000Z", i))
		r := run.NewQueued(run.Request{ID: id, Definition: j.Hash(), Task: run.TaskDefinition{ARN: "arn:1", Container: "app"}}, "waiting", false, began, run.DefaultTiming)
		store.runs[id], store.lanes[run.LaunchLane] = r, append(store.lanes[run.LaunchLane], due{r.DueAt, id})
	}
	running := make(chan struct{}, herd)
	watch := func(_ job.Job, before, after run.Run, _ string) {
		if after.Status == run.Running && before.Status != run.Running {
			running <- struct{}{}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var sweeps sync.WaitGroup
	d := rand.New(rand.NewPCG(2026, uint64(herd)+uint64(ecs.latency))) //nolint:gosec // a repeatable sample
	for minute := range 60 {
		start := time.Duration(minute)*time.Minute + late(minute, d)
		sweeps.Go(func() {
			select {
			case <-ctx.Done():
			case <-time.After(start):
				ctx, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				_ = process(store, ecs, watch).sweep(ctx) // a launch without an answer is an error
			}
		})
	}
	for range herd {
		<-running
	}
	took := time.Since(began)
	stop()
	sweeps.Wait()
	return took
}

// process returns a function's process.
func process(store *far, ecs *bucketECS, watch func(job.Job, run.Run, run.Run, string)) *sweeper {
	quiet := slog.New(slog.DiscardHandler)
	return &sweeper{
		stack: "prod", log: quiet, metrics: io.Discard, now: time.Now, registry: &registry{}, rules: &bus{},
		control: &control.Control{
			Stack: "prod", Store: store, Launcher: ecs, Now: time.Now, Timing: run.DefaultTiming, Log: quiet,
			Pace: &control.Window{Rate: 20, Even: true}, InTurns: true, Watch: watch,
		},
	}
}

// atOnce returns the most calls in any second.
func atOnce(sent []time.Time) (most int) {
	slices.SortFunc(sent, time.Time.Compare)
	for i, j := 0, 0; j < len(sent); j++ {
		for sent[j].Sub(sent[i]) >= time.Second {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

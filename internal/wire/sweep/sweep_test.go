package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

type registry struct {
	jobs []job.Job
	err  error
}

func (r *registry) Jobs(context.Context) (port.Reading, error) {
	var reading port.Reading
	for i := range r.jobs {
		reading.Jobs = append(reading.Jobs, port.Register(r.jobs[i]))
	}
	if r.err == nil {
		reading.Whole = time.Now()
	}
	return reading, r.err
}

// bus has the rule for ends of tasks: its state, or why it cannot be read.
type bus struct {
	schedules.Rules
	state string
	err   error
}

func (b *bus) DescribeRule(_ context.Context, name string) (schedules.Rule, error) {
	return schedules.Rule{Name: name, State: b.state}, b.err
}

type world struct {
	sweeper
	bus      *bus
	registry *registry
	store    *memory.Store
	clock    time.Time
	out, log *strings.Builder
}

func newWorld() *world {
	w := &world{registry: &registry{}, bus: &bus{}, store: &memory.Store{}, clock: nine, out: &strings.Builder{}, log: &strings.Builder{}}
	now := func() time.Time { return w.clock }
	w.sweeper = sweeper{
		stack: "prod", log: slog.New(slog.NewJSONHandler(w.log, nil)), metrics: w.out, now: now, registry: w.registry, rules: w.bus, ends: "ends",
		control: &control.Control{Stack: "prod", Store: w.store, Now: now, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)},
	}
	return w
}

// metrics returns the metrics of the last sweep.
func (w *world) metrics(t *testing.T) map[string]any {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(w.out.String(), "\n"), "\n")
	var m map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSweepFindsMissedSlots(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.registry.jobs = []job.Job{{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}}
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock = nine.Add(80 * time.Minute)
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := w.store.Run(t.Context(), "etl/20261122T1000Z"); err != nil || r.Status != run.Missed {
		t.Errorf("got %+v, %v", r, err)
	}
	if m := w.metrics(t); m["Heartbeat"] != 1.0 || m["SweepLag"] != 4800.0 || m["Stack"] != "prod" || m["ScheduleProblems"] != 0.0 || m["DueLag"] != 0.0 {
		t.Errorf("metrics %v", m)
	}
}

// TestUnreadableScheduleIsNoGoneJob: its job continues to be watched.
func TestUnreadableScheduleIsNoGoneJob(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.registry.jobs = []job.Job{{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}, {Name: "gone", TaskDefinition: "gone"}}
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.registry.jobs, w.registry.err = nil, &schedules.ProblemError{Problems: []error{errors.New("schedule etl: not JSON")}}
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if item, err := w.store.Item(t.Context(), "etl"); err != nil || item.Gone {
		t.Errorf("got %+v, %v", item, err)
	}
	if m := w.metrics(t); m["ScheduleProblems"] != 1.0 || m["Heartbeat"] != 1.0 || !strings.Contains(w.log.String(), `"why":"schedule etl: not JSON"`) {
		t.Errorf("metrics %v, log %s", m, w.log)
	}
	w.registry.err = nil
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if item, err := w.store.Item(t.Context(), "etl"); err != nil || !item.Gone {
		t.Errorf("got %+v, %v", item, err)
	}
}

// TestUnreadSchedulesAreNoProblem: what AWS does not allow to be read just now does not raise the alarm
// that asks somebody to mend a schedule. The sweep says that it is not complete, and no job is gone.
func TestUnreadSchedulesAreNoProblem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	etl := job.Job{Name: "etl", TaskDefinition: "etl", Schedule: "0 * * * *"}
	w.registry.jobs = []job.Job{etl, {Name: "gone", TaskDefinition: "gone"}}
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	unread, broken := &schedules.UnreadError{Unread: []error{errors.New("Rate exceeded")}}, &schedules.ProblemError{Problems: []error{errors.New("not JSON")}}
	for problems, returned := range []error{unread, errors.Join(broken, unread)} {
		etl.Command = append(etl.Command, "x")
		w.registry.jobs, w.registry.err = []job.Job{etl}, returned
		if err := w.sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "Rate exceeded") {
			t.Errorf("got %v", err)
		}
		if item, err := w.store.Item(t.Context(), "gone"); err != nil || item.Gone {
			t.Errorf("got %+v, %v", item, err)
		}
		if item, err := w.store.Item(t.Context(), "etl"); err != nil || item.Definition != etl.Hash() {
			t.Errorf("got %+v, %v", item, err)
		}
		if m := w.metrics(t); m["ScheduleProblems"] != float64(problems) || m["Heartbeat"] != nil {
			t.Errorf("metrics %v", m)
		}
	}
}

// TestNoHeartbeatWithoutTheRegistry: but slots are still checked.
func TestNoHeartbeatWithoutTheRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.registry.err = errors.New("throttled")
	err := w.sweep(t.Context())
	if err == nil || !strings.Contains(err.Error(), "throttled") {
		t.Errorf("got %v", err)
	}
	if m := w.metrics(t); m["Heartbeat"] != nil || m["SweepLag"] == nil {
		t.Errorf("metrics %v", m)
	}
	if mark, err := w.store.Mark(t.Context(), port.MarkSlots); err != nil || !mark.Equal(nine) {
		t.Errorf("slots are checked up to %s, %v", mark, err)
	}
}

// TestSweepLag: a process that swept within two minutes knows how long ago that was. Otherwise, and
// after a check that did not finish, it asks the store.
func TestSweepLag(t *testing.T) {
	t.Parallel()
	w := newWorld()
	sweep := func(after, other time.Duration, want float64) {
		t.Helper()
		w.clock = w.clock.Add(after)
		if err := w.store.SetMark(t.Context(), port.MarkSweep, w.clock.Add(-other)); err != nil {
			t.Fatal(err)
		}
		_ = w.sweep(t.Context())
		if m := w.metrics(t); m["SweepLag"] != want {
			t.Errorf("%s after its last, %s after another: %v, want %v", after, other, m["SweepLag"], want)
		}
	}
	sweep(0, 20*time.Minute, 1200)
	sweep(time.Minute, 30*time.Second, 60)
	sweep(3*time.Minute, 30*time.Second, 30)
	sweep(-time.Minute, time.Second, 1)
	sweep(time.Minute, time.Second, 60)
	w.control.Store = markless{w.store}
	sweep(time.Minute, time.Second, 60)
	sweep(90*time.Second, time.Second, 1)
}

// markless is a store that cannot store marks.
type markless struct{ *memory.Store }

func (markless) SetMark(context.Context, string, time.Time) error { return errors.New("throttled") }

// newer is a store with a run of a newer version.
type newer struct{ *memory.Store }

func (newer) Due(context.Context, run.Lane, time.Time, int) ([]run.Run, error) {
	return nil, &port.UnreadableError{Runs: map[run.ID]error{"etl/20261122T0840Z": port.ErrNewer}, DueSince: nine.Add(-20 * time.Minute)}
}

// TestNewerRunsAreDue: a run that this version leaves alone, and nobody else takes, is not silent.
func TestNewerRunsAreDue(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.control.Store = newer{w.store}
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := w.metrics(t); m["DueLag"] != 1200.0 || m["Heartbeat"] != 1.0 {
		t.Errorf("metrics %v", m)
	}
}

// TestDueLag: the oldest run of either lane that is due after the look counts; one that is not due or
// was handled does not.
func TestDueLag(t *testing.T) {
	t.Parallel()
	w := newWorld()
	owes := []run.Effect{{Kind: run.Tell, Notice: "failed"}}
	stuck := run.Run{ID: "a/20261122T0800Z", Definition: "absent", Status: run.Queued, DueAt: nine.Add(-20 * time.Minute)}
	for _, r := range []run.Run{
		stuck,
		{ID: "b/20261122T0800Z", Definition: "absent", Status: run.Failed, DueAt: nine.Add(-5 * time.Minute), Owed: owes},
		{ID: "c/20261122T0800Z", Status: run.Running, DueAt: nine.Add(time.Minute)},
	} {
		if err := w.store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.sweep(t.Context()); err == nil {
		t.Error("a run that cannot be handled is no error")
	}
	if m := w.metrics(t); m["DueLag"] != 1200.0 || m["Heartbeat"] != nil {
		t.Errorf("metrics %v", m)
	}
	stuck.Rev, stuck.Status, stuck.DueAt = 1, run.Stopped, time.Time{}
	if err := w.store.Commit(t.Context(), port.Change{Run: &stuck}); err != nil {
		t.Fatal(err)
	}
	_ = w.sweep(t.Context())
	if m := w.metrics(t); m["DueLag"] != 300.0 {
		t.Errorf("metrics %v", m)
	}
}

// TestUnreadablePlanIsAProblem: it raises the alarm of schedules, not that of the sweep, and does not
// keep other jobs from being gone.
func TestUnreadablePlanIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.registry.jobs = []job.Job{
		{Name: "bad", TaskDefinition: "bad", Schedule: "0 * * * *", Timezone: "Nope/Nope"}, {Name: "gone", TaskDefinition: "gone"},
	}
	for range 2 {
		if err := w.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m := w.metrics(t); m["ScheduleProblems"] != 1.0 || m["Heartbeat"] != 1.0 || !strings.Contains(w.log.String(), "job bad: reading the zone") {
			t.Errorf("metrics %v, log %s", m, w.log)
		}
		w.registry.jobs = w.registry.jobs[:1]
	}
	if item, err := w.store.Item(t.Context(), "gone"); err != nil || !item.Gone {
		t.Errorf("got %+v, %v", item, err)
	}
}

// slow is a registry that does not answer in time.
type slow struct{ asked chan struct{} }

func (s slow) Jobs(ctx context.Context) (port.Reading, error) {
	close(s.asked)
	<-ctx.Done()
	return port.Reading{}, ctx.Err()
}

// TestSlowRegistry: the other parts are still done, and the sweep ends in time to say that it is not
// complete.
func TestSlowRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld()
	asked := make(chan struct{})
	w.sweeper.registry = slow{asked}
	ctx, cancel := context.WithTimeout(t.Context(), spare+time.Second)
	defer cancel()
	err := w.sweep(ctx)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("got %v, and of the function's time %v", err, ctx.Err())
	}
	<-asked
	if m := w.metrics(t); m["Heartbeat"] != nil || m["SweepLag"] == nil {
		t.Errorf("metrics %v", m)
	}
	for _, name := range []string{port.MarkSlots, port.MarkSweep} {
		if mark, err := w.store.Mark(t.Context(), name); err != nil || !mark.Equal(nine) {
			t.Errorf("mark %s: %s, %v", name, mark, err)
		}
	}
}

// hung is a store that does not answer the look.
type hung struct{ *memory.Store }

func (hung) Due(ctx context.Context, _ run.Lane, _ time.Time, _ int) ([]run.Run, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestHungLook: the registry is still read and the slots are checked.
func TestHungLook(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.control.Store = hung{w.store}
	w.registry.jobs = []job.Job{{Name: "etl", TaskDefinition: "etl"}}
	ctx, cancel := context.WithTimeout(t.Context(), spare+time.Second)
	defer cancel()
	if err := w.sweep(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, and of the function's time %v", err, ctx.Err())
	}
	if _, err := w.store.Item(t.Context(), "etl"); err != nil {
		t.Error(err)
	}
	if mark, err := w.store.Mark(t.Context(), port.MarkSweep); err != nil || !mark.Equal(nine) {
		t.Errorf("the slots were checked at %s, %v", mark, err)
	}
}

// stalled is a store that does not answer the check of the slots.
type stalled struct{ *memory.Store }

func (stalled) Items(ctx context.Context) ([]job.Item, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestStalledStore: whatever hangs, the sweep ends in time to say so.
func TestStalledStore(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.control.Store = stalled{w.store}
	ctx, cancel := context.WithTimeout(t.Context(), spare+300*time.Millisecond)
	defer cancel()
	if err := w.sweep(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, and of the function's time %v", err, ctx.Err())
	}
	if m := w.metrics(t); m["Heartbeat"] != nil || !strings.Contains(w.log.String(), "the sweep is not complete") {
		t.Errorf("metrics %v, log %s", m, w.log)
	}
}

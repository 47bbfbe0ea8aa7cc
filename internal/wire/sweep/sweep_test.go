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
	"github.com/batchplane/batchplane/internal/run"
)

var nine = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

type registry struct {
	jobs []job.Job
	err  error
}

func (r *registry) Jobs(context.Context) ([]job.Job, error) { return r.jobs, r.err }

type world struct {
	sweeper
	registry *registry
	store    *memory.Store
	clock    time.Time
	out, log *strings.Builder
}

func newWorld() *world {
	w := &world{registry: &registry{}, store: &memory.Store{}, clock: nine, out: &strings.Builder{}, log: &strings.Builder{}}
	now := func() time.Time { return w.clock }
	w.sweeper = sweeper{
		stack: "prod", log: slog.New(slog.NewJSONHandler(w.log, nil)), metrics: w.out, now: now, registry: w.registry,
		control: &control.Control{Stack: "prod", Store: w.store, Now: now, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)},
	}
	return w
}

// metrics are those of the last sweep.
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

// TestUnreadableScheduleIsNoGoneJob: its job keeps being watched.
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

// TestNoHeartbeatWithoutTheRegistry: but slots are checked all the same.
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
	if mark, err := w.store.Mark(t.Context(), control.MarkSlots); err != nil || !mark.Equal(nine) {
		t.Errorf("slots are checked up to %s, %v", mark, err)
	}
}

// newer is a store with a run of a newer version.
type newer struct{ *memory.Store }

func (newer) Due(context.Context, run.Lane, time.Time, int) ([]run.Run, error) {
	return nil, &control.UnreadableError{Runs: map[run.ID]error{"etl/20261122T0840Z": control.ErrNewer}, DueSince: nine.Add(-20 * time.Minute)}
}

// TestNewerRunsAreDue: a run that this version leaves alone, and no other takes,
// is not silent.
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

// TestDueLag: the oldest due run of either lane counts, and one that is not due
// does not.
func TestDueLag(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for id, r := range map[run.ID]run.Run{
		"a/20261122T0800Z": {Status: run.Queued, DueAt: nine.Add(-20 * time.Minute)},
		"b/20261122T0800Z": {Status: run.Running, DueAt: nine.Add(-5 * time.Minute)},
		"c/20261122T0800Z": {Status: run.Running, DueAt: nine.Add(time.Minute)},
	} {
		r.ID = id
		if err := w.store.Commit(t.Context(), control.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	if lag, err := w.dueLag(t.Context()); err != nil || lag != 20*time.Minute {
		t.Errorf("got %v, %v", lag, err)
	}
}

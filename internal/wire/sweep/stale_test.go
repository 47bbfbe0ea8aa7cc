package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
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

// seen is a schedule that the tests look at.
type seen struct {
	job       job.Job
	gone, off bool
	modified  time.Time
	fails     error
	input     string // in place of what carries the job
}

// crowd is a group of 10,000 schedules. The tests look at the first; the others never fire.
type crowd struct {
	distant
	first []*seen
}

func (c *crowd) of(name string) *seen {
	var n int
	if _, err := fmt.Sscanf(name, "job-%05d", &n); err != nil || n >= len(c.first) {
		return nil
	}
	return c.first[n]
}

func (c *crowd) ListSchedules(ctx context.Context, token string, limit int) ([]schedules.Listed, string, error) {
	page, next, err := c.distant.ListSchedules(ctx, token, limit)
	if err != nil || token != "" {
		return page, next, err
	}
	page = slices.DeleteFunc(page, func(s schedules.Listed) bool { is := c.of(s.Name); return is != nil && is.gone })
	for i := range page {
		if is := c.of(page[i].Name); is != nil {
			page[i].Modified = is.modified
		}
	}
	return page, next, nil
}

func (c *crowd) GetSchedule(_ context.Context, name string) (entry.Schedule, error) {
	is := &seen{job: job.Job{Name: name, TaskDefinition: "etl", Schedule: "0 3 1 1 *"}, modified: deployed}
	if looked := c.of(name); looked != nil {
		is = looked
	}
	if is.fails != nil {
		return entry.Schedule{}, is.fails
	}
	if is.gone || name == port.Applied {
		return entry.Schedule{}, port.ErrNotFound
	}
	input, err := is.job.ScheduleInput()
	if is.input != "" {
		input = is.input
	}
	return entry.Schedule{
		Name: name, Modified: is.modified, Disabled: is.off, Expression: "cron(0 3 1 1 ? *)", Zone: "UTC", Target: "trigger", Input: input,
	}, err
}

// stale is a sweep of such a group, which it has listed whole at 9:20 and continues to list in laps:
// the first pages at 9:21, at 9:26, and so on.
type stale struct {
	sweeper
	*crowd
	store *memory.Store
	ecs   *bucketECS
	clock time.Time
}

var (
	firstSweep = nine.Add(20 * time.Minute)
	staleSlot  = nine.Add(22 * time.Minute)
)

func newStale() *stale {
	w := &stale{store: &memory.Store{}, ecs: &bucketECS{tokens: 20}, clock: firstSweep}
	w.crowd = &crowd{distant: distant{counts: &counts{made: map[string]int{}, now: map[string]int{}, most: map[string]int{}}, schedules: 10_000}}
	w.restart()
	return w
}

// restart moves the sweep to a process that knows nothing yet.
func (w *stale) restart() {
	now, quiet := func() time.Time { return w.clock }, slog.New(slog.DiscardHandler)
	registry := &schedules.Registry{
		Scheduler: w.crowd, Trigger: "trigger", Read: entry.Registered,
		Now: now, Wait: func(context.Context, time.Duration) error { return nil },
	}
	w.sweeper = sweeper{
		stack: "prod", log: quiet, metrics: io.Discard, now: now, registry: registry, rules: &bus{},
		control: &control.Control{
			Stack: "prod", Store: w.store, Launcher: w.ecs, Registry: registry, Now: now, Timing: run.DefaultTiming, Log: quiet,
		},
	}
}

// add adds a job with a slot at 9:22.
func (w *stale) add(within time.Duration, catchUp job.CatchUp) *seen {
	s := &seen{job: job.Job{Name: fmt.Sprintf("job-%05d", len(w.first)), TaskDefinition: "etl", Schedule: "22 9 * * *"}, modified: deployed}
	s.job.StartWithin, s.job.CatchUp = job.Duration(within), catchUp
	w.first = append(w.first, s)
	return s
}

// sweeps sweeps every minute up to and including a time.
func (w *stale) sweeps(t *testing.T, until time.Time) {
	t.Helper()
	for ; !w.clock.After(until); w.clock = w.clock.Add(time.Minute) {
		if err := w.sweep(t.Context()); err != nil {
			t.Fatal(w.clock, err)
		}
	}
}

// changes happen to schedules half a minute before their slot, after their page was listed.
var changes = map[string]struct {
	to func(*seen)
	// counts says whether the slot still counts.
	counts bool
}{
	"nothing":                  {func(s *seen) { s.modified = deployed }, true},
	"another command":          {func(s *seen) { s.job.Command = []string{"/app/other"} }, true},
	"deleted":                  {func(s *seen) { s.gone = true }, false},
	"off":                      {func(s *seen) { s.off = true }, false},
	"another time":             {func(s *seen) { s.job.Schedule = "50 9 * * *" }, false},
	"another job of that name": {func(s *seen) { s.job.Name = "other" }, false},
}

// TestSlotsOfStaleReadings: a schedule was deleted, switched off or changed just before a slot. That is
// known when the slot is judged, even before its page is listed again: what nobody asks for any more is
// neither missed nor run late.
func TestSlotsOfStaleReadings(t *testing.T) {
	t.Parallel()
	type looked struct {
		*seen
		words  string
		counts bool
	}
	w := newStale()
	var all []looked
	for _, within := range []time.Duration{time.Minute, 3 * time.Minute, 15 * time.Minute} {
		for _, catchUp := range []job.CatchUp{"", job.CatchUpLast} {
			for name, c := range changes {
				all = append(all, looked{w.add(within, catchUp), fmt.Sprintf("%s, %s, catch up %q", name, within, catchUp), c.counts})
			}
		}
	}
	w.sweeps(t, staleSlot.Add(-time.Minute))
	for _, l := range all {
		l.modified = staleSlot.Add(-30 * time.Second)
		name, _, _ := strings.Cut(l.words, ",")
		changes[name].to(l.seen)
	}
	w.sweeps(t, staleSlot.Add(16*time.Minute))
	for i, l := range all {
		r, err := w.store.Run(t.Context(), run.ScheduledID(fmt.Sprintf("job-%05d", i), staleSlot))
		want := run.Missed
		if l.job.CatchUp == job.CatchUpLast {
			want = run.Running
		}
		if l.counts && r.Status != want || !l.counts && !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: it is %q: %s, %v", l.words, r.Status, r.Cause, err)
		}
	}
	if n := len(w.ecs.sent); n != 6 {
		t.Errorf("%d launches", n)
	}
}

// TestLostSlotsOfStaleReadings: nor is a slot started that EventBridge Scheduler loses when the clocks
// change, here the second pass of 2:00 in Berlin.
func TestLostSlotsOfStaleReadings(t *testing.T) {
	t.Parallel()
	w := newStale()
	w.clock = time.Date(2026, 10, 25, 0, 40, 0, 0, time.UTC)
	slot := w.clock.Add(20 * time.Minute)
	of := map[string]*seen{}
	for name := range changes {
		s := w.add(time.Minute, "")
		s.job.Schedule, s.job.Timezone, s.modified = "*/30 2 * * *", "Europe/Berlin", w.clock.Add(-time.Hour)
		of[name] = s
	}
	w.sweeps(t, slot.Add(-time.Minute))
	ids := map[string]run.ID{}
	for name, c := range changes {
		ids[name] = run.ScheduledID(of[name].job.Name, slot)
		of[name].modified = slot.Add(-30 * time.Second)
		c.to(of[name])
	}
	of["nothing"].modified = w.clock.Add(-time.Hour)
	w.sweeps(t, slot)
	for name, c := range changes {
		if r, err := w.store.Run(t.Context(), ids[name]); c.counts && r.Status != run.Running || !c.counts && !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: it is %q: %s, %v", name, r.Status, r.Cause, err)
		}
	}
	if n := len(w.ecs.sent); n != 2 {
		t.Errorf("%d launches", n)
	}
}

// TestOthersKnowMore: what another process, such as a trigger, has found out in the meantime stands: a
// plan newer than what this process read, a job that left, and a job that came after its page was
// listed. The lap that ends does not know that job.
func TestOthersKnowMore(t *testing.T) {
	t.Parallel()
	w := newStale()
	moved, left, came := w.add(time.Minute, ""), w.add(time.Minute, ""), w.add(time.Minute, "")
	came.gone, came.job.Schedule = true, "50 9 * * *"
	w.sweeps(t, staleSlot.Add(-time.Minute))
	moved.job.Schedule, left.gone, came.gone = "50 9 * * *", true, false
	moved.modified, came.modified = w.clock.Add(-30*time.Second), w.clock.Add(-30*time.Second)
	first := w.sweeper
	w.clock = w.clock.Add(-20 * time.Second)
	w.restart()
	w.sweeps(t, w.clock)
	w.sweeper, w.clock = first, staleSlot
	var before [3]job.Item
	for i := range before {
		before[i], _ = w.store.Item(t.Context(), w.first[i].job.Name)
	}
	if before[0].Plan.Schedule != moved.job.Schedule || !before[1].Gone || before[2].Definition == "" {
		t.Fatalf("the other process knows nothing: %v", before)
	}
	w.sweeps(t, firstSweep.Add(5*time.Minute)) // of the lap that began before
	for _, was := range before {
		if is, err := w.store.Item(t.Context(), was.Name); err != nil || is.Rev != was.Rev {
			t.Errorf("%s is written %d times: %q since %s, gone %t, %v", was.Name, is.Rev-was.Rev, is.Plan.Schedule, is.Since, is.Gone, err)
		}
	}
}

// TestNobodyCanTell: a slot is not judged until it is known whether its schedule still asks for it. A
// schedule that is found to be gone last existed when its page was listed, and the lap that comes to it
// later says the same.
func TestNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := newStale()
	busy, gone := w.add(time.Minute, ""), w.add(time.Minute, "")
	id := run.ScheduledID("job-00000", staleSlot)
	w.sweeps(t, staleSlot)
	busy.fails, gone.gone = &smithy.GenericAPIError{Code: "InternalServerException", Fault: smithy.FaultServer}, true
	for range 2 { // 9:23 and 9:24
		if err := w.sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "job-00000: asking what is deployed") {
			t.Errorf("a slot that cannot be judged: %v", err)
		}
		if _, err := w.store.Run(t.Context(), id); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("it was judged: %v", err)
		}
		w.clock = w.clock.Add(time.Minute)
	}
	busy.fails = nil
	w.sweeps(t, w.clock)
	if r, err := w.store.Run(t.Context(), id); err != nil || r.Status != run.Missed {
		t.Errorf("it is %q, %v", r.Status, err)
	}
	w.sweeps(t, staleSlot.Add(15*time.Minute))
	item, err := w.store.Item(t.Context(), "job-00001")
	if err != nil || !item.Gone || !item.SeenAt.Equal(staleSlot.Add(-time.Minute)) || !item.GoneAt.Equal(staleSlot.Add(time.Minute)) {
		t.Errorf("gone %t, seen %s, gone %s, %v", item.Gone, item.SeenAt, item.GoneAt, err)
	}
}

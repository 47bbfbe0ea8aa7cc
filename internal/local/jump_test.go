package local_test

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// wall is a wall clock, which somebody may correct.
type wall struct {
	*vclock.Clock
	by atomic.Int64
}

// Now returns the time that the clock shows.
func (w *wall) Now() time.Time { return w.Clock.Now().Add(time.Duration(w.by.Load())) }

type told struct {
	mu sync.Mutex
	ns []notice.Notice
}

func (t *told) Notify(_ context.Context, n notice.Notice) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ns = append(t.ns, n)
	return nil
}

// onTheWall returns a program with a job that runs every minute, whose runs end at once.
func onTheWall(t *testing.T) (*wire.Local, *wall, *told) {
	t.Helper()
	clock, heard := &wall{Clock: vclock.New(start)}, &told{}
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock}, Delays: &localecs.Delays{}, Notifier: heard,
		Jobs: []job.Job{{Name: "minutely", Schedule: "* * * * *", Timezone: "Europe/Berlin", Command: []string{"x"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closed(t, l) })
	return l, clock, heard
}

// minutes lets the program work for n of its minutes.
func minutes(t *testing.T, l *wire.Local, clock *wall, n int) {
	t.Helper()
	for range 6 * n {
		if err := l.Fire(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock.Advance(10 * time.Second)
		if _, err := l.Control.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := l.Control.CheckSlots(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func statuses(t *testing.T, l *wire.Local) map[run.Status]int {
	t.Helper()
	runs, err := l.Store.Runs(t.Context(), port.Query{Limit: 10000})
	if err != nil {
		t.Fatal(err)
	}
	n := map[run.Status]int{}
	for _, r := range runs {
		n[r.Status]++
		if len(r.Attempts) > 1 {
			t.Errorf("%s was launched %d times", r.ID, len(r.Attempts))
		}
	}
	return n
}

// TestTheClockJumpsAhead, as after a machine has slept: slots that are too late are missed, and
// reported together.
func TestTheClockJumpsAhead(t *testing.T) {
	t.Parallel()
	l, clock, heard := onTheWall(t)
	minutes(t, l, clock, 3)
	clock.by.Add(int64(8 * time.Hour))
	if n := len(fire(t, l)); n > 20 {
		t.Errorf("%d slots were fired before the present one", n)
	}
	minutes(t, l, clock, 3)
	n := statuses(t, l)
	if n[run.Missed] < 470 || n[run.Succeeded] > 12 || n[run.Missed]+n[run.Succeeded]+n[run.Running] < 485 {
		t.Errorf("after eight hours of sleep: %v", n)
	}
	if len(heard.ns) == 0 || len(heard.ns) > 12 {
		t.Fatalf("%d notices", len(heard.ns))
	}
	if at := heard.ns[0].LocalTime; !strings.HasSuffix(at, " Europe/Berlin") {
		t.Errorf("a notice gives its time as %s", at)
	}
}

// TestTheClockIsPutBack while it runs: what ran is not launched again, and every slot that comes and
// has no run is launched once.
func TestTheClockIsPutBack(t *testing.T) {
	t.Parallel()
	l, clock, heard := onTheWall(t)
	minutes(t, l, clock, 3)
	clock.by.Add(int64(-time.Hour))
	minutes(t, l, clock, 62)
	n := statuses(t, l)
	if n[run.Succeeded] != 62 || n[run.Missed] > 0 || len(heard.ns) > 0 {
		t.Errorf("%v; told: %+v", n, heard.ns)
	}
}

// TestTheClockWasAhead for a while: the slots that it passed were recorded as missed, and still run
// once their time comes. What ran does not run again.
func TestTheClockWasAhead(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]time.Duration{"by two hours": 2 * time.Hour, "by a day": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, clock, _ := onTheWall(t)
			minutes(t, l, clock, 3)
			clock.by.Add(int64(by))
			minutes(t, l, clock, 3)
			if n := statuses(t, l)[run.Missed]; n < int(by.Minutes())-30 {
				t.Fatalf("%d slots were missed", n)
			}
			clock.by.Add(int64(-by))
			before := clock.Now()
			minutes(t, l, clock, 5)
			for at := before.Truncate(time.Minute).Add(time.Minute); !at.After(clock.Now().Add(-time.Minute)); at = at.Add(time.Minute) {
				r, err := l.Store.Run(t.Context(), run.ScheduledID("minutely", at))
				if err != nil || r.Status != run.Succeeded || len(r.Attempts) != 1 {
					t.Errorf("%s is %s (%s), %d attempts, %v", r.ID, r.Status, r.Cause, len(r.Attempts), err)
				}
			}
			minutes(t, l, clock, 5)
			statuses(t, l)
		})
	}
}

// TestTheClockWasWrong: a clock that is put back by years is used at once.
func TestTheClockWasWrong(t *testing.T) {
	t.Parallel()
	l, clock, _ := onTheWall(t)
	minutes(t, l, clock, 3)
	before := statuses(t, l)
	clock.by.Add(int64(-4 * 365 * 24 * time.Hour))
	minutes(t, l, clock, 5)
	after := statuses(t, l)
	if got := after[run.Succeeded] - before[run.Succeeded]; got < 4 || got > 6 {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestOpenRunsOfAWrongClock: they continue once the clock is corrected, while the program runs or
// between two starts of it.
func TestOpenRunsOfAWrongClock(t *testing.T) {
	t.Parallel()
	for name, restarts := range map[string]bool{"while it runs": false, "before a start": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &wall{Clock: vclock.New(start)}
			cfg := wire.LocalConfig{
				DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock}, Delays: &localecs.Delays{}, Notifier: &told{},
				Jobs: []job.Job{{Name: "minutely", Schedule: "* * * * *", Command: []string{"x"}}},
				Inject: func(k localecs.Kind, _ localecs.Subject) bool {
					return k == localecs.FaultCapacity && clock.by.Load() == 0
				},
			}
			l, err := wire.NewLocal(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			for range 7 {
				_ = fire(t, l)
				clock.Advance(10 * time.Second)
			}
			first := fire(t, l)[0]
			clock.by.Add(int64(-4 * 365 * 24 * time.Hour))
			if restarts {
				closed(t, l)
				if l, err = wire.NewLocal(t.Context(), cfg); err != nil {
					t.Fatal(err)
				}
			}
			defer closed(t, l)
			minutes(t, l, clock, 10)
			if r, err := l.Store.Run(t.Context(), first); err != nil || r.Status != run.Succeeded {
				t.Errorf("%s is %s (%s), due at %s, %v; it is %s", first, r.Status, r.Cause, r.DueAt, err, clock.Now())
			}
		})
	}
}

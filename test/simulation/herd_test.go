package simulation

import (
	"fmt"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

const (
	herd = 10_000
	rate = 20
)

// TestHerd is a model in virtual time: 10,000 jobs at one minute, all triggers at once, a limit
// of 20 launches a second, a look each second. ECS's own limit accounts for 500 s.
func TestHerd(t *testing.T) {
	t.Parallel()
	m := &model{}
	took := drain(t, m)
	if limit := herd / rate * time.Second; took > limit+limit/50 {
		t.Errorf("it took %s; ECS's own limit takes %s", took, limit)
	}
	if m.sends != herd {
		t.Errorf("%d RunTask calls", m.sends)
	}
	for i, id := range m.launched {
		if want := herdID(i); id != want {
			t.Fatalf("launch %d is %s, %s came first", i, id, want)
		}
	}
}

// TestThrottledHerd: ECS refuses every third call for its rate. The drain becomes slower, and
// nothing else changes.
func TestThrottledHerd(t *testing.T) {
	t.Parallel()
	m := &model{refuses: func(n int) bool { return n%3 == 0 }}
	took := drain(t, m)
	limit := herd / rate * time.Second * 3 / 2
	if took < limit-limit/50 || took > limit+limit/50 {
		t.Errorf("it took %s; a limit of which a third is refused takes %s", took, limit)
	}
}

func herdID(i int) run.ID { return run.ScheduledID(herdName(i), epoch) }

func herdName(i int) string { return fmt.Sprintf("job-%05d", i) }

// drain triggers the herd and looks each second until every run was launched once, on its first
// attempt.
func drain(t *testing.T, m *model) time.Duration {
	t.Helper()
	now := epoch
	store := NewStore()
	c := &control.Control{
		Stack: stack, Store: store, Launcher: m, Now: func() time.Time { return now }, Timing: run.DefaultTiming, Log: quiet,
		Pace: &control.Window{Rate: rate}, Abreast: 1,
	}
	for i := range herd {
		now = now.Add(time.Microsecond) // so that one came first
		if _, err := c.Scheduled(t.Context(), "", job.Job{Name: herdName(i), Schedule: epoch.Format("4 15") + " * * *", Limits: job.Limits{Timeout: job.Duration(time.Hour)}}, epoch); err != nil {
			t.Fatal(err)
		}
	}
	for len(m.launched) < herd {
		now = now.Add(time.Second)
		if _, err := c.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now.Sub(epoch) > time.Hour {
			t.Fatalf("%d of %d were launched within an hour", len(m.launched), herd)
		}
	}
	for i := range herd {
		r, err := store.Run(t.Context(), herdID(i))
		if err != nil || r.Status != run.Running || len(r.Attempts) != 1 {
			t.Fatalf("%s %s with %d attempts: %v", r.ID, r.Status, len(r.Attempts), err)
		}
	}
	return now.Sub(epoch)
}

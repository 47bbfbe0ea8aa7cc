package local_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// TestWhatWasDroppedIsNotJudged: a machine that starts without the right time shows a time long past for
// a while. Slots that ran, and whose runs were dropped for their age, are then neither missed nor run
// again.
func TestWhatWasDroppedIsNotJudged(t *testing.T) {
	t.Parallel()
	clock := &wall{Clock: vclock.New(start)}
	cfg := wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "local.db"), Clock: clock, Runner: &localecs.ScriptedRunner{Clock: clock}, Delays: &localecs.Delays{}, Notifier: &told{},
		Jobs: []job.Job{
			{Name: "yearly", Schedule: "31 17 22 11 *", Command: []string{"x"}, Limits: job.Limits{CatchUp: job.CatchUpLast}},
			{Name: "hourly", Schedule: "31 * * * *", Command: []string{"x"}},
		},
	}
	l, err := wire.NewLocal(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	minutes(t, l, clock, 3)
	slot := start.Truncate(time.Minute).Add(time.Minute)
	yearly, hourly := run.ScheduledID("yearly", slot), run.ScheduledID("hourly", slot)
	if r, err := l.Store.Run(t.Context(), yearly); err != nil || r.Status != run.Succeeded {
		t.Fatalf("%s is %q, %v", yearly, r.Status, err)
	}
	clock.by.Add(int64(72 * time.Hour))
	minutes(t, l, clock, 2)
	dropped := clock.Now().Add(-48 * time.Hour)
	if n, err := l.Store.Prune(t.Context(), dropped); n < 24 || err != nil {
		t.Fatalf("dropped %d, %v", n, err)
	}
	const long = 2 * 365 * 24 * time.Hour
	clock.by.Add(int64(-long))
	closed(t, l)
	if l, err = wire.NewLocal(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	defer closed(t, l)
	minutes(t, l, clock, 2)
	clock.by.Add(int64(long))
	minutes(t, l, clock, 3)
	for _, id := range []run.ID{yearly, hourly} {
		if r, err := l.Store.Run(t.Context(), id); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s is %s (%s), %v", id, r.Status, r.Cause, err)
		}
	}
	runs, err := l.Store.Runs(t.Context(), port.Query{Since: slot, Limit: 1000})
	if err != nil || len(runs) < 48 || runs[len(runs)-1].ScheduledFor.Before(dropped) {
		t.Errorf("%d runs, the first of %s, %v", len(runs), runs[len(runs)-1].ScheduledFor, err)
	}
}

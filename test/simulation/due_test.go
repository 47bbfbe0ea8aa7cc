package simulation

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

const (
	openRuns = 20_000
	dueRuns  = 1_000
)

// counting counts what is read from a store.
type counting struct {
	port.Store

	mu sync.Mutex
	// runs counts the runs that were read. calls counts the calls for a run, a list of runs or a
	// definition, and the writes of runs.
	runs, calls int
}

func (c *counting) count(runs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs += runs
	c.calls++
}

func (c *counting) Definition(ctx context.Context, hash string) (job.Job, error) {
	c.count(0)
	return c.Store.Definition(ctx, hash)
}

func (c *counting) Commit(ctx context.Context, change port.Change) error {
	c.count(0)
	return c.Store.Commit(ctx, change)
}

func (c *counting) Run(ctx context.Context, id run.ID) (run.Run, error) {
	c.count(1)
	return c.Store.Run(ctx, id)
}

func (c *counting) Due(ctx context.Context, lane run.Lane, now time.Time, limit int) ([]run.Run, error) {
	rs, err := c.Store.Due(ctx, lane, now, limit)
	c.count(len(rs))
	return rs, err
}

// TestLookReadsOnlyWhatIsDue: of 20,000 open runs 1,000 are due, and one look at them asks the
// store for these alone.
func TestLookReadsOnlyWhatIsDue(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "runs.db")
	fill(t, db)
	inSQLite := func(t *testing.T) port.Store {
		t.Helper()
		return copied(t, db)
	}
	for name, c := range map[string]struct {
		open func(t *testing.T) port.Store
		// abreast is how many are handled side by side. A look then loads again whatever is not
		// done when it comes to load more.
		abreast, reads int
	}{
		"memory":               {inMemory, 1, 2},
		"sqlite":               {inSQLite, 1, 2},
		"memory, side by side": {inMemory, 0, 4},
		"sqlite, side by side": {inSQLite, 0, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &counting{Store: c.open(t)}
			abreast, reads := c.abreast, c.reads
			c := &control.Control{
				Stack: stack, Store: s, Launcher: &model{}, Now: func() time.Time { return epoch.Add(time.Minute) },
				Timing: run.DefaultTiming, Log: quiet, Abreast: abreast,
			}
			looked, err := c.Look(t.Context())
			if err != nil || looked.Described != dueRuns {
				t.Fatalf("%+v, %v", looked, err)
			}
			t.Logf("%d runs were read in %d calls", s.runs, s.calls)
			// Each is read as due, and once more when it is decided on.
			if s.runs > reads*dueRuns {
				t.Errorf("%d runs were read, %d are due", s.runs, dueRuns)
			}
			if most := dueRuns / 20; s.calls > most { // they come as lists, and their tasks run as they should
				t.Errorf("%d calls, want at most %d", s.calls, most)
			}
		})
	}
}

// crowd returns the first of many running runs. All others are like it.
func crowd() (job.Job, run.Run) {
	j := job.Job{Name: "crowd", Limits: job.Limits{Timeout: job.Duration(100 * time.Hour)}}
	r := run.New(run.Request{
		ID: run.ScheduledID(j.Name, epoch), Definition: j.Hash(), ScheduledFor: epoch, Trigger: run.Trigger{At: epoch, Kind: run.BySchedule},
	}, epoch, run.DefaultTiming)
	r.Status, r.Owed, r.DueAt = run.Running, nil, epoch
	r.Attempts[0].TaskARN, r.Attempts[0].AcceptedAt, r.Attempts[0].LastStatus = string(r.ID), epoch, "PENDING"
	return j, r
}

func inMemory(t *testing.T) port.Store {
	t.Helper()
	s := &memory.Store{}
	j, r := crowd()
	if err := s.PutDefinition(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	for i := range openRuns {
		r.ID = run.ScheduledID(j.Name, epoch.Add(time.Duration(i)*time.Minute))
		r.Attempts[0].TaskARN, r.DueAt = string(r.ID), epoch
		if i%(openRuns/dueRuns) > 0 {
			r.DueAt = epoch.Add(time.Hour)
		}
		if err := s.Commit(t.Context(), port.Change{Run: &r}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// copies makes as many copies of the one run in the file as are wanted: to write them one by one
// would take minutes.
const copies = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1),
	new(i, id) AS (SELECT i, 'crowd/' || strftime('%Y%m%dT%H%MZ', ?2 + 60 * i, 'unixepoch') FROM n)
	INSERT INTO runs (id, job, status, scheduled_for, queued_at, lane, due_at, rev, body)
	SELECT new.id, job, status, scheduled_for + 60000 * i, queued_at, lane,
		due_at + iif(i % ?3 = 0, 0, 3600000), rev, replace(body, runs.id, new.id) FROM runs, new`

// fill makes a database with the runs.
func fill(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	j, r := crowd()
	if err := errors.Join(s.PutDefinition(t.Context(), j), s.Commit(t.Context(), port.Change{Run: &r}), s.Close()); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), copies, openRuns, epoch.Unix(), openRuns/dueRuns)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// copied returns a store on a copy of a database that nobody has open, and that is thus a single
// file.
func copied(t *testing.T, path string) port.Store {
	t.Helper()
	b, err := os.ReadFile(path) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "runs.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

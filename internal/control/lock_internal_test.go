package control

import (
	"context"
	"errors"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// unanswered is a store that answers nothing but what an item says.
type unanswered struct {
	port.Store
	item job.Item
	err  error
}

func (s unanswered) Item(context.Context, string) (job.Item, error) { return s.item, nil }

func (s unanswered) Run(context.Context, run.ID) (run.Run, error) { return run.Run{}, s.err }

func (s unanswered) Definition(context.Context, string) (job.Job, error) { return job.Job{}, s.err }

// TestALockOfWhichNobodyCanTell: if it cannot be told whether the run that holds a lock is open, or whether
// overlaps are forbidden by now, nothing is launched: that is an error.
func TestALockOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	broken := errors.New("no answer")
	item := job.Item{Name: "report", Lock: "report/1", Waiting: "report/2", Definition: "newer"}
	c := &Control{Store: unanswered{item: item, err: broken}, Schedules: ours{}}
	j := &job.Job{Name: "report", Limits: job.Limits{Overlap: job.Queue}}
	c.definitions.put("newest", j)
	launching, waits := &run.Run{ID: "report/3", Status: run.Launching}, &run.Run{ID: "report/3", Status: run.Queued, Waits: true}
	for name, ask := range map[string]func(ctx context.Context) error{
		"a run takes the lock": func(ctx context.Context) error { return c.unlessTaken(ctx, &item, &run.Run{}, launching, j) },
		"a run waits for it":   func(ctx context.Context) error { return c.unlessTaken(ctx, &item, &run.Run{}, waits, j) },
		"a run is asked for":   func(ctx context.Context) error { _, err := c.blocker(ctx, "report/3", j); return err },
		"a run that was set aside comes back": func(ctx context.Context) error {
			_, err := c.relock(ctx, &port.Change{Run: &run.Run{ID: "report/3", Status: run.Launching, Definition: "newest"}})
			return err
		},
		"a definition may forbid it": func(ctx context.Context) error {
			_, err := c.forbidsNow(ctx, &item, port.Slot{}, &job.Job{})
			return err
		},
	} {
		if err := ask(t.Context()); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if id, err := c.blocker(t.Context(), "report/3", &job.Job{Name: "report"}); id != "" || err != nil {
		t.Errorf("runs that may overlap: %s holds them up, %v", id, err)
	}
}

// ours is a group to which all schedules belong.
type ours struct{ port.Schedules }

func (ours) Ours(string) bool { return true }

package control

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// revised is a store of one run that takes what follows upon it.
type revised struct{ oneRun }

func (s revised) Commit(_ context.Context, ch Change) error {
	if ch.Run.Rev != s.r.Rev {
		return ErrConflict
	}
	return nil
}

// TestNothingToDoIsAskedAnew: what was loaded a while ago and owes nothing may owe it by
// now: who has nothing to write about it looks once more.
func TestNothingToDoIsAskedAnew(t *testing.T) {
	t.Parallel()
	stopIt := run.Effect{Kind: run.StopTask, Attempt: 1}
	old := run.Run{ID: "hourly/20261122T1730Z", Rev: 1, Status: run.Running, Definition: "hourly", Attempts: []run.Attempt{{N: 1}}}
	now := old
	now.Rev, now.Owed = 2, []run.Effect{stopIt}
	c := &Control{Store: revised{oneRun{r: now}}, Now: func() time.Time { return launchTime }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)}
	c.definitions.put("hourly", &job.Job{Name: "hourly"})
	d, err := c.stepFrom(t.Context(), &old, always(run.Done{Effect: stopIt}))
	if err != nil || d.Outcome == run.Ignored || len(d.Next.Owed) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

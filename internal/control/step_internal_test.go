package control

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// revised is a store of one run that accepts what follows from that run's state.
type revised struct{ oneRun }

func (s revised) Commit(_ context.Context, ch port.Change) error {
	if ch.Run.Rev != s.r.Rev {
		return port.ErrConflict
	}
	return nil
}

// TestNothingToDoIsAskedAnew: a run that was loaded a while ago and owed nothing may owe
// something by now, so a step with nothing to write looks once more.
func TestNothingToDoIsAskedAnew(t *testing.T) {
	t.Parallel()
	stopIt := run.Effect{Kind: run.StopTask, Attempt: 1}
	old := run.Run{ID: "hourly/20261122T1730Z", Rev: 1, Status: run.Running, Definition: "hourly", Attempts: []run.Attempt{{N: 1}}}
	now := old
	now.Rev, now.Owed = 2, []run.Effect{stopIt}
	c := &Control{Store: revised{oneRun{r: now}}, Now: func() time.Time { return launchTime }, Timing: run.DefaultTiming, Log: slog.New(slog.DiscardHandler)}
	c.definitions.put("hourly", &job.Job{Name: "hourly"})
	d, err := c.stepFrom(t.Context(), &old, always(run.Done{Effect: stopIt}))
	if err != nil || d.Result == run.Ignored || len(d.Next.Owed) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestDueAsksNobody: what a run that waits for nothing is launched with is known.
func TestDueAsksNobody(t *testing.T) {
	t.Parallel()
	if e, err := (&Control{}).dueEvent(t.Context(), &run.Run{Status: run.Queued}); err != nil || e != (run.Due{}) {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestOthersTellWhatTheyWrote: of what a run owes, only notices that came meanwhile are left
// to whoever wrote them.
func TestOthersTellWhatTheyWrote(t *testing.T) {
	t.Parallel()
	ours, theirs := run.Effect{Kind: run.Tell, Notice: "failed"}, run.Effect{Kind: run.Tell, Notice: "recovered"}
	launch := run.Effect{Kind: run.Launch, Attempt: 1}
	got := leaveTells(nil, &run.Run{Owed: []run.Effect{ours}}, &run.Run{Owed: []run.Effect{ours, launch, theirs}})
	if len(got) != 1 || got[0] != theirs {
		t.Errorf("left %+v", got)
	}
}

// itemWrites counts writes of a job's item.
type itemWrites struct{ writes }

func (w *itemWrites) Item(context.Context, string) (job.Item, error) {
	return job.Item{Name: "hourly"}, nil
}

// TestWhichNoticesSayThatAJobFails: those about a run that failed, whatever the reason.
func TestWhichNoticesSayThatAJobFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   notice.Kind
		status run.Status
		want   int
	}{
		"failed":               {notice.Failed, run.Failed, 1},
		"timed out":            {notice.TimedOut, run.Failed, 1},
		"another notice":       {notice.Missed, run.Failed, 0},
		"retried meanwhile":    {notice.TimedOut, run.Running, 0},
		"it succeeded at last": {notice.Failed, run.Succeeded, 0},
	} {
		w := &itemWrites{}
		r := run.Run{ID: "hourly/20261122T1730Z", Status: c.status, FinishedAt: launchTime}
		if err := (&Control{Store: w}).keepFailing(t.Context(), &r, run.Effect{Kind: run.Tell, Notice: string(c.kind)}); err != nil || w.n != c.want {
			t.Errorf("%s: %d writes, %v", name, w.n, err)
		}
	}
}

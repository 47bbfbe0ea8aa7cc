package control_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatANoticeSays: a notice is in the job's zone, names the right attempt and slots,
// offers a retry if one would mend something, and is kept with who took it.
func TestWhatANoticeSays(t *testing.T) {
	t.Parallel()
	j := with(report, func(j *job.Job) { j.Timezone = "Europe/Berlin" })
	older := run.ScheduledID("report", t0.Add(-2*time.Hour))
	for name, c := range map[string]struct {
		status run.Status
		owed   run.Effect
		about  string // the end of its id
		since  time.Time
		retry  bool
	}{
		"a failure":                {run.Failed, run.Effect{Attempt: 2, Notice: string(notice.Failed)}, "/2", time.Time{}, true},
		"an attempt before":        {run.Failed, run.Effect{Attempt: 2, Notice: string(notice.RanAfterAll), About: 1}, "/1", time.Time{}, true},
		"several missed slots":     {run.Missed, run.Effect{Notice: string(notice.Missed), Count: 3, First: older}, "/0", t0.Add(-2 * time.Hour).Truncate(time.Minute), true},
		"of which the first is no": {run.Missed, run.Effect{Notice: string(notice.Missed), Count: 3, First: "x"}, "/0", t0, true},
		"a failure since retried":  {run.Failed, run.Effect{Attempt: 1, Notice: string(notice.Failed)}, "/1", time.Time{}, false},
		"a miss since retried":     {run.Failed, run.Effect{Notice: string(notice.Missed), Count: 2, First: older}, "/0", t0.Add(-2 * time.Hour).Truncate(time.Minute), false},
		"a recovery":               {run.Succeeded, run.Effect{Attempt: 2, Notice: string(notice.Recovered)}, "/2", time.Time{}, false},
		"what still runs":          {run.Running, run.Effect{Attempt: 2, Notice: string(notice.Relaunched)}, "/2", time.Time{}, false},
		"what runs for long":       {run.Running, run.Effect{Attempt: 2, Notice: string(notice.StillRuns)}, "/2", time.Time{}, false},
		"and has ended since":      {run.Failed, run.Effect{Attempt: 2, Notice: string(notice.StillRuns)}, "/2", time.Time{}, true},
		"what is the job's":        {run.Failed, run.Effect{Attempt: 2, Notice: string(notice.Unexpected)}, "/2", time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, n := &memory.Store{}, &teller{}
			ctl := &control.Control{
				Stack: stack, Store: store, Notifier: n, Zones: cron.Location, Now: func() time.Time { return t0 }, Timing: run.DefaultTiming,
				Log: slog.New(slog.DiscardHandler), RetryCommand: "batchplane retry", StopCommand: "batchplane stop",
			}
			if err := store.PutDefinition(t.Context(), j); err != nil {
				t.Fatal(err)
			}
			c.owed.Kind = run.Tell
			r := run.Run{
				ID: slot, Definition: j.Hash(), ScheduledFor: t0, Status: c.status, DueAt: t0, Owed: []run.Effect{c.owed},
				Attempts: []run.Attempt{{N: 1, TaskARN: "1", RanAfterAll: true}, {N: 2, TaskARN: "2", RanAfterAll: true, Long: true}},
			}
			if c.status == run.Missed {
				r.Attempts = nil
			} else if c.status.Terminal() {
				r.FinishedAt, r.Attempts[0].EndedAt, r.Attempts[1].EndedAt = t0, t0, t0
			}
			if err := store.Commit(t.Context(), port.Change{Run: &r}); err != nil {
				t.Fatal(err)
			}
			if err := ctl.Tell(t.Context(), slot); err != nil || len(n.told) != 1 {
				t.Fatalf("%v, told %+v", err, n.told)
			}
			got := n.told[0]
			if got.LocalTime != "2026-11-22 18:30 Europe/Berlin" || !strings.HasSuffix(got.ID, c.about) || !got.MissedSince.Equal(c.since) || (got.RetryWith != "") != c.retry || (got.Retry != nil) != c.retry {
				t.Errorf("told %+v", got)
			}
			if stops := c.status == run.Running && c.owed.Notice == string(notice.StillRuns); (got.StopWith != "") != stops {
				t.Errorf("to stop it, it says %q", got.StopWith)
			}
			if unsafe := got.Retry != nil && got.Retry.Safety == run.RetryUnsafe; unsafe != (c.retry && c.status != run.Missed) {
				t.Errorf("of a run that ran after all it says %+v", got.Retry)
			}
			if ran := strings.HasPrefix(got.Cause, "attempt 1: its task ran after all; the run: "); ran != (c.owed.About == 1) {
				t.Errorf("the cause is %q", got.Cause)
			}
			if after, err := store.Run(t.Context(), slot); err != nil || len(after.Told) != 1 || !slices.Equal(after.Told[0].To, []string{"ops"}) {
				t.Errorf("kept as told %+v, %v", after.Told, err)
			}
		})
	}
}

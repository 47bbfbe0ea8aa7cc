package console_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhatEndsAHold: the overview says how to stop a run that holds its job's slots back, or that
// runs for long; to who may do so with a button, to others with a command.
func TestWhatEndsAHold(t *testing.T) {
	t.Parallel()
	const command = "stop --stack"
	for name, c := range map[string]struct {
		readOnly, holds bool
		want, not       string
	}{
		"who may act":                     {false, true, "/ask/stop?run=etl%2F", command},
		"a reader":                        {true, true, command, "/ask/stop"},
		"who may act on one that is long": {false, false, "/ask/stop?run=etl%2F", command},
		"a reader of one that is long":    {true, false, command, "/ask/stop"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory.Store{}
			item, at := itemOf("etl", "0 * * * *"), night.Add(-3*time.Hour).Truncate(time.Minute)
			r := run.Run{ID: run.ScheduledID("etl", at), ScheduledFor: at, QueuedAt: at, DueAt: night, Status: run.Running, Attempts: []run.Attempt{{N: 1, SentAt: at, StartedAt: at, TaskARN: "arn", LastStatus: run.TaskRunning}}}
			why := "its task has been running for long"
			if r.Attempts[0].Long = !c.holds; c.holds {
				item.Holder, why = &job.Holder{By: string(r.ID), More: true}, "its slots are skipped while "+string(r.ID)+" is open"
			}
			if err := store.Commit(t.Context(), port.Change{Run: &r, Item: &item}); err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, func(cfg *console.Config) {
				p := *cfg.Plane
				p.Reader, p.Output = store, writes{}
				cfg.Plane, cfg.ReadOnly = &p, c.readOnly
				cfg.Command = func(sub string) string { return "batchplane " + sub + " --stack prod" }
			})
			says(t, "the overview", text(t, w.send(request("GET", "/", nil), w.signIn())), []string{why, c.want}, []string{c.not})
		})
	}
}

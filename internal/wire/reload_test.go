package wire_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
)

// TestReloadedBaseCountsAtOnce: a run right after a reload gets the variables of the base that was
// read, though another run of the job started a moment before.
func TestReloadedBaseCountsAtOnce(t *testing.T) {
	t.Parallel()
	clock := vclock.New(time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC))
	runner := &localecs.ScriptedRunner{Clock: clock}
	cfg := config(filepath.Join(t.TempDir(), "local.db"))
	cfg.Clock, cfg.Runner, cfg.Jobs[0].TaskDefinition = clock, runner, "base"
	bases := func(host string) []job.TaskDefinition {
		return []job.TaskDefinition{{Family: "base", Environment: map[string]string{"HOST": host}}}
	}
	cfg.Definitions = bases("old")
	l := mustStart(t, cfg)
	run := func(id string) {
		t.Helper()
		if reply, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: id}); err != nil || reply.Outcome != port.Accepted {
			t.Fatalf("%+v, %v", reply, err)
		}
		clock.Advance(5 * time.Second)
	}
	run("a")
	if err := l.Reload(t.Context(), cfg.Jobs, bases("new")); err != nil {
		t.Fatal(err)
	}
	run("b")
	started := runner.Started()
	if len(started) != 2 || started[0].Env["HOST"] != "old" || started[1].Env["HOST"] != "new" {
		t.Errorf("got %+v", started)
	}
}

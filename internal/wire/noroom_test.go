package wire_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// crowded is a machine without room for the first start.
type crowded struct {
	localecs.ScriptedRunner

	starts atomic.Int32
}

func (c *crowded) Start(spec localecs.ContainerSpec, exited func(localecs.Exit)) (localecs.Process, error) {
	if c.starts.Add(1) == 1 {
		return nil, fmt.Errorf("%w: too many open files", localecs.ErrNoRoom)
	}
	return c.ScriptedRunner.Start(spec, exited) //nolint:wrapcheck // in its place
}

// TestARunWaitsForRoom: on this machine as for capacity on AWS. The wait costs no attempt, even for a
// job that is never relaunched.
func TestARunWaitsForRoom(t *testing.T) {
	t.Parallel()
	timing := wire.LocalTiming
	runner := &crowded{ScriptedRunner: localecs.ScriptedRunner{Clock: localecs.RealClock{}}}
	l := mustStart(t, wire.LocalConfig{
		DB: filepath.Join(t.TempDir(), "jobs.db"), Runner: runner, Delays: &localecs.Delays{}, Timing: &timing,
		Jobs: []job.Job{{Name: "report", Command: []string{"x"}, Retry: job.Retry{Attempts: 1}}},
	})
	if _, err := l.Control.RunByHand(t.Context(), port.RunRequest{Job: "report", RequestID: "1", By: "me"}); err != nil {
		t.Fatal(err)
	}
	waiting := func() run.Run {
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			runs, err := l.Store.Runs(t.Context(), port.Query{})
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("%+v, %v", runs, err)
			}
			if len(runs) == 1 && runs[0].Status != run.Launching && runs[0].Status != run.Running {
				return runs[0]
			}
		}
	}
	r := waiting()
	if r.Status.Terminal() || len(r.Attempts) != 1 || runner.starts.Load() != 1 {
		t.Errorf("it %s at %d attempts, after %d starts", r.Status, len(r.Attempts), runner.starts.Load())
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(string(text), "this machine has no room for it: too many open files") {
		t.Errorf("it is explained by %s, %v", text, err)
	}
}

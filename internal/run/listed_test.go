package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/stop"
)

// TestAListedExitCode: a code that the job lists counts if the job ended by itself, not if
// our stop of a hung task forced it.
func TestAListedExitCode(t *testing.T) {
	t.Parallel()
	listed := plain
	listed.Retry.ExitCodes = []int64{143}
	stopped := ourStop
	stopped.StartedAt = t0
	stopped.Containers = []stop.Container{{Name: "app", LastStatus: "STOPPED", RuntimeID: "r", ExitCode: code(143)}}
	launched := at{0, run.Launched{Attempt: 1, TaskARN: arn(1), LastStatus: "PROVISIONING"}}

	own, d := play(t, listed, launched, at{time.Minute, seen(1, 2, exited(143))})
	if len(own.Attempts) == 1 && own.Status == run.Failed {
		t.Errorf("the job's own 143: %s (%s), want a relaunch", own.Status, d.Why)
	}
	forced, d := play(t, listed, launched, at{20 * time.Minute, look(2, provisioning)}, at{21 * time.Minute, seen(1, 3, stopped)})
	if len(forced.Attempts) != 1 || forced.Status != run.Failed {
		t.Errorf("the 143 of our stop: %s with %d attempts (%s), want failed with 1", forced.Status, len(forced.Attempts), d.Why)
	}
}

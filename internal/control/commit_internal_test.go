package control

import (
	"context"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// TestNothingWritesOverWhatMakesNoSense, whoever saves a run and whatever they decided.
func TestNothingWritesOverWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	wrote := &writes{}
	for status, want := range map[run.Status]int{"unheard of": 0, run.Queued: 1} {
		before := run.Run{ID: "hourly/20261122T1730Z", Status: status}
		after := before
		after.Status = run.Failed
		if err := (&Control{Store: wrote}).commit(t.Context(), &before, port.Change{Run: &after}, &job.Job{}, "why"); (err == nil) != (want == 1) || wrote.n != want {
			t.Errorf("over %q: %v, %d writes", status, err, wrote.n)
		}
		wrote.n = 0
	}
}

// writes is a store that counts writes.
type writes struct {
	port.Store

	n int
}

func (w *writes) Commit(context.Context, port.Change) error {
	w.n++
	return nil
}

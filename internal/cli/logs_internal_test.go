package cli

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// TestSilenceSince: of a stack's log, only what came since a time may have been asked for.
func TestSilenceSince(t *testing.T) {
	t.Parallel()
	a := &app{zone: time.UTC}
	since := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if got, want := a.silence(run.Attempt{N: 1, Why: "gone"}, since), "has written no output since 2026-11-22 00:00:00 (UTC)"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

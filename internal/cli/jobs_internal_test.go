package cli

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/view"
)

// TestJobNoteOfWhatIsHeldBack: the note of a job says that its slots are skipped because of a run
// that hangs, even if the job is failing.
func TestJobNoteOfWhatIsHeldBack(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	a := &app{zone: time.UTC}
	const want = "failing since 2026-11-22 09:00:00; slots are skipped while a/20261122T0800Z is open"
	if got := a.jobNote(view.Summary{Job: "a", FailingSince: &since, HeldBy: "a/20261122T0800Z"}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

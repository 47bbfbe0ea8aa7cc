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

// TestScheduleTextNamesItsZone: only a schedule that names no time of day goes without its zone.
func TestScheduleTextNamesItsZone(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"*/5 * * * *": "every 5 minutes", "2-59/5 * * * *": "every 5 minutes from minute 2 of every hour", "rate(3 hours)": "every 3 hours, counted from the start of the schedule",
		"*/5 9-17 * * *": "every 5 minutes from 09:00 to 17:55 Europe/Berlin", "*/5 1,5 * * *": "every 5 minutes of the hours 1 and 5 Europe/Berlin",
		"*/5 * * * 1": "every 5 minutes on Monday Europe/Berlin", "*/5 * * 3 *": "every 5 minutes in March Europe/Berlin", "5 * * * *": "at minute 5 of every hour Europe/Berlin",
	} {
		if got := scheduleText(view.Summary{Schedule: schedule, When: view.ScheduleWords(schedule), Zone: "Europe/Berlin"}); got != want {
			t.Errorf("%s: got %q, want %q", schedule, got, want)
		}
	}
}

package job_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestPausesAreKept: a pause is kept as long as a slot in it may be judged, however many come after it.
func TestPausesAreKept(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		every time.Duration
		n     int
		keeps int
	}{
		"often":                     {time.Hour, 60, 60},
		"now and then":              {7 * 24 * time.Hour, 60, job.MaxPauses},
		"so often that it is a bug": {time.Minute, 2000, job.MaxPausesNeeded},
	} {
		var i job.Item
		for n := range c.n {
			from := at.Add(time.Duration(n) * c.every)
			i.AddPause(job.Pause{From: from})
			i.EndPause(from.Add(c.every / 2))
		}
		newest := at.Add(time.Duration(c.n-1) * c.every)
		if len(i.Pauses) != c.keeps || !i.Pauses[len(i.Pauses)-1].From.Equal(newest) {
			t.Errorf("%s: %d pauses up to %s, want %d up to %s", name, len(i.Pauses), i.Pauses[len(i.Pauses)-1].From, c.keeps, newest)
		}
	}
}

package run

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestOwedAgain: a notice that nobody takes is tried less and less often, a stop every
// minute.
func TestOwedAgain(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		owed  EffectKind
		after time.Duration
		want  time.Duration
	}{
		"soon after the end":  {Tell, time.Minute, time.Minute},
		"an hour later":       {Tell, time.Hour, 15 * time.Minute},
		"most of a day later": {Tell, 20 * time.Hour, 30 * time.Minute},
		"a stop":              {StopTask, 20 * time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := end.Add(tc.after)
			r := Run{ID: "report/20261122T1730Z", Status: Failed, FinishedAt: end, DueAt: now, Owed: []Effect{{Kind: tc.owed, Attempt: 1}}, Attempts: []Attempt{{N: 1, TaskARN: "a"}}}
			d := Decide(&job.Job{Name: "report"}, &r, Due{}, now, &DefaultTiming)
			if got := d.Next.DueAt.Sub(now); d.Result != Did || got != tc.want {
				t.Errorf("%v: tried again in %s, want %s", d.Result, got, tc.want)
			}
		})
	}
}

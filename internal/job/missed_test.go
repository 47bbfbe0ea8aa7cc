package job_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
)

// TestMissedDue: when the missed slots of a job are reported.
func TestMissedDue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	since := func(d time.Duration) *job.Missed { return &job.Missed{Count: 1, Since: ago(d)} }
	const m = time.Minute
	within := job.Plan{StartWithin: job.Duration(15 * m)}
	for name, c := range map[string]struct {
		item job.Item
		want bool
	}{
		"none":                                {job.Item{}, false},
		"the first":                           {job.Item{Missed: since(0)}, true},
		"of a job that fails, a moment after": {job.Item{Missed: since(0), FailingSince: ago(m), ToldMissed: ago(m)}, false},
		"of a job that fails, after a while":  {job.Item{Missed: since(0), FailingSince: ago(5 * m), ToldMissed: ago(5 * m)}, true},
		"of a job that fails for hours":       {job.Item{Missed: since(0), FailingSince: ago(600 * m), ToldMissed: ago(59 * m)}, false},
		"and an hour after":                   {job.Item{Missed: since(0), FailingSince: ago(600 * m), ToldMissed: ago(60 * m)}, true},
		"of before its recovery":              {job.Item{Plan: within, Missed: since(m), ToldMissed: ago(6 * m), RecoveredAt: ago(5 * m)}, false},
		"which all must be known by now":      {job.Item{Plan: within, Missed: since(m), ToldMissed: ago(20 * m), RecoveredAt: ago(16 * m)}, true},
		"or which has waited":                 {job.Item{Plan: within, Missed: since(15 * m), ToldMissed: ago(20 * m), RecoveredAt: ago(15 * m)}, true},
		"for an hour at most":                 {job.Item{Plan: job.Plan{StartWithin: job.Duration(600 * m)}, Missed: since(60 * m), ToldMissed: ago(90 * m), RecoveredAt: ago(80 * m)}, true},
		"and not yet":                         {job.Item{Plan: job.Plan{StartWithin: job.Duration(600 * m)}, Missed: since(59 * m), ToldMissed: ago(90 * m), RecoveredAt: ago(80 * m)}, false},
		"after a recovery from something else": {
			job.Item{Plan: within, Missed: since(0), ToldMissed: ago(200 * m), RecoveredAt: ago(5 * m)}, true,
		},
		"after a recovery, when none was missed yet": {job.Item{Plan: within, Missed: since(0), RecoveredAt: ago(5 * m)}, true},
	} {
		if got := c.item.MissedDue(now); got != c.want {
			t.Errorf("%s: due %t", name, got)
		}
	}
}

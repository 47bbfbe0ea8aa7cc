package run_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// TestRunsLong: a task that has been RUNNING for a day is marked once, if its job sets no timeout.
// Its looks leave no trace before or after.
func TestRunsLong(t *testing.T) {
	t.Parallel()
	limited := plain
	limited.Timeout = job.Duration(48 * time.Hour)
	for name, c := range map[string]struct {
		job    job.Job
		marked int
	}{"no timeout": {plain, 1}, "a timeout of two days": {limited, 0}} {
		r, _ := play(t, c.job, at{0, run.Launched{Attempt: 1, TaskARN: arn(1)}})
		marked := 0
		for now := t0.Add(5 * time.Minute); now.Before(t0.Add(47 * time.Hour)); now = now.Add(run.DefaultTiming.NextLook) {
			d := decided(c.job, r, look(2, runs), now, run.DefaultTiming)
			switch after := now.Sub(runs.StartedAt); {
			case d.Next.RunsLong() && !r.RunsLong():
				if marked++; after < run.LongAfter || after > run.LongAfter+run.DefaultTiming.NextLook {
					t.Errorf("%s: marked after %s", name, after)
				}
			case d.Result != run.Rests:
				t.Errorf("%s: after %s %s: %s", name, after, d.Result, d.Why)
			}
			r = d.Next
		}
		if marked != c.marked {
			t.Errorf("%s: marked %d times", name, marked)
		}
		ending := runs
		ending.LastStatus = "DEPROVISIONING"
		if e := decided(c.job, r, look(3, ending), t0.Add(47*time.Hour), run.DefaultTiming).Next; e.RunsLong() {
			t.Errorf("%s: runs long although ECS is stopping it", name)
		}
		unstarted := runs
		unstarted.StartedAt = time.Time{}
		fresh, _ := play(t, c.job, at{0, run.Launched{Attempt: 1, TaskARN: arn(1)}})
		if e := decided(c.job, fresh, look(2, unstarted), t0.Add(5*time.Minute), run.DefaultTiming).Next; e.Status != run.Running || e.RunsLong() {
			t.Errorf("%s: %s, and runs long after 5 minutes although ECS has not said since when it runs", name, e.Status)
		}
		if r = decided(c.job, r, run.StopAsked{By: "ann"}, t0.Add(47*time.Hour), run.DefaultTiming).Next; r.RunsLong() {
			t.Errorf("%s: runs long although it is being stopped", name)
		}
	}
}

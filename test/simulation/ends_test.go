package simulation

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// TestWhetherAJobFails: a success that was decided on before a failure was known leaves the job's
// item as it is. So the next success may report either.
func TestWhetherAJobFails(t *testing.T) {
	t.Parallel()
	w := newWorld(Options{})
	told := job.Notify{Also: []string{job.AlsoSucceeded}}
	r := &run.Run{ID: run.ScheduledID("job-a", epoch), Status: run.Failed}
	ends := func(began int, status run.Status) notice.Kind {
		w.handled++
		w.h = &handler{from: began}
		r.Status = status
		if status == run.Failed {
			return w.failed(told, r, false)
		}
		return w.succeeded(told, r, false)
	}
	ends(1, run.Failed)
	w.failsAfterAll(nil, &job.Item{Name: "job-a", FailingSince: epoch.Add(time.Minute)})
	for _, c := range []struct {
		began int
		want  notice.Kind
	}{{0, ""}, {2, ""}, {4, notice.Succeeded}} {
		if got := ends(c.began, run.Succeeded); got != c.want {
			t.Errorf("a success that began at %d is told as %q, not %q", c.began, got, c.want)
		}
	}
}

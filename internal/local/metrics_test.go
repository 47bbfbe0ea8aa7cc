package local_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/run"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := &local.Metrics{Lag: func(context.Context) (map[run.Lane]time.Duration, error) {
		return map[run.Lane]time.Duration{run.LaunchLane: 1500 * time.Millisecond}, nil
	}}
	slot := start.Truncate(time.Minute)
	launching := run.Run{ID: run.ScheduledID("a", slot), ScheduledFor: slot, Status: run.Launching, Attempts: make([]run.Attempt, 1)}
	ended := launching
	ended.Status, ended.StartedAt, ended.FinishedAt = run.Succeeded, slot.Add(2*time.Second), slot.Add(7*time.Second)
	other := launching
	other.ID = run.ScheduledID("a", slot.Add(time.Minute))
	m.Watch(job.Job{}, run.Run{}, launching, "")
	m.Watch(job.Job{}, launching, ended, "")
	m.Watch(job.Job{}, ended, ended, "")
	m.Watch(job.Job{}, run.Run{}, other, "")
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		`batchplane_runs_total{job="a",status="succeeded"} 1`, `batchplane_attempts_total{job="a"} 2`,
		`batchplane_runs_open{status="launching"} 1`, `batchplane_runs_open{status="running"} 0`, `batchplane_due_lag_seconds{lane="launch"} 1.5`,
		`# TYPE batchplane_run_duration_seconds histogram`, `batchplane_run_duration_seconds_bucket{le="1"} 0`, `batchplane_run_duration_seconds_bucket{le="10"} 1`, `batchplane_run_duration_seconds_sum 5`,
		`batchplane_run_lateness_seconds_bucket{le="1"} 0`, `batchplane_run_lateness_seconds_bucket{le="5"} 1`, `batchplane_run_lateness_seconds_count 1`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("%s is not in\n%s", line, w.Body)
		}
	}
	if strings.Count(w.Body.String(), "\nbatchplane_runs_total{") != 1 {
		t.Errorf("more than one run has ended:\n%s", w.Body)
	}
}

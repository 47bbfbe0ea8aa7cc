package local

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

// Bounds of the histograms, in seconds.
var (
	durationBounds = []float64{1, 10, 60, 600, 3600, 21600}
	latenessBounds = []float64{0.1, 1, 5, 15, 60, 300}
)

// Metrics counts for Prometheus what happens since the start.
type Metrics struct {
	// Lag returns how long the oldest run of each lane has been due.
	Lag func(ctx context.Context) (map[run.Lane]time.Duration, error)

	mu       sync.Mutex
	ended    map[[2]string]int // by job and status
	attempts map[string]int
	open     map[run.ID]run.Status
	duration histogram
	lateness histogram
}

// Watch counts a saved change of a run. It serves as a control.Control's Watch.
func (m *Metrics) Watch(_ job.Job, before, after run.Run, _ string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open == nil {
		m.ended, m.attempts, m.open = map[[2]string]int{}, map[string]int{}, map[run.ID]run.Status{}
		m.duration.bounds, m.lateness.bounds = durationBounds, latenessBounds
	}
	name := after.ID.Job()
	m.attempts[name] += max(0, len(after.Attempts)-len(before.Attempts))
	if !after.Status.Terminal() {
		m.open[after.ID] = after.Status
	} else {
		delete(m.open, after.ID)
	}
	if after.Status.Terminal() && (before.ID == "" || !before.Status.Terminal()) {
		m.ended[[2]string{name, string(after.Status)}]++
		if d := after.Duration(); d > 0 {
			m.duration.add(d.Seconds())
		}
	}
	if before.StartedAt.IsZero() && !after.StartedAt.IsZero() && len(after.Attempts) == 1 {
		m.lateness.add(after.StartedAt.Sub(after.ScheduledFor).Seconds())
	}
}

// histogram is a Prometheus histogram: for each bound it counts the values up to it.
type histogram struct {
	bounds []float64
	counts []int
	sum    float64
	count  int
}

func (h *histogram) add(v float64) {
	if h.counts == nil {
		h.counts = make([]int, len(h.bounds))
	}
	for i, bound := range h.bounds {
		if v <= bound {
			h.counts[i]++
		}
	}
	h.sum, h.count = h.sum+v, h.count+1
}

func (h *histogram) write(b *strings.Builder, name, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name)
	for i, n := range h.counts {
		fmt.Fprintf(b, "%s_bucket{le=\"%g\"} %d\n", name, h.bounds[i], n)
	}
	fmt.Fprintf(b, "%s_bucket{le=\"+Inf\"} %d\n%s_sum %g\n%s_count %d\n", name, h.count, name, h.sum, name, h.count)
}

// ServeHTTP writes the text format of Prometheus.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lag, err := m.Lag(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(m.text(lag))) // the caller may be gone
}

func (m *Metrics) text(lag map[run.Lane]time.Duration) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	b.WriteString("# HELP batchplane_runs_total Runs that ended since the start, by job and status.\n# TYPE batchplane_runs_total counter\n")
	b.WriteString(sortedLines(m.ended, func(k [2]string, n int) string {
		return fmt.Sprintf("batchplane_runs_total{job=%q,status=%q} %d\n", k[0], k[1], n)
	}))
	b.WriteString("# HELP batchplane_attempts_total Attempts that were decided since the start, by job.\n# TYPE batchplane_attempts_total counter\n")
	b.WriteString(sortedLines(m.attempts, func(k string, n int) string {
		return fmt.Sprintf("batchplane_attempts_total{job=%q} %d\n", k, n)
	}))
	open := map[run.Status]int{run.Queued: 0, run.Launching: 0, run.Running: 0}
	for _, s := range m.open {
		open[s]++
	}
	b.WriteString("# HELP batchplane_runs_open Runs that have not ended and changed since the start, by status.\n# TYPE batchplane_runs_open gauge\n")
	b.WriteString(sortedLines(open, func(k run.Status, n int) string {
		return fmt.Sprintf("batchplane_runs_open{status=%q} %d\n", k, n)
	}))
	b.WriteString("# HELP batchplane_due_lag_seconds For how long the oldest due run has been due, by lane.\n# TYPE batchplane_due_lag_seconds gauge\n")
	b.WriteString(sortedLines(lag, func(k run.Lane, d time.Duration) string {
		return fmt.Sprintf("batchplane_due_lag_seconds{lane=%q} %g\n", k, d.Seconds())
	}))
	m.duration.write(&b, "batchplane_run_duration_seconds", "How long ended runs took, where that is known.")
	m.lateness.write(&b, "batchplane_run_lateness_seconds", "From a run's slot to its command's start.")
	return b.String()
}

func sortedLines[K comparable, V any](m map[K]V, line func(K, V) string) string {
	out := make([]string, 0, len(m))
	for k, v := range m {
		out = append(out, line(k, v))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}

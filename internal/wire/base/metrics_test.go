package base

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
)

var slot = time.Date(2026, 11, 22, 2, 30, 0, 0, time.UTC)

// TestRunMetrics: each change of a run is in the metrics once, or not at all.
func TestRunMetrics(t *testing.T) {
	t.Parallel()
	first, second := run.Attempt{N: 1, TaskARN: "arn:1"}, run.Attempt{N: 2}
	of := func(s run.Status, attempts ...run.Attempt) run.Run {
		return run.Run{ID: "etl/20261122T0230Z", ScheduledFor: slot, QueuedAt: slot.Add(time.Second), ReadyAt: slot.Add(time.Second), Status: s, Attempts: attempts}
	}
	waited := of(run.Running, first)
	waited.ReadyAt = slot.Add(9 * time.Second)
	retried := of(run.Launching, first, second)
	retried.First = 2
	for name, tc := range map[string]struct {
		before, after run.Run
		want          string
	}{
		"a claim":                     {run.Run{}, of(run.Launching, run.Attempt{N: 1}), ``},
		"an accepted launch":          {of(run.Launching, run.Attempt{N: 1}), of(run.Running, first), `LaunchLag=10s`},
		"one that waited for another": {of(run.Launching, run.Attempt{N: 1}), waited, `LaunchLag=1s`},
		"what ECS says later":         {of(run.Running, first), of(run.Running, first), ``},
		"a success":                   {of(run.Running, first), of(run.Succeeded, first), `RunsSucceeded=1`},
		"its end seen first":          {of(run.Launching, run.Attempt{N: 1}), of(run.Failed, first), `RunsFailed=1 LaunchLag=10s`},
		"its notice told":             {of(run.Failed, first), of(run.Failed, first), ``},
		"a relaunch":                  {of(run.Running, first), of(run.Queued, first, second), `Relaunches=1`},
		"its acceptance":              {of(run.Launching, first, second), of(run.Running, first, run.Attempt{N: 2, TaskARN: "arn:2"}), ``},
		"a person's retry":            {of(run.Failed, first), retried, ``},
		"a miss":                      {run.Run{}, of(run.Missed), `RunsMissed=1`},
		"a skip":                      {run.Run{}, of(run.Skipped), `RunsSkipped=1`},
		"a stop":                      {of(run.Running, first), of(run.Stopped, first), `RunsStopped=1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, own := range []bool{false, true} {
				var out bytes.Buffer
				watch := RunMetrics(Config{Stack: "prod", Metrics: "true"}, &out, func() time.Time { return slot.Add(10 * time.Second) }, slog.New(slog.DiscardHandler))
				watch(job.Job{Name: "etl", Metrics: own}, tc.before, tc.after, "why")
				want := tc.want
				if want != "" && own {
					want += " Stack Stack,Job"
				} else if want != "" {
					want += " Stack"
				}
				if got := figures(t, out.String()); got != want {
					t.Errorf("own metrics %v: got %q, want %q", own, got, want)
				}
			}
		})
	}
}

// figures reads lines as CloudWatch does, and checks them against its specification.
func figures(t *testing.T, lines string) string {
	t.Helper()
	var out []string
	for line := range strings.Lines(lines) {
		var root map[string]any
		var emf struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name, Unit string }
				}
			} `json:"_aws"`
		}
		if json.Unmarshal([]byte(line), &root) != nil || json.Unmarshal([]byte(line), &emf) != nil || strings.Count(line, "\n") != 1 {
			t.Fatalf("it is no line of JSON: %q", line)
		}
		d := emf.AWS.CloudWatchMetrics[0]
		if emf.AWS.Timestamp != slot.Add(10*time.Second).UnixMilli() || d.Namespace != "batchplane" || len(emf.AWS.CloudWatchMetrics) != 1 {
			t.Errorf("got %s", line)
		}
		for _, m := range d.Metrics {
			value, ok := root[m.Name].(float64)
			if !ok {
				t.Errorf("%s has no value in %s", m.Name, line)
			}
			b, _ := json.Marshal(value)
			out = append(out, m.Name+"="+string(b)+map[string]string{"Seconds": "s"}[m.Unit])
		}
		for _, names := range d.Dimensions {
			for _, n := range names {
				if _, ok := root[n].(string); !ok {
					t.Errorf("the dimension %s has no value in %s", n, line)
				}
			}
			out = append(out, strings.Join(names, ","))
		}
	}
	return strings.Join(out, " ")
}

func TestMetricsAreOff(t *testing.T) {
	t.Parallel()
	if RunMetrics(Config{Metrics: "false"}, io.Discard, time.Now, slog.New(slog.DiscardHandler)) != nil {
		t.Error("a stack that does not want its metrics has them")
	}
}

// TestEveryEndIsCounted: each status that ends a run has a metric, and no other has.
func TestEveryEndIsCounted(t *testing.T) {
	t.Parallel()
	for _, s := range run.Statuses {
		if _, ok := EndMetrics[s]; ok != s.Terminal() {
			t.Errorf("%s: terminal is %v, and it has a metric: %v", s, s.Terminal(), ok)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no more room") }

func TestMetricsThatAreNotWrittenAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	RunMetrics(Config{Metrics: "true"}, broken{}, time.Now, slog.New(slog.NewJSONHandler(&log, nil)))(job.Job{}, run.Run{}, run.Run{ID: "a/20261122T0230Z", Status: run.Missed}, "")
	if !strings.Contains(log.String(), "no more room") {
		t.Errorf("logged %q", log.String())
	}
}

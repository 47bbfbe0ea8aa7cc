package base

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Figure is the value of a metric. Unit is one of CloudWatch's.
type Figure struct {
	Name, Unit string
	Value      float64
}

// Units of figures.
const (
	Count   = "Count"
	Seconds = "Seconds"
)

// PrintFigures prints figures of a stack as one line in CloudWatch's embedded metric format, which must
// stand alone on its line. CloudWatch turns it into metrics without a call (Amazon CloudWatch user
// guide, "Specification: Embedded metric format"). If a job is named, the figures count for the job as
// well.
func PrintFigures(out io.Writer, at time.Time, stack, job string, figures ...Figure) error {
	line := map[string]any{"Stack": stack}
	dimensions := [][]string{{"Stack"}}
	if job != "" {
		line["Job"] = job
		dimensions = append(dimensions, []string{"Stack", "Job"})
	}
	metrics := make([]map[string]string, len(figures))
	for i, f := range figures {
		metrics[i], line[f.Name] = map[string]string{"Name": f.Name, "Unit": f.Unit}, f.Value
	}
	line["_aws"] = map[string]any{
		"Timestamp":         at.UnixMilli(),
		"CloudWatchMetrics": []any{map[string]any{"Namespace": "batchplane", "Dimensions": dimensions, "Metrics": metrics}},
	}
	body, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encoding the metrics: %w", err)
	}
	if _, err := out.Write(append(body, '\n')); err != nil {
		return fmt.Errorf("writing the metrics: %w", err)
	}
	return nil
}

// EndMetrics names the metrics that count ends of runs.
var EndMetrics = map[run.Status]string{
	run.Succeeded: "RunsSucceeded", run.Failed: "RunsFailed", run.Stopped: "RunsStopped", run.Skipped: "RunsSkipped", run.Missed: "RunsMissed",
}

// The other metrics of runs.
const (
	Relaunches = "Relaunches"
	// LaunchLag is the time until ECS accepted a run's first task, from when the run was due or, if it
	// waited for another run's end, from when it could first be launched.
	LaunchLag = "LaunchLag"
)

// RunMetrics returns a Watch that prints metrics of runs. It returns nil if the stack does not want
// them: each metric costs money.
func RunMetrics(c Config, out io.Writer, now func() time.Time, log *slog.Logger) func(j job.Job, before, after run.Run, why string) {
	if c.Metrics != "true" {
		return nil
	}
	return func(j job.Job, before, after run.Run, _ string) {
		figures := figuresOf(before, after, now())
		if len(figures) == 0 {
			return
		}
		name := ""
		if j.Metrics {
			name = after.ID.Job()
		}
		if err := PrintFigures(out, now(), c.Stack, name, figures...); err != nil {
			log.Error("a change of a run is not in the metrics", "run", after.ID, "why", err.Error())
		}
	}
}

// figuresOf returns the figures of one saved change.
func figuresOf(before, after run.Run, now time.Time) (out []Figure) {
	if notice.Ended(&before, &after) {
		out = append(out, Figure{EndMetrics[after.Status], Count, 1})
	}
	a := after.Last()
	if a == nil {
		return out
	}
	if len(after.Attempts) > len(before.Attempts) && a.N > max(after.First, 1) {
		out = append(out, Figure{Relaunches, Count, 1})
	}
	if b := before.Last(); a.N == 1 && a.TaskARN != "" && (b == nil || b.TaskARN == "") {
		out = append(out, Figure{LaunchLag, Seconds, max(0, now.Sub(due(after)).Seconds())})
	}
	return out
}

// due returns when a run should have been launched.
func due(r run.Run) time.Time {
	if r.ReadyAt.After(r.QueuedAt) { // it waited for another run's end
		return r.ReadyAt
	}
	return r.ScheduledFor
}

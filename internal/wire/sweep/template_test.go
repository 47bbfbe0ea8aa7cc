package sweep

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/control"
)

// TestMetricsAreTheAlarms: the template's alarms watch the metrics that the line contains.
func TestMetricsAreTheAlarms(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := w.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var line struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal([]byte(w.out.String()), &line); err != nil {
		t.Fatal(err)
	}
	values := w.metrics(t)
	said := map[string]bool{}
	for _, m := range line.AWS.CloudWatchMetrics {
		for _, metric := range m.Metrics {
			if _, ok := values[metric.Name].(float64); !ok || metric.Unit != "Seconds" && metric.Unit != "Count" {
				t.Errorf("%s has the value %v in %s", metric.Name, values[metric.Name], metric.Unit)
			}
			for _, d := range m.Dimensions {
				said[m.Namespace+" "+metric.Name+" "+strings.Join(d, ",")] = len(d) == 1 && values[d[0]] == "prod"
			}
		}
	}
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alarms := regexp.MustCompile(`Namespace: (\S+)\n +MetricName: (\S+)\n +Dimensions: \[\{Name: (Stack)\b`).FindAllStringSubmatch(string(template), -1)
	if len(alarms) != 4 || line.AWS.Timestamp != nine.UnixMilli() {
		t.Errorf("%d alarms of the sweep's metrics at %d", len(alarms), line.AWS.Timestamp)
	}
	for _, a := range alarms {
		if of := strings.Join(a[1:], " "); !said[of] {
			t.Errorf("an alarm looks at %s, and the sweep says %v", of, said)
		}
	}
}

// TestConfiguration: what the template sets reaches the right parts.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"BATCHPLANE_STACK": "prod", "BATCHPLANE_TABLE": "table", "BATCHPLANE_KEEP_DAYS": "400",
		"BATCHPLANE_SCHEDULE_GROUP": "group", "BATCHPLANE_TRIGGER": "arn:trigger", "BATCHPLANE_LAUNCH_RATE": "7", "BATCHPLANE_STOPPED_TASKS": "ends",
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	s, err := newSweeper(func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if pace, ok := s.control.Pace.(*control.Window); !ok || pace.Rate != 7 {
		t.Errorf("launches go out at the pace %+v", s.control.Pace)
	}
	r, ok := s.registry.(*schedules.Registry)
	if !ok || r.Trigger != "arn:trigger" {
		t.Fatalf("the registry is %+v", s.registry)
	}
	if g, ok := r.Scheduler.(schedules.Group); !ok || g.Name != "group" || g.Scheduler.Service != "scheduler" {
		t.Errorf("the group is %+v", r.Scheduler)
	}
	if s.stack != "prod" || s.control.Stack != "prod" {
		t.Errorf("the stack is %s and %s", s.stack, s.control.Stack)
	}
}

package template_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/cost"
	"github.com/batchplane/batchplane/internal/wire/base"
)

// board is the body of a dashboard (Amazon CloudWatch API reference, "Dashboard body structure
// and syntax").
type board struct {
	Widgets []struct {
		Type                string
		X, Y, Width, Height int
		Properties          struct {
			Endpoint, Title, Region, View, Stat string
			Alarms                              []string
			Metrics                             [][]any
		}
	}
}

// TestDashboard: it is JSON, its parts do not overlap, it has all alarms of the stack, and every
// metric that it draws is printed by somebody.
func TestDashboard(t *testing.T) {
	t.Parallel()
	d := deployed{t, load(t), map[string]string{"Dashboard": "true"}}
	body, ok := d.value(at(t, d.template, "Resources", "StackDashboard", "Properties", "DashboardBody")).(string)
	var b board
	if err := json.Unmarshal([]byte(body), &b); !ok || err != nil || len(b.Widgets) < 6 {
		t.Fatalf("it is no dashboard: %v\n%s", err, body)
	}
	taken := map[[2]int]string{}
	var alarms []string
	for _, w := range b.Widgets {
		p := w.Properties
		if p.Title == "" || w.X+w.Width > 24 || w.Width < 1 || w.Height < 1 {
			t.Errorf("%+v has no title, or no place of 24 columns", w)
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				if by := taken[[2]int{x, y}]; by != "" {
					t.Fatalf("%s lies on %s", p.Title, by)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		alarms = append(alarms, p.Alarms...)
		if w.Type == "custom" && p.Endpoint != d.attribute("Widget.Arn") || w.Type == "metric" && p.Region != region {
			t.Errorf("%s is of %s %s", p.Title, p.Endpoint, p.Region)
		}
	}
	var want []string
	for id := range kinds(t, d.template, "AWS::CloudWatch::Alarm") {
		want = append(want, d.attribute(id+".Arn").(string)) //nolint:errcheck,forcetypeassert // an ARN is a text
	}
	slices.Sort(want)
	if slices.Sort(alarms); !slices.Equal(alarms, want) {
		t.Errorf("it shows the alarms\n%s\nand there are\n%s", strings.Join(alarms, "\n"), strings.Join(want, "\n"))
	}
	drawn(t, d, b)
}

// drawn: each metric that is drawn is printed, and each that Metrics adds is drawn.
func drawn(t *testing.T, d deployed, b board) {
	t.Helper()
	added := append(slices.Collect(maps.Values(base.EndMetrics)), base.Relaunches, base.LaunchLag)
	if float64(len(added)) != cost.Metrics.Metrics {
		t.Errorf("Metrics adds %q, and the model of costs reckons with %g", added, cost.Metrics.Metrics)
	}
	sweep := regexp.MustCompile(`Name: "([A-Za-z]+)", Unit: base\.`).FindAllStringSubmatch(string(read(t, "internal/wire/sweep/sweep.go")), -1)
	printed := slices.Clone(added)
	for _, m := range sweep {
		printed = append(printed, m[1])
	}
	seen := map[string]bool{}
	for _, w := range b.Widgets {
		var before []any
		for _, m := range w.Properties.Metrics {
			if before = spelled(before, m); len(before) != 4 {
				t.Fatalf("%v is no metric with one dimension", m)
			}
			space, name, dimension, value := before[0], before[1].(string), before[2], before[3] //nolint:errcheck,forcetypeassert // they are texts
			switch {
			case space == "AWS/Lambda" && name == "Duration" && dimension == "FunctionName" && value == d.name("Sweep"):
			case space == "batchplane" && dimension == "Stack" && value == stack && slices.Contains(printed, name):
				seen[name] = true
			default:
				t.Errorf("%s draws %v, which nobody prints", w.Properties.Title, before)
			}
		}
	}
	for _, name := range added {
		if !seen[name] {
			t.Errorf("nothing draws %s", name)
		}
	}
}

// spelled returns a metric without its options: "." repeats the element before it, "..." repeats
// all of them.
func spelled(before, m []any) (out []any) {
	if m[0] == "..." {
		return before
	}
	for i, v := range m {
		if _, options := v.(map[string]any); options {
			break
		}
		if v == "." {
			v = before[i]
		}
		out = append(out, v)
	}
	return out
}

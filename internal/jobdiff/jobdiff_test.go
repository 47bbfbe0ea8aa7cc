package jobdiff_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
)

var from = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestWords(t *testing.T) {
	t.Parallel()
	base := job.Job{Name: "a", Schedule: "30 2 * * 1-5", Timezone: "Europe/Berlin", Command: []string{"x"}, Environment: map[string]string{"A": "1", "B": "2"}}
	for name, c := range map[string]struct {
		change func(*job.Job)
		want   []string // in this order, and no more
	}{
		"nothing":      {func(*job.Job) {}, nil},
		"later":        {func(j *job.Job) { j.Schedule = "0 3 * * 1-5" }, []string{"schedule: was run at 02:30 on Monday to Friday", "runs 30 minutes later on weekdays, 260 days a year"}},
		"earlier":      {func(j *job.Job) { j.Schedule = "15 0 * * 1-5" }, []string{"schedule: ", "runs 2 hours 15 minutes earlier on weekdays, 260 days a year"}},
		"another zone": {func(j *job.Job) { j.Timezone = "Europe/London" }, []string{"schedule: ", "runs 1 hour later on weekdays, 260 days a year"}},
		"fewer days":   {func(j *job.Job) { j.Schedule = "30 2 * * 1-4" }, []string{"schedule: ", "drops 52 days a year, the first at Fri 2026-11-27 02:30 CET"}},
		"more days":    {func(j *job.Job) { j.Schedule = "30 2 * * *" }, []string{"schedule: ", "adds at weekends, 105 days a year, the first at Sun 2026-11-22 02:30 CET"}},
		"said anew":    {func(j *job.Job) { j.Schedule = "30 2 * * mon-fri" }, []string{"schedule: "}},
		"a holiday":    {func(j *job.Job) { j.Calendar.Skip = []string{"2027-01-01"} }, []string{"drops 1 day a year, the first at Fri 2027-01-01 02:30 CET", "calendar.skip: now [\"2027-01-01\"]"}},
		"switched off": {func(j *job.Job) { j.Disabled = true }, []string{"it is switched off"}},
		"fields": {func(j *job.Job) {
			j.CPU, j.Memory, j.Command = 256, 512, []string{"<y>"}
			j.Environment = map[string]string{"A": "3"}
		}, []string{
			`command: ["x"] becomes ["<y>"]`, "cpu: now 256", `environment.A: "1" becomes "3"`, `environment.B: no longer "2"`, "memory: now 512",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after := base
			c.change(&after)
			changes := jobdiff.Of([]job.Job{base}, []job.Job{after}, from)
			if c.want == nil {
				if len(changes) > 0 {
					t.Errorf("%+v", changes)
				}
				return
			}
			if len(changes) != 1 || len(changes[0].Words) != len(c.want) || changes[0].Kind != jobdiff.Changed {
				t.Fatalf("%q", changes)
			}
			for i, w := range c.want {
				if !strings.HasPrefix(changes[0].Words[i], w) {
					t.Errorf("%q; want %q", changes[0].Words[i], w)
				}
			}
		})
	}
}

func TestDefinitions(t *testing.T) {
	t.Parallel()
	base := job.TaskDefinition{Family: "app", Image: "x:1", ExecutionRole: "r", Secrets: map[string]string{"A": "/a"}}
	for name, c := range map[string]struct {
		change func(*job.TaskDefinition)
		want   []string
	}{
		"nothing":               {func(*job.TaskDefinition) {}, nil},
		"its defaults, written": {func(d *job.TaskDefinition) { d.CPU, d.Memory, d.Container, d.Architecture = 256, 512, "app", "x86_64" }, nil},
		"image":                 {func(d *job.TaskDefinition) { d.Image = "x:2" }, []string{`image: "x:1" becomes "x:2"`}},
		"size":                  {func(d *job.TaskDefinition) { d.CPU, d.Memory = 1024, 2048 }, []string{"cpu: 256 becomes 1024", "memory: 512 becomes 2048"}},
		"secrets":               {func(d *job.TaskDefinition) { d.Secrets = nil }, []string{`secrets.A: no longer "/a"`}},
		"environment":           {func(d *job.TaskDefinition) { d.Environment = map[string]string{"schedule": "1"} }, []string{`environment.schedule: now "1"`}},
	} {
		after := base
		c.change(&after)
		changes := jobdiff.Definitions([]job.TaskDefinition{base}, []job.TaskDefinition{after})
		if c.want == nil {
			if len(changes) > 0 {
				t.Errorf("%s: %q", name, changes)
			}
			continue
		}
		want := append(c.want, "the deployment registers a new revision: jobs that name none run it from their next run on")
		if len(changes) != 1 || changes[0].Kind != jobdiff.Changed || changes[0].Definition != "app" || !slices.Equal(changes[0].Words, want) {
			t.Errorf("%s: %q; want %q", name, changes, want)
		}
	}
	changes := jobdiff.Definitions([]job.TaskDefinition{base}, []job.TaskDefinition{{Family: "b", Image: "y"}})
	if len(changes) != 2 || changes[0].Kind != jobdiff.Removed || changes[1].Kind != jobdiff.Added || changes[1].Words[0] != "image: y" {
		t.Errorf("%q", changes)
	}
}

func TestAddedAndRemoved(t *testing.T) {
	t.Parallel()
	changes := jobdiff.Of([]job.Job{{Name: "z"}, {Name: "same"}}, []job.Job{{Name: "same"}, {Name: "b", Schedule: "* * * * *"}}, from)
	if len(changes) != 2 || changes[0].Kind != jobdiff.Added || changes[0].Job != "b" || changes[1].Kind != jobdiff.Removed || !strings.Contains(changes[1].Words[0], "its history stays") {
		t.Errorf("%+v", changes)
	}
}

package jobdiff_test

import (
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

func TestAddedAndRemoved(t *testing.T) {
	t.Parallel()
	changes := jobdiff.Of([]job.Job{{Name: "z"}, {Name: "same"}}, []job.Job{{Name: "same"}, {Name: "b", Schedule: "* * * * *"}}, from)
	if len(changes) != 2 || changes[0].Kind != jobdiff.Added || changes[0].Job != "b" || changes[1].Kind != jobdiff.Removed || !strings.Contains(changes[1].Words[0], "its history stays") {
		t.Errorf("%+v", changes)
	}
}

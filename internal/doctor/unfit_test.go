package doctor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/job"
)

// TestUnfit: a job is told of that its deployed task definition would not be launched for it.
func TestUnfit(t *testing.T) {
	t.Parallel()
	theirs := map[string]doctor.Deployed{
		"one:1": {Containers: []doctor.Container{{Name: "app", Essential: true}}},
		"two:1": {Containers: []doctor.Container{{Name: "app", Essential: true}, {Name: "agent"}, {Name: "again", Essential: true, Restarts: true}}},
		"base":  {Containers: []doctor.Container{{Name: "app"}}},
	}
	for name, c := range map[string]struct{ definition, container, why, mend string }{
		"the only one":               {"one:1", "", "", ""},
		"the only one, named":        {"one:1", "app", "", ""},
		"one of several":             {"two:1", "app", "", ""},
		"several, and none is named": {"two:1", "", "it has several containers, and the job does not say which is its own", "app or agent or again"},
		"another name":               {"one:1", "job", `it has no container "job"`, "container in the jobs file: app"},
		"a sidecar":                  {"two:1", "agent", "agent is not essential", "make it essential"},
		"one that is restarted":      {"two:1", "again", "again has a restartPolicy", "switch that off"},
		"not known":                  {"denied:1", "x", "", ""},
		"of the jobs file":           {"base", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jobs := []job.Job{{Name: "b", TaskDefinition: c.definition, Container: c.container}, {Name: "a", TaskDefinition: c.definition, Container: c.container}}
			got := doctor.Unfit(jobs, []job.TaskDefinition{{Family: "base"}}, theirs)
			switch {
			case c.why == "" && len(got) > 0,
				c.why != "" && (len(got) != 1 || got[0].Verdict != doctor.Wrong || !strings.Contains(got[0].Why, c.why) || !strings.Contains(got[0].Mend, c.mend) || len(got[0].Jobs) != 2 || got[0].Subject != doctor.Subject{Kind: doctor.TaskDefinition, Name: c.definition}):
				t.Errorf("got %+v, want %s: %s", got, c.why, c.mend)
			}
		})
	}
}

// TestUnfitOfSeveral: each definition is told once for each reason.
func TestUnfitOfSeveral(t *testing.T) {
	t.Parallel()
	theirs := map[string]doctor.Deployed{
		"b:1": {Containers: []doctor.Container{{Name: "app"}, {Name: "agent"}}},
		"a:1": {Containers: []doctor.Container{{Name: "app"}}},
	}
	jobs := []job.Job{
		{Name: "x", TaskDefinition: "b:1", Container: "app"},
		{Name: "y", TaskDefinition: "a:1", Container: "app"},
		{Name: "z", TaskDefinition: "b:1", Container: "agent"},
	}
	var got []string
	for _, f := range doctor.Unfit(jobs, nil, theirs) {
		got = append(got, f.Name+" "+strings.Join(f.Jobs, ","))
	}
	if !slices.Equal(got, []string{"a:1 y", "b:1 x", "b:1 z"}) {
		t.Errorf("got %q", got)
	}
}

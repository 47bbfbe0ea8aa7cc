package apply_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/jobdiff"
)

// toldAsDone: each job of which a schedule changes is told once, and no other; and a step needs
// nothing else to be carried out.
func toldAsDone(t *testing.T, plan apply.Plan, there registry) {
	t.Helper()
	done, told, had := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range plan.Steps {
		done[s.Job] = true
		if s.Kind == apply.Delete {
			continue
		}
		if ready, err := s.Ready(nil); err != nil || s.Definition != nil || ready.Input == "" || apply.Hash(ready) != apply.Hash(*s.Schedule) {
			t.Errorf("%s is not ready: %+v, %v", s.Name, ready, err)
		}
	}
	for _, ch := range plan.Changes {
		if told[ch.Job] {
			t.Errorf("%s is told twice", ch.Job)
		}
		told[ch.Job] = true
	}
	if !slices.IsSortedFunc(plan.Changes, func(a, b jobdiff.Change) int { return strings.Compare(a.Job, b.Job) }) {
		t.Errorf("not in the order of the names: %+v", plan.Changes)
	}
	if !maps.Equal(done, told) {
		t.Errorf("done are %v, told are %v", done, told)
	}
	for _, d := range there {
		if d.Job.Project == "p" {
			had[d.Job.Name] = true
		}
	}
	if plan.Had != len(had) {
		t.Errorf("it had %d jobs, and %d are said", len(had), plan.Had)
	}
}

// TestDisagree: of two schedules of a job that carry different definitions, as a deploy that was
// cut off leaves them, the first by name counts, and the same is said each time.
func TestDisagree(t *testing.T) {
	t.Parallel()
	was := named("both", "0 3 1 * 1")
	is := was
	is.Command = []string{"new"}
	for name, c := range map[string]struct {
		stale, steps string
		says         string
	}{
		"the second is stale": {"both.2", "both.2", "differs from what batchplane writes"},
		"the first is stale":  {"both", "both", "command"},
	} {
		for range 10 {
			r := registry{}.deploy(t, "p", is)
			r[c.stale] = registry{}.deploy(t, "p", was)[c.stale]
			plan, err := apply.Of(apply.Wanted{Project: "p", Jobs: []job.Job{is}, From: from}, apply.Registry{Schedules: r.schedules()})
			if err != nil || len(plan.Steps) != 1 || plan.Steps[0].Name != c.steps || len(plan.Changes) != 1 || !strings.Contains(strings.Join(plan.Changes[0].Words, "\n"), c.says) {
				t.Fatalf("%s: %+v, %v", name, plan, err)
			}
		}
	}
}

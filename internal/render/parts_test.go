package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
)

// TestPartsAtTheLimit: a base definition counts in every template that has it, and so do its bytes.
func TestPartsAtTheLimit(t *testing.T) {
	t.Parallel()
	many := func(n, bytes int, base string) (jobs []job.Job) {
		for i := range n {
			jobs = append(jobs, job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: "0 3 * * *", TaskDefinition: base, Environment: map[string]string{"A": strings.Repeat("a", bytes)}})
		}
		return jobs
	}
	small := job.TaskDefinition{Family: "app", Image: "example/app:1"}
	large := job.TaskDefinition{Family: "app", Image: "example/app:1", Environment: map[string]string{"A": strings.Repeat("a", render.MaxBytes/2)}}
	for name, c := range map[string]struct {
		jobs        []job.Job
		definitions []job.TaskDefinition
		one         bool
	}{
		"as many schedules as fit":             {many(render.MaxResources, 0, ""), nil, true},
		"one more":                             {many(render.MaxResources+1, 0, ""), nil, false},
		"as many as fit beside a definition":   {many(render.MaxResources-1, 0, "app"), []job.TaskDefinition{small}, true},
		"one more beside a definition":         {many(render.MaxResources, 0, "app"), []job.TaskDefinition{small}, false},
		"long inputs":                          {many(render.MaxResources/2, 4000, ""), nil, false},
		"a long definition beside few jobs":    {many(50, 4000, "app"), []job.TaskDefinition{large}, true},
		"a long definition beside long inputs": {many(150, 4000, "app"), []job.TaskDefinition{large}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts, err := render.Templates(c.jobs, c.definitions, render.Options{From: from})
			if err != nil || (len(parts) == 1) != c.one {
				t.Fatalf("%d templates, %v", len(parts), err)
			}
			for _, p := range parts {
				if p.Resources > render.MaxResources || len(p.Text) > render.MaxBytes {
					t.Errorf("%d resources, %d bytes", p.Resources, len(p.Text))
				}
			}
		})
	}
}

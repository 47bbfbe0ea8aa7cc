package render_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
)

// TestNothingIsHidden: whoever reviews what is deployed sees each text of a job in its order, and a
// terminal shows it without being steered. The job comes back unchanged.
func TestNothingIsHidden(t *testing.T) {
	t.Parallel()
	const hostile = "rm x \u202e#\u2066 \u200b\u009b31m\x7f\u0085"
	jobs := []job.Job{{
		Name: "a", Description: hostile, Owner: hostile, Schedule: "0 3 * * *", Command: []string{"echo", hostile}, TaskDefinition: "app",
	}}
	app := []job.TaskDefinition{{Family: "app", Image: "x", ExecutionRole: "r", Environment: map[string]string{"A": hostile}}}
	template := one(t, jobs, app, render.Options{})
	terraform, err := render.Terraform(jobs, app, render.Options{From: from})
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"the template": string(template), "Terraform's JSON": string(terraform)} {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
				t.Errorf("%s: %q", what, line)
			}
		}
	}
	carries(t, template, jobs)
}

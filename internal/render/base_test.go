package render_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
)

// TestBasesAreTheStacksOwn: two environments share no family, and a job runs the revision that its
// own deployment registered. This holds in every template that has such a job, in schedules and in
// rules.
func TestBasesAreTheStacksOwn(t *testing.T) {
	t.Parallel()
	definitions := []job.TaskDefinition{{Family: "app", Image: "example/app:1"}, {Family: "unnamed", Image: "example/other:1"}}
	// No text before the task definition is taken for it.
	hostile := job.Job{
		Name: "hostile", Description: `"taskDefinition":"app`, Schedule: "0 3 * * *", TaskDefinition: "app",
		Command: []string{`"taskDefinition":"app"`}, Environment: map[string]string{"taskDefinition": "app"},
	}
	jobs := []job.Job{hostile, {Name: "elsewhere", Schedule: "0 4 * * *", TaskDefinition: "other"}}
	for _, rules := range []bool{false, true} {
		text := one(t, jobs, definitions, render.Options{Rules: rules})
		carries(t, text, jobs)
		for what, want := range map[string]int{
			`Family: {"Fn::Sub": "${AWS::StackName}-app"}`: 1, "UpdateReplacePolicy: Retain": 2, "DeletionPolicy: Delete": 2,
			`\"taskDefinition\":\"", {Ref: TaskAppa172ce}, "\",`: 1, `\"taskDefinition\":\"other\"`: 1,
		} {
			if n := bytes.Count(text, []byte(what)); n != want {
				t.Errorf("rules %t: %d of %s in\n%s", rules, n, what, text)
			}
		}
	}
	many := []job.Job{hostile}
	for i := range 1000 {
		many = append(many, job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: "0 3 * * *", TaskDefinition: "app"})
	}
	parts, err := render.Templates(many, definitions[:1], render.Options{From: from})
	if err != nil || len(parts) < 3 {
		t.Fatalf("%d templates, %v", len(parts), err)
	}
	for i, p := range parts {
		if n := bytes.Count(p.Text, []byte("Type: AWS::ECS::TaskDefinition")); n != 1 {
			t.Errorf("template %d has %d definitions", i, n)
		}
		if n := bytes.Count(p.Text, []byte("    Type: AWS::")); n != p.Resources {
			t.Errorf("template %d has %d resources and says %d", i, n, p.Resources)
		}
	}
}

// TestRevisionOfABase: nobody knows the revisions of a family that the deployment registers.
func TestRevisionOfABase(t *testing.T) {
	t.Parallel()
	definitions := []job.TaskDefinition{{Family: "app", Image: "example/app:1"}}
	_, err := render.Templates([]job.Job{{Name: "a", Schedule: "0 3 * * *", TaskDefinition: "app:3"}}, definitions, render.Options{From: from})
	if err == nil || !strings.Contains(err.Error(), "leave the revision out") {
		t.Error(err)
	}
}

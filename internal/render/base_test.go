package render_test

import (
	"bytes"
	"fmt"
	"regexp"
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

// TestWhatIsNotThereIsNotWritten: CloudFormation refuses a property without a value, and an ID with other
// characters than letters and digits.
func TestWhatIsNotThereIsNotWritten(t *testing.T) {
	t.Parallel()
	jobs, bare := []job.Job{{Name: "2-4_7z", Schedule: "0 3 * * *"}}, []job.TaskDefinition{{Family: "9", Image: "x"}}
	text := one(t, jobs, bare, render.Options{})
	for _, absent := range []string{"User:", "Environment:", "Secrets:", "LogConfiguration:", "RoleArn: \"", "Description: \"\""} {
		if bytes.Contains(text, []byte(absent)) {
			t.Errorf("%s in\n%s", absent, text)
		}
	}
	if ids := regexp.MustCompile(`(?m)^  [A-Za-z0-9]+:\n    Type:`).FindAll(text, -1); len(ids) != 3 { // and the parameter
		t.Errorf("IDs are %q in\n%s", ids, text)
	}
	terraform, err := render.Terraform(jobs, bare, render.Options{From: from})
	if err != nil || bytes.Contains(terraform, []byte("aws_cloudwatch_log_group")) {
		t.Errorf("%v, %s", err, terraform)
	}
	bare[0].Container = "main"
	if terraform, err = render.Terraform(jobs, bare, render.Options{From: from}); err != nil || !bytes.Contains(terraform, []byte(`\"name\":\"main\"`)) {
		t.Errorf("a named container: %v, %s", err, terraform)
	}
}

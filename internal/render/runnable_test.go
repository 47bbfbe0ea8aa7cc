package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
)

func holdsHunter(command []string) bool {
	return strings.Contains(strings.Join(command, " "), "hunter2")
}

// TestRunnable: everything that keeps jobs from running on AWS is reported at once, with what to
// fill in.
func TestRunnable(t *testing.T) {
	t.Parallel()
	fine := job.Job{Name: "fine", TaskDefinition: "app", Cluster: "jobs", Network: job.Network{Subnets: []string{"subnet-1"}}}
	with := func(name string, change func(*job.Job)) job.Job {
		j := fine
		j.Name = name
		change(&j)
		return j
	}
	clusters := []string{"arn:aws:ecs:eu-central-1:123456789012:cluster/jobs", "default"}
	for name, c := range map[string]struct {
		job        job.Job
		definition job.TaskDefinition
		want       []string
	}{
		"nothing":            {fine, job.TaskDefinition{Family: "app", Image: "x"}, nil},
		"no task definition": {with("a", func(j *job.Job) { j.TaskDefinition = "" }), job.TaskDefinition{}, []string{"job a: no taskDefinition"}},
		"no subnets":         {with("a", func(j *job.Job) { j.Network.Subnets = nil }), job.TaskDefinition{}, []string{"job a: no network"}},
		"another cluster":    {with("a", func(j *job.Job) { j.Cluster = "etl" }), job.TaskDefinition{}, []string{"job a: cluster etl is not one of the stack's parameter Clusters (arn:"}},
		"a cluster by ARN":   {with("a", func(j *job.Job) { j.Cluster = clusters[0] }), job.TaskDefinition{}, nil},
		"listed by its name": {with("a", func(j *job.Job) { j.Cluster = strings.Replace(clusters[0], "jobs", "default", 1) }), job.TaskDefinition{}, nil},
		"of another account": {with("a", func(j *job.Job) { j.Cluster = strings.Replace(clusters[0], "1234", "9999", 1) }), job.TaskDefinition{}, []string{"job a: cluster jobs is not"}},
		"ECS's own default":  {with("a", func(j *job.Job) { j.Cluster = "" }), job.TaskDefinition{}, nil},
		"a placeholder":      {with("a", func(j *job.Job) { j.Command = []string{"x", "-p", "REPLACE-ME"} }), job.TaskDefinition{}, []string{"job a: command holds REPLACE-ME"}},
		"of a variable":      {with("a", func(j *job.Job) { j.Environment = map[string]string{"URL": "u:REPLACE-ME@h"} }), job.TaskDefinition{}, []string{"job a: environment.URL holds REPLACE-ME"}},
		"an import's":        {fine, job.TaskDefinition{Family: "imported", Image: "REPLACE-ME", ExecutionRole: "REPLACE-ME"}, []string{"task definition imported: executionRole is REPLACE-ME", "task definition imported: image is REPLACE-ME"}},
		"an image in ECR":    {fine, job.TaskDefinition{Family: "app", Image: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app:1"}, []string{"task definition app: no executionRole"}},
		"an image by FIPS":   {fine, job.TaskDefinition{Family: "app", Image: "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/app:1"}, []string{"task definition app: no executionRole"}},
		"secrets, and a log": {fine, job.TaskDefinition{Family: "app", Image: "x", LogGroup: "/ecs/app", Secrets: map[string]string{"DSN": "/dsn"}}, []string{"task definition app: no executionRole, and without one ECS cannot read its secrets", "task definition app: no executionRole, and without one ECS cannot write to its logGroup"}},
		"a secret's name":    {with("a", func(j *job.Job) { j.Environment = map[string]string{"DSN": "x"} }), job.TaskDefinition{Family: "app", Image: "x", ExecutionRole: "r", Secrets: map[string]string{"DSN": "/dsn", "OTHER": "/o"}}, []string{"job a: DSN is a secret of taskDefinitions.app"}},
		"an input by it":     {with("a", func(j *job.Job) { j.Disabled, j.Inputs = true, map[string]job.Input{"DSN": {Pattern: ".*"}} }), job.TaskDefinition{Family: "app", Image: "x", ExecutionRole: "r", Secrets: map[string]string{"DSN": "/dsn"}}, []string{"job a: DSN is a secret of taskDefinitions.app"}},
		"of another":         {with("a", func(j *job.Job) { j.Environment = map[string]string{"DSN": "x"} }), job.TaskDefinition{Family: "other", Image: "x", ExecutionRole: "r", Secrets: map[string]string{"DSN": "/dsn"}}, nil},
		"another container":  {with("a", func(j *job.Job) { j.Container = "main" }), job.TaskDefinition{Family: "app", Image: "x"}, []string{`job a: taskDefinitions.app has no container "main", only "app"`}},
		"its family's name":  {with("a", func(j *job.Job) { j.Container = "app" }), job.TaskDefinition{Family: "app", Image: "x", Container: "main"}, []string{`job a: taskDefinitions.app has no container "app", only "main"`}},
		"its container":      {with("a", func(j *job.Job) { j.Container = "main" }), job.TaskDefinition{Family: "app", Image: "x", Container: "main"}, nil},
		"all of it, at once": {job.Job{Name: "a", Cluster: "etl", Command: []string{"REPLACE-ME"}}, job.TaskDefinition{Family: "b", Image: "REPLACE-ME"}, []string{"job a: cluster", "job a: command", "job a: no network", "job a: no taskDef", "task definition b: image"}},
		"no revision":        {with("a", func(j *job.Job) { j.TaskDefinition = "report:latest" }), job.TaskDefinition{}, []string{`job a: taskDefinition "report:latest" is not a family, family:revision with a number`}},
		"a revision":         {with("a", func(j *job.Job) { j.TaskDefinition = "report:7" }), job.TaskDefinition{}, nil},
		"its ARN": {with("a", func(j *job.Job) {
			j.TaskDefinition = "arn:aws-us-gov:ecs:us-gov-west-1:123456789012:task-definition/report:7"
		}), job.TaskDefinition{}, nil},
		"no container's name": {with("a", func(j *job.Job) { j.Container = "my app" }), job.TaskDefinition{}, []string{`job a: container "my app" is not`}},
		"spelled wrongly":     {fine, job.TaskDefinition{Family: "app", Image: "arn:aws:ecr:eu-central-1:123456789012:repository/app:1", ExecutionRole: "r", Container: "a.b", LogGroup: "/ecs/my app"}, []string{`task definition app: container "a.b" is not`, `task definition app: image "arn:aws:ecr:`, `task definition app: logGroup "/ecs/my app" is not`}},
		"an image in capital": {fine, job.TaskDefinition{Family: "app", Image: "ghcr.io/Example/App:1"}, []string{`task definition app: image "ghcr.io/Example/App:1" is not [registry/]repository`}},
		"an empty tag":        {fine, job.TaskDefinition{Family: "app", Image: "example/app:"}, []string{`task definition app: image "example/app:" is not`}},
		"a tag and a digest":  {fine, job.TaskDefinition{Family: "app", Image: "localhost:5000/a__b/c-d.e:V1.2_x@sha256:" + strings.Repeat("0a", 32), LogGroup: "/aws/ecs/a.b-c_d#1", ExecutionRole: "r"}, nil},
		"people's own matter": {with("a", func(j *job.Job) { j.Description = "replace me" }), job.TaskDefinition{}, nil},
	} {
		faults, later := render.Runnable([]job.Job{c.job}, []job.TaskDefinition{c.definition}, clusters, holdsHunter)
		slices.Sort(faults)
		if !slices.EqualFunc(faults, c.want, strings.HasPrefix) || len(later) > 0 {
			t.Errorf("%s: %q, %q; want %q", name, faults, later, c.want)
		}
	}
	faults, later := render.Runnable([]job.Job{with("off", func(j *job.Job) { j.Disabled, j.Command = true, []string{"REPLACE-ME"} })}, nil, nil, holdsHunter)
	if len(faults) > 0 || len(later) != 1 || !strings.HasPrefix(later[0], "job off: command holds") {
		t.Errorf("%q, %q", faults, later)
	}
	faults, later = render.Runnable([]job.Job{with("off", func(j *job.Job) { j.Disabled, j.Container = true, "main" })}, []job.TaskDefinition{{Family: "app", Image: "x"}}, nil, holdsHunter)
	if len(faults) > 0 || len(later) != 1 || !strings.HasPrefix(later[0], `job off: taskDefinitions.app has no container "main"`) {
		t.Errorf("%q, %q", faults, later)
	}
	for command, warns := range map[string]bool{"psql postgres://me:hunter2@db/x": true, "psql postgres://me:$PGPASSWORD@db/x": false} {
		faults, later = render.Runnable([]job.Job{with("a", func(j *job.Job) { j.Command = []string{"/bin/sh", "-c", command} })}, []job.TaskDefinition{{Family: "app", Image: "x"}}, nil, holdsHunter)
		if len(faults) > 0 || (len(later) == 1 && strings.HasPrefix(later[0], "job a: command holds what looks like a secret")) != warns || strings.Contains(strings.Join(later, ""), "hunter2") {
			t.Errorf("%s: %q, %q", command, faults, later)
		}
	}
	var many []job.Job
	for i := range 200 {
		many = append(many, with(fmt.Sprintf("j%d", i), func(j *job.Job) { j.Network.Subnets = nil }))
	}
	if faults, _ := render.Runnable(many, nil, nil, holdsHunter); len(faults) != 1 || !strings.HasPrefix(faults[0], "job j0, job j1, job j2, job j3, job j4 and 195 more: no network") {
		t.Errorf("%q", faults)
	}
}

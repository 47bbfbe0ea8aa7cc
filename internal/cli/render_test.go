package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRenderAndDiff(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{
		"jobs.yaml": "defaults: {taskDefinition: app, network: {subnets: [subnet-1]}}\njobs:\n  - {name: a, schedule: \"30 2 * * *\", command: echo <b>}\n  - {name: b, schedule: \"0 3 * * *\", startAt: 2020-01-01}\n",
		"next.yaml": "defaults: {taskDefinition: app, network: {subnets: [subnet-1]}}\njobs:\n  - {name: a, schedule: \"0 3 * * *\", command: echo <b>}\n  - {name: c}\n",
		"bad.yaml":  "jobs: [{name: a, schedule: \"0 30 * * *\"}]",
	})
	jobs, next, template := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, "next.yaml"), filepath.Join(dir, "t.yaml")
	printed := batchplane(t, "render", "-f", jobs)
	written := batchplane(t, "render", "-f", jobs, "-o", template)
	text, err := os.ReadFile(template) //nolint:gosec // a test's own file
	if err != nil || printed.code != 0 || written.code != 0 || printed.out != string(text) || !strings.Contains(written.err, "with 2 resources") {
		t.Errorf("%v, %+v, %+v", err, printed, written)
	}
	if !strings.Contains(printed.err, "job b: its startAt has passed") {
		t.Errorf("%+v", printed)
	}
	if r := batchplane(t, "diff", "-f", jobs, "--against", template); r.code != 0 || r.out != "0 added, 0 removed, 0 changed\n" {
		t.Errorf("%+v", r)
	}
	for _, against := range []string{jobs, template} {
		r := batchplane(t, "diff", "-f", next, "--against", against)
		for _, says := range []string{"a: changed", "runs 30 minutes later every day, 365 days a year", "b: removed", "c: added", "1 added, 1 removed, 1 changed"} {
			if r.code != 0 || !strings.Contains(r.out, says) {
				t.Errorf("%+v; want %q", r, says)
			}
		}
	}
	if r := batchplane(t, "--json", "diff", "-f", next, "--against", jobs); r.code != 0 || strings.Count(r.out, "\n") != 3 {
		t.Errorf("%+v", r)
	}
	bad := filepath.Join(dir, "bad.yaml")
	for _, args := range [][]string{{"render", "-f", bad}, {"diff", "-f", bad, "--against", jobs}, {"diff", "-f", jobs, "--against", bad}} {
		if r := batchplane(t, args...); r.code != 2 || !strings.Contains(r.err, "bad hour") || r.out != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// TestDiffOfDefinitions: a new image is a change, compared with the jobs file and with what was
// rendered from it.
func TestDiffOfDefinitions(t *testing.T) {
	t.Parallel()
	const jobs = "\njobs: [{name: a, schedule: \"0 3 * * *\", command: x, taskDefinition: app, network: {subnets: [subnet-1]}}]\n"
	dir := files(t, map[string]string{
		"old.yaml": "taskDefinitions: {app: {image: \"x:1\", executionRole: r, secrets: {A: /a}}}" + jobs,
		"new.yaml": "taskDefinitions: {app: {image: \"x:2\", executionRole: r, cpu: 1024, memory: 2048}}" + jobs,
	})
	before, after, template := filepath.Join(dir, "old.yaml"), filepath.Join(dir, "new.yaml"), filepath.Join(dir, "t.yaml")
	if r := batchplane(t, "render", "-f", before, "-o", template); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	for _, against := range []string{before, template} {
		r := batchplane(t, "diff", "-f", after, "--against", against)
		for _, says := range []string{"task definition app: changed", `image: "x:1" becomes "x:2"`, "cpu: 256 becomes 1024", `secrets.A: no longer "/a"`, "0 added, 0 removed, 1 changed"} {
			if r.code != 0 || !strings.Contains(r.out, says) {
				t.Errorf("%+v; want %q", r, says)
			}
		}
		if r := batchplane(t, "diff", "-f", before, "--against", against); r.out != "0 added, 0 removed, 0 changed\n" {
			t.Errorf("the same: %+v", r)
		}
	}
	if r := batchplane(t, "--json", "diff", "-f", after, "--against", template); !strings.HasPrefix(r.out, `{"taskDefinition":"app","kind":"changed"`) {
		t.Errorf("%+v", r)
	}
}

// TestRenderTerraform: the same jobs as Terraform's JSON.
func TestRenderTerraform(t *testing.T) {
	t.Parallel()
	dir := files(t, map[string]string{"jobs.yaml": "defaults: {taskDefinition: app, network: {subnets: [subnet-1]}}\njobs:\n  - {name: a, schedule: '0 1 * * *', command: x}\n"})
	in, out := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, "jobs.tf.json")
	r := batchplane(t, "render", "--terraform", "-f", in, "-o", out)
	text, err := os.ReadFile(out) //nolint:gosec // a test's own file
	if r.code != 0 || err != nil || !strings.Contains(string(text), `"schedule_expression": "cron(0 1 * * ? *)"`) || !strings.Contains(string(text), `${var.trigger_arn}`) {
		t.Errorf("%+v, %v\n%s", r, err, text)
	}
	if r := batchplane(t, "diff", "-f", in, "--against", out); r.code != 2 || !strings.Contains(r.err, "is Terraform JSON, which cannot be read: compare with the jobs file") {
		t.Errorf("%+v", r)
	}
	if r := batchplane(t, "render", "--terraform", "--rules", "-f", in); r.code != 2 || !strings.Contains(r.err, "leave --rules out") {
		t.Errorf("%+v", r)
	}
}

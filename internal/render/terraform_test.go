package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/render"
	"github.com/batchplane/batchplane/test/golden"
)

// awkward gives jobs whose texts Terraform could take for expressions, with everything that a
// schedule may have.
func awkward() ([]job.Job, []job.TaskDefinition) {
	jobs := []job.Job{
		{Name: "1-first", Schedule: "0 9 1 * 5", TaskDefinition: "app", Command: []string{"/bin/sh", "-c", `echo "${HOME}" %{a} $${b} <x> 'q'`}, Description: "costs ${money} %{if}"},
		{
			Name: "late", Schedule: "30 2 * * *", Timezone: "Europe/Berlin", TaskDefinition: "other:3", Cluster: "jobs", Disabled: true, Limits: job.Limits{Window: job.Duration(15 * time.Minute)},
			When: job.When{StartAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), EndAt: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)}, Network: job.Network{Subnets: []string{"subnet-1"}},
		},
		{Name: "by_hand", TaskDefinition: "app"},
		{Name: "rate", Schedule: "rate(1 minutes)", TaskDefinition: "app"},
	}
	definitions := []job.TaskDefinition{
		{Family: "app", Image: "example/app:1", CPU: 512, Memory: 1024, Architecture: "arm64", ExecutionRole: "arn:aws:iam::123456789012:role/x", TaskRole: "arn:aws:iam::123456789012:role/t", User: "nobody", LogGroup: "/jobs/app", Environment: map[string]string{"A": "${b}", "Z": "%{c}"}, Secrets: map[string]string{"K": "/k"}, Tags: map[string]string{"batchplane:owner": "team-a", "cost": "12"}},
		{Family: "unused", Image: "example/b:2", ExecutionRole: "arn:aws:iam::123456789012:role/x", LogGroup: "/jobs/app", Tags: map[string]string{"batchplane:owner": "team-b", "cost": "12"}},
	}
	return jobs, definitions
}

// TestTerraform: the file is that of the golden, the same each time, and describes each job as it
// is.
func TestTerraform(t *testing.T) {
	t.Parallel()
	jobs, definitions := awkward()
	o := render.Options{Stack: "batchplane", From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
	text, err := render.Terraform(jobs, definitions, o)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/jobs.tf.json", text)
	again, err := render.Terraform(jobs, definitions, o)
	if err != nil || !bytes.Equal(text, again) {
		t.Error("the same jobs give other bytes")
	}
	var file struct {
		Resource struct {
			Schedules map[string]struct {
				Name   string `json:"name"`
				Target struct {
					Input string `json:"input"`
				} `json:"target"`
			} `json:"aws_scheduler_schedule"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Resource.Schedules) != 5 {
		t.Errorf("%d schedules", len(file.Resource.Schedules))
	}
	for key, s := range file.Resource.Schedules {
		// What Terraform makes of the text.
		input := strings.NewReplacer("$${", "${", "%%{", "%{", "${aws_ecs_task_definition.task-app.arn}", "app").Replace(s.Target.Input)
		var carried struct{ Job job.Job }
		if err := json.Unmarshal([]byte(input), &carried); err != nil {
			t.Errorf("%s: %v in %s", key, err, input)
			continue
		}
		found := false
		for _, j := range jobs {
			found = found || j.Name == carried.Job.Name && j.Hash() == carried.Job.Hash()
		}
		if !found {
			t.Errorf("%s carries %+v", key, carried.Job)
		}
	}
	if _, err := render.Terraform([]job.Job{{Name: "a", TaskDefinition: "app:3"}}, definitions, o); err == nil || !strings.Contains(err.Error(), "leave the revision out") {
		t.Errorf("%v", err)
	}
}

// TestTerraformValidates: Terraform or OpenTofu itself takes the file and the control plane's
// module, with the provider's own schema. It refuses both when they are broken, and says what is
// broken. If one of the two is not available, TestTerraformSchema alone judges, and `make test`
// says so at its end.
func TestTerraformValidates(t *testing.T) {
	t.Parallel()
	jobs, definitions := awkward()
	text, err := render.Terraform(jobs, definitions, render.Options{Stack: "batchplane", From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	w := workspace(t, text)
	if out, err := w.run("validate", "-no-color"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.refused([]flaw{
		{"jobs/jobs.tf.json", bytes.Index, `"schedule_expression":`, `"schedule_expresion":`, `No argument or block type is named "schedule_expresion"`},
		{"jobs/jobs.tf.json", bytes.LastIndex, "${var.trigger_arn}", "${var.trigger}", `An input variable with the name "trigger" has not been declared`},
	})
	w.refused([]flaw{{"deploy/terraform/main.tf", bytes.Index, "template_url ", "template_link ", `An argument named "template_link" is not expected here`}})
}

// flaw breaks a file: it replaces one text by another, at the first or the last place, and
// Terraform says something about that.
type flaw struct {
	file           string
	place          func(text, of []byte) int
	from, to, says string
}

// refused checks what Terraform says about each flaw. It checks all at once, because one run of
// Terraform takes two seconds.
func (w tfWorkspace) refused(flaws []flaw) {
	w.t.Helper()
	good := map[string][]byte{}
	for _, f := range flaws {
		text, err := os.ReadFile(filepath.Join(w.dir, f.file))
		if err != nil {
			w.t.Fatal(err)
		}
		if good[f.file] == nil {
			good[f.file] = text
		}
		at := f.place(text, []byte(f.from))
		if at < 0 {
			w.t.Fatalf("%s has no %s", f.file, f.from)
		}
		w.write(f.file, slices.Concat(text[:at], []byte(f.to), text[at+len(f.from):]))
	}
	out, err := w.run("validate", "-no-color")
	words := strings.Join(strings.Fields(string(out)), " ")
	for _, f := range flaws {
		if err == nil || !strings.Contains(words, f.says) {
			w.t.Errorf("%s with %s is taken: %s", f.file, f.to, out)
		}
	}
	for name, text := range good {
		w.write(name, text)
	}
}

// tfWorkspace is a folder in which Terraform has been initialised.
type tfWorkspace struct {
	t            *testing.T
	program, dir string
}

func (w tfWorkspace) write(name string, data []byte) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w tfWorkspace) run(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(w.t.Context(), w.program, args...) //nolint:gosec // terraform or tofu
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return cmd.CombinedOutput()
}

// init installs the provider from a folder of providers in the usual layout, or else as the person
// has set: tests use no network by themselves.
func (w tfWorkspace) init() error {
	args := []string{"init", "-backend=false", "-input=false", "-no-color"}
	for _, form := range []string{"/opt/*", "/usr/share/*/*", "/usr/local/share/*/*"} {
		found, _ := filepath.Glob(form + "/registry.*.io/hashicorp/aws")
		for _, one := range found {
			folder := "-plugin-dir=" + filepath.Join(one, "..", "..", "..")
			if _, err := w.run(append(args, folder)...); err == nil {
				return nil
			}
		}
	}
	for _, name := range []string{"TF_CLI_ARGS_init", "TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE"} {
		if os.Getenv(name) == "" {
			continue
		}
		out, err := w.run(args...)
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	return errors.New("no folder holds it: TF_CLI_ARGS_init=-plugin-dir=FOLDER names one")
}

// workspace lays out what the module's README shows, or skips the test.
func workspace(t *testing.T, text []byte) tfWorkspace {
	t.Helper()
	program, err := exec.LookPath("terraform")
	if err != nil {
		if program, err = exec.LookPath("tofu"); err != nil {
			t.Skip("neither terraform nor tofu is here")
		}
	}
	w := tfWorkspace{t, program, t.TempDir()}
	w.write("jobs/jobs.tf.json", text)
	readme, err := os.ReadFile("../../deploy/terraform/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(readme), "```hcl\n")
	example, _, _ = strings.Cut(example, "```")
	w.write("main.tf", []byte(example))
	w.write("packaged.yaml", []byte("Resources: {}\n"))
	for _, name := range []string{"main.tf", "variables.tf", "outputs.tf"} {
		data, err := os.ReadFile(filepath.Join("../../deploy/terraform", name))
		if err != nil {
			t.Fatal(err)
		}
		w.write("deploy/terraform/"+name, data)
	}
	if err := w.init(); err != nil {
		t.Skipf("the provider hashicorp/aws is not to be had here: %v", err)
	}
	return w
}

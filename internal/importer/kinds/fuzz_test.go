package kinds_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// There is one target for each reader, and one that finds the kind. The crontab reader has its
// own in its package.

func FuzzAnyKind(f *testing.F) {
	fuzz(f, "", "testdata/*.json", "testdata/*.yaml", "testdata/copilot/*.yml", "testdata/jenkins/*.xml", "testdata/systemd/*", "../crontab/testdata/rows.crontab")
}

func FuzzEventBridge(f *testing.F) {
	fuzz(f, "eventbridge", "testdata/answers.json", "testdata/cdk.json", "testdata/template.yaml")
}
func FuzzTerraform(f *testing.F)  { fuzz(f, "terraform", "testdata/terraform.json") }
func FuzzCopilot(f *testing.F)    { fuzz(f, "copilot", "testdata/copilot/*.yml") }
func FuzzEcschedule(f *testing.F) { fuzz(f, "ecschedule", "testdata/ecschedule.yaml") }
func FuzzJenkins(f *testing.F)    { fuzz(f, "jenkins", "testdata/jenkins/*.xml") }
func FuzzSystemd(f *testing.F)    { fuzz(f, "systemd", "testdata/systemd/*") }
func FuzzKubernetes(f *testing.F) { fuzz(f, "kubernetes", "testdata/kubernetes.yaml") }

// fuzz: for any bytes the reader of a kind ends, its result is a valid jobs file, and each step
// is one line.
func fuzz(f *testing.F, kind string, patterns ...string) {
	f.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name) //nolint:gosec // a test's own file
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := kinds.Import(kind, []*importer.File{{Name: "f", Data: data}}, importer.Options{From: from, Zone: "Europe/Berlin", Disabled: true}, kinds.Options{})
		if err != nil {
			return
		}
		sound(t, r)
	})
}

// sound checks what holds for every import.
func sound(t *testing.T, r importer.Result) {
	t.Helper()
	text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Jobs) > 0 {
		if _, problems := jobfile.Load([]jobfile.Source{{Data: text}}, jobfile.Options{Env: noVariables}); len(problems) > 0 {
			t.Errorf("%v\n%s", problems, text)
		}
	}
	if plan := r.Steps.Plan(importer.Target{}); plan != nil {
		for _, step := range append(plan.Over, plan.Back...) {
			for _, c := range step.Commands {
				if strings.ContainsAny(c, "\n\r") {
					t.Errorf("a command of several lines: %q", c)
				}
			}
		}
	}
	named := map[string]bool{}
	for i := range r.Jobs {
		if named[r.Jobs[i].Name] {
			t.Errorf("two jobs are called %s", r.Jobs[i].Name)
		}
		named[r.Jobs[i].Name] = true
	}
	for _, e := range r.Entries {
		if e.Job != nil && (!named[*e.Job] || e.Verdict == importer.Refused) {
			t.Errorf("%s line %d: %s, job %s", e.File, e.Line, e.Verdict, *e.Job)
		}
	}
}

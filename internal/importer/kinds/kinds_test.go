package kinds_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/test/golden"
)

var from = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func noVariables(string) (string, bool) { return "", false }

// samples are files of one kind that are imported together.
var samples = []struct {
	name, kind, files string
	options           importer.Options
}{
	{"kubernetes", "kubernetes", "kubernetes.yaml", importer.Options{From: from}},
	{"copilot", "copilot", "copilot/*.yml", importer.Options{From: from, Environment: "prod"}},
	{"ecschedule", "ecschedule", "ecschedule.yaml", importer.Options{From: from}},
	{"jenkins", "jenkins", "jenkins/*.xml", importer.Options{From: from, Zone: "Europe/Berlin"}},
	{"systemd", "systemd", "systemd/*", importer.Options{From: from, Zone: "America/New_York"}},
	{"answers", "eventbridge", "answers.json", importer.Options{From: from}},
	{"template", "eventbridge", "template.yaml", importer.Options{From: from}},
	{"cdk", "eventbridge", "cdk.json", importer.Options{From: from}},
	{"terraform", "terraform", "terraform.json", importer.Options{From: from}},
	{"plan", "terraform", "plan.json", importer.Options{From: from}},
}

func read(t *testing.T, pattern string) (files []*importer.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name) //nolint:gosec // a test's own file
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &importer.File{Name: filepath.Base(name), Data: data})
	}
	return files
}

// report writes what a person reads of an import.
func report(r importer.Result) []byte {
	var b bytes.Buffer
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "%s line %d: %s: %s: %s\n", e.File, e.Line, e.Item, e.Verdict, e.Text)
		if e.Job != nil {
			fmt.Fprintf(&b, "\tjob %s: %s\n", *e.Job, strings.Join(e.AWS, " and "))
		}
		for _, n := range e.Notes {
			fmt.Fprintf(&b, "\t- %s\n", n)
		}
		if e.Proof != "" {
			fmt.Fprintf(&b, "\t= %s\n", e.Proof)
		}
	}
	b.WriteString(r.Steps.Text(importer.Target{}))
	return b.Bytes()
}

// TestReports checks the report and the jobs of each kind, recognised without its name.
func TestReports(t *testing.T) {
	t.Parallel()
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r, err := kinds.Import("", read(t, s.files), s.options, kinds.Options{})
			if err != nil || r.Kind != s.kind {
				t.Fatalf("%s: %v", r.Kind, err)
			}
			if len(r.Entries) < 10 {
				t.Errorf("%d items, and a sample has at least ten", len(r.Entries))
			}
			text := report(r)
			golden.Check(t, "testdata/"+s.name+".report", text)
			jobs, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
			if err != nil {
				t.Fatal(err)
			}
			golden.Check(t, "testdata/"+s.name+".jobs", jobs)
			for _, out := range [][]byte{text, jobs} {
				if bytes.Contains(out, []byte("hunter2")) {
					t.Errorf("the secret is written:\n%s", out)
				}
			}
			f, problems := jobfile.Load([]jobfile.Source{{Data: jobs}}, jobfile.Options{Env: noVariables})
			if len(problems) > 0 || len(f.Jobs) != len(r.Jobs) {
				t.Fatalf("%d of %d jobs: %v", len(f.Jobs), len(r.Jobs), problems)
			}
			for i, j := range f.Jobs {
				if j.Hash() != r.Jobs[i].Hash() {
					t.Errorf("%+v is read as %+v", r.Jobs[i], j)
				}
			}
		})
	}
}

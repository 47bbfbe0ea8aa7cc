package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/test/golden"
)

const previewYAML = `
defaults: {timezone: Europe/Berlin}
taskDefinitions: {app: {image: x, cpu: 512, memory: 1024, architecture: arm64}}
jobs:
  - {name: nightly, schedule: "30 2 * * *", taskDefinition: app}
  - {name: skips, schedule: "30 2 * * *", dst: {gap: skip}, calendar: {skip: [2027-04-05]}}
  - {name: extract, schedule: "32 3 * * 1-5"}
  - {name: transform, schedule: "33 3 * * 1-5"}
  - {name: load, schedule: "40 3 * * 1-5"}
  - {name: alone, schedule: "55 4 * * 1-5"}
  - {name: minutely, schedule: "* * * * *", cpu: 256, memory: 512}
  - {name: off, schedule: "0 1 * * *", enabled: false}
  - {name: byhand}
`

func TestPreview(t *testing.T) {
	t.Parallel()
	file := filepath.Join(files(t, map[string]string{"jobs.yaml": previewYAML}), "jobs.yaml")
	r := batchplane(t, "preview", "-f", file, "--from", "2027-03-20", "--duration", "2m", "--duration", "nightly=1h")
	if r.code != 0 || r.err != "" {
		t.Errorf("%+v", r)
	}
	golden.Check(t, "testdata/preview.txt", r.out)

	r = batchplane(t, "--json", "preview", "-f", file, "--from", "2027-10-20", "--days", "14", "--region", "ap-northeast-1")
	types := map[string]int{}
	for line := range strings.Lines(r.out) {
		var o struct {
			Type string
			Of   any
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil || o.Of == nil {
			t.Fatalf("%s: %v", line, err)
		}
		types[o.Type]++
	}
	if r.code != 0 || types["job"] != 9 || types["clock"] != 1 || types["chain"] != 1 || types["summary"] != 1 {
		t.Errorf("%v, %+v", types, r)
	}
	if !strings.Contains(r.out, "comes twice, and it runs the first time only") {
		t.Error("no word of the hour that comes twice")
	}
	for says, args := range map[string][]string{
		"--days 0":                 {"--days", "0"},
		"--region \"mars\"":        {"--region", "mars"},
		"--from \"soon\"":          {"--from", "soon"},
		"there is no job \"none\"": {"--duration", "none=5m"},
	} {
		if r := batchplane(t, append([]string{"preview", "-f", file}, args...)...); r.code != 2 || !strings.Contains(r.err, says) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// TestPreviewOfLocalJobs: prices of jobs that run on one machine are said to be those of AWS.
func TestPreviewOfLocalJobs(t *testing.T) {
	t.Parallel()
	for jobs, want := range map[string][]string{
		`jobs: [{name: a, schedule: "0 2 * * *", command: [a]}]`:                    {"a month on AWS\n", "\ncost on AWS, if they moved there, in us-east-1, about: $"},
		`jobs: [{name: a, schedule: "0 2 * * *", command: [a], taskDefinition: t}]`: {"a month\n", "\ncost in us-east-1, about: $"},
	} {
		r := batchplane(t, "preview", "-f", filepath.Join(files(t, map[string]string{"jobs.yaml": jobs}), "jobs.yaml"))
		for _, w := range want {
			if r.code != 0 || !strings.Contains(r.out, w) {
				t.Errorf("%s: no %q in %+v", jobs, w, r)
			}
		}
	}
}

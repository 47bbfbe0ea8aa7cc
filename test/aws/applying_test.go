package aws_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/run"
)

// file is a test's own jobs file.
type file string

func newFile(t *testing.T, text string) file {
	t.Helper()
	f := file(filepath.Join(t.TempDir(), "jobs.yaml"))
	f.says(t, text)
	return f
}

func (f file) says(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(string(f), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const definedJobs = `
project: defined
defaults: {cluster: jobs, network: {subnets: [subnet-1]}}
taskDefinitions:
  base: {image: "example.com/report:1", executionRole: "arn:aws:iam::000000000000:role/batchplane/execution", logGroup: /ecs/job}
jobs:
  - {name: defined, taskDefinition: base, command: [report]}
`

// deploysDefinitions: a base definition is registered with its jobs, once. The next run uses a
// changed one.
func deploysDefinitions(t *testing.T, w *world) {
	deployer, operator := w.person(t, "dina", "DeployerPolicy"), w.person(t, "otis", "OperatorPolicy")
	deployer.env = []string{"AWS_ENDPOINT_URL_ECS=" + w.ecsURL} // the stand-in, where the functions launch too
	f := newFile(t, definedJobs)
	runs := func(revision string) {
		t.Helper()
		w.sweep(t)
		id := run.ID(regexp.MustCompile(`defined/manual-[0-9a-f]+`).FindString(operator.must(t, "launched", "run", "defined")))
		if r := w.await(t, id, run.Succeeded, soon); !strings.HasSuffix(r.Task.ARN, ":task-definition/defined-base:"+revision) {
			t.Errorf("it ran %q, want revision %s", r.Task.ARN, revision)
		}
	}
	deployer.must(t, "task definition defined-base: added\n  - image: example.com/report:1\n(?s:.*)read back as written", "apply", "-f", string(f), "--yes")
	runs("1")
	deployer.must(t, "^0 added, 0 removed, 0 changed\n$", "apply", "-f", string(f), "--dry-run")
	f.says(t, strings.Replace(definedJobs, "report:1", "report:2", 1))
	deployer.must(t, "task definition defined-base: changed\n  - image: \"example.com/report:1\" becomes \"example.com/report:2\"\n  - a new revision is registered(?s:.*)read back as written", "apply", "-f", string(f), "--yes")
	runs("2")
	deployer.must(t, "^0 added, 0 removed, 0 changed\n$", "apply", "-f", string(f), "--dry-run")
}

const groupJobs = `
project: group
defaults: {cluster: jobs, taskDefinition: job, network: {subnets: [subnet-1]}}
jobs:
  - {name: group-a, schedule: "30 2 * * *", command: [a]}
  - {name: group-b, schedule: "30 3 * * *", command: [b]}
  - {name: group-c, schedule: "30 4 * * *", command: [c]}
`

// appliesAmongOthers: what else may happen to a registry.
func appliesAmongOthers(t *testing.T, w *world) {
	deployer, other := w.person(t, "dan", "DeployerPolicy"), w.person(t, "dot", "DeployerPolicy")
	f := newFile(t, groupJobs)
	equal := func() {
		t.Helper()
		deployer.must(t, "^0 added, 0 removed, 0 changed\n$", "apply", "-f", string(f), "--dry-run")
	}
	t.Run("a fault in the middle", func(t *testing.T) {
		broken := deployer
		broken.env = []string{"AWS_ENDPOINT_URL_SCHEDULER=" + w.breaks(t, "/schedules/group-b")}
		s := broken.types(t, "apply", "-f", string(f), "--yes")
		if s.code != 1 || !regexp.MustCompile(`1 of 3: schedule group-a created\n(?s:.*)1 of 3 changes were made and stay, then: .*the line is dead.*; apply again to continue`).MatchString(s.err) {
			t.Errorf("with a fault: %+v", s)
		}
		again := deployer.must(t, "read back as written", "apply", "-f", string(f), "--yes")
		if strings.Contains(again, "group-a") || !strings.Contains(again, "2 added, 0 removed, 0 changed") {
			t.Errorf("applied again: %s", again)
		}
		equal()
	})
	t.Run("drift", func(t *testing.T) {
		w.switchedOff(t, "group-b")
		if s := deployer.types(t, "apply", "-f", string(f), "--dry-run"); s.code != 2 || !strings.Contains(s.out, "group-b: changed\n  - somebody changed its schedule in the registry: it is DISABLED, and will be ENABLED") {
			t.Errorf("after somebody switched one off: %+v", s)
		}
		deployer.must(t, "0 added, 0 removed, 1 changed", "apply", "-f", string(f), "--yes")
		equal()
	})
	t.Run("two at once", func(t *testing.T) {
		f.says(t, strings.ReplaceAll(strings.ReplaceAll(groupJobs, "30 ", "40 "), "group-c", "group-d"))
		did := 0
		for _, s := range together(t, []terminal{deployer, other}, "apply", "-f", string(f), "--yes", "--prune", "--prune-max", "1") {
			switch {
			case s.code == 0:
				did++
			case !strings.Contains(s.err, "; apply again to continue"):
				t.Errorf("who came second was told %+v", s)
			}
		}
		t.Logf("%d of 2 got through", did)
		deployer.must(t, "added, 0 removed|added, 1 removed", "apply", "-f", string(f), "--yes", "--prune", "--prune-max", "1")
		equal()
	})
	t.Run("a newer version's plan", func(t *testing.T) {
		f.says(t, groupJobs)
		plan := filepath.Join(t.TempDir(), "plan.json")
		deployer.must(t, "group-c: added", "apply", "-f", string(f), "--plan", plan)
		text, err := os.ReadFile(plan)
		if err != nil {
			t.Fatal(err)
		}
		newer := strings.Replace(string(text), `"format": 1`, `"format": 2`, 1)
		file(plan).says(t, newer)
		if s := deployer.types(t, "apply", plan, "--yes"); newer == string(text) || s.code != 2 || !strings.Contains(s.err, "was written by a newer batchplane (form 2, this program knows 1): upgrade this program") {
			t.Errorf("a newer plan: %+v", s)
		}
		if s := deployer.types(t, "apply", "-f", string(f), "--dry-run"); s.code != 2 || !strings.Contains(s.out, "group-c: added") {
			t.Errorf("it was carried out: %+v", s)
		}
	})
}

// breaks returns an address of the emulator at which writes to a path fail.
func (w *world) breaks(t *testing.T, path string) string {
	t.Helper()
	to, err := url.Parse(w.url)
	if err != nil {
		t.Fatal(err)
	}
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.URL.Path != path {
			through.ServeHTTP(out, r)
			return
		}
		out.Header().Set("X-Amzn-Errortype", "ValidationException")
		out.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(out, `{"Message":"the line is dead"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// switchedOff: somebody switches a schedule off in the console.
func (w *world) switchedOff(t *testing.T, name string) {
	t.Helper()
	path := "/schedules/" + name
	status, _, text := w.request(t, "scheduler", http.MethodGet, path+"?groupName="+w.name, nil, nil)
	var schedule map[string]any
	if err := json.Unmarshal(text, &schedule); err != nil || status != http.StatusOK {
		t.Fatalf("reading %s: %d %s", name, status, text)
	}
	schedule["State"], schedule["GroupName"] = "DISABLED", w.name
	body, err := json.Marshal(schedule)
	if err != nil {
		t.Fatal(err)
	}
	if status, _, text := w.request(t, "scheduler", http.MethodPut, path, map[string]string{"Content-Type": "application/json"}, body); status != http.StatusOK {
		t.Fatalf("changing %s: %d %s", name, status, text)
	}
}

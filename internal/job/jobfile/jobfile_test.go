package jobfile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/test/golden"
)

// parse reads one jobs file by itself.
func parse(data []byte) ([]job.Job, []jobfile.Problem) {
	f, problems := jobfile.Load([]jobfile.Source{{Data: data}}, jobfile.Options{})
	return f.Jobs, problems
}

// TestGolden reads each testdata/*.yaml. Its .golden file holds the jobs as JSON, or the
// problems.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			golden.Check(t, strings.TrimSuffix(file, ".yaml")+".golden", shown(t, read(t, file)))
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shown(t *testing.T, data []byte) string {
	t.Helper()
	jobs, problems := parse(data)
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	for _, j := range jobs {
		text, err := json.MarshalIndent(j, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", text)
	}
	return b.String()
}

// TestBounded: files that are large, deep, or large once expanded are refused soon and with a
// reason.
func TestBounded(t *testing.T) {
	t.Parallel()
	many := func(n int, each string) string { return strings.Repeat(each, n) }
	var bigEnvironment strings.Builder
	for i := range 900 {
		fmt.Fprintf(&bigEnvironment, "    V%d: xxxxxxxxxxxxxxxxxxxx\n", i)
	}
	var jobs, aliased strings.Builder
	for i := range jobfile.MaxJobs {
		fmt.Fprintf(&jobs, "  - name: j%d\n", i)
		fmt.Fprintf(&aliased, "  - {name: k%d, environment: *e}\n", i)
	}
	cases := []struct{ name, text, want string }{
		{"5 MB", many(5<<20, "#"), "the file has 5242880 bytes; at most 4194304 are read"},
		{"one job too many", "jobs:\n" + jobs.String() + "  - name: more\n", "more than 10000 jobs in one file"},
		{"defaults copied into every job", "defaults:\n  environment:\n" + bigEnvironment.String() + "jobs:\n" + jobs.String(), "the file has more than"},
		{"one alias in every job", "jobs:\n  - name: a\n    environment: &e\n" + strings.ReplaceAll(bigEnvironment.String(), "    V", "      V") + aliased.String()[:250_000] + "}\n", "the file has more than"},
		{"a text too long", "jobs: [{name: a, owner: " + many(9000, "x") + "}]", "owner: has 9000 bytes"},
		{"deep lists", "jobs: " + many(1_000_000, "["), "nested more than 100 deep"},
		{"deep mappings", "jobs: " + many(500_000, "{a: "), "nested more than 100 deep"},
		{"deep dashes", many(500_000, "- ") + "x", "nested more than 100 deep"},
		{"deep questions", many(500_000, "? ") + "x", "nested more than 100 deep"},
		{"many anchors", "a: " + many(500_000, "&a ") + "x", "nested more than 100 deep"},
		{"many aliases", "a: &x b\nc: " + many(500_000, "*x "), "nested more than 100 deep"},
		{"many tags", "a: " + many(500_000, "!a ") + "x", "nested more than 100 deep"},
		{"many colons", many(500_000, "a: "), "nested more than 100 deep"},
		{"many flow mappings", "a: {}" + many(50_000, " {a: b}"), "nested more than 100 deep"},
		{"a brace not closed", "defaults: {network: {subnets: [a]}\njobs:\n" + many(200, "- name: a\n  cluster: b\n"), "2:1: this is not YAML: ',' or '}' must be specified"},
		{"colons without commas", "jobs: [\n" + many(50_000, "a: \n"), "nested more than 100 deep"},
		{"many variables", "jobs:\n  - name: a\n    environment:\n" + numbered(250_000, "      V%d: x\n"), "1004:12: more than 1000 keys in one mapping"},
		{"many keys at the top", numbered(250_000, "k%d: x\n"), "1001:6: more than 1000 keys in one mapping"},
		{"many keys under questions", numbered(250_000, "? k%d\n: x\n"), "more than 1000 keys in one mapping"},
		{"many definitions", "taskDefinitions:\n" + numbered(100_000, "  d%d:\n    image: x\n"), "more than 1000 keys in one mapping"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			jobs, problems := parse([]byte(c.text))
			if len(jobs) > 0 || len(problems) == 0 || !strings.Contains(problems[0].String(), c.want) {
				t.Errorf("%d jobs, %.200v; want %q", len(jobs), problems, c.want)
			}
		})
	}
	t.Run("many keys in many mappings", func(t *testing.T) {
		t.Parallel()
		item := "  - name: n%d\n    environment:\n" + numbered(20, "      V%d: x\n") + "    taskDefinition: x\n"
		jobs, problems := parse([]byte("jobs:\n" + numbered(400, item)))
		if len(jobs) != 400 || len(problems) > 0 {
			t.Errorf("%d jobs, %.200v", len(jobs), problems)
		}
	})
	t.Run("many jobs in a line", func(t *testing.T) {
		t.Parallel()
		line := `{"jobs":[` + strings.TrimSuffix(numbered(1000, `{"name":"j%d","command":["x"],"environment":{"A":"a"}},`), ",") + "]}"
		if jobs, problems := parse([]byte(line)); len(jobs) != 1000 {
			t.Errorf("%d jobs, %v", len(jobs), problems)
		}
	})
	t.Run("as many jobs as may be", func(t *testing.T) {
		t.Parallel()
		if jobs, problems := parse([]byte("jobs:\n" + jobs.String())); len(jobs) != jobfile.MaxJobs {
			t.Errorf("%d jobs, %v", len(jobs), problems)
		}
	})
}

// FuzzParse: any bytes give an answer: jobs that are valid, or problems in order.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file) //nolint:gosec // a test's own file
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		jobs, problems := parse(data)
		if (len(jobs) > 0) == (len(problems) > 0) {
			t.Fatalf("%d jobs, problems: %v", len(jobs), problems)
		}
		names := map[string]bool{}
		for _, j := range jobs {
			if ps := j.Validate(); len(ps) > 0 || names[j.Name] {
				t.Fatalf("job %q: %v", j.Name, ps)
			}
			names[j.Name] = true
			survives(t, j)
		}
		for i := 1; i < len(problems); i++ {
			if a, b := problems[i-1], problems[i]; a.Line > b.Line || a.Line == b.Line && a.Column > b.Column {
				t.Fatalf("%v stands before %v", a, b)
			}
		}
	})
}

// survives checks that a job means the same after a round trip through JSON.
func survives(t *testing.T, j job.Job) {
	t.Helper()
	b, err := json.Marshal(j)
	if err != nil {
		t.Fatal(err)
	}
	var back job.Job
	if err := json.Unmarshal(b, &back); err != nil || back.Hash() != j.Hash() {
		t.Fatalf("%s comes back as %+v, %v", b, back, err)
	}
}

// numbered repeats a text n times, with the number in place of its first %d.
func numbered(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Replace(text, "%d", strconv.Itoa(i), 1))
	}
	return b.String()
}

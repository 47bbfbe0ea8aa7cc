package render_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/jobdiff"
	"github.com/batchplane/batchplane/internal/render"
	"github.com/batchplane/batchplane/test/golden"
)

var from = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func some() ([]job.Job, []job.TaskDefinition) {
	jobs := []job.Job{
		{Name: "nightly-report", Description: "It's \"the\" report: <b> & \u0085", Schedule: "30 2 * * *", Timezone: "Europe/Berlin", TaskDefinition: "app", Command: []string{"/bin/sh", "-c", "a < b > c && echo ${X} <aws.scheduler.execution-id>"}},
		{Name: "either", Schedule: "0 9 1 * 5", Limits: job.Limits{Window: job.Duration(15 * time.Minute), StartWithin: job.Duration(30 * time.Hour)}},
		{Name: "both", Schedule: "0 9 */2 * 1", Disabled: true},
		{Name: "byhand"},
		{Name: "by-hand", Schedule: "rate(5 minutes)", When: job.When{StartAt: from, EndAt: from.AddDate(1, 0, 0)}},
	}
	definitions := []job.TaskDefinition{{
		Family: "app", Image: "example/app:1", CPU: 512, Memory: 1024, Architecture: "arm64", ExecutionRole: "arn:aws:iam::123456789012:role/x",
		TaskRole: "arn:aws:iam::123456789012:role/t", LogGroup: "/jobs", User: "nobody", Environment: map[string]string{"A": "yes"}, Secrets: map[string]string{"K": "/k"},
	}}
	return jobs, definitions
}

func one(t *testing.T, jobs []job.Job, definitions []job.TaskDefinition, o render.Options) []byte {
	t.Helper()
	o.Stack, o.From = "batchplane", from
	out, err := render.Templates(jobs, definitions, o)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d templates, %v", len(out), err)
	}
	return out[0].Text
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	jobs, definitions := some()
	text := one(t, jobs, definitions, render.Options{})
	golden.Check(t, "testdata/schedules.yaml", text)
	carries(t, text, jobs)
	if again := one(t, []job.Job{jobs[3], jobs[0], jobs[4], jobs[2], jobs[1]}, definitions, render.Options{}); !bytes.Equal(again, text) {
		t.Error("the order of the jobs file shows in the template")
	}
	inUTC := jobs[1:3:3]
	inUTC[0].Window = 0
	inUTC = append(inUTC, job.Job{Name: "often", Schedule: "*/15 * * * *", Timezone: "Asia/Tokyo"})
	text = one(t, inUTC, nil, render.Options{Rules: true})
	golden.Check(t, "testdata/rules.yaml", text)
	carries(t, text, inUTC)
}

// carries checks that every job is in the template, unchanged.
func carries(t *testing.T, text []byte, jobs []job.Job) {
	t.Helper()
	file, err := jobfile.FromTemplate(text)
	found := file.Jobs
	if err != nil || len(found) != len(jobs) {
		t.Fatalf("%d of %d jobs, %v", len(found), len(jobs), err)
	}
	hashes := map[string]string{}
	for _, j := range found {
		hashes[j.Name] = j.Hash()
	}
	for _, j := range jobs {
		if hashes[j.Name] != j.Hash() {
			t.Errorf("job %s comes back as another", j.Name)
		}
	}
}

// TestDefinitionsComeBack: a base definition in the template is that of the jobs file, with the
// defaults filled in.
func TestDefinitionsComeBack(t *testing.T) {
	t.Parallel()
	_, definitions := some()
	definitions = append(definitions, job.TaskDefinition{Family: "small", Image: "example/small", Tags: map[string]string{"batchplane:owner": "team: a", "cost": "12"}})
	file, err := jobfile.FromTemplate(one(t, nil, definitions, render.Options{}))
	if err != nil || len(file.Definitions) != 2 {
		t.Fatalf("%+v, %v", file, err)
	}
	if changes := jobdiff.Definitions(definitions, file.Definitions); len(changes) > 0 {
		t.Errorf("%q", changes)
	}
	if changes := jobdiff.Definitions(definitions[:1], file.Definitions); len(changes) != 1 || changes[0].Kind != jobdiff.Added {
		t.Errorf("%q", changes)
	}
}

// TestNoPlaceholderOfAJob: a job's own text cannot become one of Scheduler's context attributes.
func TestNoPlaceholderOfAJob(t *testing.T) {
	t.Parallel()
	jobs, _ := some()
	var template struct {
		Resources map[string]struct {
			Properties struct {
				Target struct {
					Input string `yaml:"Input"`
				} `yaml:"Target"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(one(t, jobs, nil, render.Options{}), &template); err != nil {
		t.Fatal(err)
	}
	if len(template.Resources) != 6 {
		t.Fatalf("%d resources", len(template.Resources))
	}
	for id, r := range template.Resources {
		in := r.Properties.Target.Input
		if strings.Count(in, "<") != 2 || !strings.HasPrefix(in, `{"scheduledFor":"<aws.scheduler.scheduled-time>","schedule":"<aws.scheduler.schedule-arn>","job":{`) {
			t.Errorf("%s: %s", id, in)
		}
	}
}

// TestNoReferenceOfAJob: CloudFormation finds no dynamic reference in a job's own text, and the job
// comes back unchanged.
func TestNoReferenceOfAJob(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"{{resolve:secretsmanager:prod/db}}", "x{{resolve:ssm:/a:1}}{{resolve:ssm:/b}}", "{{{resolve:ssm:/a}}}", "{{{{resolve:ssm:/a}}}}", `{"a":{"b":{{}}}}`,
	} {
		jobs := []job.Job{{
			Name: "a", Owner: hostile, Schedule: "0 3 * * *", Command: []string{"echo", hostile}, Environment: map[string]string{"A": hostile},
		}}
		for _, rules := range []bool{false, true} {
			text := one(t, jobs, nil, render.Options{Rules: rules})
			carries(t, text, jobs)
			var template map[string]any
			if err := yaml.Unmarshal(text, &template); err != nil {
				t.Fatal(err)
			}
			if found := fmt.Sprintf("%q", template); strings.Contains(found, "{{") {
				t.Errorf("%s: %s", hostile, found)
			}
		}
	}
}

// TestReferencesRefused: a dynamic reference for which nothing else can be written is refused,
// and the error names its place.
func TestReferencesRefused(t *testing.T) {
	t.Parallel()
	const hostile = "a {{resolve:ssm:/a}}"
	app := job.TaskDefinition{Family: "app", Image: "x"}
	with := func(change func(*job.TaskDefinition)) job.TaskDefinition { d := app; change(&d); return d }
	for want, d := range map[string]job.TaskDefinition{
		"task definition app: image holds":         with(func(d *job.TaskDefinition) { d.Image = hostile }),
		"task definition app: container holds":     with(func(d *job.TaskDefinition) { d.Container = hostile }),
		"task definition app: executionRole holds": with(func(d *job.TaskDefinition) { d.ExecutionRole = hostile }),
		"task definition app: taskRole holds":      with(func(d *job.TaskDefinition) { d.TaskRole = hostile }),
		"task definition app: user holds":          with(func(d *job.TaskDefinition) { d.User = hostile }),
		"task definition app: logGroup holds":      with(func(d *job.TaskDefinition) { d.LogGroup = "{{ Resolve :ssm:/a}}" }),
		"task definition app: environment.A holds": with(func(d *job.TaskDefinition) { d.Environment = map[string]string{"A": hostile} }),
		"task definition app: secrets.A holds":     with(func(d *job.TaskDefinition) { d.Secrets = map[string]string{"A": hostile} }),
	} {
		if _, err := render.Templates(nil, []job.TaskDefinition{d}, render.Options{From: from}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	_, err := render.Templates([]job.Job{{Name: "a", Description: hostile, Schedule: "0 3 * * *"}}, nil, render.Options{From: from})
	if err == nil || !strings.Contains(err.Error(), "job a: its description holds") {
		t.Error(err)
	}
	if _, err := render.Templates([]job.Job{{Name: "a", Description: "{{x}} resolve: {resolve:", Schedule: "0 3 * * *"}}, []job.TaskDefinition{app}, render.Options{From: from}); err != nil {
		t.Error(err)
	}
}

// TestNormalExpressions: what a scheduled rule refuses, or no guide has, is written in another
// way, for rules and for schedules.
func TestNormalExpressions(t *testing.T) {
	t.Parallel()
	for schedule, want := range map[string]string{
		"rate(1 minutes)":            "rate(1 minute)",
		"cron(0 9 * * ?)":            "cron(0 9 * * ? *)",
		"cron(*/30 * * * ? *)":       "cron(0,30 * * * ? *)",
		"cron(0 9 ? * SAT-MON *)":    "cron(0 9 ? * 1,2,7 *)",
		"cron(0 9 ? * MON-FRI 2027)": "cron(0 9 ? * MON-FRI 2027)",
	} {
		for _, rules := range []bool{false, true} {
			jobs := []job.Job{{Name: "a", Schedule: schedule}}
			text := one(t, jobs, nil, render.Options{Rules: rules})
			carries(t, text, jobs)
			if !bytes.Contains(text, []byte(`ScheduleExpression: "`+want+`"`)) {
				t.Errorf("%s: not %s in\n%s", schedule, want, text)
			}
		}
	}
}

// TestParts: many jobs make several templates, none of them too large. One more job changes only
// one of them.
func TestParts(t *testing.T) {
	t.Parallel()
	var jobs []job.Job
	for i := range 1000 {
		jobs = append(jobs, job.Job{Name: fmt.Sprintf("job-%d", i), Schedule: fmt.Sprintf("%d 3 * * *", i%60), Timezone: "Europe/Berlin"})
	}
	before, err := render.Templates(jobs, nil, render.Options{From: from})
	if err != nil || len(before) < 3 {
		t.Fatalf("%d templates, %v", len(before), err)
	}
	total := 0
	for i, p := range before {
		total += p.Resources
		// A job that moves to another template has both schedules for a moment, under two names.
		if n := bytes.Count(p.Text, fmt.Appendf(nil, ".p%d\"\n", i+1)); i > 0 && n != p.Resources || i == 0 && bytes.Contains(p.Text, []byte(".p1")) {
			t.Errorf("template %d: %d of %d names say so", i+1, n, p.Resources)
		}
		if p.Resources > render.MaxResources || len(p.Text) > render.MaxBytes || p.Resources != bytes.Count(p.Text, []byte("Type: AWS::Scheduler::Schedule")) {
			t.Errorf("%d resources, %d bytes", p.Resources, len(p.Text))
		}
	}
	if total != len(jobs) {
		t.Errorf("%d of %d jobs", total, len(jobs))
	}
	after, err := render.Templates(append(jobs, job.Job{Name: "new", Schedule: "0 4 * * *"}), nil, render.Options{From: from})
	if err != nil || len(after) != len(before) {
		t.Fatalf("%d templates, %v", len(after), err)
	}
	changed := 0
	for i := range after {
		if !bytes.Equal(before[i].Text, after[i].Text) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("a further job changes %d templates", changed)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 8000)
	for want, c := range map[string]struct {
		job   job.Job
		rules bool
	}{
		"bad hour":                         {job.Job{Name: "a", Schedule: "0 30 * * *"}, false},
		"at most 256 are possible":         {job.Job{Name: "a", Schedule: "cron(0-58/2 0-22/2 1-31/2 * ? 1970-2198/2)"}, true},
		"it never fires":                   {job.Job{Name: "a", Schedule: "0 0 30 2 *"}, false},
		"a rule runs in UTC only":          {job.Job{Name: "a", Schedule: "0 3 * * *", Timezone: "Asia/Tokyo"}, true},
		"a rule takes cron(...) and":       {job.Job{Name: "a"}, true},
		"a rule has no window":             {job.Job{Name: "a", Schedule: "0 3 * * *", Limits: job.Limits{Window: job.Duration(time.Minute)}}, true},
		"a schedule's input takes at most": {job.Job{Name: "a", Schedule: "0 3 * * *", Command: []string{strings.Repeat(long, 40)}}, false},
	} {
		_, err := render.Templates([]job.Job{{Name: "fine", Schedule: "0 3 * * *"}, c.job}, nil, render.Options{Rules: c.rules, From: from})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "fine") {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// BenchmarkRender: ten times the jobs take ten times as long. The peer is 1,000 jobs in the same
// run.
func BenchmarkRender(b *testing.B) {
	few, many := make([]job.Job, 1000), make([]job.Job, 10000)
	for i := range many {
		many[i] = job.Job{
			Name: fmt.Sprintf("job-%d", i), Schedule: fmt.Sprintf("%d %d * * *", i%60, i/60%24), Timezone: []string{"Europe/Berlin", "UTC", "America/New_York"}[i%3],
		}
	}
	copy(few, many)
	took := func(jobs []job.Job) time.Duration {
		at := time.Now()
		if _, err := render.Templates(jobs, nil, render.Options{From: from}); err != nil {
			b.Fatal(err)
		}
		return time.Since(at)
	}
	var one, ten time.Duration
	for b.Loop() {
		for range 10 {
			one += took(few)
		}
		ten += took(many)
	}
	b.ReportMetric(0, "ns/op") // of both, so it is left out
	b.ReportMetric(ten.Seconds()/float64(b.N), "s")
	b.ReportMetric(float64(ten)/float64(one), "10000/10x1000")
}

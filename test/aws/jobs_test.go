package aws_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"

	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/signed"
)

// jobsYAML has a job of each kind that render writes in a different way.
const jobsYAML = `
defaults: {cluster: jobs, taskDefinition: job, network: {subnets: [subnet-0a1b2c3d4e5f60718]}}
taskDefinitions:
  base: {image: "example/app:1", environment: {A: "<yes>"}}
jobs:
  - name: zoned
    description: "A command with < and >"
    schedule: "30 2 * * *"
    timezone: Europe/Berlin
    command: ["sh", "-c", "sort <in >out 2>&1 && echo '<aws.scheduler.execution-id>' <aws.scheduler.scheduled-time>"]
  - {name: either, schedule: "0 9 1 * 5"}
  - {name: both, schedule: "0 9 */2 * 1"}
  - {name: rated, schedule: rate(12 hours)}
  - {name: switched-off, schedule: "0 4 * * *", enabled: false}
  - {name: by-hand, environment: {A: "<b>"}}
  - {name: later, schedule: "0 5 * * *", timezone: Asia/Tokyo, startAt: 2099-01-01}
  - {name: spread, schedule: "0 6 * * mon-fri", window: 15m}
  - {name: based, schedule: "0 7 * * *", taskDefinition: base}
`

// dueYAML has jobs that are due within a minute.
func dueYAML(at time.Time) string {
	berlin := at.In(time.FixedZone("", 0))
	if zone, err := time.LoadLocation("Europe/Berlin"); err == nil {
		berlin = at.In(zone)
	}
	return fmt.Sprintf(`
defaults: {cluster: jobs, taskDefinition: job, network: {subnets: [subnet-0a1b2c3d4e5f60718]}}
jobs:
  - {name: due, schedule: "%d %d * * *", timezone: Europe/Berlin, command: ["sh", "-c", "sort <in >out '<aws.scheduler.execution-id>'"]}
  - {name: due-spread, schedule: "%d %d * * *", window: 15m}
  - {name: due-either, schedule: "%d %d %d * %d"}
`, berlin.Minute(), berlin.Hour(), at.Minute(), at.Hour(), at.Minute(), at.Hour(), at.Day(), at.Weekday())
}

// ruledYAML is for scheduled rules, which the emulator fires like AWS.
const ruledYAML = `
jobs:
  - {name: ruled, schedule: "* * * * *", cluster: jobs, taskDefinition: job, network: {subnets: [subnet-0a1b2c3d4e5f60718]}, command: "echo <time> '<aws.events.event>' \"'>\""}
`

// TestJobsStack goes from a jobs file to runs: it renders the file, checks the template and
// deploys it beside the control plane, reads the jobs back like the sweep, and calls the deployed
// trigger with what the deployed schedules carry.
//
// The emulator's CloudFormation drops a schedule's time zone, start and end. The jobs come back
// complete all the same, because each carries its own. That AWS gets these properties is tested
// only in the template (internal/render).
func TestJobsStack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := time.Now().UTC().Truncate(time.Minute)
	ruled := w.deployJobs(t, "team-rules", ruledYAML, "--rules")
	jobs := w.deployJobs(t, "team-jobs", jobsYAML)
	w.registered(t, jobs, ruled)
	w.scheduledAs(t)
	now := time.Now().UTC().Truncate(time.Minute)
	due := w.deployJobs(t, "due-jobs", dueYAML(now))
	id := w.triggered(t, append(due, jobs...), now)

	const either = `  - {name: due-either`
	text, _, _ := strings.Cut(dueYAML(now), either)
	rest := w.deployJobs(t, "due-jobs", text)
	if len(rest) != len(due)-1 {
		t.Fatalf("%d jobs are left of %d", len(rest), len(due))
	}
	w.registered(t, rest, jobs, ruled)
	w.forgotten(t, id)
	w.fired(t, ruled[0], began)
	w.smallest(t)
	w.based(t)
	w.linted(t)
	w.denied(t)
}

// smallest: the job that docs/deploy.md shows in plain CloudFormation is deployed, and the next sweep
// knows it.
func (w *world) smallest(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(root + "/docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, yaml, ok := strings.Cut(string(text), "```yaml\nResources:\n")
	yaml, _, end := strings.Cut(yaml, "```")
	if !ok || !end {
		t.Fatal("docs/deploy.md shows no job")
	}
	template := filepath.Join(t.TempDir(), "smallest.yaml")
	yaml = "AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n" + strings.ReplaceAll(yaml, "batchplane:", w.name+":")
	if err := os.WriteFile(template, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	w.jobTemplates = append(w.jobTemplates, template)
	w.changed(t, []byte(yaml), "smallest")
	w.sweep(t)
	item, err := w.store.Item(t.Context(), "nightly-report")
	if err != nil || item.Gone {
		t.Fatalf("the job is not known: %+v, %v", item, err)
	}
	j, err := w.store.Definition(t.Context(), item.Definition)
	if err != nil || j.Schedule != "cron(0 3 * * ? *)" || j.Cluster != "jobs" || len(j.Network.Subnets) != 1 {
		t.Errorf("the job is known as %+v, %v", j, err)
	}
}

// linted: CloudFormation's linter finds nothing in that page's template nor in those that render
// wrote. `sam validate --lint` runs the same linter; here it runs once for all.
func (w *world) linted(t *testing.T) {
	t.Helper()
	lint := exec.CommandContext(t.Context(), tool(t, "sam", "cfn-lint"), w.jobTemplates...)
	lint.Env = append(os.Environ(), "AWS_DEFAULT_REGION="+home.region)
	if said, err := lint.CombinedOutput(); err != nil || len(w.jobTemplates) == 0 {
		t.Errorf("cfn-lint of %d templates: %v\n%s", len(w.jobTemplates), err, said)
	}
}

// deployJobs renders a jobs file with the program's own command and deploys the template. It
// returns the file's jobs.
func (w *world) deployJobs(t *testing.T, stack, text string, flags ...string) []job.Job {
	t.Helper()
	dir := t.TempDir()
	file, template := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, "jobs-template.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	args := append([]string{"render", "-f", file, "-o", template, "--stack", w.name}, flags...)
	if code := cli.Main(t.Context(), args, cli.Env{Stdout: &said, Stderr: &said}); code != 0 {
		t.Fatalf("render ended with %d: %s", code, &said)
	}
	w.jobTemplates = append(w.jobTemplates, template)
	if len(w.jobTemplates) == 1 { // as docs/migration.md says
		sam(t, w.emulator, "deploy", "--template-file", template, "--stack-name", stack, "--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-progressbar")
	} else {
		rendered, err := os.ReadFile(template)
		if err != nil {
			t.Fatal(err)
		}
		w.changed(t, rendered, stack)
	}
	f, problems := jobfile.Load([]jobfile.Source{{Name: file, Data: []byte(text)}}, jobfile.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return f.Jobs
}

// base returns the revision of the jobs file's base definition that a stack has deployed.
func base(stack string, revision int) string {
	return fmt.Sprintf("arn:aws:ecs:us-east-1:000000000000:task-definition/%s-base:%d", stack, revision)
}

// based: two environments do not write the same family. Each runs the revision that it deployed,
// even after a deployment of the other.
func (w *world) based(t *testing.T) {
	t.Helper()
	const dev = `
taskDefinitions: {base: {image: "example/app:2"}}
jobs: [{name: dev-based, schedule: "0 7 * * *", taskDefinition: base, network: {subnets: [subnet-0a1b2c3d4e5f60718]}}]
`
	w.deployJobs(t, "dev-jobs", dev)
	w.deployJobs(t, "dev-jobs", strings.ReplaceAll(dev, "app:2", "app:3"))
	for schedule, arn := range map[string]string{"based": base("team-jobs", 1), "dev-based": base("dev-jobs", 2)} {
		if input := *w.deployedSchedule(t, schedule).Target.Input; !strings.Contains(input, fmt.Sprintf(`"taskDefinition":%q`, arn)) {
			t.Errorf("schedule %s does not carry %s: %s", schedule, arn, input)
		}
	}
}

// registered: the registry has exactly these jobs, as they are in their files. It is a new
// registry each time: the emulator's CloudFormation does not change a schedule's date of
// modification, by which a registry knows what to read again.
func (w *world) registered(t *testing.T, files ...[]job.Job) {
	t.Helper()
	want := slices.Concat(files...)
	for i := range want {
		if want[i].TaskDefinition == "base" {
			want[i].TaskDefinition = base("team-jobs", 1)
		}
	}
	slices.SortFunc(want, func(a, b job.Job) int { return strings.Compare(a.Name, b.Name) })
	registry := &schedules.Registry{
		Scheduler: schedules.Group{Scheduler: w.signed("scheduler"), Name: w.resource["ScheduleGroup"]},
		Rules:     schedules.Bus{EventBridge: w.signed("events")},
		Trigger:   w.trigger(), Read: entry.Registered,
	}
	got, err := registry.Jobs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got.Jobs, want, func(a port.Registered, b job.Job) bool { return a.Name == b.Name && a.Hash == b.Hash() }) {
		t.Errorf("the registry has\n%+v\nand the files\n%+v", got, want)
	}
}

func (w *world) trigger() string {
	return "arn:aws:lambda:us-east-1:000000000000:function:" + w.resource["Trigger"]
}

func (w *world) signed(service string) *signed.Client {
	return &signed.Client{Service: service, Endpoint: w.url, Config: aws.Config{Region: "us-east-1", Credentials: rootUser, HTTPClient: http.DefaultClient}}
}

func (w *world) scheduler() *scheduler.Client {
	return scheduler.New(scheduler.Options{BaseEndpoint: aws.String(w.url), Region: "us-east-1", Credentials: rootUser})
}

func (w *world) deployedSchedule(t *testing.T, name string) *scheduler.GetScheduleOutput {
	t.Helper()
	out, err := w.scheduler().GetSchedule(t.Context(), &scheduler.GetScheduleInput{GroupName: aws.String(w.resource["ScheduleGroup"]), Name: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// scheduledAs: the deployed schedules say when and how, and lead to the trigger with the control
// plane's role and failure queue.
func (w *world) scheduledAs(t *testing.T) {
	t.Helper()
	want := map[string]string{
		"zoned":        "cron(30 2 * * ? *) ENABLED OFF 0",
		"either":       "cron(0 9 1 * ? *) ENABLED OFF 0",
		"either.2":     "cron(0 9 ? * 6 *) ENABLED OFF 0",
		"both":         "cron(0 9 ? * 2 *) ENABLED OFF 0",
		"rated":        "rate(12 hours) ENABLED OFF 0",
		"switched-off": "cron(0 4 * * ? *) DISABLED OFF 0",
		"by-hand":      "at(2199-12-31T23:59:00) DISABLED OFF 0",
		"ruled":        "cron(* * * * ? *) DISABLED OFF 0", // its rule starts it
		"later":        "cron(0 5 * * ? *) ENABLED OFF 0",
		"spread":       "cron(0 6 ? * 2-6 *) ENABLED FLEXIBLE 15",
		"based":        "cron(0 7 * * ? *) ENABLED OFF 0",
	}
	page, err := w.scheduler().ListSchedules(t.Context(), &scheduler.ListSchedulesInput{GroupName: aws.String(w.resource["ScheduleGroup"])})
	if err != nil || len(page.Schedules) != len(want) {
		t.Fatalf("%d schedules of %d, %v", len(page.Schedules), len(want), err)
	}
	queue := w.resource["TriggerFailures"] // a URL
	ends := []string{
		w.trigger(), "arn:aws:iam::000000000000:role/" + w.resource["ScheduleRole"],
		"arn:aws:sqs:us-east-1:000000000000:" + queue[strings.LastIndexByte(queue, '/')+1:],
	}
	for name, says := range want {
		s := w.deployedSchedule(t, name)
		window := s.FlexibleTimeWindow
		got := fmt.Sprintf("%s %s %s %d", *s.ScheduleExpression, s.State, window.Mode, aws.ToInt32(window.MaximumWindowInMinutes))
		if got != says {
			t.Errorf("schedule %s is %s, want %s", name, got, says)
		}
		var queue string
		if s.Target.DeadLetterConfig != nil {
			queue = aws.ToString(s.Target.DeadLetterConfig.Arn)
		}
		leads := []string{aws.ToString(s.Target.Arn), aws.ToString(s.Target.RoleArn), queue}
		if !slices.Equal(leads, ends) {
			t.Errorf("schedule %s leads to %q, want %q", name, leads, ends)
		}
	}
}

// filledIn returns the input of a deployed schedule as Scheduler sends it for a minute, with the
// context attributes replaced wherever they occur.
func (w *world) filledIn(t *testing.T, schedule string, at time.Time) string {
	t.Helper()
	s := w.deployedSchedule(t, schedule)
	return strings.NewReplacer(
		"<aws.scheduler.scheduled-time>", at.Format(time.RFC3339), "<aws.scheduler.schedule-arn>", *s.Arn,
		"<aws.scheduler.execution-id>", "d32c5kddcf5bb8c3", "<aws.scheduler.attempt-number>", "1",
	).Replace(*s.Target.Input)
}

// triggered: the trigger does with the inputs what the jobs say. It returns the run of the job
// with two schedules.
func (w *world) triggered(t *testing.T, jobs []job.Job, now time.Time) (either run.ID) {
	t.Helper()
	monday := time.Date(2024, 11, 18, 9, 0, 0, 0, time.UTC) // an even day
	for _, tc := range []struct {
		schedule string
		at       time.Time
		says     string
	}{
		{"due", now, "launched due/"},
		{"due-either", now, "launched due-either/"},
		{"due-either.2", now, "duplicate of due-either/"},
		{"zoned", now.Truncate(24 * time.Hour).Add(-time.Hour), "was not launched: it was missed"}, // its schedule proves the minute
		{"both", monday, "this minute is not one of it"},
		{"both", monday.AddDate(0, 0, 7), "both/20241125T0900Z was not launched: it was missed"},
		{"rated", now, "launched rated/"},
		{"later", now.Truncate(24 * time.Hour).Add(-4 * time.Hour), "before startAt 2098-12-31T15:00:00Z"},
		{"due-spread", now, "launched due-spread/"},
	} {
		answer, failed := w.invoke(t, w.resource["Trigger"], w.filledIn(t, tc.schedule, tc.at))
		if failed || !strings.Contains(answer, tc.says) {
			t.Errorf("the trigger answered schedule %s: %s", tc.schedule, answer)
		}
	}
	w.sweep(t) // brings the job that has no schedule of its own
	if answer, failed := w.invoke(t, w.resource["People"], `{"run":"by-hand"}`); failed || !strings.Contains(answer, "launched by-hand/") {
		t.Errorf("the trigger answered a person: %s", answer)
	}
	for _, name := range []string{"due", "due-either", "rated", "due-spread"} {
		r := w.await(t, run.ScheduledID(name, now), run.Succeeded, soon)
		if i := slices.IndexFunc(jobs, func(j job.Job) bool { return j.Name == name }); r.Definition != jobs[i].Hash() {
			t.Errorf("%s ran as another job than that of the file", r.ID)
		}
	}
	return run.ScheduledID("due-either", now)
}

// forgotten: a job that is no longer deployed cannot be run, and its runs stay.
func (w *world) forgotten(t *testing.T, id run.ID) {
	t.Helper()
	w.sweep(t)
	answer, failed := w.invoke(t, w.resource["People"], fmt.Sprintf(`{"run":%q}`, id.Job()))
	if failed || !strings.Contains(answer, "there is no job") {
		t.Errorf("a job that is gone was run: %s", answer)
	}
	if r, err := w.store.Run(t.Context(), id); err != nil || r.Status != run.Succeeded {
		t.Errorf("its run is %s, %v", r.Status, err)
	}
}

// fired: the emulator's EventBridge has filled in a rule's input and called the trigger, which
// ran the job of the file.
func (w *world) fired(t *testing.T, j job.Job, since time.Time) {
	t.Helper()
	within(t, soon, "a rule's run succeeds", func() bool {
		w.sweepNow(t)
		for at := since; at.Before(time.Now()); at = at.Add(time.Minute) {
			r, err := w.store.Run(t.Context(), run.ScheduledID(j.Name, at))
			if err == nil && r.Status == run.Succeeded && r.Definition == j.Hash() {
				return true
			}
		}
		return false
	})
}

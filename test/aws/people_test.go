package aws_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/plane"
)

// commandBuilt makes the command be built once for all stories.
var commandBuilt sync.Once

// terminal is a person at their own terminal: keys, and the command.
type terminal struct {
	w    *world
	keys keyPair
	env  []string // in addition to the endpoint of the emulator
}

// person creates a person who has one of the stack's policies and no other.
func (w *world) person(t *testing.T, name, policy string) terminal {
	t.Helper()
	commandBuilt.Do(func() {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s", "-o", command(), "../../cmd/batchplane").CombinedOutput()
		if err != nil {
			t.Fatalf("building the command: %v\n%s", err, out)
		}
	})
	const iam = "Version=2010-05-08&UserName="
	w.query(t, "iam", "Action=CreateUser&"+iam+name)
	w.allow(t, name, policy)
	var made struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal(w.query(t, "iam", "Action=CreateAccessKey&"+iam+name), &made); err != nil {
		t.Fatal(err)
	}
	return terminal{w: w, keys: keyPair{made.ID, made.Secret}}
}

// allow gives a person one more of the stack's policies.
func (w *world) allow(t *testing.T, name, policy string) {
	t.Helper()
	w.query(t, "iam", "Action=AttachUserPolicy&Version=2010-05-08&UserName="+name+"&PolicyArn="+url.QueryEscape(w.resource[policy]))
}

func command() string { return filepath.Join(scratch, "batchplane") }

// said is the outcome of a command.
type said struct {
	code     int
	out, err string
}

// types runs a command with the person's own keys.
func (p terminal) types(t *testing.T, args ...string) said {
	t.Helper()
	return p.starts(t, args...).ends(t)
}

// under is a running command.
type under struct {
	cmd       *exec.Cmd
	out, errs heard
}

// heard is what a command has printed so far.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// starts starts a command with the person's own keys. The command ends with the test.
func (p terminal) starts(t *testing.T, args ...string) *under {
	t.Helper()
	if !slices.Contains(args, "--stack") {
		args = append([]string{"--stack", p.w.name}, args...)
	}
	u := &under{cmd: exec.CommandContext(t.Context(), command(), args...)}
	u.cmd.Dir, u.cmd.Stdout, u.cmd.Stderr = t.TempDir(), &u.out, &u.errs
	p.on(t, u.cmd)
	if err := u.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return u
}

// on gives a command the person's environment.
func (p terminal) on(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" + p.w.url, "TZ=UTC",
		"AWS_ACCESS_KEY_ID=" + p.keys.id, "AWS_SECRET_ACCESS_KEY=" + p.keys.secret, "AWS_EC2_METADATA_DISABLED=true",
	}, p.env...)
}

// ends waits for the end of a command.
func (u *under) ends(t *testing.T) said {
	t.Helper()
	err := u.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said{u.cmd.ProcessState.ExitCode(), u.out.String(), u.errs.String()}
}

// until waits until a command has printed this.
func (u *under) until(t *testing.T, says string) {
	t.Helper()
	re := regexp.MustCompile(says)
	within(t, soon, "it says "+says, func() bool { return re.MatchString(u.out.String()) })
}

// must runs a command that must succeed and print this.
func (p terminal) must(t *testing.T, says string, args ...string) string {
	t.Helper()
	s := p.types(t, args...)
	if s.code != 0 || !regexp.MustCompile(says).MatchString(s.out+s.err) {
		t.Errorf("%q: exit code %d, %s%s; want %s", args, s.code, s.out, s.err, says)
	}
	return s.out
}

// mustNot runs a command that the person's policy does not allow.
func (p terminal) mustNot(t *testing.T, action, policy string, args ...string) {
	t.Helper()
	s := p.types(t, args...)
	if want := "you may not do " + action + ": the policy in the output " + policy + " of the stack"; s.code == 0 || !strings.Contains(s.err, want) {
		t.Errorf("%q: exit code %d, %s%s; want %s", args, s.code, s.out, s.err, want)
	}
}

const peoplesJobs = `
project: people
defaults: {cluster: jobs, taskDefinition: job, network: {subnets: [subnet-1]}, owner: team-a}
jobs:
  - {name: people-report, schedule: "30 2 * * *", timezone: Europe/Berlin, command: [report], description: The nightly report.}
  - {name: people-breaks, command: [break]}
`

// people: people do everything with the command: each what their policy allows, and nothing else.
func people(t *testing.T, w *world) {
	reader, operator, deployer := w.person(t, "rita", "ReaderPolicy"), w.person(t, "otto", "OperatorPolicy"), w.person(t, "dora", "DeployerPolicy")
	w.set(func() {
		w.scripts["people-breaks"] = localecs.Script{For: time.Second, ExitCode: 3}
		w.hooks["people-breaks/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			arn, answer := launched(out, r, ecs)
			w.log(t, arn, "connecting", "error: no table")
			answer()
		}
	})
	file := filepath.Join(t.TempDir(), "jobs.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(peoplesJobs)
	deploys(t, w, reader, deployer, file, write)
	within(t, soon, "the sweep knows the jobs", func() bool {
		w.sweepNow(t)
		jobs := reader.types(t, "jobs", "people-*").out
		return strings.Contains(jobs, "at 02:30") && !strings.Contains(jobs, "people-more")
	})
	redrives(t, w, reader, operator)
	runs(t, reader, operator)
	sees(t, reader)
	wrongPlaces(t, reader)
	checks(t, w, file)
}

// checks: doctor finds what is missing, and says how to fix it.
func checks(t *testing.T, w *world, file string) {
	t.Helper()
	s := terminal{w: w, keys: rootKeys}.types(t, "doctor", "-f", file)
	for _, says := range []string{
		`wrong +cluster +jobs +it does not exist +aws ecs create-cluster --cluster-name jobs +people-`,
		`wrong +task definition +job +it does not exist +register it`,
		`wrong +subnet +subnet-1 +it does not exist +correct its name in the jobs file`,
	} {
		if s.code != 1 || !regexp.MustCompile(says).MatchString(s.out) {
			t.Errorf("doctor: %+v, want %s", s, says)
		}
	}
}

// deploys: apply, as `crontab -e` was used before.
func deploys(t *testing.T, w *world, reader, deployer terminal, file string, write func(string)) {
	t.Helper()
	if s := deployer.types(t, "apply", "-f", file); s.code != 2 || !strings.Contains(s.out, "2 added, 0 removed, 0 changed") || !strings.Contains(s.err, "give --yes") {
		t.Errorf("without a yes: %+v", s)
	}
	if s := deployer.types(t, "apply", "-f", file, "--dry-run"); s.code != 2 || !strings.Contains(s.out, "people-report: added") {
		t.Errorf("as a dry run: %+v", s)
	}
	reader.mustNot(t, "scheduler:CreateSchedule", "DeployerPolicyArn", "apply", "-f", file, "--yes")
	plan := filepath.Join(t.TempDir(), "plan.json")
	deployer.must(t, "2 added", "apply", "-f", file, "--plan", plan)
	deployer.must(t, "read back as written", "apply", plan, "--yes")
	if s := deployer.types(t, "apply", plan, "--yes"); s.code != 1 || !strings.Contains(s.err, "the registry has changed since the plan was made") {
		t.Errorf("the plan again: %+v", s)
	}
	deployer.must(t, "^0 added, 0 removed, 0 changed\n$", "apply", "-f", file, "--dry-run")

	write(strings.Replace(peoplesJobs, "30 2 * * *", "30 3 * * *", 1) + "  - {name: people-more, command: [more]}\n")
	deployer.must(t, "runs 1 hour later(?s:.*)1 added, 0 removed, 1 changed", "apply", "-f", file, "--yes")
	write(strings.Replace(peoplesJobs, "30 2 * * *", "30 3 * * *", 1))
	deployer.must(t, "left alone .*: people-more\n", "apply", "-f", file, "--yes")
	if s := deployer.types(t, "apply", "-f", file, "--yes", "--prune", "--prune-max", "0"); s.code != 1 || !strings.Contains(s.err, "give --prune-max 1") {
		t.Errorf("pruned beyond its measure: %+v", s)
	}
	deployer.must(t, "people-more: removed", "apply", "-f", file, "--yes", "--prune")

	write(strings.Replace(peoplesJobs, "project: people", "project: others", 1))
	if s := deployer.types(t, "apply", "-f", file, "--yes"); s.code != 1 || !strings.Contains(s.err, "job people-breaks belongs to the project people") {
		t.Errorf("another project: %+v", s)
	}
	write(peoplesJobs)
	w.call(t, "logs", "Logs_20140328.DescribeLogGroups", map[string]string{}, nil) // the emulator is still there
	deployer.must(t, "runs 1 hour earlier", "apply", "-f", file, "--yes")
}

// runs: what operators do and readers may not do.
func runs(t *testing.T, reader, operator terminal) {
	t.Helper()
	reader.mustNot(t, "lambda:InvokeFunction", "OperatorPolicyArn", "run", "people-breaks")
	s := operator.types(t, "run", "people-breaks", "--follow", "--request-id", "deploy-1")
	if s.code != 3 || s.out != "connecting\nerror: no table\n" || !strings.Contains(s.err, "has failed: exit code 3") {
		t.Errorf("run --follow: %+v", s)
	}
	if s := operator.types(t, "run", "people-breaks", "--wait", "--request-id", "deploy-1"); s.code != 3 || !strings.Contains(s.err, "duplicate of") {
		t.Errorf("the same request again: %+v", s)
	}
	operator.must(t, `^leave +people-breaks/manual-|leave +people-breaks/manual-`, "retry", "--all", "--since", "1h", "--job", "people-*")
	if s := operator.types(t, "run", "nope", "--wait"); s.code != 125 || !strings.Contains(s.err, `there is no job "nope"`) {
		t.Errorf("a job that is not there: %+v", s)
	}
	operator.must(t, "^people-report is paused", "pause", "people-report", "--until", "2h", "--reason", "the table moves")
	operator.must(t, "the next slot of|is resumed", "resume", "people-report")
	operator.must(t, "will be skipped", "skip-next", "people-report")
	operator.must(t, "will not be skipped", "resume", "people-report")
	operator.must(t, "is paused until `resume`", "pause", "people-report", "--reason", "for good")
}

// sees: what everybody may look at.
func sees(t *testing.T, reader terminal) {
	t.Helper()
	reader.must(t, "people-report +at 02:30 every day Europe/Berlin +- .*paused by arn:aws:iam::[0-9]+:user/otto: for good", "jobs", "people-*")
	reader.must(t, "people-report +20.*arn:aws:iam::[0-9]+:user/otto +0 +for good", "pauses")
	reader.must(t, "people-breaks/manual-[0-9a-f]+ .* failed +1 +3 .* exit code 3", "history", "people-*", "--status", "failed,missed", "--since", "1h", "--cause", "EXIT CODE")
	show := reader.must(t, "retry +ended: attempt 1 ended by itself with code 3", "show", "people-breaks")
	for _, says := range []string{"log group      /ecs/job", "logs at        https://us-east-1.console.aws.amazon.com/", "run by hand by arn:aws:iam::", "times            in UTC"} {
		if !strings.Contains(show, says) {
			t.Errorf("show does not say %q:\n%s", says, show)
		}
	}
	reader.must(t, "^20.* connecting\n20.* error: no table\n", "logs", "people-breaks", "--times")
	reader.must(t, `"line":"connecting"`, "logs", "people-breaks", "--json")
	audit := reader.must(t, `people +pause +people-report +accepted`, "audit", "--job", "people-report")
	if strings.Count(audit, "user/otto") < 5 {
		t.Errorf("audit: %s", audit)
	}
	reader.must(t, "", "kept")
	if s := reader.types(t, "status"); !strings.Contains(s.out, "running      yes, the stack "+reader.w.name+" in us-east-1") || !strings.Contains(s.out, "heartbeat    20") || !strings.Contains(s.out, "version      "+plane.Release+", the same as this command") {
		t.Errorf("status: %+v", s)
	}
}

// wrongPlaces: an error says what is missing.
func wrongPlaces(t *testing.T, reader terminal) {
	t.Helper()
	root := terminal{w: reader.w, keys: rootKeys}
	if s := root.types(t, "--stack", "nowhere", "jobs"); s.code != 1 || !strings.Contains(s.err, "there is no stack nowhere in us-east-1; there are "+reader.w.name) {
		t.Errorf("a stack that is not there: %+v", s)
	}
	nobody := terminal{w: reader.w}
	if s := nobody.types(t, "jobs"); s.code != 1 || !strings.Contains(s.err, "there are no AWS credentials: sign in with `aws login`") {
		t.Errorf("without credentials: %+v", s)
	}
	if s := reader.types(t, "show", "people-report/20200101T0000Z"); s.code != 1 || !strings.Contains(s.err, "there is no run") {
		t.Errorf("a run that is not there: %+v", s)
	}
}

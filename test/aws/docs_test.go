package aws_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// docsJobs are the jobs that the documentation's commands name, in addition to the README's. The
// documentation asks for a run at 02:00, at which time nothing may run by hand: so their zone is
// Tokyo's when it is about that time in Berlin.
func docsJobs() string {
	zone := "Europe/Berlin"
	if h := time.Now().UTC().Hour(); h < 2 || h == 23 {
		zone = "Asia/Tokyo"
	}
	return strings.Replace(berlinJobs, "Europe/Berlin", zone, 1)
}

const berlinJobs = `
  - name: nightly-report
    schedule: "30 2 * * *"
    timezone: Europe/Berlin
    taskDefinition: hello
    inputs: {DAY: {description: Which day., pattern: '[0-9]{4}-[0-9]{2}-[0-9]{2}'}}
  - {name: migrate, taskDefinition: hello}
`

// shown matches a page's commands: in blocks, in indented lines, and between backticks.
var shown = regexp.MustCompile("(?m)^ *(batchplane .*)$|`(batchplane [^`]+)`")

// named are commands that a sentence only explains, without the arguments that they need, that do not
// end, and that would pause the jobs of all other stories.
var named = []string{
	"batchplane render", "batchplane preview", "batchplane ui",
	`batchplane pause --all --until 4h --reason "migration"`, "batchplane resume --all",
}

// commands returns those of a text's commands that can be typed as they stand.
func commands(text string) (out []string) {
	for _, m := range shown.FindAllStringSubmatch(text, -1) {
		line := m[1] + m[2]
		line, _, _ = strings.Cut(line, "  #")
		line = strings.TrimSpace(line)
		if !strings.Contains(line, "...") && !slices.Contains(out, line) && !slices.Contains(named, line) {
			out = append(out, line)
		}
	}
	return out
}

// pageOf returns a page of the documentation, or the part of it after a heading.
func pageOf(t *testing.T, path, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	if heading == "" {
		return string(text)
	}
	_, part, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no part %q", path, heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	return part
}

// desk is where somebody types what the documentation says: a folder with files, and a shell.
type desk struct {
	terminal
	dir string
}

// shell runs a line of a page as it stands.
func (d desk) shell(t *testing.T, line string) said {
	t.Helper()
	if strings.HasPrefix(line, "batchplane redrive") {
		d.w.looking.Lock()
		defer d.w.looking.Unlock()
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "exec "+line)
	u := &under{cmd: cmd}
	cmd.Stdout, cmd.Stderr = &u.out, &u.errs
	d.on(t, cmd)
	cmd.Dir = d.dir
	cmd.Env = append(cmd.Env, "PATH="+scratch+":"+os.Getenv("PATH"), "BATCHPLANE_STACK="+d.w.name, "CI_PIPELINE_ID=4711")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line == "batchplane tail" { // which a person ends
		within(t, soon, "it tails", func() bool { return strings.Contains(u.errs.String(), "Ctrl-C stops it") })
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	return u.ends(t)
}

// expected is the expected outcome of the documentation's commands, by how they begin; the exit
// code is 0 unless listed.
var expected = []struct {
	begins string
	codes  []int
	says   string
}{
	{"batchplane retry --all", []int{0, 2}, `there is nothing to retry|(?m)^leave |nothing was retried: there is no terminal to ask on; give --yes`}, // by what other stories left
	{"batchplane status", []int{0, 1}, "heartbeat"},
	{"batchplane doctor", []int{1}, `wrong +cluster +jobs +the stack may not launch tasks there`}, // the README's is another one
	{"batchplane show nightly-report@02:00", []int{1}, "has no run at 02:00"},                     // it has only run by hand
	{"batchplane retry nightly-report@02:00", []int{1}, "has no run at 02:00"},
	{"batchplane show", []int{0}, `retry +`},
	{"batchplane logs", []int{0, 1}, "wrote no output|the log group /ecs/jobs does not exist"}, // the stand-in's tasks write no log
	{"batchplane retry nightly-report", []int{0}, "has succeeded"},
	{"batchplane pause ", []int{0}, "is paused until"},
	{"batchplane pauses", []int{0}, "the source is moving"},
	{"batchplane run nightly-report", []int{0}, "launched"},
	{"batchplane run hello", []int{0}, "has succeeded"},
	{"batchplane run migrate", []int{0}, "has succeeded"},
	{"batchplane stop", []int{0}, "stop"},
	{"batchplane skip-next", []int{0}, "will be skipped"},
	{"batchplane history nightly-report", []int{0}, "nightly-report"},
	{"batchplane validate -f jobs.yaml --for aws", []int{2}, "no taskDefinition"}, // as imported
	{"batchplane validate", []int{0}, "no problem"},
}

// must runs a page's command, whose outcome must be as expected.
func (d desk) must(t *testing.T, line string) {
	t.Helper()
	codes, says := []int{0}, ""
	for _, e := range expected {
		if strings.HasPrefix(line, e.begins) {
			codes, says = e.codes, e.says
			break
		}
	}
	if strings.HasPrefix(line, "batchplane apply ") {
		line += " --yes" // on a terminal it asks
	}
	s := d.shell(t, line)
	if !slices.Contains(codes, s.code) || !regexp.MustCompile(says).MatchString(s.out+s.err) {
		t.Errorf("%s: exit code %d, %s%s; want %v and %s", line, s.code, s.out, s.err, codes, says)
	}
}

// documented: each command of the README's first deploy, of a day's work, and of a move from a
// crontab does what the page says.
func documented(t *testing.T, w *world) {
	d := desk{w.person(t, "paula", "OperatorPolicy"), t.TempDir()}
	w.allow(t, "paula", "DeployerPolicy")
	d.env = []string{"AWS_ENDPOINT_URL_ECS=" + w.ecsURL}
	text := pageOf(t, "README.md", "Deploy it")
	_, yaml, ok := strings.Cut(text, "```yaml\n")
	yaml, _, _ = strings.Cut(yaml, "```")
	if !ok {
		t.Fatal("the README shows no jobs file")
	}
	yaml = strings.Replace(yaml, "cluster: default", "cluster: jobs", 1) + strings.TrimPrefix(docsJobs(), "\n")
	jobs := file(filepath.Join(d.dir, "jobs.yaml"))
	jobs.says(t, yaml)

	d.all(t, commands(text), map[string]func(){"batchplane run hello": func() { w.sweep(t) }})

	w.set(func() { w.scripts["nightly-report"] = localecs.Script{ExitCode: 3} })
	asked := d.shell(t, "batchplane run nightly-report").out
	id := run.ID(regexp.MustCompile(`nightly-report/manual-[0-9a-f]+`).FindString(asked))
	if id == "" {
		t.Fatalf("nightly-report does not run: %s", asked)
	}
	w.await(t, id, run.Failed, soon)
	w.set(func() { w.scripts["nightly-report"] = localecs.Script{} })
	d.all(t, commands(pageOf(t, "docs/operate.md", "")), map[string]func(){
		"batchplane run nightly-report": func() {
			d.shell(t, "batchplane resume nightly-report")
			w.set(func() { w.scripts["nightly-report"] = localecs.Script{For: -1} })
		},
	})

	// The move begins with a crontab, in a folder of its own.
	d.dir = t.TempDir()
	file(filepath.Join(d.dir, "crontab")).says(t, "30 2 * * * root /usr/local/bin/report # nightly-report\n")
	lines := commands(pageOf(t, "docs/migration.md", ""))
	for i, line := range lines {
		lines[i] = strings.NewReplacer("/etc/crontab", "crontab --users yes", "--stack batchplane", "--stack "+w.name, "--job nightly-report ", "").Replace(line)
	}
	d.all(t, lines, map[string]func(){
		"batchplane doctor": func() { file(filepath.Join(d.dir, "jobs.yaml")).says(t, yaml) },
		"batchplane import crontab crontab --users yes --for local": func() { // it overwrites nothing
			if err := errors.Join(os.Remove(filepath.Join(d.dir, "jobs.yaml")), os.Remove(filepath.Join(d.dir, "crontab.imported"))); err != nil {
				t.Error(err)
			}
		},
	})
}

// all types a page's commands one after another. before says what to do first for some of them,
// by how they begin.
func (d desk) all(t *testing.T, lines []string, before map[string]func()) {
	t.Helper()
	if len(lines) < 4 {
		t.Errorf("the page shows %q only", lines)
	}
	for _, line := range lines {
		for begins, do := range before {
			if strings.HasPrefix(line, begins) {
				do()
			}
		}
		d.must(t, line)
	}
}

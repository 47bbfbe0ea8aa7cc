package kinds_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
)

// sides says which of the two sides fire after the printed steps.
type sides struct {
	t        *testing.T
	jobs     []byte
	old, new bool
}

// run does what a command says. It reads a deployment as `apply` reads its files, and recognises
// by their words the commands that disable or enable.
func (s *sides) run(command string) {
	s.t.Helper()
	has := func(all ...string) bool {
		return slices.ContainsFunc(all, func(one string) bool { return strings.Contains(command, one) })
	}
	switch {
	case strings.HasPrefix(command, "# "), strings.HasPrefix(command, "printf "):
	case strings.HasPrefix(command, "batchplane apply -f jobs.yaml"):
		s.new = s.deployed(has(" -f off.yaml "))
	case has("disable-rule", "disable-job", "disable --now", `"suspend":true`, `State = "DISABLED"`, "crontab crontab.imported", "sudo cp crontab.imported"):
		s.old = false
	case has("enable-rule", "enable-job", "enable --now", `"suspend":false`, `State = "ENABLED"`, "crontab crontab.old", "sudo cp crontab.old"):
		s.old = true
	default:
		s.t.Errorf("nobody knows what this does: %s", command)
	}
	if s.old && s.new {
		s.t.Errorf("both sides fire after %s", command)
	}
}

// deployed reports whether a job fires once the file is deployed.
func (s *sides) deployed(off bool) bool {
	sources := []jobfile.Source{{Data: append([]byte("project: p\n"), s.jobs...)}}
	if off {
		sources = append(sources, jobfile.Source{Data: []byte("defaults: {enabled: false}\n")})
	}
	f, problems := jobfile.Load(sources, jobfile.Options{Env: noVariables})
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	return slices.ContainsFunc(f.Jobs, func(j job.Job) bool { return !j.Disabled })
}

// TestSwitching: with the steps, both sides never fire at once, on the way over and on the way
// back. Each way ends with the other side.
func TestSwitching(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile(filepath.Join("..", "crontab", "testdata", "rows.crontab"))
	if err != nil {
		t.Fatal(err)
	}
	try := func(files []*importer.File, o importer.Options) {
		r, err := kinds.Import("", files, o, kinds.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := jobfile.Encode(jobfile.File{Jobs: r.Jobs, Definitions: r.Definitions}, r.Notes)
		if err != nil {
			t.Fatal(err)
		}
		plan := r.Steps.Plan(importer.Target{})
		s := &sides{t: t, jobs: text, old: true}
		for _, way := range [][]importer.Step{plan.Over, plan.Back} {
			for _, step := range way {
				for _, c := range step.Commands {
					s.run(c)
				}
			}
			if s.old == s.new || decided(r) && s.new != (len(way) == len(plan.Over)) {
				t.Errorf("%s: at the end of a way the old side fires: %v, the new one: %v", r.Kind, s.old, s.new)
			}
		}
	}
	for _, one := range samples {
		try(read(t, one.files), one.options)
	}
	try([]*importer.File{{Name: "crontab", Data: rows}}, importer.Options{From: from, Zone: "America/New_York"})
}

// decided reports whether a job of an import is switched on.
func decided(r importer.Result) bool {
	return slices.ContainsFunc(r.Jobs, func(j job.Job) bool { return !j.Disabled })
}

// TestOpenSwitch: the steps do not disable what starts a job that waits for a decision, not even
// if it also starts another job.
func TestOpenSwitch(t *testing.T) {
	t.Parallel()
	s := importer.Steps{}
	s.Switch("off a", "on a")
	s.Switch("off b", "on b", "job-b")
	s.Switch("off a", "on a", "job-a")
	over, back := s.Plan(importer.Target{}).Over[1].Commands, s.Plan(importer.Target{}).Back[1].Commands
	if len(over) != 2 || !strings.HasPrefix(over[0], "# not before job-a is decided on") || !strings.HasPrefix(over[1], "# not before job-b is") {
		t.Errorf("%q", over)
	}
	if want := []string{"# if you disabled it, for job-a: on a", "# if you disabled it, for job-b: on b"}; !slices.Equal(back, want) {
		t.Errorf("%q", back)
	}
}

// TestSteps: the commands name the jobs file, the stack and the flags.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := importer.Steps{}
	s.Switch("off", "on")
	text := s.Text(importer.Target{File: "a b.yaml", Stack: "bp", Flags: " --region eu-west-1"})
	if n := strings.Count(text, "batchplane apply -f 'a b.yaml' -f off.yaml --stack bp --region eu-west-1\n"); n != 2 || strings.Count(text, "batchplane apply -f 'a b.yaml' --stack bp --region eu-west-1\n") != 1 {
		t.Error(text)
	}
	if text := (importer.Steps{}).Text(importer.Target{}); text != "" {
		t.Error(text)
	}
}

// TestAStepIsOneLine: of a name with line breaks, no part becomes a command of its own, not even behind
// a sentence.
func TestAStepIsOneLine(t *testing.T) {
	t.Parallel()
	const name = "x\ntouch /tmp/owned\r\nmore"
	s := importer.Steps{}
	s.Switch("off "+importer.Word(name), "on "+importer.Word(name), "job-a")
	s.Switch("# mind "+name, "on "+importer.Word(name))
	for line := range strings.Lines(s.Text(importer.Target{})) {
		if line := strings.TrimSpace(line); strings.HasPrefix(line, "touch") || strings.HasPrefix(line, "more") || strings.Contains(line, "\r") {
			t.Errorf("a step is %q", line)
		}
	}
}

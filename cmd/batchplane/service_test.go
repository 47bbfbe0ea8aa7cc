package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAShutdownLaunchesNothing: the run that waits for another's end continues at the next start,
// and the run that was stopped says why.
func TestAShutdownLaunchesNothing(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
jobs:
  - name: q
    overlap: queue
    timeout: 5m
    command: 'echo $BATCHPLANE_RUN_ID >> starts; trap "exit 0" TERM; while test ! -e go; do sleep 0.05; done'
`)
	p := f.local()
	f.must("run", "q")
	await(t, "the task to begin", func() bool { return f.exists("starts") })
	f.must("run", "q")
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	rows := f.history()
	if len(rows) == 2 && rows[0].Status == "stopped" { // asked for in the same second
		rows[0], rows[1] = rows[1], rows[0]
	}
	if len(rows) != 2 || rows[0].Status != "queued" || rows[1].Status != "stopped" || rows[1].Cause != "stopped by batchplane local: the control plane was stopped" {
		t.Fatalf("history: %+v", rows)
	}
	if n := strings.Count(f.read("starts"), "\n"); n != 1 {
		t.Fatalf("%d tasks were started", n)
	}
	f.write("go", "")
	f.local()
	await(t, "the run that waited to succeed", func() bool {
		return slices.ContainsFunc(f.history(), func(r row) bool { return r.Run == rows[0].Run && r.Status == "succeeded" })
	})
	if got, want := f.read("starts"), rows[1].Run+"\n"+rows[0].Run+"\n"; got != want {
		t.Errorf("tasks were started for %q, want %q", got, want)
	}
}

// TestHangupReloads: the program says in words which jobs changed. A file with a fault changes
// nothing.
func TestHangupReloads(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: one, command: echo one}\n")
	p := f.local()
	f.write("jobs.yaml", "jobs:\n  - {name: one, comand: echo one}\n")
	p.signal(syscall.SIGHUP)
	p.says("nothing was reloaded; the jobs go on as before: the jobs file has 1 problem, so nothing was changed:\njobs.yaml:2:")
	const wrong = "the jobs files could not be read again, so the jobs go on as before, and a restart may fail: the jobs file has 1 problem"
	if code, out, errs := f.do("status"); code != 1 || !strings.Contains(out, wrong) {
		t.Errorf("after a file with a fault: exit code %d, %s%s", code, out, errs)
	}
	f.must("run", "one")
	f.becomes("one", "succeeded")
	f.write("jobs.yaml", "jobs:\n  - {name: two, command: echo two}\n")
	p.signal(syscall.SIGHUP)
	p.says("reloaded jobs.yaml: 2 changes\n  one removed: ")
	p.says("\n  two added: ")
	if code, out, errs := f.do("status"); code != 0 || strings.Contains(out, wrong) {
		t.Errorf("once it is mended: exit code %d, %s%s", code, out, errs)
	}
	f.must("run", "two")
	f.becomes("two", "succeeded")
	if code, out, _ := f.do("run", "one"); code != 1 {
		t.Errorf("a job that is gone: exit code %d, %s", code, out)
	}
	p.signal(syscall.SIGHUP)
	p.says("reloaded jobs.yaml: nothing changed\n")
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 {
		t.Errorf("exit code %d, %s", code, p.err)
	}
}

// TestTwoFoldersOneJobsFile: the state is found by the file, and no other process may run its
// jobs, with any state.
func TestTwoFoldersOneJobsFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	f.local()
	other := newFolder(t, jobs)
	if err := os.Symlink(f.path("jobs.yaml"), other.path("link.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-f", f.path("jobs.yaml")}, {"-f", "link.yaml"}, {"--db", "mine.db", "-f", f.path("jobs.yaml")}, {"--db", "mine.db", "-f", "link.yaml"},
	} {
		code, out, errs := other.do(append([]string{"local"}, args...)...)
		if code != 1 || out != "" || !strings.Contains(errs, "are already running: another control plane is running on it; end it first, or they would run twice") {
			t.Errorf("%s: exit code %d, %q, %q", args, code, out, errs)
		}
	}
	f.must("run", "hello")
	if rows := f.history(); len(rows) != 1 {
		t.Errorf("history: %+v", rows)
	}
	// A folder without a state means the control plane that was started last.
	third := newFolder(t, jobs)
	third.home = f.home
	if rows := third.history(); len(rows) != 1 {
		t.Errorf("history elsewhere: %+v", rows)
	}
}

// TestATaskAsksItsOwnControlPlane: a job that starts another one reaches the control plane that started it,
// wherever it runs, and not a stack named local or the state that was started last.
func TestATaskAsksItsOwnControlPlane(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs: [{name: first, command: cd / && "+binary+" run second --wait}, {name: second, command: echo here}]")
	f.local()
	other := newFolder(t, "jobs: [{name: second, command: exit 1}]")
	other.home = f.home
	other.local()
	f.must("run", "first")
	if r := f.becomes("first", "succeeded"); r.Attempts != 1 {
		t.Errorf("%+v", r)
	}
	if out := f.must("logs", "second"); out != "here\n" {
		t.Errorf("second printed %q", out)
	}
}

// TestTheFirstMinute: a job's first slot is the current minute.
func TestTheFirstMinute(t *testing.T) {
	t.Parallel()
	f := newFolder(t, "jobs:\n  - {name: hello, schedule: '* * * * *', command: echo hello}\n")
	began := time.Now()
	p := f.local()
	p.says("succeeded ran ")
	t.Logf("seen after %s", time.Since(began))
	slot := began.UTC().Format("20060102T1504Z")
	if !strings.Contains(p.out.String(), "hello/"+slot) && !strings.Contains(p.out.String(), "hello/"+began.Add(time.Minute).UTC().Format("20060102T1504Z")) {
		t.Errorf("the slot of %s did not run:\n%s", slot, p.out)
	}
}

// TestTheExamplesStartAtOnce: every example starts at once, as the README says.
func TestTheExamplesStartAtOnce(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/jobs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := newFolder(t, string(text))
	p := f.local()
	names := regexp.MustCompile(`(?m)^  - name: (.+)$`).FindAllStringSubmatch(string(text), -1)
	if len(names) < 5 {
		t.Fatalf("the examples are %v", names)
	}
	for _, name := range names {
		await(t, name[1]+" to begin", func() bool { return len(f.history(name[1])) > 0 })
	}
	p.signal(syscall.SIGINT)
	p.ends()
}

// TestDrain: a stop waits for running tasks and starts nothing new.
func TestDrain(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local("--drain", "1h")
	f.must("run", "stepwise")
	await(t, "the task to begin", func() bool { return f.exists("begun") })
	p.signal(syscall.SIGTERM)
	p.says("waiting for 1 running task, at most 1h0m0s; nothing new is started; press Ctrl-C again to stop them\n")
	if out := f.must("run", "hello"); !strings.Contains(out, "queued") && !strings.Contains(out, "waits") {
		t.Errorf("a run meanwhile: %s", out)
	}
	f.write("go", "")
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	if r := f.history("stepwise")[0]; r.Status != "succeeded" {
		t.Errorf("%+v", r)
	}
	if r := f.history("hello")[0]; r.Status != "queued" || r.Cause != "waiting for the next start: the control plane is being stopped" {
		t.Errorf("%+v", r)
	}
}

// TestGrace: tasks that ignore signals are killed when the grace is over, and are reported as
// stopped before the process ends.
func TestGrace(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local("--grace", "300ms")
	f.must("run", "deaf")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	dies(t, "the task", f.number("leader"))
	if r := f.history()[0]; r.Status != "stopped" || *r.ExitCode != 137 {
		t.Errorf("%+v", r)
	}
}

// TestWhatATaskDefinitionSays: it holds on this machine too: variables, and secrets from a file
// that only its owner may read.
func TestWhatATaskDefinitionSays(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
taskDefinitions:
  base:
    image: app
    executionRole: arn:aws:iam::123456789012:role/batchplane/x
    environment: {FROM_TD: "yes", BOTH: base}
    secrets: {PGPASSWORD: /batchplane/pg, TOKEN: /batchplane/token}
  less:
    image: app
    executionRole: arn:aws:iam::123456789012:role/batchplane/x
    secrets: {ABSENT: /batchplane/absent}
jobs:
  - name: s
    taskDefinition: base
    environment: {A: b, BOTH: job}
    command: 'echo "pw=[$PGPASSWORD] token=[$TOKEN] td=[$FROM_TD] a=[$A] both=[$BOTH]"'
  - {name: other, command: 'echo "pw=[$PGPASSWORD]"'}
  - {name: lacks, taskDefinition: less, command: echo never}
`)
	f.write("secrets", "# for tests\n/batchplane/pg=hunter2 \"x\"=\nTOKEN=t\n")
	p := f.local("--secrets", "secrets")
	for name, want := range map[string]string{
		"s": "pw=[hunter2 \"x\"=] token=[t] td=[yes] a=[b] both=[job]\n", "other": "pw=[]\n",
	} {
		f.must("run", name)
		f.becomes(name, "succeeded")
		if got := f.must("logs", name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f.must("run", "lacks")
	if r := f.becomes("lacks", "failed"); r.Attempts != 1 || !strings.Contains(p.out.String(), "invalid ssm parameters: /batchplane/absent") {
		t.Errorf("%+v", r)
	}
	p.signal(syscall.SIGTERM)
	p.ends()
	state, err := filepath.Glob(f.path(".batchplane/*"))
	if err != nil || len(state) == 0 {
		t.Fatal(state, err)
	}
	for _, file := range state {
		if b, _ := os.ReadFile(file); strings.Contains(string(b), "hunter2") { //nolint:gosec // a test's own file; folders cannot be read
			t.Errorf("%s holds the secret", file)
		}
	}
}

// TestFilesOfOthers: they are refused, each with what to do.
func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	f.write("secrets", "A=b\n")
	for _, c := range []struct {
		file string
		mode os.FileMode
		says string
	}{
		{"jobs.yaml", 0o666, `jobs.yaml can be changed by everybody, who could so run commands as this user: .chmod go-w jobs.yaml.`},
		{"secrets", 0o602, `secrets can be changed by everybody`},
		{"secrets", 0o640, `secrets holds secrets, and others may read it: .chmod 600 secrets.`},
	} {
		if err := os.Chmod(f.path(c.file), c.mode); err != nil {
			t.Fatal(err)
		}
		code, out, errs := f.do("local", "-f", "jobs.yaml", "--secrets", "secrets", "--for", "0s")
		if code != 2 || out != "" || !regexp.MustCompile(c.says).MatchString(errs) {
			t.Errorf("%s %o: exit code %d, %q, %q", c.file, c.mode, code, out, errs)
		}
		if err := os.Chmod(f.path(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errs := f.do("local", "-f", "jobs.yaml", "--secrets", "secrets", "--for", "0s"); code != 0 || errs != "" {
		t.Errorf("--for 0s: exit code %d, %q, %q", code, out, errs)
	}
}

package main_test

import (
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const jobs = `
defaults: {timezone: Europe/Berlin}
jobs:
  - {name: hello, command: 'echo "hello from $BATCHPLANE_RUN_ID, attempt $BATCHPLANE_ATTEMPT"; echo "$GREETING" "$0" "$@"', args: true,
     inputs: {GREETING: {description: What it says., pattern: '[a-z ]*', default: hi}}}
  - {name: broken, command: 'echo "table orders is missing" >&2; test -e mended || exit 3'}
  - {name: stepwise, command: 'echo one; touch begun; while ! test -e go; do sleep 0.02; done; echo two'}
  - {name: absent, command: [no-such-command, --now]}
  - name: endless
    command: |
      echo run >> starts
      sleep 300 & echo $! > child
      echo $$ > leader
      wait
  - name: deaf
    command: |
      trap '' TERM
      echo $$ > leader
      while :; do sleep 0.05; done
`

func TestADayAtWork(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()

	if out := f.must("run", "hello", "--env", "GREETING=good day", "--", "name", "a b"); !regexp.MustCompile(`^launched hello/manual-[0-9a-f]{12}\n$`).MatchString(out) {
		t.Errorf("run says %q", out)
	}
	r := f.becomes("hello", "succeeded")
	if got, want := f.must("logs", "hello"), "hello from "+r.Run+", attempt 1\ngood day /bin/sh name a b\n"; got != want {
		t.Errorf("the log is %q, want %q", got, want)
	}
	show := f.must("show", "hello", "--zone", "Europe/Berlin")
	for _, fact := range []string{r.Run, "succeeded", "run by hand by ana", "EssentialContainerExited", "exit-zero", "in Europe/Berlin", "variable         GREETING=good day"} {
		if !strings.Contains(show, fact) {
			t.Errorf("show does not say %q:\n%s", fact, show)
		}
	}

	f.must("run", "stepwise")
	await(t, "the task to begin", func() bool { return f.exists("begun") })
	follower := f.start("logs", "stepwise", "--follow")
	follower.says("one\n")
	f.write("go", "")
	if code := follower.ends(); code != 0 || follower.out.String() != "one\ntwo\n" {
		t.Errorf("logs --follow: exit code %d, %q", code, follower.out)
	}

	f.must("run", "endless")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	f.must("stop", "endless", "--reason", "tea time")
	if r := f.becomes("endless", "stopped"); r.Cause != "stopped by ana: tea time" || *r.ExitCode != 143 {
		t.Errorf("stopped: %+v", r)
	}
	dies(t, "the task", f.number("leader"))
	dies(t, "what the task started", f.number("child"))

	p.signal(syscall.SIGINT)
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("Ctrl-C: exit code %d, %s", code, p.err)
	}
}

func TestFailureIsToldAndRetried(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.must("run", "broken")
	p.says("\nFAILED broken: exit code 3\n")
	r := f.becomes("broken", "failed")
	for _, fact := range []string{"| table orders is missing\n", "batchplane logs " + r.Run + " --attempt 1\n", "batchplane retry " + r.Run + " --attempts 1 --request-id notice-"} {
		if !strings.Contains(p.out.String(), fact) {
			t.Errorf("the notice does not say %q", fact)
		}
	}
	f.write("mended", "")
	code, out, said := f.do("retry", "broken")
	if code != 0 || out != "launched attempt 2 of "+r.Run+"\n" || !strings.HasPrefix(said, "safe to retry? only you know: attempt 1 ended by itself with code 3") {
		t.Errorf("retry: exit code %d, %q, %q", code, out, said)
	}
	p.says("\nRECOVERED broken: succeeded\n")
	if code, out, _ := f.do("retry", "broken"); code != 1 || !strings.Contains(out, "already succeeded: use --force") {
		t.Errorf("a second retry: exit code %d, %q", code, out)
	}
	if r := f.becomes("broken", "succeeded"); r.Attempts != 2 {
		t.Errorf("%+v", r)
	}
}

func TestCommandThatDoesNotExist(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.must("run", "absent")
	p.says("FAILED absent: ")
	if show := f.must("show", "absent"); !strings.Contains(show, `exec: "no-such-command": executable file not found in $PATH`) {
		t.Errorf("show does not have the system's words:\n%s", show)
	}
	if r := f.becomes("absent", "failed"); r.Attempts != 1 {
		t.Errorf("%+v", r)
	}
}

// TestForATime: no new runs start, open ones end, a summary is printed, and the exit code is 0.
func TestForATime(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local("--for", "2s")
	f.must("run", "hello")
	f.must("run", "stepwise")
	f.becomes("hello", "succeeded")
	f.write("go", "")
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	if !regexp.MustCompile(`(?m)^JOB +RUNS +ATTEMPTS\nhello +1 succeeded +1\nstepwise +1 succeeded +1$`).MatchString(p.out.String()) {
		t.Errorf("there is no summary in:\n%s", p.out)
	}
	if code, _, errs := f.do("run", "hello"); code != 1 || !strings.Contains(errs, "no control plane is running") {
		t.Errorf("a request afterwards: exit code %d, %s", code, errs)
	}
}

// TestForNoTime: nothing is started, and the output says so.
func TestForNoTime(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	if code, out, errs := f.do("local", "-f", "jobs.yaml", "--for", "0s"); code != 0 || errs != "" || !strings.HasSuffix(out, "\nno new run in this time\n") {
		t.Errorf("exit code %d, %q, %s", code, out, errs)
	}
}

func TestTwoOnOneDatabase(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.write("others.yaml", jobs)
	code, out, errs := f.do("local", "-f", "others.yaml", "--db", ".batchplane/jobs.db")
	if code != 1 || out != "" || !strings.Contains(errs, ".batchplane/jobs.db cannot be used: another control plane is running on it; end it, or name another file with --db") {
		t.Errorf("the second: exit code %d, %q, %q", code, out, errs)
	}
	f.must("run", "hello")
	f.becomes("hello", "succeeded")
	p.signal(syscall.SIGINT)
	p.ends()
	if code, _, errs := f.do("local", "-f", "jobs.yaml", "--for", "1ms"); code != 0 {
		t.Errorf("once the first has ended: exit code %d, %s", code, errs)
	}
}

func TestUnusableDatabase(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	text := strings.Repeat("no database ", 1000)
	f.write("mine.db", text)
	for _, args := range [][]string{{"local", "-f", "jobs.yaml"}, {"history"}, {"run", "hello"}} {
		code, out, errs := f.do(append(args, "--db", "mine.db")...)
		if code != 1 || out != "" || !strings.Contains(errs, "mine.db is not a batchplane database, or is damaged: keep it, and name another file with --db") {
			t.Errorf("%s: exit code %d, %q, %q", args[0], code, out, errs)
		}
	}
	if got := f.read("mine.db"); got != text {
		t.Error("the file was changed")
	}
}

func TestUnusableJobsFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
jobs:
  - name: a b
    schedule: "61 * * * *"
  - name: good
    comand: echo
    retry: {attempts: 99}
  - name: nowhere
    timezone: Europe/Atlantis
    command: echo
  - name: nowhere
    command: echo
`)
	code, out, errs := f.do("local", "-f", "jobs.yaml")
	if code != 2 || out != "" {
		t.Errorf("exit code %d, %q", code, out)
	}
	for _, says := range []string{"so nothing was started", "jobs.yaml:3:", "jobs.yaml:4:", "jobs.yaml:6:", `"command"`, "jobs.yaml:7:", "99", "jobs.yaml:9:", "Atlantis", "jobs.yaml:11:", "line 8"} {
		if !strings.Contains(errs, says) {
			t.Errorf("it does not say %q:\n%s", says, errs)
		}
	}
	if f.exists(".batchplane") {
		t.Error("something was started")
	}
}

// TestFaults injects each kind of fault, with certainty, into one run.
func TestFaults(t *testing.T) {
	t.Parallel()
	const faulty = `
jobs:
  - {name: quick, command: 'touch done', retry: {attempts: 2, backoff: 100ms}}
  - {name: long, command: 'sleep 300', retry: {attempts: 2, backoff: 100ms}}
`
	for _, c := range []struct {
		kind, job, status string
		attempts          int
		says              string
	}{
		{"eni", "quick", "failed", 2, "Timeout waiting for network interface"},
		{"pull", "quick", "failed", 2, "CannotPullContainerError"},
		{"capacity", "quick", "queued", 1, "there was no capacity for the task"},
		{"throttle", "quick", "queued", 1, "ECS limits the rate of launches"},
		{"lost-answer", "quick", "succeeded", 1, "an answer was lost"},
		{"spot", "long", "failed", 1, "Your Spot Task was interrupted."},
		{"duplicate", "quick", "succeeded", 1, "exit-zero"},
		{"reorder", "quick", "succeeded", 1, "exit-zero"},
		{"delay", "quick", "running", 1, "it is looked at again"},
		{"lost-event", "quick", "running", 1, "it is looked at again"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t, faulty)
			p := f.local("--fault", c.kind+"=1", "--seed", "7")
			p.says("injecting " + c.kind + "=1, seed 7\n")
			f.must("run", c.job)
			if slices.Contains([]string{"delay", "lost-event"}, c.kind) {
				await(t, "the command to end", func() bool { return f.exists("done") })
			}
			if r := f.becomes(c.job, c.status); r.Attempts != c.attempts {
				t.Errorf("%+v", r)
			}
			if show := f.must("show", c.job); !strings.Contains(show, c.says) {
				t.Errorf("show does not say %q:\n%s", c.says, show)
			}
			if c.status == "running" {
				return // its end will not be reported soon
			}
			p.signal(syscall.SIGINT)
			if code := p.ends(); code != 0 || !regexp.MustCompile("(?m)^injected "+c.kind+": [1-9]").MatchString(p.out.String()) {
				t.Errorf("exit code %d; it says:\n%s", code, p.out)
			}
		})
	}
}

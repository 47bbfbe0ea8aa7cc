package main_test

import (
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilled: the task dies with the control plane, is reported after the next start, and is not
// launched twice.
func TestKilled(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.must("run", "endless")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	f.becomes("endless", "running")
	p.signal(syscall.SIGKILL)
	if code := p.ends(); code != -1 {
		t.Fatalf("exit code %d", code)
	}
	dies(t, "the task", f.number("leader"))
	dies(t, "what the task started", f.number("child"))
	if code, _, errs := f.do("stop", "endless", "--reason", "x"); code != 1 || !strings.Contains(errs, "no control plane is running") {
		t.Errorf("a request to a dead one: exit code %d, %s", code, errs)
	}

	down := time.Now()
	await(t, "some downtime", func() bool { return time.Since(down) > 3*time.Second })
	p = f.local()
	p.says("\nFAILED endless: ")
	if show := f.must("show", "endless", "--json"); strings.Contains(show, `"endUnseen":true`) {
		t.Errorf("its end was not noted: %s", show)
	}
	if ran := p.out.String(); regexp.MustCompile(`attempts   1, ran ([3-9]|[0-9]{2,})(\.[0-9]+)?s`).MatchString(ran) {
		t.Errorf("the downtime counts as the task's own:\n%s", ran)
	}
	if !strings.Contains(p.out.String(), "TerminationNotice: Host terminated: the local control plane that ran this task ended.") {
		t.Errorf("the notice does not say why:\n%s", p.out)
	}
	if rows := f.history(); len(rows) != 1 || rows[0].Status != "failed" || rows[0].Attempts != 1 || rows[0].ExitCode != nil {
		t.Errorf("history: %+v", rows)
	}
	f.must("run", "hello")
	f.becomes("hello", "succeeded")
	if n := strings.Count(p.out.String(), "FAILED"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	for name, signals := range map[string][]syscall.Signal{
		"INT": {syscall.SIGINT}, "TERM": {syscall.SIGTERM}, "QUIT": {syscall.SIGQUIT},
		"as timeout(1) does": slices.Repeat([]syscall.Signal{syscall.SIGTERM}, 100), // it sends two, of which the second may come at any time
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t, jobs)
			p := f.local()
			f.must("run", "endless")
			await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
			for _, s := range signals {
				p.signal(s)
			}
			if code := p.ends(); code != 0 || p.err.String() != "" {
				t.Errorf("exit code %d, %s", code, p.err)
			}
			if !strings.Contains(p.out.String(), "stopping 1 running task within 30s; press Ctrl-C again to end at once\n") || !strings.Contains(p.out.String(), "endless  1 stopped") {
				t.Errorf("it says:\n%s", p.out)
			}
			dies(t, "the task", f.number("leader"))
			dies(t, "what the task started", f.number("child"))
			if rows := f.history(); len(rows) != 1 || rows[0].Status != "stopped" || !strings.Contains(rows[0].Cause, "the control plane was stopped") {
				t.Errorf("history: %+v", rows)
			}
		})
	}
}

// TestInterruptedTwice: a person who does not want to wait for a task that ignores signals ends
// the program, and the task with it.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.must("run", "deaf")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	p.signal(syscall.SIGINT)
	p.says("stopping 1 running task within 30s; press Ctrl-C again to end at once\n")
	p.signal(syscall.SIGINT)
	if code := p.ends(); code != -1 {
		t.Errorf("exit code %d", code)
	}
	dies(t, "the task", f.number("leader"))
	// Whether the stop was recorded before the second Ctrl-C is a matter of luck.
	f.local()
	await(t, "the end to be known", func() bool { return f.history()[0].Status != "running" })
	if r := f.history()[0]; r.Attempts != 1 || r.Status != "stopped" && r.Status != "failed" {
		t.Errorf("history: %+v", r)
	}
}

package main_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestNobodyReadsOn: a control plane whose reader has left, as `tee` after Ctrl-C, stops its tasks
// in order. The signal of the broken pipe does not end it in the middle of that.
func TestNobodyReadsOn(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local()
	f.must("run", "endless")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	p.out.leave()
	await(t, "the end", func() bool {
		f.do("run", "hello") // the reading of its lines closes the pipe, and the next one finds it closed
		select {
		case <-p.exited:
			return true
		default:
			return false
		}
	})
	if code := p.ends(); code != 0 || strings.Count(p.err.String(), "nobody reads the output any longer") != 1 {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	if r := f.becomes("endless", "stopped"); r.ExitCode == nil || *r.ExitCode != 143 {
		t.Errorf("the task was not stopped in order: %+v", r)
	}
	dies(t, "the task", f.number("leader"))
}

// TestJournalLeaves: systemd gives a service a socket as its output. A journal that leaves it does not
// end the control plane, which nobody would start again.
func TestJournalLeaves(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(pair[0])
	syscall.CloseOnExec(pair[1])
	journal, stdout := os.NewFile(uintptr(pair[0]), "journal"), os.NewFile(uintptr(pair[1]), "stdout")
	f.stdout = stdout
	p := f.start("local", "-f", "jobs.yaml")
	f.stdout = nil
	if err := stdout.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the control plane", func() bool { code, _, _ := f.do("status"); return code == 0 })
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if code, _, errs := f.do("run", "hello", "--wait"); code != 0 {
			t.Fatalf("exit code %d, %s", code, errs)
		}
	}
	p.signal(syscall.SIGTERM)
	if code := p.ends(); code != 0 || strings.Contains(p.err.String(), "nobody reads") {
		t.Errorf("exit code %d, %s", code, p.err)
	}
}

// TestNobodyReadsTheAnswer: a command that changes something does so to its end although nobody reads
// what it prints, and its exit code says how that went.
func TestNobodyReadsTheAnswer(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	f.local()
	unread := func(args ...string) int {
		t.Helper()
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = w.Close() }()
		cmd := exec.CommandContext(t.Context(), binary, args...) //nolint:gosec // our own program
		cmd.Dir, cmd.Stdout, cmd.Stderr = f.dir, w, w
		cmd.Env = append(os.Environ(), "USER=ana", "XDG_STATE_HOME="+f.home, "STATE_DIRECTORY=")
		_ = cmd.Run() // how it ended is in ProcessState
		return cmd.ProcessState.ExitCode()
	}
	if code := unread("run", "broken", "--wait"); code != 3 {
		t.Errorf("run --wait: exit code %d, want the job's own", code)
	}
	if code := unread("retry", "--all", "--yes", "--even", "ended"); code != 0 {
		t.Errorf("retry --all: exit code %d", code)
	}
	await(t, "the second attempt", func() bool { return strings.Contains(f.must("show", "broken"), "attempt 2") })
	if code := unread("pause", "nope"); code != 1 {
		t.Errorf("pause of a job that there is not: exit code %d", code)
	}
	if code := unread("history"); code != -1 {
		t.Errorf("history: exit code %d, want the signal, as of any program in a pipe", code)
	}
}

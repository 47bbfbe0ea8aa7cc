package main_test

import (
	"syscall"
	"testing"
)

// TestDrainInterrupted: a second Ctrl-C, as soon as the program has said that it waits, stops the tasks
// instead of ending the program.
func TestDrainInterrupted(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	p := f.local("--drain", "1h")
	f.must("run", "endless")
	await(t, "the task to begin", func() bool { return f.number("leader") > 0 })
	p.signal(syscall.SIGINT)
	p.says("waiting for 1 running task, at most 1h0m0s; nothing new is started; press Ctrl-C again to stop them\n")
	p.signal(syscall.SIGINT)
	if code := p.ends(); code != 0 || p.err.String() != "" {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	dies(t, "the task", f.number("leader"))
	if rows := f.history(); len(rows) != 1 || rows[0].Status != "stopped" {
		t.Errorf("history: %+v", rows)
	}
}

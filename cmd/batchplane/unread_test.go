package main_test

import (
	"strings"
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
	f.must("run", "hello") // one of its lines closes the pipe, the next finds it closed
	if code := p.ends(); code != 0 || strings.Count(p.err.String(), "nobody reads the output any longer") != 1 {
		t.Errorf("exit code %d, %s", code, p.err)
	}
	if r := f.becomes("endless", "stopped"); r.ExitCode == nil || *r.ExitCode != 143 {
		t.Errorf("the task was not stopped in order: %+v", r)
	}
	dies(t, "the task", f.number("leader"))
}

package main_test

import (
	"strings"
	"syscall"
	"testing"
)

// TestOutputOfTasksThatAreStopped: --output also shows what tasks write while the control plane waits
// for them to end, or stops them.
func TestOutputOfTasksThatAreStopped(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
jobs:
  - {name: drained, command: 'echo begun; while ! test -e go; do sleep 0.02; done; echo ends by itself'}
  - name: tidy
    command: |
      trap 'echo tidies up; exit 1' TERM
      echo begun
      while :; do sleep 0.05; done
`)
	p := f.local("--output", "--drain", "20s")
	f.must("run", "drained")
	f.must("run", "tidy")
	p.says("drained | begun")
	p.says("tidy | begun")
	p.signal(syscall.SIGTERM)
	p.says("waiting for 2 running tasks")
	f.write("go", "")
	p.says("drained | ends by itself")
	p.signal(syscall.SIGTERM)
	p.says("within 30s; press Ctrl-C again to end at once") // of one task or two: that the first ended may not be known yet
	if code := p.ends(); code != 0 || !strings.Contains(p.out.String(), "tidy | tidies up\n") {
		t.Errorf("exit code %d, it does not show what the task wrote when it was stopped", code)
	}
}

package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestNoHalfOfAnImport: a jobs file that cannot be written as a whole is not left behind. The next
// import would refuse it as one that already exists, and half of it is a jobs file too.
func TestNoHalfOfAnImport(t *testing.T) {
	t.Parallel()
	f := newFolder(t, jobs)
	var lines strings.Builder
	for n := range 300 {
		fmt.Fprintf(&lines, "%d %d * * * /usr/bin/job-%d --with --some --options\n", n%60, n%24, n)
	}
	f.write("crontab", lines.String())
	p := f.startAs("/bin/sh", "-c", `ulimit -f 8; exec "$0" import crontab crontab --zone UTC -o new.yaml`, binary)
	if code := p.ends(); code != 1 || !strings.Contains(p.err.String(), "writing new.yaml") || f.exists("new.yaml") || f.exists("crontab.imported") {
		t.Errorf("exit code %d, %s; is there a file? %v", code, p.err, f.exists("new.yaml"))
	}
}

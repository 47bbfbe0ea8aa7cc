package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// soakRuns is how many runs the soak asks for: BATCHPLANE_SOAK=10000 is a long one.
func soakRuns() int {
	if n, err := strconv.Atoi(os.Getenv("BATCHPLANE_SOAK")); err == nil && n > 0 {
		return n
	}
	return 60
}

// TestSoak: runs are asked for while the control plane is reloaded, told to end and
// killed at random, with little memory and little room for output. No run is lost,
// none is launched twice, and each has an end that is told.
func TestSoak(t *testing.T) {
	t.Parallel()
	f := newFolder(t, `
jobs:
  - {name: short, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; head -c 3000 /dev/zero | tr "\0" x'}
  - {name: fails, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; exit 3'}
  - {name: long, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; sleep 0.3'}
`)
	f.env = []string{"GOMEMLIMIT=40MiB"}
	seed := uint64(time.Now().UnixNano()) //nolint:gosec // any number will do
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	flags := []string{"--max-output", "1KB", "--most-logs", "64KB", "--grace", "5s", "--quiet"}
	p := f.local(flags...)
	names := []string{"short", "fails", "long"}
	asked := map[string]bool{}
	for i := range soakRuns() {
		// The answer may be lost with the process that gives it: ask again, by the
		// same id, until there is one.
		await(t, "an answer", func() bool {
			code, out, _ := f.do("run", names[i%len(names)], "--request-id", fmt.Sprint("soak-", i), "--json")
			if code != 0 {
				return false
			}
			asked[between(out, `"run":"`, `"`)] = true
			return true
		})
		switch random.IntN(12) {
		case 0:
			p.signal(syscall.SIGHUP)
		case 1:
			p.signal(syscall.SIGKILL)
			p.ends()
			p = f.local(flags...)
		case 2:
			p.signal(syscall.SIGTERM)
			if code := p.ends(); code != 0 {
				t.Errorf("SIGTERM: exit code %d", code)
			}
			p = f.local(flags...)
		}
	}
	f.soaked(asked)
	if files, err := filepath.Glob(f.path(".batchplane/jobs.tasks/*")); err != nil || len(files) > 0 {
		t.Errorf("locks are left: %q, %v", files, err)
	}
}

// soaked looks at what became of the runs.
func (f *folder) soaked(asked map[string]bool) {
	f.t.Helper()
	await(f.t, "all runs to end", func() bool {
		for _, r := range f.history("--limit", "100000") {
			if r.Status == "running" || r.Status == "launching" || r.Status == "queued" {
				return false
			}
		}
		return true
	})
	rows := f.history("--limit", "100000")
	if len(rows) != len(asked) {
		f.t.Errorf("%d runs are known, %d were asked for", len(rows), len(asked))
	}
	effects := map[string]int{}
	for line := range strings.Lines(f.read("effects")) {
		effects[strings.TrimSpace(line)]++
	}
	for effect, n := range effects {
		if n != 1 {
			f.t.Errorf("%s was launched %d times", effect, n)
		}
	}
	for _, r := range rows {
		_, ran := effects[r.Run+" 1"]
		switch {
		case !asked[r.Run]:
			f.t.Errorf("nobody asked for %s", r.Run)
		case r.Attempts != 1:
			f.t.Errorf("%s had %d attempts", r.Run, r.Attempts)
		case r.Status == "succeeded" && !ran, r.Cause == "":
			f.t.Errorf("%+v, and it ran: %t", r, ran)
		case r.Job == "fails" && r.Status == "succeeded", r.Job != "fails" && r.Status == "failed" && r.ExitCode != nil:
			f.t.Errorf("a wrong end: %+v", r)
		}
	}
}

// between is the text between the first of two marks.
func between(text, from, to string) string {
	_, text, _ = strings.Cut(text, from)
	text, _, _ = strings.Cut(text, to)
	return text
}

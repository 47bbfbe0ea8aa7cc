package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
)

// soakRuns is how many runs the soak test asks for: BATCHPLANE_SOAK=10000 makes a long one.
func soakRuns() int {
	if n, err := strconv.Atoi(os.Getenv("BATCHPLANE_SOAK")); err == nil && n > 0 {
		return n
	}
	return 60
}

// TestSoak: runs are asked for while the control plane is reloaded, told to end and killed at
// random, with little memory, little room for output and, if this test may mount one, a small
// disk that is full now and then. No run is lost, none is launched twice, each ends, and each
// failure is reported.
func TestSoak(t *testing.T) {
	t.Parallel()
	runs := soakRuns()
	f := newFolder(t, `
jobs:
  - {name: short, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; head -c 3000 /dev/zero | tr "\0" x'}
  - {name: fails, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; exit 3'}
  - {name: long, command: 'echo "$BATCHPLANE_RUN_ID $BATCHPLANE_ATTEMPT" >> effects; sleep 0.3'}
`)
	f.env = []string{"GOMEMLIMIT=40MiB"}
	f.write("targets", "default=file\nfile=exec:cat >> told; echo >> told\n")
	seed := uint64(time.Now().UnixNano())    //nolint:gosec // any number will do
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret
	disk := f.smallDisk(4<<20 + runs*(16<<10))
	t.Logf("seed %d, a small disk: %t", seed, disk)
	s := &soak{f: f, random: random, calm: 12 + runs/40, full: disk, asked: map[string]bool{}}
	s.start()
	for i := range runs {
		s.ask(i)
		s.disturb()
	}
	f.soaked(s.asked)
	s.peak()
	t.Logf("at most %d MB in memory", s.most>>20)
	if s.most > 200<<20 {
		t.Errorf("it took %d MB of memory", s.most>>20)
	}
	if files, err := filepath.Glob(f.path("state/jobs.tasks/*")); err != nil || len(files) > 0 {
		t.Errorf("locks are left: %q, %v", files, err)
	}
}

// soak asks for runs and causes trouble.
type soak struct {
	f      *folder
	p      *program
	random *rand.Rand
	// calm is the number of requests among which each kind of trouble comes once.
	calm  int
	full  bool // whether the disk may be filled
	asked map[string]bool
	most  int64 // bytes of memory
}

func (s *soak) start() {
	s.p = s.f.local("--db", "state/jobs.db", "--max-output", "1KB", "--most-logs", "64KB", "--grace", "5s", "--quiet", "--targets", "targets")
}

// ask asks for a run. The answer may be lost with the process that gives it, so it asks again,
// with the same id, until there is an answer.
func (s *soak) ask(i int) {
	t := s.f.t
	t.Helper()
	p, err := wire.LocalPlane(t.Context(), s.f.path("state/jobs.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	await(t, "an answer", func() bool {
		reply, err := p.Door.Ask(t.Context(), entry.Request{Run: &port.RunRequest{
			Job: []string{"short", "fails", "long"}[i%3], RequestID: fmt.Sprint("soak-", i), By: "ana",
		}})
		if err == nil {
			s.asked[string(reply.Run)] = true
		}
		return err == nil
	})
}

func (s *soak) disturb() {
	t := s.f.t
	t.Helper()
	switch s.random.IntN(s.calm) {
	case 0:
		s.p.signal(syscall.SIGHUP)
	case 1:
		s.peak()
		s.p.signal(syscall.SIGKILL)
		s.p.ends()
		s.start()
	case 2:
		s.peak()
		s.p.signal([]os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}[s.random.IntN(3)])
		if code := s.p.ends(); code != 0 {
			t.Errorf("told to end: exit code %d", code)
		}
		s.start()
	case 3:
		if s.full {
			s.f.fill()
		}
	}
}

// peak notes the peak memory of the process.
func (s *soak) peak() {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.p.cmd.Process.Pid)) // only Linux has it
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	if fields := strings.Fields(text); len(fields) > 0 {
		kb, _ := strconv.ParseInt(fields[0], 10, 64)
		s.most = max(s.most, kb<<10)
	}
}

// smallDisk puts the state on a disk of that many bytes, if this process may mount one.
func (f *folder) smallDisk(size int) bool {
	f.t.Helper()
	dir := f.path("state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		f.t.Fatal(err)
	}
	if out, err := exec.CommandContext(f.t.Context(), "mount", "-t", "tmpfs", "-o", fmt.Sprint("mode=700,size=", size), "tmpfs", dir).CombinedOutput(); err != nil { //nolint:gosec // a test's own
		f.t.Logf("no small disk: %s%v", out, err)
		return false
	}
	f.t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", "-l", dir).CombinedOutput(); err != nil { //nolint:gosec // as above
			f.t.Errorf("unmounting the small disk: %s%v", out, err)
		}
	})
	return true
}

// fill leaves no room on the small disk for a moment.
func (f *folder) fill() {
	f.t.Helper()
	name := f.path("state/fill")
	file, err := os.Create(name) //nolint:gosec // a test's own
	if err != nil {
		f.t.Fatal(err)
	}
	chunk := make([]byte, 64<<10)
	for err == nil {
		_, err = file.Write(chunk)
	}
	began := time.Now()
	await(f.t, "half a second", func() bool { return time.Since(began) > 500*time.Millisecond })
	if err := errors.Join(file.Close(), os.Remove(name)); err != nil {
		f.t.Fatal(err)
	}
}

// soaked checks what became of the runs.
func (f *folder) soaked(asked map[string]bool) {
	f.t.Helper()
	await(f.t, "all runs to end", func() bool {
		for _, r := range f.history("--limit", "100000", "--db", "state/jobs.db") {
			if r.Status == "running" || r.Status == "launching" || r.Status == "queued" {
				return false
			}
		}
		return true
	})
	rows := f.history("--limit", "100000", "--db", "state/jobs.db")
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
	told := ""
	if f.exists("told") {
		told = f.read("told")
	}
	for _, r := range rows {
		_, ran := effects[r.Run+" 1"]
		if r.Status == "failed" && !strings.Contains(told, `"run":"`+r.Run+`"`) {
			f.t.Errorf("nobody was told of %+v", r)
		}
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

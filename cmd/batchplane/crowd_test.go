package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLocalStarts starts 1,000 jobs in one minute, whose commands then wait. It reports
// the CPU time of the program and its supervisor, without that of the commands: for each run
// until its command has started, and for each look at a running task ten seconds later, above
// that of an idle program. It reports the median of the iterations.
func BenchmarkLocalStarts(b *testing.B) {
	var m medians
	for range b.N {
		starts, looks := waitingCrowd(b)
		m.add("start-cpu-ms/run", float64(starts.Microseconds())/peerJobs/1000)
		m.add("look-cpu-ms/run", float64(looks.Microseconds())/peerJobs/1000)
	}
	m.report(b)
}

func waitingCrowd(b *testing.B) (starts, looks time.Duration) {
	b.Helper()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "started"), 0o700); err != nil {
		b.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		b.Fatal(err)
	}
	const ready = 8 * time.Second
	at := time.Now().Add(ready).Truncate(time.Minute).Add(time.Minute)
	utc := at.UTC()
	var text strings.Builder
	text.WriteString("jobs:\n")
	for i := range peerJobs {
		// Nobody opens the pipe's other end, so the shell waits without a process more.
		fmt.Fprintf(&text, "  - {name: j%d, schedule: '%d %d %d %d *', command: '%s; : < %s'}\n", i, utc.Minute(), utc.Hour(), utc.Day(), int(utc.Month()), markOf(dir, i), pipe)
	}
	writePeer(filepath.Join(dir, "jobs.yaml"), text.String())
	time.Sleep(time.Until(at.Add(-ready)))
	cmd := exec.CommandContext(context.Background(), binary, "local", "-f", filepath.Join(dir, "jobs.yaml"), "--db", filepath.Join(dir, "jobs.db"), "--quiet", "--grace", "1s") //nolint:gosec // our own program
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TZ=UTC")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM) }()
	cpuAt := func(t time.Time) time.Duration {
		time.Sleep(time.Until(t))
		return programCPU(cmd.Process.Pid)
	}
	before := cpuAt(at.Add(-time.Second))
	var started int
	for deadline := at.Add(8 * time.Second); started < peerJobs && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		started = len(startsIn(b, filepath.Join(dir, "started")))
	}
	if started < peerJobs {
		b.Fatalf("%d of %d jobs had started", started, peerJobs)
	}
	starts = programCPU(cmd.Process.Pid) - before
	eight, fifteen, idle := cpuAt(at.Add(8*time.Second)), cpuAt(at.Add(15*time.Second)), cpuAt(at.Add(22*time.Second))
	return starts, (fifteen - eight) - (idle - fifteen)
}

// programCPU returns the CPU time so far of the program and its supervisor, without that
// of the commands.
func programCPU(pid int) (cpu time.Duration) {
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)) // known only on Linux
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if path, err := os.Readlink(filepath.Join(dir, "exe")); err != nil || path != exe {
			continue
		}
		if p, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			cpu += ownCPU(p)
		}
	}
	return cpu
}

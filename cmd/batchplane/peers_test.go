package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLocalPeers has 1,000 jobs come due in one minute, under batchplane and then, in later
// minutes, under supercronic and Debian's cron if they are available: supercronic in PATH, the
// path of cron in BATCHPLANE_CRON (it needs root, and unshare(1) to get a crontab of its own).
// For each it reports how long after the minute 99 % of the commands had started, and the CPU
// that a run took, including its command and excluding the program's start. With -benchtime=3x
// they take turns, and the median counts.
func BenchmarkLocalPeers(b *testing.B) {
	var m medians
	for range b.N {
		for _, p := range peers(b) {
			late, cpu := p.minute(b)
			m.add(p.name+"-p99-s", late.Seconds())
			m.add(p.name+"-cpu-ms/run", float64(cpu.Microseconds())/peerJobs/1000)
			b.Logf("%s: p99 %s, %s of CPU a run", p.name, late, cpu/peerJobs)
		}
	}
	m.report(b)
}

const peerJobs = 1000

type peer struct {
	name string
	// start writes what the program needs into a folder and returns its command line. schedule is
	// the schedule of all jobs.
	start func(dir, schedule string) []string
}

func peers(b *testing.B) []peer {
	b.Helper()
	out := []peer{{"batchplane", batchplanePeer}}
	if path, err := exec.LookPath("supercronic"); err == nil {
		out = append(out, peer{"supercronic", func(dir, schedule string) []string {
			writePeer(filepath.Join(dir, "crontab"), crontabOf(dir, schedule))
			return []string{path, filepath.Join(dir, "crontab")}
		}})
	}
	if path := os.Getenv("BATCHPLANE_CRON"); path != "" && os.Geteuid() == 0 {
		out = append(out, peer{"cron", func(dir, schedule string) []string { return cronPeer(path, dir, schedule) }})
	}
	return out
}

// markOf is a command with which a job records its start: the shell itself creates a file.
func markOf(dir string, i int) string { return fmt.Sprintf(": > %s/started/%d", dir, i) }

func crontabOf(dir, schedule string) string {
	var text strings.Builder
	for i := range peerJobs {
		fmt.Fprintf(&text, "%s %s\n", schedule, markOf(dir, i))
	}
	return text.String()
}

func batchplanePeer(dir, schedule string) []string {
	var text strings.Builder
	text.WriteString("jobs:\n")
	for i := range peerJobs {
		fmt.Fprintf(&text, "  - {name: j%d, schedule: '%s', command: '%s'}\n", i, schedule, markOf(dir, i))
	}
	writePeer(filepath.Join(dir, "jobs.yaml"), text.String())
	return []string{binary, "local", "-f", filepath.Join(dir, "jobs.yaml"), "--db", filepath.Join(dir, "jobs.db"), "--quiet"}
}

// cronPeer gives cron its own spool, and its own PAM service, which asks for nothing.
func cronPeer(path, dir, schedule string) []string {
	for _, name := range []string{"spool/cron/crontabs", "pam.d"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			panic(err)
		}
	}
	writePeer(filepath.Join(dir, "spool/cron/crontabs/root"), crontabOf(dir, schedule))
	writePeer(filepath.Join(dir, "pam.d/cron"), "auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n")
	return []string{"unshare", "--mount", "sh", "-ec", fmt.Sprintf("mount --bind %[1]s/spool /var/spool; mount --bind %[1]s/pam.d /etc/pam.d; exec %[2]s -f", dir, path)}
}

func writePeer(name, text string) {
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		panic(err)
	}
}

// minute runs a peer through the beginning of a minute, after some seconds in which it can get
// ready.
func (p peer) minute(b *testing.B) (late, cpu time.Duration) {
	b.Helper()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "started"), 0o700); err != nil {
		b.Fatal(err)
	}
	const ready = 8 * time.Second
	at := time.Now().Add(ready).Truncate(time.Minute).Add(time.Minute)
	time.Sleep(time.Until(at) - ready)
	local := at.UTC()
	words := p.start(dir, fmt.Sprintf("%d %d %d %d *", local.Minute(), local.Hour(), local.Day(), int(local.Month())))
	cmd := exec.CommandContext(context.Background(), words[0], words[1:]...) //nolint:gosec // a benchmark's own
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TZ=UTC")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(time.Until(at.Add(-time.Second)))
	before := cpuOf(cmd.Process.Pid)
	var starts []time.Time
	for deadline := at.Add(time.Minute); len(starts) < peerJobs && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		starts = startsIn(b, filepath.Join(dir, "started"))
	}
	time.Sleep(time.Second) // the last ends are being recorded
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	_ = cmd.Wait() // cron ends by the signal itself
	if len(starts) < peerJobs {
		b.Fatalf("%s: %d of %d jobs ran", p.name, len(starts), peerJobs)
	}
	slices.SortFunc(starts, time.Time.Compare)
	b.Logf("%s: its start took %s", p.name, before)
	return starts[peerJobs*99/100-1].Sub(at), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime() - before
}

// cpuOf returns the CPU time of a process so far, including that of children that have ended.
func cpuOf(pid int) time.Duration { return statCPU(pid, 4) }

// ownCPU returns the CPU time of the process alone.
func ownCPU(pid int) time.Duration { return statCPU(pid, 2) }

// statCPU adds up the first n of utime, stime, cutime and cstime (proc_pid_stat(5)).
func statCPU(pid, n int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // known only on Linux
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const utime, second = 11, 100 // counted from the state; USER_HZ
	var ticks int64
	for i := utime; i < min(utime+n, len(fields)); i++ {
		t, _ := strconv.ParseInt(fields[i], 10, 64)
		ticks += t
	}
	return time.Duration(ticks) * time.Second / second
}

func startsIn(b *testing.B, dir string) (out []time.Time) {
	b.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			out = append(out, info.ModTime())
		}
	}
	return out
}

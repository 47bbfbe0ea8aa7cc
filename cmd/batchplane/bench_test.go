package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/sqlite"
	"github.com/batchplane/batchplane/internal/port"
)

// BenchmarkLocalHerd runs 1,000 jobs in one minute, once per iteration, and as the peer the same
// commands started by this process alone. It reports how long after the first claim 99 % of the
// commands had started, and the CPU that a run took in addition to its bare command: the median
// iteration.
func BenchmarkLocalHerd(b *testing.B) {
	const jobs = 1000
	var m medians
	for range b.N {
		late, cpu := herd(b, jobs)
		bare := bareCPU(b, jobs)
		m.add("p99-s", late.Seconds())
		m.add("cpu-ms/run", float64(cpu.Microseconds())/jobs/1000)
		m.add("bare-cpu-ms/run", float64(bare.Microseconds())/jobs/1000)
		m.add("cpu/bare", float64(cpu)/float64(bare))
	}
	m.report(b)
}

// medians holds a benchmark's figures of each iteration.
type medians map[string][]float64

func (m *medians) add(unit string, v float64) {
	if *m == nil {
		*m = medians{}
	}
	(*m)[unit] = append((*m)[unit], v)
}

func (m *medians) report(b *testing.B) {
	b.Helper()
	for unit, vs := range *m {
		slices.Sort(vs)
		b.ReportMetric(vs[len(vs)/2], unit)
	}
}

var herdCommand = []string{"/bin/sh", "-c", "echo hello"}

// herd runs every job once. It returns the lateness and the total CPU of the control plane, its
// supervisor and the commands.
func herd(b *testing.B, jobs int) (late, cpu time.Duration) {
	b.Helper()
	dir := b.TempDir()
	var text strings.Builder
	text.WriteString("jobs:\n")
	for i := range jobs {
		// Once a year, so that only the minute of the start has slots.
		at := time.Now().UTC()
		fmt.Fprintf(&text, "  - {name: j%d, schedule: '%d-%d %d %d %d *', command: [%s]}\n", i, at.Minute(), min(at.Minute()+1, 59), at.Hour(), at.Day(), at.Month(), quotedWords(herdCommand))
	}
	file, db := filepath.Join(dir, "jobs.yaml"), filepath.Join(dir, "jobs.db")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), binary, "local", "-f", file, "--db", db, "--quiet") //nolint:gosec // our own program
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var starts []time.Time
	var first time.Time
	for deadline := time.Now().Add(2 * time.Minute); len(starts) < jobs; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%d of %d jobs ran", len(starts), jobs)
		}
		starts, first = started(b, db, jobs)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts[len(starts)*99/100-1].Sub(first), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// started returns the starts of the runs that ended, and the first claim.
func started(b *testing.B, db string, jobs int) (starts []time.Time, first time.Time) {
	b.Helper()
	s, err := sqlite.OpenExisting(b.Context(), db)
	if err != nil {
		return nil, first // it is just being created
	}
	defer func() { _ = s.Close() }()
	rs, err := s.Runs(b.Context(), port.Query{Limit: 2 * jobs})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rs {
		if first.IsZero() || r.QueuedAt.Before(first) {
			first = r.QueuedAt
		}
		if r.Status.Terminal() && !r.StartedAt.IsZero() {
			starts = append(starts, r.StartedAt)
		}
	}
	return starts, first
}

func bareCPU(b *testing.B, n int) (cpu time.Duration) {
	b.Helper()
	for range n {
		cmd := exec.CommandContext(b.Context(), herdCommand[0], herdCommand[1:]...) //nolint:gosec // fixed words
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return cpu
}

func quotedWords(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, ", ")
}

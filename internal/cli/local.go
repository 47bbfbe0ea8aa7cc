package cli

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type localCmd struct {
	jobsFiles
	For    time.Duration `help:"Start no new runs after this time, wait for those that are open, then end." placeholder:"20s"`
	Listen string        `help:"Loopback address for requests; a free port unless given." placeholder:"ADDR"`
	Rate   int           `help:"At most so many launches a second." default:"20"`
	Fault  []string      `help:"Inject a fault at a rate, such as eni=0.3. Kinds: ${faults}." placeholder:"KIND=RATE"`
	Seed   uint64        `help:"Seed of the injected faults; random unless given."`
}

// Run runs the control plane in this process.
func (c *localCmd) Run(ctx context.Context, a *app) error {
	faults, err := c.faults()
	if err != nil {
		return err
	}
	file, err := c.read("started")
	if err != nil {
		return err
	}
	if c.For < 0 {
		return usagef("--for %s is negative", c.For)
	}
	if c.Rate < 1 {
		return usagef("--rate %d must be at least 1", c.Rate)
	}
	if len(faults) > 0 && c.Seed == 0 {
		c.Seed = randomSeed()
	}
	out := &lockedWriter{w: a.Stdout}
	t := transcript{out: out, json: a.json}
	l, err := wire.NewLocal(ctx, wire.LocalConfig{
		DB: a.db, Jobs: file.Jobs, Listen: c.Listen, Faults: faults, Seed: c.Seed, Rate: c.Rate,
		Notifier: t, Watch: t.watch, Command: a.command,
		Log: slog.New(slog.NewTextHandler(&lockedWriter{w: a.Stderr}, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return fmt.Errorf("starting the local control plane: %w", err)
	}
	t.started(a, l, c)
	runErr := l.Run(ctx, c.For)
	// The context may be over; what follows must still happen.
	ctx = context.WithoutCancel(ctx)
	if runErr == nil {
		runErr = stopAll(ctx, l, out)
	}
	summary := t.summary(ctx, l)
	return errors.Join(runErr, l.Close(ctx), summary)
}

func (c *localCmd) faults() (localecs.Faults, error) {
	faults := localecs.Faults{}
	for _, text := range c.Fault {
		kind, rate, err := localecs.ParseFault(text)
		if err != nil {
			return nil, usagef("--fault: %w", err)
		}
		faults[kind] = rate
	}
	return faults, nil
}

func faultKinds() string {
	var names []string
	for _, k := range localecs.Kinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

func randomSeed() uint64 {
	var b [4]byte
	_, _ = rand.Read(b[:])
	return uint64(binary.BigEndian.Uint32(b[:])) + 1
}

// stopAllWait bounds how long an interrupted control plane waits for its tasks:
// longer than the time from SIGTERM to SIGKILL.
const stopAllWait = localecs.StopTimeout + 5*time.Second

// stopAll stops the tasks that still run when the control plane is interrupted,
// so that history does not show them as running when they are not. Runs that
// wait go on at the next start.
func stopAll(ctx context.Context, l *wire.Local, out io.Writer) error {
	running, err := l.Store.Runs(ctx, control.Query{Status: run.Running, Limit: 1000})
	if err != nil || len(running) == 0 {
		return err
	}
	_, _ = fmt.Fprintf(out, "stopping %s, within %s; Ctrl-C again ends all at once\n", counted(len(running), "running task"), localecs.StopTimeout)
	ctx, cancel := context.WithTimeout(ctx, stopAllWait)
	defer cancel()
	for _, r := range running {
		if _, err := l.Control.StopRun(ctx, control.StopRequest{Run: r.ID, By: "batchplane local", Reason: "the control plane was stopped"}); err != nil {
			return fmt.Errorf("stopping %s: %w", r.ID, err)
		}
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		left, err := l.Store.Runs(ctx, control.Query{Status: run.Running, Limit: 1})
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return nil // the next start tells how they ended
		case <-ticker.C:
		}
	}
}

// transcript prints what happens as it happens. It is the terminal's notifier.
type transcript struct {
	out  io.Writer
	json bool
}

// Notify implements control.Notifier.
func (t transcript) Notify(_ context.Context, n notice.Notice) error {
	if t.json {
		return printJSON(t.out, struct {
			Type string `json:"type"`
			notice.Notice
		}{"notice", n})
	}
	if _, err := io.WriteString(t.out, n.Text()); err != nil {
		return fmt.Errorf("printing a notice: %w", err)
	}
	return nil
}

// watch prints a change of a run's status, and every new attempt.
func (t transcript) watch(j job.Job, before, after run.Run, why string) {
	if before.Status == after.Status && len(before.Attempts) == len(after.Attempts) && before.Duplicates == after.Duplicates {
		return
	}
	now := time.Now()
	if t.json {
		_ = printJSON(t.out, map[string]any{"type": "change", "at": now.UTC(), "run": after.ID, "status": after.Status, "attempts": len(after.Attempts), "why": why})
		return
	}
	if after.Status == run.Succeeded {
		why = "ran " + took(after.Duration())
	}
	_, _ = fmt.Fprintf(t.out, "%s  %-32s %-9s %s\n", now.In(zoneOf(j)).Format("15:04:05 MST"), after.ID, after.Status, notice.Printable(why))
}

func (t transcript) started(a *app, l *wire.Local, c *localCmd) {
	if t.json {
		_ = printJSON(t.out, map[string]any{"type": "started", "jobs": len(l.Jobs), "db": a.db, "url": l.URL, "seed": c.Seed})
		return
	}
	_, _ = fmt.Fprintf(t.out, "batchplane runs %s of %s; its state is %s. Ctrl-C stops it.\n", counted(len(l.Jobs), "job"), strings.Join(c.Files, " and "), a.db)
	if len(c.Fault) > 0 {
		_, _ = fmt.Fprintf(t.out, "injecting %s, seed %d\n", strings.Join(c.Fault, " "), c.Seed)
	}
}

// summary counts how the runs of this database ended, by job.
func (t transcript) summary(ctx context.Context, l *wire.Local) error {
	faults := l.ECS.Stats()
	runs, err := l.Store.Runs(ctx, control.Query{Limit: 100_000})
	if err != nil {
		return fmt.Errorf("summing up: %w", err)
	}
	byJob := map[string]map[run.Status]int{}
	attempts := map[string]int{}
	for _, r := range runs {
		if byJob[r.ID.Job()] == nil {
			byJob[r.ID.Job()] = map[run.Status]int{}
		}
		byJob[r.ID.Job()][r.Status]++
		attempts[r.ID.Job()] += len(r.Attempts)
	}
	if t.json {
		return printJSON(t.out, map[string]any{"type": "summary", "runs": byJob, "attempts": attempts, "faults": faults})
	}
	rows := make([][]string, 0, len(byJob))
	for _, name := range slices.Sorted(maps.Keys(byJob)) {
		rows = append(rows, []string{name, statuses(byJob[name]), fmt.Sprint(attempts[name])})
	}
	_, _ = fmt.Fprintln(t.out)
	if err := table(t.out, []string{"JOB", "RUNS", "ATTEMPTS"}, rows); err != nil {
		return err
	}
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		if faults[kind] > 0 {
			_, _ = fmt.Fprintf(t.out, "injected %s: %d\n", kind, faults[kind])
		}
	}
	return nil
}

func statuses(n map[run.Status]int) string {
	var parts []string
	for _, s := range run.Statuses {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

package cli_test

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/cron"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/wire"
)

type result struct {
	code     int
	out, err string
}

// noon is when a command is given unless a test says otherwise, so that no answer depends on the day
// of the test.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// batchplane runs one command in this process.
func batchplane(t *testing.T, args ...string) result {
	t.Helper()
	return withInput(t, "", args...)
}

func withInput(t *testing.T, in string, args ...string) result {
	t.Helper()
	return withEnv(t, cli.Env{Stdin: strings.NewReader(in), Now: func() time.Time { return noon }}, args...)
}

func withEnv(t *testing.T, env cli.Env, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	env.Stdout, env.Stderr, env.User = &out, &errs, "ana"
	code := cli.Main(t.Context(), args, env)
	return result{code, out.String(), errs.String()}
}

const jobsYAML = `
defaults: {timezone: Europe/Berlin, owner: team-a}
jobs:
  - name: report
    description: The nightly report.
    schedule: "30 2 * * *"
    command: [make-report, --all]
    args: true
    inputs:
      A: &any {description: A letter., pattern: "[A-Za-z0-9,=]*"}
      B: *any
      C: *any
    retry: {exitCodes: [75]}
  - name: broken
    schedule: "0 3 * * *"
    command: [break]
  - name: endless
    command: [wait]
    args: true
    inputs: {LANG: {description: The language., choices: [de, en]}}
  - name: never
    command: [nothing]
`

// world is a control plane with a clock that stands still unless it is moved.
type world struct {
	t     *testing.T
	db    string
	clock *vclock.Clock
	l     *wire.Local
}

// newWorld creates a world at start: report succeeds at its second attempt, broken exits 3 with a
// hostile last line, and endless runs until it is stopped.
func newWorld(t *testing.T, start time.Time) *world {
	t.Helper()
	f, problems := jobfile.Load([]jobfile.Source{{Data: []byte(jobsYAML)}}, jobfile.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := &world{t: t, db: filepath.Join(t.TempDir(), "local.db"), clock: vclock.New(start)}
	delays := localecs.Delays{Provisioning: time.Second, Pending: time.Second, Deprovisioning: time.Second}
	l, err := wire.NewLocal(t.Context(), wire.LocalConfig{
		DB: w.db, Jobs: f.Jobs, Clock: w.clock, Seed: 1, Delays: &delays,
		Runner: &localecs.ScriptedRunner{Clock: w.clock, Script: script},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.l = l
	t.Cleanup(w.close)
	return w
}

func (w *world) close() {
	if err := w.l.Close(context.Background()); err != nil {
		w.t.Error(err)
	}
}

// swept records that the sweep has just finished.
func (w *world) swept() {
	w.t.Helper()
	if err := w.l.Store.SetMark(w.t.Context(), port.MarkSweep, w.clock.Now()); err != nil {
		w.t.Fatal(err)
	}
}

func script(spec localecs.ContainerSpec) localecs.Script {
	switch job, attempt := spec.Env[port.EnvJob], spec.Env[port.EnvAttempt]; {
	case job == "broken":
		return localecs.Script{For: 95 * time.Second, ExitCode: 3}
	case job == "endless":
		return localecs.Script{For: -1}
	case job == "report" && attempt == "1":
		return localecs.Script{For: 10 * time.Second, ExitCode: 75}
	}
	return localecs.Script{For: 10 * time.Second}
}

// scheduled claims a job's run of a slot and does everything that is due within five minutes.
func (w *world) scheduled(name string, slot time.Time) {
	w.t.Helper()
	for _, j := range w.l.Jobs() {
		if j.Name == name {
			w.claim(j, slot)
		}
	}
	w.clock.Advance(5 * time.Minute)
}

func (w *world) claim(j job.Job, slot time.Time) {
	w.t.Helper()
	if _, err := w.l.Control.Scheduled(w.t.Context(), "", j, slot); err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command on the world's database.
func (w *world) run(args ...string) result {
	w.t.Helper()
	r := withEnv(w.t, cli.Env{Now: w.clock.Now, Zone: berlin}, append([]string{"--db", w.db}, args...)...)
	r.out, r.err = strings.ReplaceAll(r.out, w.db, "DB"), strings.ReplaceAll(r.err, w.db, "DB")
	return r
}

// on runs a command on a screen.
func (w *world) on(screen cli.Screen, args ...string) result {
	w.t.Helper()
	return withEnv(w.t, cli.Env{Now: w.clock.Now, Zone: berlin, Screen: screen}, append([]string{"--db", w.db}, args...)...)
}

// colors matches a terminal's colour codes.
var colors = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// must runs a command that must succeed without printing an error.
func (w *world) must(args ...string) string {
	w.t.Helper()
	r := w.run(args...)
	if r.code != 0 || r.err != "" {
		w.t.Fatalf("%q: exit code %d, %s", args, r.code, r.err)
	}
	return r.out
}

// berlin is the viewer's zone.
var berlin = func() *time.Location {
	zone, err := cron.LoadZone("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return zone.Location()
}()

// at is 02:30 in Berlin on the first day of past's history.
var at = time.Date(2026, 11, 20, 1, 30, 0, 0, time.UTC)

// past is a world with three days of history.
func past(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, at)
	for day := range 3 {
		slot := at.AddDate(0, 0, day)
		w.clock.AdvanceTo(slot)
		w.scheduled("report", slot)
		w.clock.AdvanceTo(slot.Add(30 * time.Minute))
		w.scheduled("broken", slot.Add(30*time.Minute))
	}
	return w
}

// random matches what differs in each run by hand.
var random = regexp.MustCompile(`(manual-|task/default/)[0-9a-f]+`)

func queryOf(name string) port.Query { return port.Query{Job: name} }

// syncBuffer is a buffer that one goroutine writes and another reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

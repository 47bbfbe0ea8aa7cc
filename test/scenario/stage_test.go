package scenario_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/job/jobfile"
	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/localecs/vclock"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

// begin is when every story begins, a Sunday.
var begin = time.Date(2026, 11, 22, 17, 29, 0, 0, time.UTC)

// tick is how often the program's clock looks at schedules and due runs. The real interval is
// shorter; instants at which nothing can happen are skipped.
const tick = time.Second

// delays are those of the stand-in for ECS: whole seconds, so that ticks meet them.
var delays = localecs.Delays{
	Provisioning: time.Second, Pending: time.Second, Deprovisioning: time.Second,
	SpotAfter: 10 * time.Second, SpotGrace: 2 * time.Minute,
}

// stage is where a story is played.
type stage struct {
	t        *testing.T
	archive  *txtar.Archive
	dir      string
	db       string
	clock    *vclock.Clock
	out      *transcript
	faults   *faults
	cast     *cast
	l        *wire.Local // nil while the program is down
	requests int
	swept    time.Time // when the slots were last checked; zero after a start

	crashAt string // armed: "claim" or "answer"
	left    string // the database as the crash left it; "" while there was none
}

// tell plays a story and returns its transcript.
func tell(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	s := &stage{
		t: t, archive: archive, dir: t.TempDir(), clock: vclock.New(begin), out: &transcript{},
		faults: &faults{rate: localecs.Faults{}},
	}
	s.db = filepath.Join(s.dir, "local.db")
	s.cast = &cast{t: t, out: s.out, now: s.now, started: map[string]bool{}, alive: map[string]string{}}
	scripts := map[string]localecs.Script{}
	for line := range strings.Lines(section(archive, "script")) {
		s.script(scripts, line)
	}
	s.cast.runner = &localecs.ScriptedRunner{Clock: s.clock, Script: scriptOf(scripts)}
	s.faults.asked = s.onFault
	s.start("jobs.yaml")
	for line := range strings.Lines(section(archive, "events")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			s.out.write("> " + line + "\n")
			s.do(scripts, line)
		}
	}
	s.end()
	return s.out.String()
}

func scriptOf(scripts map[string]localecs.Script) func(localecs.ContainerSpec) localecs.Script {
	return func(spec localecs.ContainerSpec) localecs.Script {
		name := spec.Env[port.EnvJob]
		if s, ok := scripts[name+"/"+spec.Env[port.EnvAttempt]]; ok {
			return s
		}
		if s, ok := scripts[name]; ok {
			return s
		}
		return localecs.Script{For: 10 * time.Second}
	}
}

func (s *stage) script(scripts map[string]localecs.Script, line string) {
	s.t.Helper()
	if strings.TrimSpace(line) == "" {
		return
	}
	key, script, err := parseScript(strings.TrimSpace(line))
	if err != nil {
		s.t.Fatal(err)
	}
	scripts[key] = script
}

func (s *stage) now() time.Time       { return s.clock.Now() }
func (s *stage) ctx() context.Context { return s.t.Context() }

// start starts the program with the jobs of a file of the archive.
func (s *stage) start(file string) {
	s.t.Helper()
	f, problems := jobfile.Load([]jobfile.Source{{Data: []byte(section(s.archive, file))}}, jobfile.Options{})
	if len(problems) > 0 {
		s.t.Fatalf("%s: %v", file, problems)
	}
	timing := wire.LocalTiming // with looks as on AWS, where a stop event can be lost
	timing.FirstLook, timing.NextLook, timing.NoteRunning = run.DefaultTiming.FirstLook, run.DefaultTiming.NextLook, false
	l, err := wire.NewLocal(s.ctx(), wire.LocalConfig{
		Timing: &timing, DB: s.db, Jobs: f.Jobs, Seed: 1, Rate: port.DefaultRate, Inject: s.faults.inject, Clock: s.clock, Runner: s.cast, Delays: &delays,
		Notifier: notifier{s.now, s.out}, Watch: s.watch, Log: logger(s.now, s.out),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.l, s.swept = l, time.Time{}
	s.t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
}

// watch writes down each saved change, except that something owed was done.
func (s *stage) watch(_ job.Job, before, after run.Run, why string) {
	if why != "done" {
		s.out.line(s.now(), "%s %s: %s", after.ID, after.Status, why)
	}
	if before.ID == "" && s.crashAt == "claim" {
		s.snapshot()
	}
}

// onFault is called at the moment at which a launch is saved and not yet answered.
func (s *stage) onFault(kind localecs.Kind, _ localecs.Subject) {
	if kind == localecs.FaultLostAnswer && s.crashAt == "answer" {
		s.snapshot()
	}
}

// snapshot is a crash: only what the disk holds now is left. Whatever the program still does is
// done to a database that nobody reads again.
func (s *stage) snapshot() {
	s.crashAt = ""
	s.left = filepath.Join(s.dir, "crash-"+strconv.Itoa(s.cast.crashes())+".db")
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(s.db+suffix, s.left+suffix); err != nil {
			s.t.Errorf("copying the database: %v", err)
		}
	}
	s.out.mute(true)
}

func copyFile(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // a test's own file
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was doing
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to) //nolint:gosec // a test's own file
	if err != nil {
		return err //nolint:wrapcheck // the caller says what it was doing
	}
	if _, err := io.Copy(out, in); err != nil {
		return err //nolint:wrapcheck // the caller says what it was doing
	}
	return out.Close() //nolint:wrapcheck // the caller says what it was doing
}

// die takes the program away after a snapshot. Its commands die with it, and its clock stands
// still from here on.
func (s *stage) die() {
	s.cast.die()
	s.clock = vclock.New(s.clock.Now())
	s.cast.runner = &localecs.ScriptedRunner{Clock: s.clock, Script: s.cast.runner.Script}
	s.l, s.db, s.left = nil, s.left, ""
	s.out.mute(false)
	s.out.line(s.now(), "the program is killed, and its commands with it")
}

// advanceTo lets time pass as Program.Run would.
func (s *stage) advanceTo(end time.Time) {
	for s.now().Before(end) {
		s.clock.AdvanceTo(s.wake(end))
		s.step()
	}
}

// wake returns the next tick at which anything can happen.
func (s *stage) wake(end time.Time) time.Time {
	if s.l == nil {
		return end
	}
	now := s.now()
	next := now.Truncate(time.Minute).Add(time.Minute)
	if at, ok := s.clock.Next(); ok && at.Before(next) {
		next = at
	}
	for _, lane := range []run.Lane{run.LookLane, run.LaunchLane} {
		due, err := s.l.Store.Due(s.ctx(), lane, now.AddDate(100, 0, 0), 1)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(due) > 0 && due[0].DueAt.Before(next) {
			next = due[0].DueAt
		}
	}
	next = next.Add(tick - 1).Truncate(tick)
	if !next.After(now) {
		next = now.Add(tick)
	}
	if next.After(end) {
		return end
	}
	return next
}

// step is one turn of the program's clock. Errors are printed and tried again at the next turn,
// as in Program.Run.
func (s *stage) step() {
	if s.left == "" && s.l != nil {
		if err := s.l.Fire(s.ctx()); err != nil {
			s.out.line(s.now(), "ERROR %v", err)
		}
	}
	if s.left == "" {
		s.look()
	}
	if s.left == "" {
		s.sweep()
	}
	if s.left != "" {
		s.die()
	}
}

func (s *stage) look() {
	if s.l == nil {
		return
	}
	if _, err := s.l.Control.Look(s.ctx()); err != nil {
		s.out.line(s.now(), "ERROR %v", err)
	}
}

// sweep checks the slots, once a minute.
func (s *stage) sweep() {
	if s.l == nil || s.now().Sub(s.swept) < time.Minute {
		return
	}
	if err := s.l.Control.CheckSlots(s.ctx()); err != nil {
		s.out.line(s.now(), "ERROR %v", err)
		return
	}
	s.swept = s.now()
}

//go:build linux || darwin || freebsd

package localecs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
)

// shop runs containers as processes and receives their ends.
type shop struct {
	*localecs.ProcessRunner
	t     *testing.T
	exits chan localecs.Exit
}

func newShop(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	s := &shop{t: t, exits: make(chan localecs.Exit, 10), ProcessRunner: &localecs.ProcessRunner{
		LogDir: filepath.Join(dir, "logs"), LockDir: filepath.Join(dir, "locks"), Grace: 10 * time.Second,
	}}
	t.Cleanup(func() {
		if err := s.Shutdown(bounded(t)); err != nil {
			t.Error(err)
		}
	})
	return s
}

// bounded returns a context that outlives the test's own but ends.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func spec(argv ...string) localecs.ContainerSpec {
	return localecs.ContainerSpec{TaskID: "0123456789abcdef0123456789abcdef", Container: "job", Argv: argv}
}

func (s *shop) start(spec localecs.ContainerSpec) localecs.Process {
	s.t.Helper()
	p, err := s.Start(spec, func(e localecs.Exit) { s.exits <- e })
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *shop) exit() localecs.Exit {
	s.t.Helper()
	select {
	case e := <-s.exits:
		return e
	case <-bounded(s.t).Done():
		s.t.Fatal("the command did not end")
		return localecs.Exit{}
	}
}

func (s *shop) code() int64 {
	s.t.Helper()
	e := s.exit()
	if e.Code == nil {
		s.t.Fatalf("no exit code: %+v", e)
	}
	return *e.Code
}

func (s *shop) log(spec localecs.ContainerSpec) string {
	s.t.Helper()
	text, err := os.ReadFile(localecs.LogPath(s.LogDir, spec.Family, spec.TaskID))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// fifo returns a named pipe, through which commands report their progress.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := mkfifo(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// hear waits for a line through a fifo.
func hear(t *testing.T, path string) string {
	t.Helper()
	heard := make(chan string, 1)
	go func() {
		text, _ := os.ReadFile(path) //nolint:gosec // a fifo that the test made
		heard <- strings.TrimSpace(string(text))
	}()
	select {
	case line := <-heard:
		return line
	case <-bounded(t).Done():
		t.Fatal("nothing was heard")
		return ""
	}
}

func TestExitCodesOfProcesses(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int64{
		"exit 0": 0, "exit 3": 3, "exit 255": 255, "kill -KILL $$": 137, "kill -SEGV $$": 139,
	} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.start(spec("/bin/sh", "-c", script))
			equal(t, "exit code", s.code(), want)
		})
	}
}

func TestTheEnvironmentAndLogOfAProcess(t *testing.T) {
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("TZ", "Asia/Tokyo")
	t.Setenv("LOCALECS_TEST_SECRET", "of the control plane")
	s := newShop(t)
	s.Dir = t.TempDir()
	c := spec("/bin/sh", "-c", `echo "$A|$LANG|$TZ|$LOCALECS_TEST_SECRET|$(pwd)"; echo to stderr >&2; read line || echo "no input"`)
	c.Env = map[string]string{"A": "b c=d", "TZ": "UTC"}
	s.start(c)
	equal(t, "exit code", s.code(), 0)
	dir, err := filepath.EvalSymlinks(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "log", s.log(c), "b c=d|C.UTF-8|UTC||"+dir+"\nto stderr\nno input\n")

	s.start(spec("/bin/echo", "again")) // another container of the task, or another run: appended
	equal(t, "exit code", s.code(), 0)
	if log := s.log(c); !strings.HasSuffix(log, "no input\nagain\n") {
		t.Errorf("log = %q", log)
	}
	bare := spec("/usr/bin/env")
	bare.TaskID, bare.Env = "fedcba9876543210fedcba9876543210", map[string]string{"TZ": "UTC", "PATH": "/bin"}
	s.start(bare)
	equal(t, "exit code", s.code(), 0)
	vars := strings.Fields(s.log(bare))
	slices.Sort(vars)
	vars = slices.DeleteFunc(vars, func(v string) bool {
		return strings.HasPrefix(v, "HOME=") || strings.HasPrefix(v, localecs.MarkName+"="+bare.TaskID+"-") || strings.HasPrefix(v, "TMPDIR=")
	})
	same(t, "environment", vars, []string{"LANG=C.UTF-8", "PATH=/bin", "TZ=UTC"})

	info, err := os.Stat(localecs.LogPath(s.LogDir, c.Family, c.TaskID))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "mode of the log", info.Mode().Perm(), 0o600)
}

func TestProcessesThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("not a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("\x00\x01not a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	noDir := spec("/bin/true")
	noDir.Dir = "/nowhere/at/all"
	tests := []struct {
		name string
		spec localecs.ContainerSpec
		want string
	}{
		{"not in PATH", spec("no-such-command-here"), `exec: "no-such-command-here": executable file not found in $PATH`},
		{"no such file", spec("/nowhere/command"), `exec: "/nowhere/command": stat /nowhere/command: no such file or directory`},
		{"not executable", spec(plain), `exec: "` + plain + `": permission denied`},
		{"not a program", spec(garbage), `exec ` + garbage + `: exec format error`},
		{"no such directory", noDir, "chdir /nowhere/at/all: no such file or directory"},
		{"no command", spec(), "no command specified: neither the task definition nor the override has one"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			_, err := s.Start(tt.spec, func(e localecs.Exit) { t.Errorf("exited with %+v", e) })
			if err == nil || err.Error() != tt.want {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
			if alive, err := s.Alive(tt.spec); alive || err != nil {
				t.Errorf("alive = %v, %v", alive, err)
			}
		})
	}
}

// TestACommandByItsName: it is looked up in its own PATH, whose relative folders begin at its own.
func TestACommandByItsName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for of, code := range map[string]int{"": 3, "bin": 4} {
		if err := os.MkdirAll(filepath.Join(dir, of), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, of, "mine"), fmt.Appendf(nil, "#!/bin/sh\nexit %d\n", code), 0o700); err != nil { //nolint:gosec // a test's own program
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int64{
		"/nowhere:" + filepath.Join(dir, "bin"): 4,
		"/nowhere:bin":                          4,
		"/nowhere:":                             3,
		".:bin":                                 3,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			s, c := newShop(t), spec("mine")
			c.Dir, c.Env = dir, map[string]string{"PATH": path}
			s.start(c)
			equal(t, "exit code", s.code(), want)
		})
	}
}

func TestStoppingAProcess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, script string
		kill         bool
		want         int64
	}{
		{"SIGTERM", `trap 'exit 7' TERM; echo ready >"$FIFO"; while :; do sleep 0.05; done`, false, 7},
		{"SIGTERM goes to the group", `trap : TERM
			(trap 'exit 9' TERM; echo ready >"$FIFO"; while :; do sleep 0.05; done) &
			wait; wait $!; exit $?`, false, 9},
		{"SIGTERM untrapped", `echo ready >"$FIFO"; sleep 1000`, false, 143},
		{"SIGKILL", `trap '' TERM; echo ready >"$FIFO"; sleep 1000`, true, 137},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			c := spec("/bin/sh", "-c", tt.script)
			c.Env = map[string]string{"FIFO": fifo(t)}
			p := s.start(c)
			hear(t, c.Env["FIFO"])
			if alive, err := s.Alive(c); !alive || err != nil {
				t.Errorf("alive = %v, %v while it runs", alive, err)
			}
			p.Stop(tt.kill)
			equal(t, "exit code", s.code(), tt.want)
			p.Stop(true) // does nothing after its end
			if alive, err := s.Alive(c); alive || err != nil {
				t.Errorf("alive = %v, %v after its end", alive, err)
			}
		})
	}
}

// leaver leaves two processes behind, one in its group and one that tries to get away in a session of
// its own, and reports all pids.
const leaver = `
trap '' TERM
sleep 1000 & a=$!
%s sleep 1000 & b=$!
echo "$$ $a $b" >"$FIFO"
`

func TestWhatACommandLeavesBehindIsKilled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := spec("/bin/sh", "-c", fmt.Sprintf(leaver, setsid()))
	c.Env = map[string]string{"FIFO": fifo(t)}
	s.start(c)
	pids := hear(t, c.Env["FIFO"])
	equal(t, "exit code", s.code(), 0)
	for pid := range strings.FieldsSeq(pids) {
		equal(t, "process "+pid+" lives", lives(t, pid), false)
	}
}

// TestACommandWhoseSupervisorWasKilled: nobody saw the command end, so it has no exit code, and it is
// reported only when it is dead.
func TestACommandWhoseSupervisorWasKilled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := spec("/bin/sh", "-c", `trap '' TERM; echo "$PPID $$" >"$FIFO"; while :; do sleep 0.05; done`)
	c.Env = map[string]string{"FIFO": fifo(t)}
	s.start(c)
	pids := strings.Fields(hear(t, c.Env["FIFO"]))
	supervisor, err := os.FindProcess(number(t, pids[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Kill(); err != nil {
		t.Fatal(err)
	}
	e := s.exit()
	equal(t, "exit code", e.Code, nil)
	equal(t, "reason", e.Reason, "the task's supervisor ended before its command was seen to end")
	if alive, err := s.Alive(c); alive || err != nil {
		t.Errorf("alive = %v, %v", alive, err)
	}
}

func TestShutdownLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.Grace = 50 * time.Millisecond
	c := spec("/bin/sh", "-c", `trap '' TERM; echo $$ >"$FIFO"; while :; do sleep 0.05; done`)
	c.Env = map[string]string{"FIFO": fifo(t)}
	s.start(c)
	pid := hear(t, c.Env["FIFO"])
	if err := s.Shutdown(bounded(t)); err != nil {
		t.Fatal(err)
	}
	equal(t, "exit code", s.code(), 137)
	equal(t, "lives", lives(t, pid), false)
	if _, err := s.Start(spec("/bin/true"), func(localecs.Exit) {}); err == nil {
		t.Error("a closed runner started something")
	}
}

// TestTasksDieWithTheControlPlane: a task must not outlive the control plane, even one that is killed.
func TestTasksDieWithTheControlPlane(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ready := fifo(t)
	parent := startParent(t, dir, ready)
	pids := strings.Fields(hear(t, ready))
	if len(pids) != 3 {
		t.Fatalf("pids = %q", pids)
	}
	for _, pid := range pids {
		equal(t, "process "+pid+" lives", lives(t, pid), true)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	awaitDeath(t, dir)
	for _, pid := range pids {
		equal(t, "process "+pid+" lives", lives(t, pid), false)
	}

	// The next control plane reports what became of the task.
	events := make(chan seen, 100)
	server, err := localecs.New(t.Context(), parentConfig(newDB(t, filepath.Join(dir, "local.db")), dir, events))
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, server)
	server.Resume()
	last := awaitStopped(t, events)
	equal(t, "stopCode", last.Detail.StopCode, "TerminationNotice")
	equal(t, "startedAt", last.Detail.StartedAt != nil, true)
	equal(t, "executionStoppedAt is known", last.Detail.ExecutionStoppedAt != nil, true)
	equal(t, "exit code", last.Detail.Containers[0].ExitCode, nil)
}

func awaitStopped(t *testing.T, events <-chan seen) seen {
	t.Helper()
	for {
		select {
		case e := <-events:
			if e.Detail.LastStatus == "STOPPED" {
				return e
			}
		case <-bounded(t).Done():
			t.Fatal("no STOPPED event")
		}
	}
}

// TestARealTask: a whole server with real processes and the real clock.
func TestARealTask(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	events := make(chan seen, 100)
	server, err := localecs.New(t.Context(), parentConfig(newDB(t, filepath.Join(dir, "local.db")), dir, events))
	if err != nil {
		t.Fatal(err)
	}
	defer closeServer(t, server)
	server.Resume()
	arn := runReal(t, server, "/bin/sh", "-c", "echo working; exit 4")
	e := awaitStopped(t, events)
	equal(t, "task", e.Detail.TaskARN, arn)
	equal(t, "stopCode", e.Detail.StopCode, "EssentialContainerExited")
	equal(t, "exit code", fmt.Sprint(*e.Detail.Containers[0].ExitCode), "4")
	log, err := os.ReadFile(localecs.LogPath(filepath.Join(dir, "logs"), "real", arn))
	if err != nil || string(log) != "working\n" {
		t.Errorf("log = %q, %v", log, err)
	}

	runReal(t, server, "no-such-command-here")
	e = awaitStopped(t, events)
	equal(t, "stopCode", e.Detail.StopCode, "TaskFailedToStart")
	equal(t, "stoppedReason", e.Detail.StoppedReason, `CannotStartContainerError: exec: "no-such-command-here": executable file not found in $PATH`)
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAStartThatIsTooLarge: it is refused, not for want of room, which would pass, and the commands that run go on.
func TestAStartThatIsTooLarge(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.start(spec("/bin/sleep", "60"))
	large := spec("/bin/echo", strings.Repeat("x", 5<<20))
	large.TaskID = digitsOf(t)
	if _, err := s.Start(large, func(e localecs.Exit) { t.Errorf("it ended: %+v", e) }); err == nil || !strings.Contains(err.Error(), "larger than") || errors.Is(err, localecs.ErrNoRoom) {
		t.Errorf("%v", err)
	}
	if alive, err := s.Alive(spec("/bin/sleep")); !alive || err != nil {
		t.Errorf("the other: alive = %t, %v", alive, err)
	}
	p.Stop(true)
	if e := s.exit(); e.Reason != "" {
		t.Errorf("the other ended: %+v", e)
	}
}

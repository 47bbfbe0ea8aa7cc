package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program as `go build` makes it, without what only a debugger reads.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if signal.Ignored(os.Interrupt) { // as in the background of a script: ignored signals are inherited, caught ones are not
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "batchplane-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary = filepath.Join(dir, "batchplane")
	//nolint:gosec // our own program
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-ldflags=-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// patience limits every wait; nothing takes that long.
const patience = 30 * time.Second

// await polls until ok returns true, less and less often: most polls start a process.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for pause := 10 * time.Millisecond; !ok(); pause = min(2*pause, 300*time.Millisecond) {
		select {
		case <-deadline:
			t.Fatalf("waited %s in vain for %s", patience, what)
		case <-time.After(pause):
		}
	}
}

// folder is a person's working directory, with a jobs file.
type folder struct {
	t    *testing.T
	dir  string
	home string // for states of the user
	env  []string
	// stdout, if not nil, is what programs write to.
	stdout *os.File
}

func newFolder(t *testing.T, jobs string) *folder {
	t.Helper()
	f := &folder{t: t, dir: t.TempDir(), home: t.TempDir()}
	f.write("jobs.yaml", jobs)
	return f
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) read(name string) string {
	f.t.Helper()
	b, err := os.ReadFile(f.path(name)) //nolint:gosec // a test's own file
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

func (f *folder) exists(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

// number returns the number that a job wrote into a file, or 0 while there is none.
func (f *folder) number(name string) int {
	b, _ := os.ReadFile(f.path(name)) // absent is 0 //nolint:gosec // a test's own file
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// program is a batchplane process.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *output
	err    *output
	exited chan struct{}
}

// output is what a process has written so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
	// left means that nobody reads on.
	left bool
}

var errLeft = errors.New("nobody reads on")

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left {
		return 0, errLeft // with it, os/exec closes the pipe
	}
	return o.b.Write(p) //nolint:wrapcheck // never fails
}

func (o *output) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = true
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func (f *folder) start(args ...string) *program {
	f.t.Helper()
	return f.startAs(binary, args...)
}

func (f *folder) startAs(name string, args ...string) *program {
	f.t.Helper()
	p := &program{t: f.t, cmd: exec.CommandContext(context.Background(), name, args...), out: &output{}, err: &output{}, exited: make(chan struct{})} //nolint:gosec // our own program
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = f.dir, p.out, p.err
	if f.stdout != nil {
		p.cmd.Stdout = f.stdout
	}
	p.cmd.Env = append(os.Environ(), "USER=ana", "XDG_STATE_HOME="+f.home, "STATE_DIRECTORY=")
	p.cmd.Env = append(p.cmd.Env, f.env...)
	if err := p.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.exited)
	}()
	f.t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.exited
		if f.t.Failed() && args[0] == "local" {
			f.t.Logf("%q wrote:\n%s%s", args, p.out, p.err)
		}
	})
	return p
}

// local starts a control plane and waits until it accepts requests.
func (f *folder) local(args ...string) *program {
	f.t.Helper()
	p := f.start(append([]string{"local", "-f", "jobs.yaml"}, args...)...)
	p.says("Ctrl-C stops it.")
	return p
}

func (p *program) says(text string) {
	p.t.Helper()
	await(p.t, fmt.Sprintf("%q on standard output", text), func() bool { return strings.Contains(p.out.String(), text) })
}

func (p *program) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// ends waits for the process to end and returns its exit code, or -1 after a signal.
func (p *program) ends() int {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
	}
	return p.cmd.ProcessState.ExitCode()
}

// do runs a command to its end.
func (f *folder) do(args ...string) (code int, out, errs string) {
	f.t.Helper()
	p := f.start(args...)
	return p.ends(), p.out.String(), p.err.String()
}

// must runs a command that must succeed.
func (f *folder) must(args ...string) string {
	f.t.Helper()
	code, out, errs := f.do(args...)
	if code != 0 || errs != "" {
		f.t.Fatalf("%q: exit code %d, %s", args, code, errs)
	}
	return out
}

type row struct {
	Run, Job, Status, Cause string
	Attempts                int
	ExitCode                *int
}

func (f *folder) history(args ...string) []row {
	f.t.Helper()
	var rows []row
	for line := range strings.Lines(f.must(append([]string{"history", "--json"}, args...)...)) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			f.t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// becomes waits until the newest run of a job has a status.
func (f *folder) becomes(name, status string) row {
	f.t.Helper()
	var newest row
	await(f.t, name+" to be "+status, func() bool {
		if rows := f.history(name, "--limit", "1"); len(rows) == 1 {
			newest = rows[0]
		}
		return newest.Status == status
	})
	return newest
}

// dies waits until no process of that id lives.
func dies(t *testing.T, what string, pid int) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("%s has no process id", what)
	}
	await(t, what+" to die", func() bool { return !alive(pid) })
}

// alive reports whether a process lives. One that only waits to be reaped does not.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

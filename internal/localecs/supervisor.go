//go:build linux || darwin || freebsd

package localecs

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// supervisorName, as argv[0], makes a process of this binary a supervisor.
const supervisorName = "batchplane-task-supervisor"

// hooked is whether MaybeSupervise was called. Without it a supervisor would be
// a second control plane.
var hooked atomic.Bool

// order is what a supervisor is told: once to start, then to stop.
type order struct {
	Start *command `json:"start,omitempty"`
	Stop  bool     `json:"stop,omitempty"`
	Kill  bool     `json:"kill,omitempty"`
}

type command struct {
	Argv []string `json:"argv"`
	Env  []string `json:"env"`
	Dir  string   `json:"dir"`
}

// report is what a supervisor tells: once whether its command started, then how
// it ended.
type report struct {
	PID   int    `json:"pid,omitempty"`
	Error string `json:"error,omitempty"`
	Code  *int64 `json:"code,omitempty"`
}

// MaybeSupervise must be the first call of main, and of TestMain where tasks
// are run. In the process of a supervisor it does the supervisor's work and
// exits; otherwise it returns at once.
//
// A supervisor starts one command, holds a pipe from the control plane, and
// kills the command's process group when that pipe closes, which it does
// however the control plane ends. On Linux the command dies with its supervisor
// too, and what left the group is found and killed as well. Elsewhere a command
// that made itself a session of its own escapes.
func MaybeSupervise() {
	hooked.Store(true)
	if len(os.Args) == 0 || os.Args[0] != supervisorName {
		return
	}
	// A command is told of its parent's death by the parent's thread, so the
	// thread that starts it must stay.
	runtime.LockOSThread()
	os.Exit(supervise())
}

func supervisorCommand() *exec.Cmd {
	return &exec.Cmd{
		Path:        ownPath(),
		Args:        []string{supervisorName},
		Env:         os.Environ(),
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}, // out of reach of the terminal's Ctrl-C
	}
}

func supervise() int {
	const lockFD = 5
	for fd := 3; fd <= lockFD; fd++ {
		syscall.CloseOnExec(fd)
	}
	orders := json.NewDecoder(os.NewFile(3, "orders"))
	reports := json.NewEncoder(os.NewFile(4, "reports"))
	var first order
	if err := orders.Decode(&first); err != nil || first.Start == nil {
		return 1 // the control plane died before it said what to start
	}
	adoptOrphans()
	pid, err := startCommand(*first.Start, lockFD)
	if err != nil {
		_ = reports.Encode(report{Error: err.Error()})
		return 1
	}
	// A report that cannot be written has no reader any more; the closed pipe
	// of orders then ends the command.
	_ = reports.Encode(report{PID: pid})
	g := &group{pid: pid}
	go g.obey(orders)
	go g.dieOnSignal()
	code := g.wait()
	_ = reports.Encode(report{Code: &code})
	return 0
}

// startCommand starts the command in a process group of its own. It inherits
// the lock as descriptor 3: the lock then lasts as long as anything of it.
func startCommand(c command, lockFD uintptr) (int, error) {
	if err := os.Setenv("PATH", pathOf(c.Env)); err != nil {
		return 0, fmt.Errorf("setting PATH: %w", err)
	}
	if c.Dir != "" {
		if err := os.Chdir(c.Dir); err != nil {
			return 0, err //nolint:wrapcheck // shown as the container's reason, in the system's own words
		}
	}
	path, err := exec.LookPath(c.Argv[0])
	if err != nil {
		return 0, err //nolint:wrapcheck // as above
	}
	pid, err := syscall.ForkExec(path, c.Argv, &syscall.ProcAttr{ //nolint:gosec // to run a given command is what a supervisor is for
		Env: c.Env, Files: []uintptr{0, 1, 2, lockFD}, Sys: commandAttributes(),
	})
	if err != nil {
		return 0, &os.PathError{Op: "exec", Path: path, Err: err}
	}
	return pid, nil
}

func pathOf(env []string) string {
	for _, pair := range env {
		if path, ok := strings.CutPrefix(pair, "PATH="); ok {
			return path
		}
	}
	return ""
}

// group is the command's process group, as long as its leader is not reaped.
type group struct {
	pid int

	mu   sync.Mutex
	done bool
}

func (g *group) signal(sig syscall.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.done {
		_ = syscall.Kill(-g.pid, sig)
	}
}

// obey carries out orders; their end is the end of the control plane.
func (g *group) obey(orders *json.Decoder) {
	for {
		var o order
		switch err := orders.Decode(&o); {
		case err != nil || o.Kill:
			g.signal(syscall.SIGKILL)
			if err != nil {
				return
			}
		case o.Stop:
			g.signal(syscall.SIGTERM)
		}
	}
}

// dieOnSignal ends the command when somebody asks the supervisor itself to end.
func (g *group) dieOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	<-signals
	g.signal(syscall.SIGKILL)
}

// wait reaps until the command has ended, then kills and reaps what it left
// behind, and gives the exit code: 128+n after signal n.
func (g *group) wait() int64 {
	var status syscall.WaitStatus
	for {
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "waiting for the command:", err)
			os.Exit(1)
		}
		if pid == g.pid {
			break
		}
	}
	g.signal(syscall.SIGKILL)
	g.mu.Lock()
	g.done = true
	g.mu.Unlock()
	reapOrphans()
	if status.Signaled() {
		return 128 + int64(status.Signal())
	}
	return int64(status.ExitStatus())
}

// reapOrphans kills and reaps until no child is left. Where the kernel does not
// list children, what lives on for a second is left alone.
func reapOrphans() {
	const nap = 10 * time.Millisecond
	for unlisted := 0; unlisted < 100; {
		alive := children()
		for _, pid := range alive {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case err != nil && !errors.Is(err, syscall.EINTR):
			return // ECHILD: none is left
		case pid == 0:
			if len(alive) == 0 {
				unlisted++
			}
			time.Sleep(nap)
		}
	}
}

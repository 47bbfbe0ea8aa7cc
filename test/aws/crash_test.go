package aws_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/run"
)

// diesBeforeLaunch: the trigger has saved its claim, and its process is killed before ECS hears
// of the launch. Lambda delivers the input again.
func diesBeforeLaunch(t *testing.T, w *world) {
	onLinux(t)
	w.set(func() {
		w.hooks["dies-before/1"] = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { kill(t, r) }
	})
	input, id := w.scheduled(t, aJob("dies-before"))
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Succeeded, soon)
	if len(r.Attempts) != 1 || r.Attempts[0].Sends != 2 || w.tasks("dies-before") != 1 {
		t.Errorf("%d tasks, attempts %+v", w.tasks("dies-before"), r.Attempts)
	}
}

// diesAfterLaunch: ECS launched the task, and the trigger's process is killed before it hears of
// that. The input comes again, with the same token.
func diesAfterLaunch(t *testing.T, w *world) {
	onLinux(t)
	w.set(func() {
		w.scripts["dies-after"] = localecs.Script{For: -1}
		w.hooks["dies-after/1"] = func(out http.ResponseWriter, r *http.Request, ecs http.Handler) {
			launched(out, r, ecs)
			kill(t, r)
		}
	})
	input, id := w.scheduled(t, aJob("dies-after"))
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Running, soon)
	if len(r.Attempts) != 1 || r.Attempts[0].Sends != 2 || r.Attempts[0].TaskARN == "" {
		t.Errorf("attempts %+v", r.Attempts)
	}
	w.invoke(t, w.resource["People"], fmt.Sprintf(`{"stop":%q,"reason":"the story is over"}`, id))
	w.await(t, id, run.Stopped, soon)
	if w.tasks("dies-after") != 1 {
		t.Errorf("%d tasks", w.tasks("dies-after"))
	}
}

// diesBeforeRelaunch: onstopped has saved that the run is launched again, and is killed before
// ECS hears of it. Lambda delivers the stop event again, which is not news then: another function
// may be launching. After two minutes the sweep launches.
func diesBeforeRelaunch(t *testing.T, w *world) {
	onLinux(t)
	w.set(func() {
		w.faults["dies-again"] = fault{localecs.FaultENI, "1"}
		w.hooks["dies-again/2"] = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { kill(t, r) }
	})
	input, id := w.scheduled(t, aJob("dies-again"))
	w.send(t, w.resource["Trigger"], input)
	r := w.await(t, id, run.Succeeded, 4*time.Minute)
	if len(r.Attempts) != 2 || r.Attempts[1].Sends != 2 || w.tasks("dies-again") != 1 {
		t.Errorf("%d tasks, attempts %+v", w.tasks("dies-again"), r.Attempts)
	}
}

// brokenLine: the line to ECS breaks before RunTask is heard, so the trigger fails and its input
// is delivered again.
func brokenLine(t *testing.T, w *world) {
	w.set(func() {
		w.hooks["cut/1"] = func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
	})
	input, id := w.scheduled(t, aJob("cut"))
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); !failed {
		t.Errorf("the trigger answered %s", answer)
	}
	if answer, failed := w.invoke(t, w.resource["Trigger"], input); failed {
		t.Errorf("the trigger failed again: %s", answer)
	}
	if r := w.await(t, id, run.Succeeded, soon); len(r.Attempts) != 1 || r.Attempts[0].Sends != 2 {
		t.Errorf("attempts %+v", r.Attempts)
	}
}

// onLinux skips a story on systems on which a function's process cannot be found.
func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("functions' processes are found by Linux's tables of sockets")
	}
}

// kill ends the process of a function that sent a request, and the request with it, as Lambda
// does with a function that is out of memory.
func kill(t *testing.T, r *http.Request) {
	t.Helper()
	to, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	pid, err := processOf(r.RemoteAddr, to.String())
	if err != nil {
		t.Errorf("looking for the function that calls from %s: %v", r.RemoteAddr, err)
	} else if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Errorf("killing process %d: %v", pid, err)
	}
	panic(http.ErrAbortHandler)
}

// processOf returns the process that holds the other end of a connection, from one address to
// another, by Linux's tables of sockets. It finds only functions: programs named bootstrap.
func processOf(from, to string) (int, error) {
	socket, err := socketOf(from, to)
	if err != nil {
		return 0, err
	}
	fds, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0, fmt.Errorf("listing open files: %w", err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != socket {
			continue
		}
		process := filepath.Dir(filepath.Dir(fd))
		if program, err := os.Readlink(process + "/exe"); err != nil || filepath.Base(program) != "bootstrap" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			return 0, fmt.Errorf("reading the process of %s: %w", fd, err)
		}
		return pid, nil
	}
	return 0, fmt.Errorf("no function has %s", socket)
}

// socketOf returns the socket on loopback with these addresses, as links to open files spell it:
// connections to other addresses may have the same port. A line has the local and the remote
// address in its second and third fields, as hexadecimal numbers, and the inode in its tenth.
func socketOf(from, to string) (string, error) {
	local, err := hexadecimal(from)
	if err != nil {
		return "", err
	}
	remote, err := hexadecimal(to)
	if err != nil {
		return "", err
	}
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return "", fmt.Errorf("reading the table of sockets: %w", err)
	}
	defer func() { _ = table.Close() }()
	for lines := bufio.NewScanner(table); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 9 && f[1] == local && f[2] == remote && f[9] != "0" {
			return "socket:[" + f[9] + "]", nil
		}
	}
	return "", fmt.Errorf("no socket goes from %s to %s", from, to)
}

// hexadecimal returns an address on loopback as the table has it.
func hexadecimal(address string) (string, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return "", fmt.Errorf("reading the address: %w", err)
	}
	return fmt.Sprintf("0100007F:%04X", a.Port()), nil
}

//go:build linux || darwin || freebsd

package localecs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// ProcessRunner runs containers as processes of this machine, each under a
// supervisor (see MaybeSupervise) that kills it when this process dies, even by
// SIGKILL. A command runs as it is, with no shell, in a process group of its
// own, with standard input empty and both outputs appended to LogPath. Of this
// process's environment it gets PATH, HOME, TMPDIR, LANG and TZ. When the
// command ends, what it left behind in its group is killed, as in a container.
//
// A task's cpu and memory are not enforced.
type ProcessRunner struct {
	LogDir  string // made if absent
	LockDir string // made if absent; holds one file for each running container
	Dir     string // working directory of containers that name none
	// Grace is how long Shutdown waits between SIGTERM and SIGKILL; 2 s when zero.
	Grace time.Duration

	mu      sync.Mutex
	running map[*process]struct{}
	closed  bool
	waiting sync.WaitGroup
}

const standardGrace = 2 * time.Second

// process is a supervisor and the command under it.
type process struct {
	cmd     *exec.Cmd
	reports *os.File
	decoder *json.Decoder
	lock    string
	pid     int // of the command; leads its process group

	mu     sync.Mutex
	orders *os.File
}

// Start starts a container. When the command itself cannot be started, the error
// is the operating system's own words.
func (r *ProcessRunner) Start(spec ContainerSpec, exited func(Exit)) (Process, error) {
	if len(spec.Argv) == 0 {
		return nil, errors.New("no command specified: neither the task definition nor the override has one")
	}
	if !hooked.Load() {
		return nil, errors.New("localecs.MaybeSupervise must be the first call of main")
	}
	if err := r.enter(); err != nil {
		return nil, err
	}
	p, err := r.launch(spec)
	if err != nil {
		r.waiting.Done()
		return nil, err
	}
	first, err := p.read()
	if err == nil && first.Error != "" {
		r.end(p)
		return nil, errors.New(first.Error)
	}
	p.pid = first.PID
	r.mu.Lock()
	if r.running == nil {
		r.running = map[*process]struct{}{}
	}
	r.running[p] = struct{}{}
	late := r.closed
	r.mu.Unlock()
	if late {
		p.Stop(true)
	}
	go r.await(p, err, exited)
	return p, nil
}

func (r *ProcessRunner) enter() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errors.New("the runner is shut down")
	}
	r.waiting.Add(1)
	return nil
}

// launch starts the supervisor. It inherits the locked file, so that the lock
// lasts from before the command's start until supervisor and command are dead,
// whatever becomes of this process.
func (r *ProcessRunner) launch(spec ContainerSpec) (*process, error) {
	if err := errors.Join(os.MkdirAll(r.LogDir, 0o700), os.MkdirAll(r.LockDir, 0o700)); err != nil {
		return nil, err
	}
	lock, err := lockFile(r.lockPath(spec))
	if err != nil {
		return nil, err
	}
	defer letGo(lock)
	log, err := os.OpenFile(LogPath(r.LogDir, spec.TaskID), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the task's log: %w", err)
	}
	defer letGo(log)
	orders, ordersOut, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making the pipe of orders: %w", err)
	}
	defer letGo(orders)
	reports, reportsIn, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the pipe of reports: %w", err), ordersOut.Close())
	}
	defer letGo(reportsIn)
	cmd := supervisorCommand()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{orders, reportsIn, lock} // as descriptors 3, 4 and 5
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the task's supervisor: %w", err), ordersOut.Close(), reports.Close())
	}
	p := &process{cmd: cmd, reports: reports, decoder: json.NewDecoder(reports), lock: r.lockPath(spec), orders: ordersOut}
	p.order(commandOf(spec, r.Dir))
	return p, nil
}

func commandOf(spec ContainerSpec, dir string) order {
	env := []string{}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ"} {
		if value, ok := os.LookupEnv(name); ok && !has(spec.Env, name) {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range spec.Env {
		env = append(env, name+"="+value)
	}
	return order{Start: &command{Argv: spec.Argv, Env: env, Dir: firstOf(spec.Dir, dir)}}
}

func has(env map[string]string, name string) bool {
	_, ok := env[name]
	return ok
}

// await waits for the end of a process and tells it once nothing of it runs.
func (r *ProcessRunner) await(p *process, err error, exited func(Exit)) {
	var last report
	if err == nil {
		last, err = p.read()
	}
	exit := Exit{Code: last.Code}
	if err != nil || last.Code == nil {
		exit.Reason = "the task's supervisor ended before its command was seen to end"
		p.awaitUnlock()
	}
	r.mu.Lock()
	delete(r.running, p)
	r.mu.Unlock()
	p.close()
	exited(exit)
	r.waiting.Done()
}

// end waits for a supervisor that has nothing to supervise.
func (r *ProcessRunner) end(p *process) {
	p.close()
	r.waiting.Done()
}

// awaitUnlock kills and waits until nobody holds the lock. Only a supervisor
// that was itself killed leads here; on Linux its command dies with it. While
// the lock is held something of the command lives, so its group is still its own.
func (p *process) awaitUnlock() {
	for {
		if alive, err := locked(p.lock); err == nil && !alive {
			return
		}
		if p.pid > 0 {
			_ = syscall.Kill(-p.pid, syscall.SIGKILL)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Shutdown stops every process: SIGTERM, SIGKILL after Grace. Nothing can be
// started any more.
func (r *ProcessRunner) Shutdown(ctx context.Context) error {
	r.stopAll(false)
	grace := r.Grace
	if grace == 0 {
		grace = standardGrace
	}
	soon, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if waitFor(soon, &r.waiting) == nil {
		return nil
	}
	r.stopAll(true)
	if err := waitFor(ctx, &r.waiting); err != nil {
		return fmt.Errorf("waiting for the tasks' processes to end: %w", err)
	}
	return nil
}

func (r *ProcessRunner) stopAll(kill bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for p := range r.running {
		p.Stop(kill)
	}
}

// Alive tells by the container's lock whether a process of it lives, also one
// of an earlier control plane.
func (r *ProcessRunner) Alive(spec ContainerSpec) (bool, error) {
	return locked(r.lockPath(spec))
}

func (r *ProcessRunner) lockPath(spec ContainerSpec) string {
	return filepath.Join(r.LockDir, spec.TaskID+"-"+digest(spec.Container)[:16]+".lock")
}

// Stop sends SIGTERM or SIGKILL to the command's process group.
func (p *process) Stop(kill bool) {
	p.order(order{Stop: true, Kill: kill})
}

// order tells the supervisor something. A supervisor that is gone needs no orders.
func (p *process) order(o order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.orders != nil {
		_ = json.NewEncoder(p.orders).Encode(o)
	}
}

func (p *process) read() (report, error) {
	var r report
	if err := p.decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("reading the supervisor's report: %w", err)
	}
	return r, nil
}

// close ends the supervisor and lets go of everything that was its own.
func (p *process) close() {
	p.mu.Lock()
	_ = p.orders.Close()
	p.orders = nil
	p.mu.Unlock()
	_ = p.cmd.Wait() // how the supervisor itself ended says nothing
	_ = p.reports.Close()
	_ = os.Remove(p.lock)
}

//go:build linux || darwin || freebsd

package localecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ProcessRunner runs containers as processes of this machine. One supervisor for all of them (see
// MaybeSupervise) kills them when this process dies, even by SIGKILL. A command runs as it is, without
// a shell, in a process group of its own, without a terminal, with empty standard input and both
// outputs appended to LogPath. From this process's environment it gets PATH, HOME, TMPDIR, LANG and TZ;
// it also gets Env, the variables of its definition, and MarkName. When the command ends, whatever it left
// behind is killed, as in a container.
//
// A task's cpu is not enforced. Its memory is, if there is a Cgroup.
type ProcessRunner struct {
	LogDir  string // created if absent
	LockDir string // created if absent; holds one file for each running container
	Dir     string // working directory of containers that name none
	// Env are variables of all containers, unless a container's own say otherwise.
	Env map[string]string
	// Grace is how long Shutdown waits between SIGTERM and SIGKILL; zero means 2 s.
	Grace time.Duration
	// MaxOutput is how many bytes of a container's output are kept: the first ones and, if there are
	// more, the last. Zero means 10 MiB.
	MaxOutput int64
	// Cgroup is the folder that TakeCgroup returned. In it, a container with a memory limit gets a
	// group of its own. "" means no groups and no limits.
	Cgroup string
	// Cut, if not nil, is called for output that could not be kept.
	Cut func(spec ContainerSpec, bytes int64, why string)

	mu      sync.Mutex
	sup     *supervision
	closed  bool
	waiting sync.WaitGroup
}

// What Grace and MaxOutput are if they are zero.
const (
	standardGrace  = 2 * time.Second
	standardOutput = 10 << 20
)

// taskGroup begins the names of containers' control groups.
const taskGroup = "task-"

// MarkName is a variable that every process of a container inherits, and no other process has. It
// identifies those that left the process group.
const MarkName = "BATCHPLANE_TASK"

// process is a command under the supervisor.
type process struct {
	sup     *supervision
	id      uint64
	spec    ContainerSpec
	lock    string
	pid     int         // of the command, which leads its process group
	started chan report // receives whether it was started
	exited  func(Exit)
}

// Start starts a container. If the command itself cannot be started, the error is in the operating
// system's words.
func (r *ProcessRunner) Start(spec ContainerSpec, exited func(Exit)) (Process, error) {
	if len(spec.Argv) == 0 {
		return nil, errors.New("no command specified: neither the task definition nor the override has one")
	}
	if !hooked.Load() {
		return nil, errors.New("localecs.MaybeSupervise must be the first call of main")
	}
	sup, err := r.enter()
	if err != nil {
		return nil, roomFor(err)
	}
	p, err := r.launch(sup, spec, exited)
	if err != nil {
		r.waiting.Done()
		return nil, roomFor(err)
	}
	if first := p.first(); first.Error != "" {
		r.waiting.Done()
		return nil, first.err()
	}
	r.mu.Lock()
	late := r.closed
	r.mu.Unlock()
	if late {
		p.Stop(true)
	}
	return p, nil
}

// first returns what the supervisor said about the start. It returns an empty report if the supervisor
// died before: lost reports what became of the command.
func (p *process) first() (said report) {
	select {
	case said = <-p.started:
	case <-p.sup.over:
		select {
		case said = <-p.started:
		default:
		}
	}
	return said
}

// enter returns the supervisor, and starts one if there is none.
func (r *ProcessRunner) enter() (*supervision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errors.New("the runner is shut down")
	}
	if r.sup == nil {
		if err := errors.Join(os.MkdirAll(r.LogDir, 0o700), os.MkdirAll(r.LockDir, 0o700)); err != nil {
			return nil, err
		}
		sup, err := newSupervision()
		if err != nil {
			return nil, err
		}
		r.sup = sup
		go r.listen(sup)
	}
	r.waiting.Add(1)
	return r.sup, nil
}

// launch sends the command to the supervisor together with the locked file. So the lock lasts from
// before the command's start until supervisor and command are dead, whatever becomes of this process.
func (r *ProcessRunner) launch(sup *supervision, spec ContainerSpec, exited func(Exit)) (*process, error) {
	lock, err := lockFile(r.lockPath(spec))
	if err != nil {
		return nil, err
	}
	defer letGo(lock)
	p := &process{sup: sup, spec: spec, lock: r.lockPath(spec), started: make(chan report, 1), exited: exited}
	sup.mu.Lock()
	sup.last++
	p.id = sup.last
	sup.commands[p.id] = p
	sup.mu.Unlock()
	c := r.commandOf(spec)
	c.Lock, c.Log, c.MaxOutput = p.lock, LogPath(r.LogDir, spec.Family, spec.TaskID), r.MaxOutput
	if c.MaxOutput == 0 {
		c.MaxOutput = standardOutput
	}
	if r.Cgroup != "" && spec.Memory > 0 {
		c.Group, c.Memory = filepath.Join(r.Cgroup, taskGroup+c.Mark), int64(spec.Memory)<<20
	}
	// If the supervisor is dying, listen reports the command as lost.
	if err := sup.link.send(order{ID: p.id, Start: &c}, lock); (lacksRoom(err) || errors.Is(err, errTooLarge)) && r.drop(p) {
		return nil, err
	}
	return p, nil
}

func (r *ProcessRunner) commandOf(spec ContainerSpec) command {
	mark := markOf(spec)
	env := []string{MarkName + "=" + mark}
	for name, value := range r.Env {
		if !has(spec.Env, name) {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ"} {
		if value, ok := os.LookupEnv(name); ok && !has(spec.Env, name) {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range spec.Env {
		if name != MarkName {
			env = append(env, name+"="+value)
		}
	}
	return command{Argv: spec.Argv, Env: env, Dir: cmp.Or(spec.Dir, r.Dir), Mark: mark}
}

// markOf identifies a container: it is the value of MarkName, and with lockEnding the name of its lock.
func markOf(spec ContainerSpec) string { return spec.TaskID + "-" + digest(spec.Container)[:16] }

const lockEnding = ".lock"

func has(env map[string]string, name string) bool {
	_, ok := env[name]
	return ok
}

// Shutdown stops every process: first by SIGTERM, after Grace by SIGKILL. Nothing can be started any
// more.
func (r *ProcessRunner) Shutdown(ctx context.Context) error {
	sup := r.stopAll(false)
	grace := r.Grace
	if grace == 0 {
		grace = standardGrace
	}
	soon, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := waitFor(soon, &r.waiting)
	if err != nil {
		r.stopAll(true)
		err = waitFor(ctx, &r.waiting)
	}
	if sup != nil {
		sup.link.close() // it has nothing left to supervise
	}
	if err != nil {
		return fmt.Errorf("waiting for the tasks' processes to end: %w", err)
	}
	return nil
}

func (r *ProcessRunner) stopAll(kill bool) *supervision {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.sup == nil {
		return nil
	}
	r.sup.mu.Lock()
	defer r.sup.mu.Unlock()
	for _, p := range r.sup.commands {
		p.Stop(kill)
	}
	return r.sup
}

// Alive tells from the container's lock whether one of its processes lives, even one that an earlier
// control plane started.
func (r *ProcessRunner) Alive(spec ContainerSpec) (bool, error) {
	return locked(r.lockPath(spec))
}

// EndOf returns when a container ended that an earlier control plane left behind.
func (r *ProcessRunner) EndOf(spec ContainerSpec) time.Time { return endIn(r.lockPath(spec)) }

func (r *ProcessRunner) lockPath(spec ContainerSpec) string {
	return filepath.Join(r.LockDir, markOf(spec)+lockEnding)
}

// Stop sends SIGTERM or SIGKILL to the command's process group. A supervisor that is gone needs no
// orders.
func (p *process) Stop(kill bool) {
	_ = p.sup.link.send(order{ID: p.id, Stop: true, Kill: kill})
}

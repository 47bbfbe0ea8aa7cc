//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// supervisorName, as argv[0], makes a process of this binary a supervisor.
const supervisorName = "batchplane-task-supervisor"

// hooked says that MaybeSupervise was called. Without it a supervisor would become a second control
// plane.
var hooked atomic.Bool

// order is what a supervisor is told about a command: once to start it, with its locked file sent
// along, then to stop it.
type order struct {
	ID    uint64   `json:"id"`
	Start *command `json:"start,omitempty"`
	Stop  bool     `json:"stop,omitempty"`
	Kill  bool     `json:"kill,omitempty"`
}

type command struct {
	Argv      []string `json:"argv"`
	Env       []string `json:"env"`
	Dir       string   `json:"dir"`
	Mark      string   `json:"mark"` // value of MarkName
	Lock      string   `json:"lock"` // path of the locked file
	Log       string   `json:"log"`
	MaxOutput int64    `json:"maxOutput"`
	Group     string   `json:"group,omitempty"` // path of its control group
	Memory    int64    `json:"memory,omitempty"`
}

// report is what a supervisor says about a command: once whether it was started, then how it ended and
// what part of its output could not be kept.
type report struct {
	ID    uint64 `json:"id"`
	PID   int    `json:"pid,omitempty"`
	Error string `json:"error,omitempty"`
	// NoRoom says that Error is an ErrNoRoom.
	NoRoom bool   `json:"noRoom,omitempty"`
	Code   *int64 `json:"code,omitempty"`
	Lost   int64  `json:"lost,omitempty"`
	Why    string `json:"why,omitempty"`
	// OutOfMemory says that the memory limit killed the command or a part of it.
	OutOfMemory bool `json:"outOfMemory,omitempty"`
}

// MaybeSupervise must be the first call of main, and of TestMain in packages that run tasks. In a
// supervisor's process it does the supervisor's work and exits; otherwise it returns at once.
//
// A supervisor starts commands and holds a connection to the control plane. When the connection closes,
// which happens however the control plane ends, it kills everything that runs. On Linux, commands also
// die with their supervisor, and processes that left a command's group are found and killed too.
// Elsewhere, a command that starts a session of its own escapes.
func MaybeSupervise() {
	hooked.Store(true)
	if len(os.Args) == 0 || os.Args[0] != supervisorName {
		return
	}
	// The kernel ties a command's death signal to the parent's thread, so the thread that starts
	// commands must stay.
	runtime.LockOSThread()
	os.Exit(supervise())
}

func supervisorCommand() *exec.Cmd {
	return &exec.Cmd{
		Path:        ownPath(),
		Args:        []string{supervisorName},
		Env:         os.Environ(),
		SysProcAttr: &syscall.SysProcAttr{Setsid: true}, // out of reach of the terminal, as is what it starts
	}
}

// supervisor holds the running commands.
type supervisor struct {
	link *link

	mu      sync.Mutex
	born    *sync.Cond // signalled when a command was started
	leaders map[int]*leader
	byID    map[uint64]*leader
	strays  map[int]*stray
	// unreaped counts the commands whose end was not seen; childless says that the last check found no
	// child.
	unreaped  int
	childless bool
	alone     bool // the control plane is gone

	// asked counts the requests to look for children that are not commands. looking is held during a
	// look, and guards seen, which are those that the last look found; it began after looked requests.
	asked   atomic.Int64
	looking sync.Mutex
	looked  int64
	seen    []child
}

func supervise() int {
	keepDescriptors()
	l, err := linkOf(os.NewFile(3, "control plane"))
	if err != nil {
		return 1
	}
	adoptOrphans()
	s := &supervisor{link: l, leaders: map[int]*leader{}, byID: map[uint64]*leader{}, strays: map[int]*stray{}, childless: true}
	s.born = sync.NewCond(&s.mu)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	starts := make(chan start)
	over := make(chan struct{})
	go s.obey(starts, over)
	go s.reap()
	for {
		select {
		case x := <-starts:
			s.start(x)
		case <-over: // the control plane is gone
			s.killAll()
			return 0
		case <-signals: // somebody wants the supervisor itself to end
			s.killAll()
			return 1
		}
	}
}

// keepDescriptors keeps from commands what this process inherited besides its standard descriptors. A
// command would otherwise hold a lock of whoever started the control plane, or read its files.
func keepDescriptors() {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // without /proc, nobody tells
	}
	for _, f := range open {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// start is an order to start a command, with its locked file.
type start struct {
	order

	lock *os.File
}

// obey carries out orders until the connection ends, which means that the control plane is gone.
func (s *supervisor) obey(starts chan<- start, over chan<- struct{}) {
	defer close(over)
	for {
		var o order
		lock, err := s.link.receive(&o)
		switch {
		case err != nil:
			return
		case o.Start != nil && lock != nil:
			starts <- start{o, lock}
		case o.Start != nil: // the kernel drops a file for which no descriptor is free (unix(7))
			s.tell(report{ID: o.ID, Error: "taking its lock: " + syscall.EMFILE.Error(), NoRoom: true})
		case o.Kill:
			s.signal(o.ID, syscall.SIGKILL)
		case o.Stop:
			s.signal(o.ID, syscall.SIGTERM)
		}
	}
}

func (s *supervisor) signal(id uint64, sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.byID[id]; l != nil {
		l.signal(sig)
	}
}

// tell reports to the control plane. If a report cannot be sent, nobody reads any more, and the closed
// connection ends everything.
func (s *supervisor) tell(r report) { _ = s.link.send(r) }

// killAll kills every command and what it left behind, until nothing lives and all output is kept.
func (s *supervisor) killAll() {
	const nap = 5 * time.Millisecond
	s.mu.Lock()
	s.alone = true
	s.mu.Unlock()
	for {
		s.mu.Lock()
		for _, l := range s.leaders {
			l.signal(syscall.SIGKILL)
		}
		over := s.childless && len(s.leaders) == 0
		s.mu.Unlock()
		if over {
			return
		}
		for _, pid := range children() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(nap)
	}
}

// reap waits for children. It handles the end of a command; any other child is gone once it is reaped.
func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			s.awaitChild()
		default:
			s.reaped(pid, status)
		}
	}
}

// awaitChild waits until a child exists, if there is none.
func (s *supervisor) awaitChild() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unreaped == 0 {
		s.childless = true
		s.born.Wait()
	}
}

func (s *supervisor) reaped(pid int, status syscall.WaitStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.strays, pid)
	l := s.leaders[pid]
	if l == nil || l.gone {
		return
	}
	// What is left of the group keeps its number, so this kills all of it, and nobody else has the
	// number yet.
	l.signal(syscall.SIGKILL)
	l.gone, l.ended = true, time.Now()
	s.unreaped--
	go s.end(l, status)
}

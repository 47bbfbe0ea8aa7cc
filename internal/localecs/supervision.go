//go:build linux || darwin || freebsd

package localecs

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// supervision is a supervisor and the commands under it.
type supervision struct {
	cmd  *exec.Cmd
	link *link
	over chan struct{} // closed once the supervisor is dead

	mu       sync.Mutex
	last     uint64
	commands map[uint64]*process
}

// newSupervision starts a supervisor without commands.
func newSupervision() (*supervision, error) {
	adoptOrphans() // commands whose supervisor is killed come to this process
	near, far, err := linkPair()
	if err != nil {
		return nil, err
	}
	defer letGo(far)
	cmd := supervisorCommand()
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{far} // as descriptor 3
	if err := cmd.Start(); err != nil {
		near.close()
		return nil, fmt.Errorf("starting the tasks' supervisor: %w", err)
	}
	s := &supervision{cmd: cmd, link: near, over: make(chan struct{}), commands: map[uint64]*process{}}
	go s.keepAwake()
	return s, nil
}

// awake is how often a supervisor is told to go on.
const awake = time.Second

// keepAwake wakes a supervisor that somebody stopped, for example one of its commands by SIGSTOP. While
// it is stopped, nothing would start, end or be killed, and nobody would notice. SIGCONT has no effect
// on one that runs.
func (s *supervision) keepAwake() {
	ticker := time.NewTicker(awake)
	defer ticker.Stop()
	for {
		select {
		case <-s.over:
			return
		case <-ticker.C:
			_ = s.cmd.Process.Signal(syscall.SIGCONT) // the link shows that it is dead
		}
	}
}

// listen receives the supervisor's reports until it is dead. Then it reports all commands whose end the
// supervisor did not report, once nothing of them runs.
func (r *ProcessRunner) listen(sup *supervision) {
	for {
		var said report
		if _, err := sup.link.receive(&said); err != nil {
			break
		}
		sup.mu.Lock()
		p := sup.commands[said.ID]
		sup.mu.Unlock()
		switch {
		case p == nil:
		case said.Code != nil:
			r.ended(p, said)
		default:
			if said.Error != "" { // before Start learns it: the supervisor may die meanwhile, and nobody may report it twice
				r.drop(p)
			}
			p.pid = said.PID
			p.started <- said
		}
	}
	_ = sup.cmd.Process.Kill()
	_ = sup.cmd.Wait() // how the supervisor itself ended says nothing
	sup.link.close()
	r.mu.Lock()
	if r.sup == sup {
		r.sup = nil
	}
	r.mu.Unlock()
	sup.mu.Lock()
	left := sup.commands
	sup.commands = map[uint64]*process{}
	sup.mu.Unlock()
	go r.lost(left)
	close(sup.over)
}

func (r *ProcessRunner) ended(p *process, said report) {
	r.drop(p)
	if said.Lost > 0 && r.Cut != nil {
		r.Cut(p.spec, said.Lost, said.Why)
	}
	e := Exit{Code: said.Code}
	if said.OutOfMemory {
		e.Reason = outOfMemory
	}
	go func() { // exited may write to disk, beside others
		p.exited(e)
		r.waiting.Done()
	}()
}

// outOfMemory is how ECS words such an end (ECS developer guide, "Stopped tasks error codes").
const outOfMemory = "OutOfMemoryError: Container killed due to memory usage"

// lost reports commands whose supervisor is dead, each once nothing of it lives, and kills what is left
// of them. This happens only if a supervisor was itself killed; on Linux its commands die with it.
func (r *ProcessRunner) lost(left map[uint64]*process) {
	const nap = 50 * time.Millisecond
	killed := map[int]string{} // the marks of children that were killed and not reaped
	for {
		dying := map[string]bool{}
		for _, mark := range killed {
			dying[mark] = true
		}
		for id, p := range left {
			alive, err := locked(p.lock)
			switch {
			case alive || err != nil:
				if p.pid > 0 { // what lives keeps the group's number
					_ = syscall.Kill(-p.pid, syscall.SIGKILL)
				}
			case !dying[markOf(p.spec)]:
				delete(left, id)
				go func() { // exited may write to disk, beside others
					p.exited(Exit{Reason: "the task's supervisor ended before its command was seen to end"})
					r.waiting.Done()
				}()
			}
		}
		if len(left) == 0 {
			return
		}
		killMarked(left, killed)
		time.Sleep(nap)
	}
}

// drop takes a command off those that run. If it returns false, somebody else did.
func (r *ProcessRunner) drop(p *process) bool {
	p.sup.mu.Lock()
	_, ok := p.sup.commands[p.id]
	delete(p.sup.commands, p.id)
	p.sup.mu.Unlock()
	if ok {
		_ = os.Remove(p.lock)
	}
	return ok
}

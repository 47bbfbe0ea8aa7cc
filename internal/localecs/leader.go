//go:build linux || darwin || freebsd

package localecs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// leader is a command, which leads its process group.
type leader struct {
	id     uint64
	pid    int
	mark   string
	lock   *os.File    // held until nothing of the command lives
	which  fs.FileInfo // the lock's file; nil if unknown
	group  string      // path of its control group; "" for none
	gone   bool        // it has ended, and its group is no longer its own
	pipe   *os.File    // the reading end of its output
	output *output
	copied chan struct{}
	told   chan struct{} // closed once its start was reported
	ended  time.Time
}

// signal signals the group as long as it is the command's own. The supervisor is locked.
func (l *leader) signal(sig syscall.Signal) {
	if !l.gone {
		_ = syscall.Kill(-l.pid, sig)
	}
}

// start starts a command and reports whether that succeeded.
func (s *supervisor) start(x start) {
	l := &leader{id: x.ID, mark: x.Start.Mark, lock: x.lock, group: x.Start.Group, copied: make(chan struct{}), told: make(chan struct{})}
	l.which, _ = os.Stat(x.Start.Lock)
	s.mu.Lock()
	pid, err := l.fork(*x.Start)
	if err == nil {
		l.pid = pid
		s.leaders[pid], s.byID[l.id] = l, l
		s.unreaped++
		s.childless = false
		s.born.Signal()
	}
	s.mu.Unlock()
	if err != nil {
		letGo(l.lock)
		s.tell(report{ID: x.ID, Error: err.Error(), NoRoom: lacksRoom(err)})
		return
	}
	go func() {
		defer close(l.copied)
		l.output.copy(l.pipe)
	}()
	s.tell(report{ID: x.ID, PID: pid})
	close(l.told)
}

// fork starts the command in a process group of its own. The command inherits the lock as descriptor 3,
// so the lock lasts as long as any process of the command.
func (l *leader) fork(c command) (int, error) {
	path, err := find(c)
	if err != nil {
		return 0, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err //nolint:wrapcheck // says which file
	}
	defer letGo(null)
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err //nolint:wrapcheck // shown as the container's reason, in the system's own words
	}
	defer letGo(w)
	attr := commandAttributes()
	if c.Group != "" {
		group, err := makeGroup(c.Group, c.Memory)
		if err != nil {
			letGo(r)
			return 0, fmt.Errorf("limiting its memory: %w", err)
		}
		defer letGo(group)
		inGroup(attr, group)
	}
	pid, err := syscall.ForkExec(path, c.Argv, &syscall.ProcAttr{ //nolint:gosec // to run a given command is what a supervisor is for
		Dir: c.Dir, Env: c.Env, Files: []uintptr{null.Fd(), w.Fd(), w.Fd(), l.lock.Fd()}, Sys: attr,
	})
	if err != nil {
		letGo(r)
		if c.Group != "" {
			endGroup(c.Group)
		}
		return 0, &os.PathError{Op: "exec", Path: path, Err: err}
	}
	l.pipe, l.output = r, newOutput(c.Log, c.MaxOutput)
	return pid, nil
}

// find returns the path of a command, looked up in its own PATH and from its own folder. Its errors are
// worded like those of package exec.
func find(c command) (string, error) {
	if c.Dir != "" {
		info, err := os.Stat(c.Dir)
		if err == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		if err != nil {
			return "", &os.PathError{Op: "chdir", Path: c.Dir, Err: reasonOf(err)}
		}
	}
	name := c.Argv[0]
	if strings.Contains(name, "/") {
		if err := executable(in(c.Dir, name)); err != nil {
			return "", &exec.Error{Name: name, Err: err}
		}
		return name, nil
	}
	for _, dir := range filepath.SplitList(pathOf(c.Env)) { // an empty one is its own folder
		if path := filepath.Join(dir, name); executable(in(c.Dir, path)) == nil {
			if !filepath.IsAbs(path) {
				path = "./" + path
			}
			return path, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err //nolint:wrapcheck // the system's own words
	}
	if info.IsDir() {
		return syscall.EISDIR
	}
	const run = 1
	if err := syscall.Access(path, run); errors.Is(err, syscall.EACCES) || err == nil && info.Mode()&0o111 == 0 {
		return fs.ErrPermission
	}
	return nil
}

func pathOf(env []string) string {
	for _, pair := range env {
		if path, ok := strings.CutPrefix(pair, "PATH="); ok {
			return path
		}
	}
	return ""
}

// outputWait bounds the wait for the rest of an output once nothing of its command is known to live: on
// systems other than Linux, a process may have escaped with it.
const outputWait = 2 * time.Second

// end kills what a command left behind, and reports its exit code: 128+n after signal n.
func (s *supervisor) end(l *leader, status syscall.WaitStatus) {
	s.clear(l)
	outOfMemory := l.group != "" && endGroup(l.group)
	<-l.told
	select {
	case <-l.copied:
	case <-time.After(outputWait):
		_ = l.pipe.Close() // ends the copying
		<-l.copied
	}
	letGo(l.pipe)
	lost, why := l.output.end()
	code := int64(status.ExitStatus())
	if status.Signaled() {
		code = 128 + int64(status.Signal())
	}
	s.mu.Lock()
	if s.alone { // nobody receives the report; whoever checks the lock will read this
		_, _ = l.lock.WriteAt([]byte(l.ended.UTC().Format(endLayout)), 0)
	}
	s.mu.Unlock()
	letGo(l.lock)
	s.mu.Lock()
	if s.leaders[l.pid] == l { // otherwise another command has its number by now
		delete(s.leaders, l.pid)
	}
	delete(s.byID, l.id)
	s.mu.Unlock()
	s.tell(report{ID: l.id, Code: &code, Lost: lost, Why: why, OutOfMemory: outOfMemory})
}

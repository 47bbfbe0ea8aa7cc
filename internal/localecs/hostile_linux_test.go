package localecs_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// away leaves a process behind that shares nothing with the command but the lock. Once that process is
// in a session of its own, it reports its number and the supervisor's.
const away = `env -i setsid /bin/sh -c 'echo "$$ $1" >"$0"; exec sleep 1000' "$FIFO" "$PPID" &
	read line <"$GO"; exit 6`

// lockFolders returns names for a folder of locks for which the kernel uses another name.
func lockFolders(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(here, filepath.Join(dir, "locks"))
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"relative": relative, "by a link": link}
}

// TestWhatGotAwayIsFoundByItsLock: also while other commands run to which it could belong.
func TestWhatGotAwayIsFoundByItsLock(t *testing.T) {
	t.Parallel()
	if setsid() == "" {
		t.Skip("needs setsid")
	}
	for name, dir := range lockFolders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.LockDir = dir
			other := spec("/bin/sleep", "1000")
			other.TaskID = digitsOf(t)[1:]
			s.start(other)
			c := spec("/bin/sh", "-c", away)
			c.TaskID = digitsOf(t)
			c.Env = map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
			s.start(c)
			pid := strings.Fields(hear(t, c.Env["FIFO"]))[0]
			tell(t, c.Env["GO"])
			equal(t, "exit code", s.code(), 6)
			equal(t, "what got away lives", lives(t, pid), false)
		})
	}
}

// TestWhatShowsNoOwner: a process that got away and has neither a command's variables nor its lock may belong to
// any that ran when it was first seen. It lives until the last of them has ended.
func TestWhatShowsNoOwner(t *testing.T) {
	t.Parallel()
	if setsid() == "" {
		t.Skip("needs setsid")
	}
	const unmarked = `(env -i setsid /bin/sh -c 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; echo "$$" >"$0"; exec sleep 1000' "$FIFO" &)
		read line <"$GO"; exit 6`
	s := newShop(t)
	owner := spec("/bin/sh", "-c", unmarked)
	owner.TaskID = digitsOf(t)
	owner.Env = map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
	s.start(owner)
	pid := strings.Fields(hear(t, owner.Env["FIFO"]))[0]
	other := spec("/bin/sh", "-c", "exit 5")
	other.TaskID = digitsOf(t)[1:]
	s.start(other)
	equal(t, "exit code of the other", s.code(), 5)
	equal(t, "it lives after the end of the other", lives(t, pid), true)
	tell(t, owner.Env["GO"])
	equal(t, "exit code of its owner", s.code(), 6)
	equal(t, "it lives after the end of its owner", lives(t, pid), false)
}

// TestWhatGotAwayDiesBehindItsSupervisor: if the supervisor is killed, the command is reported and
// nothing is left.
func TestWhatGotAwayDiesBehindItsSupervisor(t *testing.T) {
	t.Parallel()
	if setsid() == "" {
		t.Skip("needs setsid")
	}
	for name, dir := range lockFolders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.LockDir = dir
			c := spec("/bin/sh", "-c", away)
			c.TaskID = digitsOf(t)
			c.Env = map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
			s.start(c)
			pids := strings.Fields(hear(t, c.Env["FIFO"]))
			supervisor, err := os.FindProcess(number(t, pids[1]))
			if err != nil {
				t.Fatal(err)
			}
			if err := supervisor.Kill(); err != nil {
				t.Fatal(err)
			}
			equal(t, "exit code", s.exit().Code, nil)
			equal(t, "what got away lives", lives(t, pids[0]), false)
		})
	}
}

// TestASupervisorThatWasStoppedGoesOn: a command that stops its supervisor stops neither itself nor the
// others.
func TestASupervisorThatWasStoppedGoesOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.start(spec("/bin/sh", "-c", "kill -STOP $PPID; exit 3"))
	equal(t, "exit code", s.code(), 3)
	next := spec("/bin/true")
	s.start(next)
	equal(t, "exit code of the next", s.code(), 0)
}

func TestTheFolderOfLocksWasRemoved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.start(spec("/bin/true"))
	equal(t, "exit code", s.code(), 0)
	if err := os.RemoveAll(s.LockDir); err != nil {
		t.Fatal(err)
	}
	s.start(spec("/bin/true"))
	equal(t, "exit code after it was removed", s.code(), 0)
}

// TestATaskHasNoTerminal: not even the one on which the control plane was started. A task could write
// anything there, and one that asks for a password would wait for ever.
func TestATaskHasNoTerminal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := spec("/bin/cat", "/proc/self/stat")
	s.start(c)
	if code := s.code(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	ours, _ := session(t, string(own))
	if its, terminal := session(t, s.log(c)); its == ours || terminal != "0" {
		t.Errorf("it is in session %s with terminal %s, and the control plane in session %s", its, terminal, ours)
	}
}

// TestATaskInheritsNoFile: whoever starts the control plane may leave files open in it, such as the lock
// of flock(1), which a task would hold longer than the control plane lives.
func TestATaskInheritsNoFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "left open")
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	s := newShop(t)
	c := spec("/bin/sh", "-c", "ls -l /proc/self/fd")
	s.start(c)
	equal(t, "exit code", s.code(), 0)
	if out := s.log(c); strings.Contains(out, path) || !strings.Contains(out, " 1 -> ") {
		t.Errorf("the task has %s", out)
	}
}

// session returns a process's session and its terminal, "0" if it has none (proc(5), /proc/pid/stat).
func session(t *testing.T, stat string) (id, terminal string) {
	t.Helper()
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 5 {
		t.Fatalf("%q", stat)
	}
	return fields[3], fields[4]
}

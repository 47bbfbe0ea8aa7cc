package localecs

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kernel is a folder laid out as the kernel shows control groups, with a group for this process.
type kernel struct {
	t    *testing.T
	root string
}

const unit = "system.slice/batchplane.service"

func newKernel(t *testing.T, group string) kernel {
	t.Helper()
	k := kernel{t, t.TempDir()}
	k.write("proc/cgroup", "4:memory:/elsewhere\n0::/"+group+"\n")
	k.write("proc/mountinfo", "30 23 0:26 / /proc rw - proc proc rw\n31 23 0:27 / "+k.root+"/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n")
	k.write("cgroup/"+unit+"/cgroup.controllers", "cpu memory pids\n")
	k.write("cgroup/"+unit+"/cgroup.procs", "42\n")
	k.write("cgroup/"+unit+"/cgroup.subtree_control", "")
	return k
}

func (k kernel) path(name string) string { return filepath.Join(k.root, name) }

func (k kernel) write(name, text string) {
	k.t.Helper()
	if err := os.MkdirAll(filepath.Dir(k.path(name)), 0o700); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(k.path(name), []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k kernel) read(name string) string {
	b, _ := os.ReadFile(k.path(name)) // absent reads as ""
	return string(b)
}

// TestTakingAControlGroup: a group is taken only if this process is alone in it.
func TestTakingAControlGroup(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		group  string
		change func(kernel)
		says   string // "" if it is taken
	}{
		"delegated":             {unit, func(kernel) {}, ""},
		"begun below":           {unit + "/batchplane", func(k kernel) { k.write("cgroup/"+unit+"/cgroup.procs", "") }, ""},
		"others are in it":      {unit, func(k kernel) { k.write("cgroup/"+unit+"/cgroup.procs", "42\n43\n") }, "other processes are in"},
		"no memory":             {unit, func(k kernel) { k.write("cgroup/"+unit+"/cgroup.controllers", "cpu pids\n") }, "no memory controller"},
		"no version 2":          {unit, func(k kernel) { k.write("proc/cgroup", "4:memory:/x\n") }, "no control groups of version 2"},
		"not mounted":           {unit, func(k kernel) { k.write("proc/mountinfo", "") }, "no control groups of version 2"},
		"mounted elsewhere":     {unit, func(k kernel) { k.write("proc/mountinfo", "31 23 0:27 /other "+k.root+"/cgroup rw - cgroup2 x rw\n") }, "no control groups of version 2"},
		"it may not be written": {unit, func(k kernel) { k.deny("cgroup/" + unit + "/cgroup.subtree_control") }, "may not be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKernel(t, c.group)
			k.write("cgroup/"+unit+"/task-left/x", "")
			if err := os.Remove(k.path("cgroup/" + unit + "/task-left/x")); err != nil {
				t.Fatal(err)
			}
			c.change(k)
			dir, err := takeCgroup(k.path("proc"), 42)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) || dir != "" {
					t.Errorf("%q, %v", dir, err)
				}
				if procs := k.read("cgroup/" + unit + "/batchplane/cgroup.procs"); procs != "" && k.read("cgroup/"+unit+"/cgroup.procs") != "42" {
					t.Error("this process was moved and not moved back")
				}
				return
			}
			if err != nil || dir != k.path("cgroup/"+unit) {
				t.Errorf("%q, %v", dir, err)
			}
			if got := k.read("cgroup/" + unit + "/batchplane/cgroup.procs"); got != "42" {
				t.Errorf("moved is %q", got)
			}
			if got := k.read("cgroup/" + unit + "/cgroup.subtree_control"); got != "+memory" {
				t.Errorf("handed down is %q", got)
			}
			if _, err := os.Stat(k.path("cgroup/" + unit + "/task-left")); err == nil {
				t.Error("the group of a task that is gone is left")
			}
		})
	}
}

// deny makes a file that cannot be written, not even by root.
func (k kernel) deny(name string) {
	k.t.Helper()
	if err := os.Remove(k.path(name)); err != nil {
		k.t.Fatal(err)
	}
	if err := os.Mkdir(k.path(name), 0o700); err != nil {
		k.t.Fatal(err)
	}
}

// TestTheGroupOfATask: its limits, and how its end is read.
func TestTheGroupOfATask(t *testing.T) {
	t.Parallel()
	k := newKernel(t, unit)
	dir := k.path("cgroup/task-1")
	f, err := makeGroup(dir, 512<<20)
	if err != nil {
		t.Fatal(err)
	}
	letGo(f)
	for file, want := range map[string]string{"memory.max": "536870912", "memory.swap.max": "0", "memory.oom.group": "1"} {
		if got := k.read("cgroup/task-1/" + file); got != want {
			t.Errorf("%s is %q, want %q", file, got, want)
		}
	}
	for events, want := range map[string]bool{"low 0\nmax 7\noom 0\noom_kill 0\n": false, "low 0\nmax 7\noom 1\noom_kill 2\noom_group_kill 1\n": true, "": false} {
		k.write("cgroup/task-1/memory.events", events)
		if got := endGroup(dir); got != want {
			t.Errorf("after %q it is out of memory: %t", events, got)
		}
		if k.read("cgroup/task-1/cgroup.kill") != "1" {
			t.Error("what was left in it was not killed")
		}
	}
	if _, err := makeGroup(dir, 1); err == nil {
		t.Error("a group that exists was made")
	}
}

// TestACommandBeginsInItsGroup, if this system has a writable group: the command and what it leaves
// behind are in its group from their start, and are gone with it.
func TestACommandBeginsInItsGroup(t *testing.T) {
	t.Parallel()
	own, err := ownCgroup("/proc/self")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(own, "batchplane-test-"+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	group := filepath.Join(dir, "task-1")
	lock, err := lockFile(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { letGo(lock) })
	log := filepath.Join(t.TempDir(), "log")
	l := &leader{lock: lock, group: group}
	pid, err := l.fork(command{Argv: []string{"/bin/sh", "-c", "grep ^0:: /proc/self/cgroup; sleep 300 & wait"}, Group: group, Log: log, MaxOutput: 1000})
	if err != nil {
		t.Fatal(err)
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		l.output.copy(l.pipe)
	}()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if text, _ := os.ReadFile(log); strings.HasSuffix(string(text), "/task-1\n") {
			break
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log)
			t.Fatalf("it is in the group %q", text)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if endGroup(group) {
		t.Error("it is out of memory")
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	select {
	case <-copied: // what it left behind is dead too: nobody holds the pipe open
	case <-time.After(30 * time.Second):
		t.Error("what it left lives")
	}
	if _, err := os.Stat(group); err == nil {
		_ = os.Remove(group)
		t.Error("its group is left")
	}
}

// TestOutOfMemory: it is reported in ECS's words.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	r, told, code := &ProcessRunner{}, make(chan Exit, 1), int64(137)
	r.waiting.Add(1)
	r.ended(&process{sup: &supervision{commands: map[uint64]*process{}}, exited: func(e Exit) { told <- e }}, report{Code: &code, OutOfMemory: true})
	if e := <-told; *e.Code != 137 || e.Reason != "OutOfMemoryError: Container killed due to memory usage" {
		t.Errorf("told is %+v", e)
	}
}

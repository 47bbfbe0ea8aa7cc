package localecs

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// TakeCgroup takes over the control group (cgroups(7), version 2) in which this process is alone, for
// tasks' limits. It moves this process into a group below it, since only a group without processes may
// pass its controllers down. It returns the folder in which ProcessRunner creates a group for each
// task. systemd leaves such a group to a unit with Delegate=yes. The error says in words for people why
// there is none; in that case nothing was changed.
func TakeCgroup() (dir string, err error) {
	return takeCgroup("/proc/self", os.Getpid())
}

// ownGroup is the control plane's group below the one that was taken.
const ownGroup = "batchplane"

func takeCgroup(proc string, pid int) (string, error) {
	dir, err := ownCgroup(proc)
	if err != nil {
		return "", err
	}
	own := filepath.Join(dir, ownGroup)
	if filepath.Base(dir) == ownGroup { // it was started there: DelegateSubgroup=
		dir, own = filepath.Dir(dir), dir
	}
	if !slices.Contains(words(filepath.Join(dir, "cgroup.controllers")), "memory") {
		return "", errors.New("this process's control group has no memory controller")
	}
	for _, other := range words(filepath.Join(dir, "cgroup.procs")) {
		if other != strconv.Itoa(pid) {
			return "", errors.New("other processes are in this process's control group; run it as a service with Delegate=yes")
		}
	}
	if err := handDown(dir, own, pid); err != nil {
		return "", fmt.Errorf("its control group may not be used (%w); run it as a service with Delegate=yes", reasonOf(err))
	}
	left, _ := filepath.Glob(filepath.Join(dir, taskGroup+"*"))
	for _, group := range left { // of tasks whose supervisor was killed
		_ = os.Remove(group)
	}
	return dir, nil
}

// handDown moves a process into a group of its own and enables the memory controller for the groups
// beside it.
func handDown(dir, own string, pid int) error {
	if err := os.Mkdir(own, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as the kernel's own
		return err //nolint:wrapcheck // said by the caller
	}
	id := strconv.Itoa(pid)
	err := writeGroup(own, "cgroup.procs", id)
	if err == nil {
		if err = writeGroup(dir, "cgroup.subtree_control", "+memory"); err == nil {
			return nil
		}
		_ = writeGroup(dir, "cgroup.procs", id)
	}
	_ = os.Remove(own)
	return err
}

// ownCgroup returns the folder of this process's group.
func ownCgroup(proc string) (string, error) {
	none := errors.New("this system has no control groups of version 2")
	path := ""
	for _, line := range lines(filepath.Join(proc, "cgroup")) {
		if rest, ok := strings.CutPrefix(line, "0::"); ok {
			path = rest
		}
	}
	if path == "" {
		return "", none
	}
	for _, line := range lines(filepath.Join(proc, "mountinfo")) {
		// 30 23 0:26 /root /mount/point rw,... - cgroup2 ... (proc_pid_mountinfo(5))
		place, kind, ok := strings.Cut(line, " - ")
		fields := strings.Fields(place)
		if !ok || len(fields) < 5 || !strings.HasPrefix(kind, "cgroup2 ") {
			continue
		}
		rel, err := filepath.Rel(fields[3], path)
		if err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return filepath.Join(fields[4], rel), nil
		}
	}
	return "", none
}

func lines(file string) (out []string) {
	f, err := os.Open(file) //nolint:gosec // the kernel's own
	if err != nil {
		return nil
	}
	defer letGo(f)
	for in := bufio.NewScanner(f); in.Scan(); {
		out = append(out, in.Text())
	}
	return out
}

func words(file string) []string { return strings.Fields(strings.Join(lines(file), " ")) }

func writeGroup(dir, file, value string) error {
	return os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644) //nolint:gosec,wrapcheck // the kernel's own; says which file
}

// makeGroup creates the group of a command and limits its memory to so many bytes; 0 means no limit.
// When the group reaches the limit, all of it is killed.
func makeGroup(dir string, memory int64) (*os.File, error) {
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // as the kernel's own
		return nil, err //nolint:wrapcheck // says which folder
	}
	if memory > 0 {
		if err := writeGroup(dir, "memory.max", strconv.FormatInt(memory, 10)); err != nil {
			return nil, errors.Join(err, os.Remove(dir))
		}
		_ = writeGroup(dir, "memory.swap.max", "0")  // absent where there is no swap
		_ = writeGroup(dir, "memory.oom.group", "1") // absent before Linux 4.19
	}
	f, err := os.Open(dir) //nolint:gosec // made above
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return f, nil
}

// inGroup makes a command start in a group.
func inGroup(attr *syscall.SysProcAttr, group *os.File) {
	attr.UseCgroupFD, attr.CgroupFD = true, int(group.Fd())
}

// endGroup kills what is left in a group, removes the group, and reports whether its limit killed
// something.
func endGroup(dir string) (outOfMemory bool) {
	for _, line := range lines(filepath.Join(dir, "memory.events")) {
		if n, ok := strings.CutPrefix(line, "oom_kill "); ok && n != "0" {
			outOfMemory = true
		}
	}
	_ = writeGroup(dir, "cgroup.kill", "1") // absent before Linux 5.14
	const nap = 5 * time.Millisecond
	for range 200 {
		if err := os.Remove(dir); err == nil || !errors.Is(err, syscall.EBUSY) {
			break // if it remains, the next TakeCgroup removes it
		}
		time.Sleep(nap)
	}
	return outOfMemory
}

package localecs

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ownPath leads to the running binary even if its file was replaced or removed.
func ownPath() string { return "/proc/self/exe" }

func commandAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// adoptOrphans makes this process the parent of descendants that lose theirs.
func adoptOrphans() {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of prctl(2)
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0)
}

// children lists this process's children, none if the kernel does not tell.
func children() []int {
	const tasks = "/proc/self/task/"
	threads, err := os.Open(tasks)
	if err != nil {
		return nil
	}
	defer letGo(threads)
	names, _ := threads.Readdirnames(-1) // whatever was read counts
	var found []int
	for _, thread := range names {
		text, err := os.ReadFile(tasks + thread + "/children") //nolint:gosec // the kernel's own file
		if err != nil {
			continue // that thread has just ended
		}
		for field := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}

// isChild reports whether a process is a child of this one.
func isChild(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// After the name, which may contain anything, come state and parent (proc_pid_stat(5)).
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid())
}

// signsOf returns what a process shows of the commands that it belongs to; nothing if it is gone.
func signsOf(pid int) (out signs) {
	proc := "/proc/" + strconv.Itoa(pid)
	env, _ := os.ReadFile(proc + "/environ") //nolint:gosec // the kernel's own file
	for pair := range bytes.SplitSeq(env, []byte{0}) {
		if mark, ok := bytes.CutPrefix(pair, []byte(MarkName+"=")); ok {
			out.marks = append(out.marks, string(mark))
		}
	}
	files, _ := os.ReadDir(proc + "/fd")
	for _, f := range files {
		link := proc + "/fd/" + f.Name()
		// The kernel may show another path of a lock: without links, from the root, or as deleted.
		path, err := os.Readlink(link)
		if name := strings.TrimSuffix(filepath.Base(path), " (deleted)"); err == nil && strings.HasSuffix(name, lockEnding) {
			out.locks = append(out.locks, openLock{strings.TrimSuffix(name, lockEnding), link})
		}
	}
	return out
}

package localecs

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ownPath stays the running binary even when its file was replaced or removed.
func ownPath() string { return "/proc/self/exe" }

func commandAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// adoptOrphans makes this process the parent of descendants that lose theirs.
func adoptOrphans() {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of prctl(2)
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0)
}

// children lists this process's children; none where the kernel does not tell.
func children() []int {
	var found []int
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, err := os.ReadFile(list) //nolint:gosec // the kernel's own file
		if err != nil {
			continue // that thread has just ended
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}

// belongs is whether a process shows a command's mark among its variables, or has
// its lock open.
func belongs(pid int, mark, lock string) bool {
	proc := "/proc/" + strconv.Itoa(pid)
	want := []byte(MarkName + "=" + mark)
	env, _ := os.ReadFile(proc + "/environ") //nolint:gosec // the kernel's own file; a process that is gone has none
	for _, pair := range bytes.Split(env, []byte{0}) {
		if bytes.Equal(pair, want) {
			return true
		}
	}
	files, _ := os.ReadDir(proc + "/fd")
	for _, f := range files {
		if path, err := os.Readlink(proc + "/fd/" + f.Name()); err == nil && path == lock {
			return true
		}
	}
	return false
}

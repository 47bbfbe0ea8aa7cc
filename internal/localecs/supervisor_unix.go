//go:build darwin || freebsd

package localecs

import (
	"os"
	"syscall"
)

func ownPath() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

func commandAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

func adoptOrphans() {}

func children() []int { return nil }

func isChild(int) bool { return false }

func signsOf(int) signs { return signs{} }

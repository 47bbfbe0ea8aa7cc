//go:build !linux

package localecs

import (
	"errors"
	"os"
	"syscall"
)

var errNoGroups = errors.New("only Linux has control groups")

// TakeCgroup always returns an error: only Linux has control groups.
func TakeCgroup() (dir string, err error) { return "", errNoGroups }

func makeGroup(string, int64) (*os.File, error) { return nil, errNoGroups }

func inGroup(*syscall.SysProcAttr, *os.File) {}

func endGroup(string) (outOfMemory bool) { return false }

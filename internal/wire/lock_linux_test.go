package wire_test

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/batchplane/batchplane/internal/wire"
)

// TestALockEndsThoughAChildHasIt: a process that was forked for a task has the lock's file until it begins
// its program, and the next control plane may start before that.
func TestALockEndsThoughAChildHasIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, jobs := filepath.Join(dir, "local.db"), filepath.Join(dir, "jobs.yaml")
	if err := os.WriteFile(jobs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() *wire.Local {
		l, err := wire.NewLocal(t.Context(), config(db))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.LockJobs(jobs); err != nil {
			t.Error(err)
		}
		return l
	}
	first := start()
	for _, name := range []string{db + ".lock", jobs} {
		fd := duplicate(t, name)
		defer func() { _ = syscall.Close(fd) }()
	}
	mustClose(t, first)
	mustClose(t, start())
}

// duplicate gives a second descriptor of a file that this process has open, as a fork does.
func duplicate(t *testing.T, name string) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range open {
		if at, err := os.Readlink("/proc/self/fd/" + one.Name()); err != nil || at != name {
			continue
		}
		fd, err := strconv.Atoi(one.Name())
		if err != nil {
			t.Fatal(err)
		}
		if fd, err = syscall.Dup(fd); err != nil {
			t.Fatal(err)
		}
		return fd
	}
	t.Fatalf("%s is not open", name)
	return -1
}

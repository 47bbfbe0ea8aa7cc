package localecs_test

import (
	"errors"
	"syscall"
	"testing"
	"unsafe"

	"github.com/batchplane/batchplane/internal/localecs"
)

// limitFiles sets a process's limit of open files (prlimit(2)); 0 means as many as it may have.
func limitFiles(t *testing.T, pid int, most uint64) {
	t.Helper()
	var limit syscall.Rlimit
	call := func(set, get *syscall.Rlimit) {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE,
			uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 0, 0) //nolint:gosec // package syscall has no other way
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	call(nil, &limit)
	if limit.Cur = most; most == 0 {
		limit.Cur = limit.Max
	}
	call(&limit, nil)
}

// TestAMachineWithoutRoom: a start reports that there is no room, whichever file cannot be opened, and
// succeeds again once it can be.
func TestAMachineWithoutRoom(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := spec("/bin/sh", "-c", `echo $PPID >"$FIFO"; read line <"$GO"`)
	c.Env = map[string]string{"FIFO": fifo(t), "GO": fifo(t)}
	s.start(c)
	supervisor := number(t, hear(t, c.Env["FIFO"]))
	next := spec("/bin/true")
	next.TaskID = digitsOf(t)
	refused := 0
	for most := uint64(3); most < 20; most++ {
		limitFiles(t, supervisor, most)
		_, err := s.Start(next, func(e localecs.Exit) { s.exits <- e })
		limitFiles(t, supervisor, 0)
		if err == nil {
			equal(t, "exit code", s.code(), 0)
			continue
		}
		refused++
		if !errors.Is(err, localecs.ErrNoRoom) {
			t.Errorf("with %d files: %v", most, err)
		}
		if alive, err := s.Alive(next); alive || err != nil {
			t.Errorf("with %d files: alive = %v, %v", most, alive, err)
		}
	}
	if refused == 0 {
		t.Error("no start was refused")
	}
	s.start(next)
	equal(t, "exit code", s.code(), 0)
	tell(t, c.Env["GO"])
	equal(t, "exit code", s.code(), 0)
}

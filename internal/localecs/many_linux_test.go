package localecs_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
)

// manyCommands is more commands than may each cost a look at all children.
const manyCommands = 600

// soon bounds the end of many commands, on a machine that is busy with other tests, too.
const soon = 20 * time.Second

// crowd starts many commands, each with a child in its group and two that left it.
func crowd(t *testing.T) (*shop, []localecs.Process) {
	t.Helper()
	if setsid() == "" {
		t.Skip("needs setsid")
	}
	s := newShop(t)
	s.exits = make(chan localecs.Exit, manyCommands+1)
	var running []localecs.Process
	for n := range manyCommands {
		c := spec("/bin/sh", "-c", "setsid sleep 1000 & setsid sleep 1000 & sleep 1000; exit 1")
		c.TaskID = fmt.Sprintf("%s%03d", digitsOf(t)[3:], n)
		running = append(running, s.start(c))
	}
	return s, running
}

// TestManyEndAtOnce: the ends of many commands are seen together. What a child shows of its owner is
// read once for all commands, and not while it holds up the next end.
func TestManyEndAtOnce(t *testing.T) {
	t.Parallel()
	s, running := crowd(t)
	began := time.Now()
	for _, p := range running {
		p.Stop(true)
	}
	for range running {
		equal(t, "exit code", s.code(), 128+9)
	}
	if lasted := time.Since(began); lasted > soon {
		t.Errorf("%d ends were seen after %s", len(running), lasted)
	}
}

// TestTheSupervisorOfManyIsKilled: what many commands left behind is found together.
func TestTheSupervisorOfManyIsKilled(t *testing.T) {
	t.Parallel()
	s, running := crowd(t)
	c := spec("/bin/sh", "-c", `echo "$PPID" >"$FIFO"; exec sleep 1000`)
	c.Env = map[string]string{"FIFO": fifo(t)}
	running = append(running, s.start(c))
	supervisor := number(t, hear(t, c.Env["FIFO"]))
	began := time.Now()
	if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range running {
		equal(t, "reason", s.exit().Reason, "the task's supervisor ended before its command was seen to end")
	}
	if lasted := time.Since(began); lasted > soon {
		t.Errorf("%d ends were seen after %s", len(running), lasted)
	}
}

package localecs

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestOrphansAreReaped: what a command left behind comes to this process, and is not a zombie for ever.
// A child that somebody waits for is left to the waiter.
func TestOrphansAreReaped(t *testing.T) {
	t.Parallel()
	adoptOrphans()
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!").Output()
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for !isZombie(pid) {
		if time.Now().After(deadline) {
			t.Fatal("the orphan does not end, or did not come here")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if now := reapOnce(map[int]bool{}); !now[pid] || !isZombie(pid) {
		t.Error("it was reaped, or not seen, at the first look")
	}
	// Of all dead children, only this one is given as dead before: others have waiters.
	reapOnce(map[int]bool{pid: true})
	if err := syscall.Kill(pid, 0); err == nil && isZombie(pid) {
		t.Error("it was not reaped at the second look")
	}
}

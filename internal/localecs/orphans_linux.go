package localecs

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"syscall"
	"time"
)

// ReapOrphans reaps dead children of this process that nobody waits for, until ctx ends. As process 1
// of a container it inherits all processes whose parent is gone; as the adopter of orphans, those that
// a command for notices leaves behind. A child that has been dead for a whole interval has nobody who
// waits for it: a waiter would have been told at once.
func ReapOrphans(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	dead := map[int]bool{}
	for {
		dead = reapOnce(dead)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// reapOnce reaps the children that were dead before and still are. It returns those that have died
// since.
func reapOnce(before map[int]bool) map[int]bool {
	now := map[int]bool{}
	for _, pid := range children() {
		switch {
		case !isZombie(pid):
		case before[pid]:
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		default:
			now[pid] = true
		}
	}
	return now
}

func isZombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && bytes.HasPrefix(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" Z"))
}

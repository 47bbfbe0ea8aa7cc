package local_test

import (
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/local"
)

// TestOutputThatCannotBeDropped: it is said, since the disk fills up. Nobody can remove a file of proc(5).
func TestOutputThatCannotBeDropped(t *testing.T) {
	t.Parallel()
	for name, logs := range map[string]string{"its files": "/proc/self/task", "its folder cannot be listed": "/proc/self/status"} {
		k := local.Keeper{State: &pruned{}, Logs: logs, Locks: t.TempDir(), Now: func() time.Time { return time.Now().Add(time.Hour) }, Output: time.Minute}
		if runs, outputs, err := k.Sweep(t.Context()); runs != 7 || outputs != 0 || err == nil {
			t.Errorf("%s: %d runs, %d outputs, %v", name, runs, outputs, err)
		}
	}
}

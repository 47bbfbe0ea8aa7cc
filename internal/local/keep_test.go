package local_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/local"
)

type pruned struct{ before time.Time }

func (p *pruned) Prune(_ context.Context, before time.Time) (int, error) {
	p.before = before
	return 7, nil
}

// TestOldOutputIsDropped: old output and excess output, but not that of a running task.
func TestOldOutputIsDropped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logs, locks := filepath.Join(dir, "logs"), filepath.Join(dir, "locks")
	write := func(path string, age time.Duration, size int) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, start.Add(-age), start.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	day := 24 * time.Hour
	write(filepath.Join(logs, "a", "new.log"), time.Hour, 10)
	write(filepath.Join(logs, "a", "old.log"), 31*day, 10)
	write(filepath.Join(logs, "a", "runs.log"), 40*day, 10)
	write(filepath.Join(locks, "runs-0123.lock"), 40*day, 0)
	write(filepath.Join(logs, "b", "3.log"), 1*time.Hour, 5000) // takes two blocks
	write(filepath.Join(logs, "b", "2.log"), 2*time.Hour, 10)
	write(filepath.Join(logs, "b", "1.log"), 3*time.Hour, 10)
	p := &pruned{}
	k := local.Keeper{State: p, Logs: logs, Locks: locks, Now: func() time.Time { return start }, Runs: 400 * day, Output: 30 * day, Most: 3 * 4096}
	runs, outputs, err := k.Sweep(t.Context())
	if runs != 7 || outputs != 2 || err != nil || !p.before.Equal(start.Add(-400*day)) {
		t.Errorf("%d runs before %s, %d outputs, %v", runs, p.before, outputs, err)
	}
	left, err := filepath.Glob(filepath.Join(logs, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range left {
		left[i], _ = filepath.Rel(logs, left[i])
	}
	if want := []string{"a/new.log", "a/runs.log", "b/2.log", "b/3.log"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}

// TestOutputStaysIfNobodyKnowsWhatRuns: locks that cannot be listed do not mean that nothing runs.
func TestOutputStaysIfNobodyKnowsWhatRuns(t *testing.T) {
	t.Parallel()
	dir := folderWith(t, "logs/a/runs.log", "locks") // a file where the folder should be
	old := start.Add(-40 * 24 * time.Hour)
	path := filepath.Join(dir, "logs", "a", "runs.log")
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	k := local.Keeper{State: &pruned{}, Logs: filepath.Join(dir, "logs"), Locks: filepath.Join(dir, "locks"), Now: func() time.Time { return start }, Output: time.Hour}
	runs, outputs, err := k.Sweep(t.Context())
	if _, gone := os.Stat(path); runs != 7 || outputs != 0 || err == nil || gone != nil {
		t.Errorf("%d runs, %d outputs, %v; the output: %v", runs, outputs, err, gone)
	}
	k.Locks = filepath.Join(dir, "absent")
	if _, outputs, err := k.Sweep(t.Context()); outputs != 1 || err != nil {
		t.Errorf("where nothing ever ran: %d outputs, %v", outputs, err)
	}
}

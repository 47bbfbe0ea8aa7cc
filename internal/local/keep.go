package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Pruner drops the records of runs that have ended.
type Pruner interface {
	// Prune drops runs that were scheduled before a time and have ended, with what was kept and asked
	// for before it. It returns how many runs it dropped.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Keeper drops what need not be kept any longer.
type Keeper struct {
	State Pruner
	// Logs and Locks are the folders of the ProcessRunner.
	Logs, Locks string
	Now         func() time.Time
	// Runs and Output are how long runs and tasks' output are kept. Of one job's output at most Most
	// bytes on disk are kept, the newest.
	Runs, Output time.Duration
	Most         int64
}

// Sweep drops what is too old or too much. If it cannot drop something, it continues with the rest. It
// drops no output if it cannot see which tasks run.
func (k Keeper) Sweep(ctx context.Context) (runs, outputs int, err error) {
	now := k.Now()
	runs, err = k.State.Prune(ctx, now.Add(-k.Runs))
	if err != nil {
		err = fmt.Errorf("dropping old runs: %w", err)
	}
	jobs, readErr := os.ReadDir(k.Logs)
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("listing the tasks' output: %w", readErr))
	}
	running, lockErr := k.running()
	if lockErr != nil { // any output may be that of a task that runs
		return runs, 0, errors.Join(err, fmt.Errorf("listing the tasks that run: %w", lockErr))
	}
	for _, j := range jobs {
		if ctx.Err() != nil || !j.IsDir() {
			continue
		}
		n, jobErr := k.outputs(filepath.Join(k.Logs, j.Name()), running, now)
		outputs += n
		err = errors.Join(err, jobErr)
	}
	return runs, outputs, err
}

// running returns the ids of tasks that may still write.
func (k Keeper) running() (map[string]bool, error) {
	out := map[string]bool{}
	locks, err := os.ReadDir(k.Locks)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // absent if nothing ever ran
		return nil, err //nolint:wrapcheck // the caller says what was being done
	}
	for _, l := range locks {
		id, _, _ := strings.Cut(l.Name(), "-")
		out[id] = true
	}
	return out, nil
}

// outputs drops output of one job, the oldest files first.
func (k Keeper) outputs(dir string, running map[string]bool, now time.Time) (dropped int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("listing the tasks' output: %w", err)
	}
	var files []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && !running[strings.TrimSuffix(e.Name(), ".log")] {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(b.ModTime().Compare(a.ModTime()), strings.Compare(a.Name(), b.Name()))
	})
	var size int64
	for _, f := range files {
		const block = 4096 // the least that a file takes
		size += (f.Size() + block - 1) / block * block
		if size <= k.Most && now.Sub(f.ModTime()) < k.Output {
			continue
		}
		if rmErr := os.Remove(filepath.Join(dir, f.Name())); rmErr != nil {
			err = errors.Join(err, rmErr)
			continue
		}
		dropped++
	}
	return dropped, err
}

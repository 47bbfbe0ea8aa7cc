package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type logsCmd struct {
	ID      string `arg:"" name:"run" help:"The run."`
	Attempt int    `help:"This attempt's output; the newest unless given." placeholder:"N"`
	Follow  bool   `help:"Go on until the attempt has ended."`
}

// Run prints a task's output as it was written.
func (c *logsCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		id, err := resolveRun(ctx, s, c.ID)
		if err != nil {
			return err
		}
		f := &follower{store: s, id: id, attempt: c.Attempt, logs: local.Logs{Dir: local.LogDir(a.db)}, out: a.Stdout, notes: a.Stderr}
		if !a.json {
			return f.copy(ctx, c.Follow)
		}
		lines := &jsonLines{w: a.Stdout, id: id}
		f.out = lines
		return errors.Join(f.copy(ctx, c.Follow), lines.end())
	})
}

// follower copies a growing log file.
type follower struct {
	store   wire.State
	id      run.ID
	attempt int
	logs    local.Logs
	out     io.Writer
	notes   io.Writer
	at      int64
}

// followEvery is how often a followed log is looked at.
const followEvery = 200 * time.Millisecond

func (f *follower) copy(ctx context.Context, follow bool) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		attempt, err := f.find(ctx)
		if err != nil {
			return err
		}
		// Whether it has ended is read before the output, so that the last
		// lines are not lost.
		ended := attempt.Over()
		if err := f.rest(attempt); err != nil {
			return err
		}
		if ended && f.at == 0 {
			_, _ = fmt.Fprintf(f.notes, "attempt %d of %s wrote nothing: %s\n", attempt.N, f.id, notice.Printable(cmp.Or(attempt.Why, attempt.Next)))
		}
		if ended || !follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (f *follower) find(ctx context.Context) (run.Attempt, error) {
	r, err := findRun(ctx, f.store, f.id)
	if err != nil {
		return run.Attempt{}, err
	}
	if len(r.Attempts) == 0 {
		return run.Attempt{}, fmt.Errorf("%s was not launched so far: %s", f.id, r.Cause)
	}
	if f.attempt == 0 {
		// From here on it is this one: a relaunch has another file.
		f.attempt = len(r.Attempts)
	}
	attempt := r.Attempt(f.attempt)
	if attempt == nil {
		return run.Attempt{}, fmt.Errorf("%s has no attempt %d: it has %d", f.id, f.attempt, len(r.Attempts))
	}
	return *attempt, nil
}

// rest copies what was written since the last call. A task that never started
// has no file.
func (f *follower) rest(a run.Attempt) error {
	if a.TaskARN == "" {
		return nil
	}
	file, err := os.Open(f.logs.Path(a.TaskARN))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening the log of %s: %w", f.id, err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(f.at, io.SeekStart); err != nil {
		return fmt.Errorf("reading the log of %s: %w", f.id, err)
	}
	n, err := io.Copy(f.out, file)
	f.at += n
	if err != nil {
		return fmt.Errorf("copying the log of %s: %w", f.id, err)
	}
	return nil
}

// jsonLines prints each line as an object.
type jsonLines struct {
	w    io.Writer
	id   run.ID
	rest []byte
}

func (j *jsonLines) Write(p []byte) (int, error) {
	for _, b := range p {
		if b != '\n' {
			j.rest = append(j.rest, b)
			continue
		}
		if err := j.print(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// end prints a last line that was not ended.
func (j *jsonLines) end() error {
	if len(j.rest) == 0 {
		return nil
	}
	return j.print()
}

func (j *jsonLines) print() error {
	line := string(j.rest)
	j.rest = j.rest[:0]
	return printJSON(j.w, map[string]any{"run": j.id, "line": line})
}

package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// liveOutput shows the lines of running tasks, each after the name of its job.
type liveOutput struct {
	t    *transcript
	logs local.Logs

	mu    sync.Mutex
	tasks map[string]*liveTask // by ARN
}

type liveTask struct {
	job  string
	at   int64
	rest []byte
	over bool
}

// showOutput shows what tasks write, if that is asked for, until end is called: also what they write
// while the control plane waits for them and stops them.
func (c *localCmd) showOutput(ctx context.Context) (end func()) {
	if c.live == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		c.live.show(ctx)
	}()
	return func() {
		cancel()
		<-shown
	}
}

// watch notes which tasks run. It makes nobody wait.
func (o *liveOutput) watch(after run.Run) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range after.Attempts {
		switch known := o.tasks[a.TaskARN]; {
		case a.TaskARN == "":
		case known == nil && !a.Over():
			o.tasks[a.TaskARN] = &liveTask{job: after.ID.Job()}
		case known != nil && a.Over():
			known.over = true
		}
	}
}

// show shows new lines until ctx ends.
func (o *liveOutput) show(ctx context.Context) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		o.once()
		select {
		case <-ctx.Done():
			o.once()
			return
		case <-ticker.C:
		}
	}
}

func (o *liveOutput) once() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for arn, task := range o.tasks {
		o.lines(arn, task)
		if task.over {
			if len(task.rest) > 0 {
				o.print(task, task.rest)
			}
			delete(o.tasks, arn)
		}
	}
}

func (o *liveOutput) lines(arn string, task *liveTask) {
	f, err := os.Open(o.logs.Path(task.job, arn))
	if errors.Is(err, os.ErrNotExist) {
		return // it has written nothing so far
	}
	if err != nil {
		o.t.line("cannot show the output of %s: %v", task.job, err)
		task.over = true
		return
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(task.at, io.SeekStart); err != nil {
		return
	}
	in := bufio.NewReader(f)
	for {
		part, err := in.ReadBytes('\n')
		task.at += int64(len(part))
		task.rest = append(task.rest, part...)
		if err != nil {
			return // the rest of the line has not arrived
		}
		o.print(task, bytes.TrimSuffix(task.rest, []byte("\n")))
		task.rest = nil
	}
}

func (o *liveOutput) print(task *liveTask, line []byte) {
	text := string(bytes.ToValidUTF8(line, []byte("\ufffd")))
	if o.t.json {
		_ = printJSON(o.t.out, map[string]any{"type": "output", "job": task.job, "line": text})
		return
	}
	_, _ = fmt.Fprintf(o.t.out, "%s | %s\n", task.job, notice.Printable(text))
}

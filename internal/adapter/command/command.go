// Package command passes notices to a command on this machine.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
)

// patience bounds one call.
const patience = 30 * time.Second

// Notifier runs a shell command line for each notice. Its standard input is the notice as JSON,
// BATCHPLANE_NOTICE its text; BATCHPLANE_KIND, BATCHPLANE_JOB and BATCHPLANE_RUN are what their names
// say. Exit code 0 means that the notice was delivered.
type Notifier struct{ Line string }

// Notify implements port.Notifier.
func (n *Notifier) Notify(ctx context.Context, x notice.Notice) error {
	body, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encoding the notice: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said := &last{}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", n.Line) //nolint:gosec // the line of the owner's own file
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), said, said
	cmd.WaitDelay = time.Second // processes that it leaves behind may hold its output open
	// A command that hangs is killed with everything that it started, since it is run again each
	// minute.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Env = append(os.Environ(), "BATCHPLANE_NOTICE="+short(strings.ReplaceAll(x.Text(), "\x00", "")),
		"BATCHPLANE_KIND="+string(x.Kind), "BATCHPLANE_JOB="+x.Job, "BATCHPLANE_RUN="+string(x.Run))
	err = cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("the command took longer than %s", patience)
	case errors.Is(err, exec.ErrWaitDelay):
		return nil
	}
	return fmt.Errorf("the command failed: %w: %s", err, notice.Printable(strings.TrimSpace(string(said.text))))
}

// longest is how many bytes of a notice's text a variable holds. Linux starts no program with a variable
// of more than 128 KiB (execve(2)), and its standard input has the whole notice.
const longest = 100_000

func short(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// last keeps the last bytes of what is written to it, however much that is.
type last struct{ text []byte }

// mostSaid is how many bytes of a command's output are kept.
const mostSaid = 200

// Write implements io.Writer.
func (l *last) Write(p []byte) (int, error) {
	n := len(p)
	p = p[max(0, n-mostSaid):]
	if over := len(l.text) + len(p) - mostSaid; over > 0 {
		l.text = l.text[:copy(l.text, l.text[over:])]
	}
	l.text = append(l.text, p...)
	return n, nil
}

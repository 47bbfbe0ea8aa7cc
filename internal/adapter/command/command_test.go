package command_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/command"
	"github.com/batchplane/batchplane/internal/notice"
)

func TestNotify(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "told")
	n := command.Notifier{Line: `{ cat; echo; echo "$BATCHPLANE_KIND $BATCHPLANE_JOB $BATCHPLANE_RUN"; echo "$BATCHPLANE_NOTICE"; } >` + file}
	x := notice.Notice{ID: "i", Kind: notice.Failed, Job: "a", Run: "a/x", Cause: "exit \x00 3; $(touch /tmp/never)"}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"id":"i","kind":"failed"`, "\nfailed a a/x\nFAILED a: exit ", "$(touch /tmp/never)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if _, err := os.Stat("/tmp/never"); err == nil {
		t.Error("a cause was run")
	}
	err = (&command.Notifier{Line: "echo no such pager >&2; exit 3"}).Notify(t.Context(), x)
	if err == nil || !strings.Contains(err.Error(), "exit status 3: no such pager") {
		t.Errorf("got %v", err)
	}
	if err := (&command.Notifier{Line: "sleep 100 &"}).Notify(t.Context(), x); err != nil {
		t.Errorf("what stays behind: %v", err)
	}
}

// TestLongNotice: a notice that is too long for a variable is passed on all the same, and whole on the
// standard input.
func TestLongNotice(t *testing.T) {
	t.Parallel()
	x := notice.Notice{ID: "i", Kind: notice.Failed, Job: "a", Cause: strings.Repeat("é", 100_000)}
	n := command.Notifier{Line: `test "$(wc -c)" -gt 200000 && test "$(printf %s "$BATCHPLANE_NOTICE" | wc -c)" -gt 99000`}
	if err := n.Notify(t.Context(), x); err != nil {
		t.Errorf("%.300v", err)
	}
}

// TestOneThatHangs: it is killed with everything that it started, since it is run again each minute.
func TestOneThatHangs(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	// Every process that lives holds the pipe open for writing, so a read of it blocks.
	n := command.Notifier{Line: "exec >" + pipe + "; (echo on; exec sleep 1000) & wait"}
	go func() { over <- n.Notify(ctx, notice.Notice{ID: "i"}) }()
	f, err := os.Open(pipe) //nolint:gosec // a test's own pipe
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, 3)
	if _, err := f.Read(buf); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-over; err == nil || !strings.Contains(err.Error(), "took longer than 30s") {
		t.Errorf("it is said to have taken the notice, or why not: %v", err)
	}
	if err := f.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Read(buf); err == nil || os.IsTimeout(err) {
		t.Errorf("something of it lives: %v", err)
	}
}

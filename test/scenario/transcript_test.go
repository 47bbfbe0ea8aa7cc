package scenario_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/batchplane/batchplane/internal/notice"
)

// transcript collects what happens. Once muted, it forgets what follows: the last words of a
// program that is already dead.
type transcript struct {
	mu    sync.Mutex
	b     strings.Builder
	muted bool
}

func (t *transcript) mute(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.muted = on
}

func (t *transcript) line(at time.Time, format string, args ...any) {
	t.write(at.UTC().Format("15:04:05") + "  " + fmt.Sprintf(format, args...) + "\n")
}

// block writes a text of several lines, indented.
func (t *transcript) block(text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight("          | "+line, " \n") + "\n")
	}
	t.write(b.String())
}

func (t *transcript) write(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.muted {
		t.b.WriteString(s)
	}
}

var (
	taskARN  = regexp.MustCompile(`arn:aws:ecs:local:[0-9]+:task/default/[0-9a-f]{32}`)
	revision = regexp.MustCompile(`arn:aws:ecs:local:[0-9]+:task-definition/`)
	hash     = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	loopback = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
)

// String returns the transcript without what differs between runs or is of no interest: tasks and
// hashes are named in the order in which they appear.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := numbered(t.b.String(), taskARN, "task-")
	s = numbered(s, hash, "hash-")
	return loopback.ReplaceAllString(revision.ReplaceAllString(s, ""), "127.0.0.1:PORT")
}

func numbered(s string, re *regexp.Regexp, prefix string) string {
	names := map[string]string{}
	return re.ReplaceAllStringFunc(s, func(id string) string {
		if names[id] == "" {
			names[id] = fmt.Sprintf("%s%d", prefix, len(names)+1)
		}
		return names[id]
	})
}

// notifier puts notices into the transcript.
type notifier struct {
	now func() time.Time
	out *transcript
}

func (n notifier) Notify(_ context.Context, notice notice.Notice) error {
	n.out.line(n.now(), "NOTICE")
	n.out.block(notice.Text())
	return nil
}

// logger puts warnings and errors into the transcript.
func logger(now func() time.Time, out *transcript) *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{now, out}, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}

type logWriter struct {
	now func() time.Time
	out *transcript
}

func (w logWriter) Write(p []byte) (int, error) {
	w.out.line(w.now(), "LOG %s", bytes.TrimSpace(p))
	return len(p), nil
}

package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/local"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// TestALogThatGoes: a log that goes while somebody follows it differs from one to which nothing more is
// written.
func TestALogThatGoes(t *testing.T) {
	t.Parallel()
	for name, takeAway := range map[string]func(path string) error{
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, o := local.Logs{Dir: t.TempDir()}, port.Output{Run: "report/manual-1", Attempt: 1, TaskARN: "arn/1"}
			path := l.Path("report", o.TaskARN)
			if lines, err := l.Read(t.Context(), o, "", time.Time{}); err != nil || len(lines.Lines) > 0 {
				t.Errorf("before it is there: %+v, %v", lines, err)
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("one\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			lines, err := l.Read(t.Context(), o, "", time.Time{})
			if err != nil || len(lines.Lines) != 1 {
				t.Fatalf("%+v, %v", lines, err)
			}
			if more, err := l.Read(t.Context(), o, lines.Next, time.Time{}); err != nil || len(more.Lines) > 0 {
				t.Errorf("while nothing is written: %+v, %v", more, err)
			}
			if err := takeAway(path); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Read(t.Context(), o, lines.Next, time.Time{}); !errors.Is(err, plane.ErrNoOutput) {
				t.Errorf("then: %v", err)
			}
		})
	}
}

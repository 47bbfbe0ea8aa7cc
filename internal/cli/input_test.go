package cli_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
)

func pipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// readers returns the commands that read a named file.
func readers(file, pipe string) map[string][]string {
	return map[string][]string{
		"validate": {"validate", "-f", pipe}, "render": {"render", "-f", pipe}, "preview": {"preview", "-f", pipe},
		"diff": {"diff", "-f", file, "--against", pipe}, "import": {"import", "crontab", pipe}, "classify": {"classify", pipe},
		"apply": {"apply", "-f", pipe, "--stack", "prod"}, "doctor": {"doctor", "-f", pipe, "--stack", "prod"},
	}
}

// TestNobodyWritesToThePipe: no command waits for ever, and one that is told to end does so at
// once.
func TestNobodyWritesToThePipe(t *testing.T) {
	t.Parallel()
	file := filepath.Join(files(t, map[string]string{"jobs.yaml": jobsYAML}), "jobs.yaml")
	for name, args := range readers(file, pipe(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, end := context.WithTimeout(t.Context(), 60*time.Second)
			defer end()
			if r := within(ctx, nil, args...); r.code != 2 || !strings.Contains(r.err, ": write to it first, or name a file") {
				t.Errorf("%+v", r)
			}
			told, end := context.WithCancel(t.Context())
			end()
			if r := within(told, nil, args...); r.code != 130 || !strings.Contains(r.err, "interrupted") {
				t.Errorf("told to end: %+v", r)
			}
		})
	}
}

// TestAPipeIsRead: a pipe is read like a file, such as `<(git show main:jobs.yaml)` of a shell.
func TestAPipeIsRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(files(t, map[string]string{"jobs.yaml": jobsYAML}), "jobs.yaml")
	for _, name := range []string{"validate", "preview", "diff"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := pipe(t)
			go func() { _ = os.WriteFile(path, []byte(jobsYAML), 0o600) }()
			got := within(t.Context(), nil, readers(file, path)[name]...)
			if want := within(t.Context(), nil, readers(file, file)[name]...); got.code != 0 || got.out != strings.ReplaceAll(want.out, file, path) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestStandardInputIsLeft: a command that is told to end stops reading, whatever arrives later.
func TestStandardInputIsLeft(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"classify": {"classify"}, "import": {"import", "crontab", "-"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent, write := io.Pipe()
			t.Cleanup(func() { _ = write.Close() })
			ctx, end := context.WithCancel(t.Context())
			end()
			if r := within(ctx, silent, args...); r.code != 130 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// endless is an input without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestEndlessDocuments: classify gives up on an input that does not end, before memory does.
func TestEndlessDocuments(t *testing.T) {
	t.Parallel()
	if r := within(t.Context(), endless{}, "classify"); r.code != 2 || r.out != "" || !strings.Contains(r.err, "standard input: more than 256 MiB: give it in parts") {
		t.Errorf("%+.200v", r)
	}
}

func within(ctx context.Context, stdin io.Reader, args ...string) result {
	var out, errs bytes.Buffer
	code := cli.Main(ctx, args, cli.Env{Stdin: stdin, Stdout: &out, Stderr: &errs, Now: func() time.Time { return at }})
	return result{code, out.String(), errs.String()}
}

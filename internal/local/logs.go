package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/localecs"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
)

// tailBytes is how much of the end of a log is read for its last lines.
const tailBytes = 64 << 10

// LogDir returns the folder of the tasks' output for a database file.
func LogDir(db string) string { return strings.TrimSuffix(db, ".db") + ".logs" }

// Logs reads tasks' output. It implements port.Logs.
type Logs struct {
	Dir string
	// Command is what a person types before a run's id to read its log.
	Command string
}

// Path returns the file of a task's output. Each job has a folder of its own.
func (l Logs) Path(job, taskARN string) string {
	return localecs.LogPath(l.Dir, job, taskARN)
}

// Where implements port.Logs.
func (l Logs) Where(o port.Output) string {
	return fmt.Sprintf("%s %s --attempt %d", l.Command, o.Run, o.Attempt)
}

// readBytes is the most that one Read returns.
const readBytes = 256 << 10

// Read implements plane.Output. Places are byte offsets. It returns no times, since nobody knows when a
// line was written.
func (l Logs) Read(_ context.Context, o port.Output, from string, _ time.Time) (plane.Lines, error) {
	out := plane.Lines{Next: from}
	at, _ := strconv.ParseInt(from, 10, 64) // "" is the beginning
	f, err := os.Open(l.Path(o.Run.Job(), o.TaskARN))
	if errors.Is(err, os.ErrNotExist) {
		return out, gone(o, at, 0)
	}
	if err != nil {
		return out, fmt.Errorf("opening the log of %s: %w", o.Run, err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() < at {
		return out, gone(o, at, info.Size())
	}
	b, err := io.ReadAll(io.NewSectionReader(f, at, readBytes))
	if err != nil {
		return out, fmt.Errorf("reading the log of %s: %w", o.Run, err)
	}
	for line := range bytes.Lines(b) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		out.Lines = append(out.Lines, plane.Line{Text: string(text), Open: !ended})
	}
	if len(b) > 0 {
		out.Next = strconv.FormatInt(at+int64(len(b)), 10)
	}
	return out, nil
}

// gone returns the error of a log that is shorter than what was already read of it, nil if it is not.
func gone(o port.Output, read, has int64) error {
	if read <= has {
		return nil // nothing has been written so far
	}
	return fmt.Errorf("%w: the log of attempt %d of %s was removed or emptied after %d bytes of it were read", plane.ErrNoOutput, o.Attempt, o.Run, read)
}

// Place implements plane.Output. A log on this machine has no page.
func (l Logs) Place(port.Output) plane.Place { return plane.Place{} }

// Lag implements plane.Output.
func (l Logs) Lag() time.Duration { return 0 }

// Tail implements port.Logs. A task without output has no lines.
func (l Logs) Tail(_ context.Context, o port.Output, lines int) ([]string, error) {
	f, err := os.Open(l.Path(o.Run.Job(), o.TaskARN))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening a task's output: %w", err)
	}
	defer func() { _ = f.Close() }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("reading a task's output: %w", err)
	}
	from := max(0, size-tailBytes)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading a task's output: %w", err)
	}
	all := bytes.Split(bytes.TrimRight(b, "\n"), []byte("\n"))
	if len(b) == 0 {
		return nil, nil
	}
	out := make([]string, 0, lines)
	for _, line := range all[max(0, len(all)-lines):] {
		out = append(out, cutLine(strings.ToValidUTF8(string(line), "\ufffd")))
	}
	return out, nil
}

// maxLine is how many bytes of a line are shown to people; the file has all of it.
const maxLine = 1000

func cutLine(s string) string {
	if len(s) <= maxLine {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes more)", strings.ToValidUTF8(s[:maxLine], ""), len(s)-maxLine)
}

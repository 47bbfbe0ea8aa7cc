package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
)

// printJSON prints one object on one line. Nothing in it steers a terminal that shows it.
func printJSON(w io.Writer, v any) error {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	if err == nil {
		_, err = io.WriteString(w, job.Visible(b.String()))
	}
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// printAll prints one object per line.
func printAll[T any](w io.Writer, all []T) error {
	for _, v := range all {
		if err := printJSON(w, v); err != nil {
			return err
		}
	}
	return nil
}

// table prints rows in columns as wide as they need, whatever the screen. Cells are made safe for a terminal.
func table(w io.Writer, head []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{head}, rows...) {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = notice.Printable(c)
		}
		_, _ = fmt.Fprintln(t, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// took shows a duration in at most two units.
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return job.Duration(d.Round(time.Second)).String()
	}
	return job.Duration(d.Round(time.Minute)).String()
}

// lockedWriter lets several goroutines print, each text as a whole.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p) //nolint:wrapcheck // callers say what they print
}

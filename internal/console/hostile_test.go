package console_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/adapter/memory"
	"github.com/batchplane/batchplane/internal/console"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// writes is an output with these lines.
type writes struct {
	plane.Output
	lines []string
}

func (w writes) Tail(_ context.Context, _ port.Output, lines int) ([]string, error) {
	return w.lines[max(0, len(w.lines)-lines):], nil
}

func (writes) Place(port.Output) plane.Place { return plane.Place{} }

// TestHostileOutput: what a task writes, and what is said about a run, is shown as text, bounded,
// and controls nothing: not the page, not a terminal that it is copied to, and not the direction
// of the text around it.
func TestHostileOutput(t *testing.T) {
	t.Parallel()
	steers := "\x1b[2J\x1b]0;taken\x07\x9b31m\u202eevil\u2066\u200b\ufeff\r\x00\u2028"
	markup := `</title></svg></pre><svg onload=x()><script>x()</script><!--` + "]]>" + `{{.}}<title>`
	for name, line := range map[string]string{
		"what steers": steers, "markup": markup, "what is no text": "\xff\xfe\xc3\x28", "a line of 10 MB": strings.Repeat("<", 10<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, store := run.ID("bad/20261124T0720Z"), &memory.Store{}
			code := int64(1)
			cause := line[:min(len(line), 5000)]
			for _, c := range []port.Change{
				{Item: &job.Item{Name: "bad", FailingSince: night}},
				{Run: &run.Run{
					ID: id, ScheduledFor: night.Add(-time.Minute), QueuedAt: night, StartedAt: night, FinishedAt: night, Status: run.Failed, Cause: cause, ExitCode: &code,
					Attempts: []run.Attempt{{N: 1, TaskARN: "arn", Why: cause, StoppedReason: cause}},
				}},
			} {
				if err := store.Commit(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			w := newWorld(t, func(c *console.Config) {
				p := *c.Plane
				p.Reader, p.Output = store, writes{lines: []string{"before", line, line, "after"}}
				c.Plane = &p
			})
			cookie := w.signIn()
			for _, path := range []string{"/runs/" + string(id), "/", "/timeline", "/jobs/bad", "/history", "/ask/retry?run=" + string(id)} {
				res := w.send(request("GET", path, nil), cookie)
				if strings.HasPrefix(path, "/runs/") && (!strings.Contains(res.body, "before\n") || !strings.Contains(res.body, "after\n")) {
					t.Errorf("%s lacks the output", path)
				}
				if res.StatusCode != http.StatusOK || len(res.body) > 1<<20 {
					t.Errorf("%s: %d, %d bytes", path, res.StatusCode, len(res.body))
				}
				if i := strings.IndexAny(res.body, "\x1b\x07\x00\r\u009b\u202e\u2066\u200b\ufeff\u2028"); i >= 0 {
					t.Errorf("%s has what steers: %q", path, res.body[max(0, i-40):i+40])
				}
				if strings.Contains(res.body, "<script>") || strings.Contains(res.body, "<svg onload") || strings.Count(res.body, "</title>") != strings.Count(res.body, "<title>") {
					t.Errorf("%s has markup from outside", path)
				}
			}
		})
	}
}

package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// runPage explains a run.
type runPage struct {
	Frame
	Story view.Story
	// Shown is the attempt whose output is shown, or 0 if there is none.
	Shown int
	Log   []string
	// Cut means that the output has earlier lines.
	Cut bool
	// NoLog says why there is no output.
	NoLog string
}

// Bounds of the output that a page shows.
const (
	logLines = 500
	logLine  = 2000
)

func (s *Server) run(r *http.Request, q Query) (rendered, error) {
	ctx, p := r.Context(), s.cfg.Plane
	id, err := run.ParseID(r.PathValue("job") + "/" + r.PathValue("slot"))
	if err != nil {
		return rendered{}, port.ErrNotFound
	}
	found, err := p.Run(ctx, id)
	if err != nil {
		return rendered{}, err
	}
	story, err := p.Story(ctx, found)
	if err != nil {
		return rendered{}, err
	}
	page := &runPage{Frame: s.frame(r, q, "history", string(id)), Story: story}
	page.JobZone(id.Job(), story.Zone)
	if !found.Status.Terminal() {
		page.Events = "/events?run=" + string(id)
	}
	s.output(ctx, page, found, q.Attempt)
	return rendered{name: "run", data: page}, nil
}

// output reads the last lines of an attempt. If it cannot, the page says so and does not fail.
func (s *Server) output(ctx context.Context, page *runPage, r run.Run, attempt int) {
	if attempt < 1 || attempt > len(r.Attempts) {
		attempt = len(r.Attempts)
	}
	if attempt == 0 {
		page.NoLog = "It was not launched, so there is no output."
		return
	}
	page.Shown = attempt
	lines, err := s.cfg.Plane.LastLines(ctx, r, attempt, logLines+1)
	switch {
	case errors.Is(err, plane.ErrNoOutput):
		page.NoLog = err.Error()
	case err != nil:
		page.NoLog = "The output could not be read: " + s.cfg.Plane.Explained(err).Error()
	case len(lines) == 0 && r.Attempts[attempt-1].Over():
		page.NoLog = fmt.Sprintf("Attempt %d wrote no output.", attempt)
	case len(lines) == 0:
		page.NoLog = "No output yet."
	}
	page.lines(lines)
}

func (p *runPage) lines(lines []string) {
	if p.Cut = len(lines) > logLines; p.Cut {
		lines = lines[len(lines)-logLines:]
	}
	for _, l := range lines {
		l = strings.TrimRight(l, "\r") // lines may have Windows line endings
		if len(l) > logLine {
			at := logLine
			for at > 0 && !utf8.RuneStart(l[at]) {
				at--
			}
			l = fmt.Sprintf("%s… (%d more bytes)", l[:at], len(l)-at)
		}
		p.Log = append(p.Log, l)
	}
}

// Open reports whether the run has not ended.
func (p *runPage) Open() bool { return p.Story.State.Open() }

// CanRetry reports whether the page offers a retry. It does not for a skipped slot, because
// somebody wanted it skipped.
func (p *runPage) CanRetry() bool { return !p.Open() && p.Story.Status != run.Skipped }

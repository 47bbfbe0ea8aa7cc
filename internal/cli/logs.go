package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

type logsCmd struct {
	looks
	ID      string `arg:"" name:"run" help:"The run; for a job, its newest run with output."`
	Attempt *int   `help:"The output of this attempt; by default the newest." placeholder:"N"`
	Follow  bool   `help:"Keep printing until the attempt has ended."`
	Since   string `help:"With --stack: only output since a duration ago (10m) or a time." placeholder:"D"`
	Times   bool   `help:"With --stack: print the time of each line."`
}

// Run prints a task's output as it was written.
func (c *logsCmd) Run(ctx context.Context, a *app) error {
	if a.stack == "" && (c.Since != "" || c.Times) {
		return usagef("--since and --times need --stack: on this machine nobody notes when a task wrote a line")
	}
	attempt := 0 // the newest
	if c.Attempt != nil {
		if attempt = *c.Attempt; attempt < 1 {
			return usagef("--attempt %d must be at least 1: attempts are counted from 1", attempt)
		}
	}
	since, err := a.past("--since", c.Since)
	if err != nil {
		return err
	}
	return a.withPlane(ctx, func(p *plane.Plane) error {
		r, err := a.find(ctx, p, c.ID, plane.WithOutput)
		if err != nil {
			return err
		}
		lines := &linePrinter{a: a, id: r.ID, times: c.Times}
		done, err := p.Follow(ctx, plane.Follow{Run: r.ID, Attempt: attempt, On: c.Follow, Since: since}, lines.print)
		if err := errors.Join(err, lines.end()); err != nil {
			return err
		}
		if done.Lines == 0 && ctx.Err() == nil { // a person who left wants to know no more
			_, _ = fmt.Fprintf(a.Stderr, "attempt %d of %s %s\n", done.Attempt.N, r.ID, a.silence(done.Attempt, since))
		}
		return nil
	})
}

// silence says that an attempt wrote nothing, as far as is known.
func (a *app) silence(of run.Attempt, since time.Time) string {
	switch {
	case !since.IsZero():
		return fmt.Sprintf("has written no output since %s (%s)", a.at(since), a.zoneName())
	case !of.Over():
		return "has written no output so far; --follow waits for it"
	}
	return "wrote no output: " + notice.Printable(cmp.Or(of.Why, of.Next))
}

// linePrinter prints lines: to a file or a pipe as they are, to a terminal without anything that
// could control it.
type linePrinter struct {
	a     *app
	id    run.ID
	times bool
	// inside is the beginning of a line whose rest has not arrived, which JSON holds back. begun
	// reports whether there is such a line.
	inside string
	begun  bool
}

func (l *linePrinter) print(line plane.Line) error {
	first := !l.begun
	l.begun = line.Open
	if l.a.json {
		if l.inside += line.Text; line.Open {
			return nil
		}
		return l.flush(line.At)
	}
	var b strings.Builder
	if l.times && first && !line.At.IsZero() {
		b.WriteString(l.a.at(line.At) + "  ")
	}
	text := line.Text
	if l.a.Screen.Width > 0 {
		text = harmless(text)
	}
	b.WriteString(text)
	if !line.Open {
		b.WriteByte('\n')
	}
	return l.a.write([]byte(b.String()))
}

// end prints a last line that has no line break.
func (l *linePrinter) end() error {
	if l.inside == "" {
		return nil
	}
	return l.flush(time.Time{})
}

func (l *linePrinter) flush(at time.Time) error {
	text := l.inside
	l.inside = ""
	return printJSON(l.a.Stdout, jsonLine{Run: l.id, At: optionalTime(at), Line: text})
}

type jsonLine struct {
	At   *time.Time `json:"at,omitempty"`
	Line string     `json:"line"`
	Run  run.ID     `json:"run"`
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// harmless replaces control and format characters, but keeps tabs.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

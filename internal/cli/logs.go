package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

type logsCmd struct {
	looks
	ID      string `arg:"" name:"run" help:"The run; for a job, its newest run with output."`
	Attempt *int   `help:"The output of this attempt; by default the newest." placeholder:"N"`
	Follow  bool   `help:"Keep printing until the run has ended, or the --attempt."`
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
		err = c.print(ctx, a, p, plane.Follow{Run: r.ID, Attempt: attempt, On: c.Follow, Since: since})
		if ctx.Err() != nil { // a person who left wants to know no more
			return exitError(exitInterrupted)
		}
		return err
	})
}

// print prints the output of an attempt and, with --follow, of those after it unless one was asked for.
func (c *logsCmd) print(ctx context.Context, a *app, p *plane.Plane, f plane.Follow) error {
	for {
		lines := &linePrinter{a: a, id: f.Run, times: c.Times}
		done, err := p.Follow(ctx, f, lines.print)
		if err := errors.Join(err, lines.end()); err != nil {
			return err
		}
		if done.Lines == 0 && ctx.Err() == nil {
			_, _ = fmt.Fprintf(a.Stderr, "attempt %d of %s %s\n", done.Attempt.N, f.Run, a.silence(done.Attempt, f.Since))
		}
		if !c.Follow || c.Attempt != nil {
			return nil
		}
		r, more, err := attemptAfter(ctx, p, f.Run, done.Attempt.N)
		if err != nil || !more {
			return err
		}
		f.Attempt = done.Attempt.N + 1
		_, _ = fmt.Fprintf(a.Stderr, "attempt %d of %s: %s\n", f.Attempt, f.Run, notice.Printable(cmp.Or(done.Attempt.Next, r.Cause)))
	}
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
	// inside is the beginning of a line whose rest has not arrived, which JSON holds back, with its
	// attempt. begun reports whether there is such a line.
	inside  string
	attempt int
	begun   bool
	// held is the end of what arrived of a line, if a terminal may show it only with what comes next.
	held string
}

func (l *linePrinter) print(line plane.Line) error {
	first := !l.begun
	l.begun = line.Open
	if l.a.json {
		l.attempt = line.Attempt
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
		text = l.shown(text, line.Open)
	}
	b.WriteString(text)
	if !line.Open {
		b.WriteByte('\n')
	}
	return l.a.write([]byte(b.String()))
}

// shown returns what a terminal shows of a line that ends here, or is open. It holds back what may be
// part of a character or of a line break.
func (l *linePrinter) shown(text string, open bool) string {
	text, l.held = l.held+text, ""
	if !open {
		return notice.PrintableText(strings.TrimSuffix(text, "\r"))
	}
	end := len(text)
	for i := end - 1; i >= max(0, end-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRuneInString(text[i:]) || text[i] == '\r' && i == end-1 {
				end = i
			}
			break
		}
	}
	text, l.held = text[:end], text[end:]
	return notice.PrintableText(text)
}

// end prints what is left of a last line that has no line break.
func (l *linePrinter) end() error {
	switch {
	case l.held != "":
		return l.a.write([]byte(l.shown("", false)))
	case l.inside != "":
		return l.flush(time.Time{})
	}
	return nil
}

func (l *linePrinter) flush(at time.Time) error {
	text := l.inside
	l.inside = ""
	return printJSON(l.a.Stdout, jsonLine{Run: l.id, Attempt: l.attempt, At: at.UTC(), Line: text})
}

type jsonLine struct {
	At      time.Time `json:"at,omitzero"`
	Attempt int       `json:"attempt"`
	Line    string    `json:"line"`
	Run     run.ID    `json:"run"`
}

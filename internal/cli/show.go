package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

type showCmd struct {
	looks
	ID string `arg:"" name:"run" help:"The run to explain."`
}

// Run explains one run.
func (c *showCmd) Run(ctx context.Context, a *app) error {
	return a.withPlane(ctx, func(p *plane.Plane) error {
		r, err := a.find(ctx, p, c.ID, plane.Any)
		if err != nil {
			return err
		}
		s, err := p.Story(ctx, r)
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(a.Stdout, s)
		}
		var b bytes.Buffer
		(&explainer{w: &b, a: a}).story(s)
		defer a.warnDown(ctx, p, s.State.Open())
		return a.write(b.Bytes())
	})
}

// explainer prints a run for a person.
type explainer struct {
	w io.Writer
	a *app
}

// line prints a fact, unless it has no value. Each line of the value gets a line of its own, safe
// for a terminal.
func (e *explainer) line(name, value string) {
	if value == "" {
		return
	}
	for text := range strings.SplitSeq(strings.TrimRight(value, "\n"), "\n") {
		_, _ = fmt.Fprintf(e.w, "%-16s %s\n", name, strings.TrimRight(notice.Printable(text), " "))
		name = ""
	}
}

func (e *explainer) at(t time.Time) string { return e.a.at(t) }

func (e *explainer) story(s view.Story) {
	e.line("run", string(s.Run))
	e.line("job", strings.Trim(s.Job+": "+s.Description, ": "))
	e.line("owner", s.Owner)
	e.line("status", string(s.State)+": "+s.Cause)
	e.line("times", "in "+e.a.zoneName())
	e.line("scheduled for", e.at(s.ScheduledFor))
	e.line("queued", e.at(s.QueuedAt))
	e.line("started", e.a.atPointer(s.StartedAt))
	e.line("finished", e.a.atPointer(s.FinishedAt))
	e.line("took", took(s.Took()))
	if s.ExitCode != nil {
		e.line("exit code", fmt.Sprint(*s.ExitCode))
	}
	e.line("task definition", s.TaskDefinition)
	e.line("definition", s.Definition)
	e.line("command", strings.Join(s.Command, " "))
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		e.line("variable", name+"="+s.Variables[name])
	}
	for _, t := range s.Triggers {
		words := view.TriggerWords(t) + " at " + e.at(t.At)
		if t.Reason != "" {
			words += ": " + t.Reason
		}
		e.line("trigger", words)
	}
	if s.Duplicates > 0 {
		e.line("", job.Counted(s.Duplicates, "further trigger")+" of the same run, all duplicates")
	}
	if q := s.Stopping; q != nil {
		e.line("stop asked", fmt.Sprintf("by %s at %s: %s", somebody(q.By), e.at(q.At), q.Reason))
	}
	for _, a := range s.Tries {
		e.attempt(a)
	}
	_, _ = fmt.Fprintln(e.w)
	safe := string(s.Retry.Safety) + ": " + s.Retry.Why
	if s.Retry.Safety == run.RetryDone {
		safe += "; it needs --force"
	}
	e.line("retry", safe)
	e.next(s)
}

func (e *explainer) attempt(a view.Attempt) {
	_, _ = fmt.Fprintf(e.w, "\nattempt %d\n", a.N)
	e.line("  sent", e.at(a.SentAt)+" ("+view.SendWords(a.Attempt)+")")
	e.line("  accepted", e.at(a.AcceptedAt))
	e.line("  task", a.TaskARN)
	if !a.Over() {
		e.line("  task status", a.TaskStatus())
	}
	e.line("  started", e.at(a.StartedAt))
	e.line("  ended", e.at(a.EndedAt))
	if a.Took() > 0 {
		e.line("  ran", took(a.Took()))
	}
	e.line("  stop code", a.StopCode)
	e.line("  stopped reason", a.StoppedReason)
	e.line("  container", a.ContainerReason)
	if a.ExitCode != nil {
		e.line("  exit code", fmt.Sprint(*a.ExitCode))
	}
	e.line("  image", a.ImageDigest)
	if a.Class != "" {
		e.line("  verdict", fmt.Sprintf("%s (did anything start? %s; would a relaunch help? %s)", a.Class, a.Started, a.Helps))
		e.line("  rule", a.Rule)
		e.line("  why", a.Why)
	}
	e.line("  decision", a.Next)
	e.line("  log group", a.LogGroup)
	e.line("  logs go", a.LogsTo)
	e.line("  logs at", a.LogsAt)
	e.line("  task at", a.TaskAt)
}

// next says what will happen without anyone's action.
func (e *explainer) next(s view.Story) {
	for _, t := range s.Told {
		e.line("told", fmt.Sprintf("at %s: %s; %s", e.at(t.At), t.Says, view.ToldWords(t.Told)))
	}
	for _, o := range s.Owed {
		e.line("owed", view.OwedWords(o))
	}
	if d := s.Doubt; d != nil {
		e.line("in doubt", fmt.Sprintf("since %s: it is not known whether ECS launched attempt %d", e.at(d.Since), d.Attempt))
	}
	words := s.Next
	if s.DueAt != nil {
		words = "at " + e.a.atPointer(s.DueAt) + ": " + words
	}
	e.line("next", words)
}

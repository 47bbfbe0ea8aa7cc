package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/wire"
)

type showCmd struct {
	ID string `arg:"" name:"run" help:"The run."`
}

// shown is a run as show prints it as JSON: history's fields and all there is;
// attempts is the list here, not their number.
type shown struct {
	row
	TaskDefinition string           `json:"taskDefinition"`
	Definition     string           `json:"definition"`
	Triggers       []run.Trigger    `json:"triggers"`
	Duplicates     int              `json:"duplicates"`
	Tries          []run.Attempt    `json:"attempts"`
	Stopping       *run.StopRequest `json:"stopping,omitempty"`
	Owed           []run.Effect     `json:"owed,omitempty"`
	DueAt          *time.Time       `json:"dueAt,omitempty"`
}

// Run explains one run.
func (c *showCmd) Run(ctx context.Context, a *app) error {
	return a.withStore(ctx, func(s wire.State) error {
		id, err := resolveRun(ctx, s, c.ID)
		if err != nil {
			return err
		}
		r, err := findRun(ctx, s, id)
		if err != nil {
			return err
		}
		if a.json {
			return printJSON(a.Stdout, shown{
				row: rowOf(r), TaskDefinition: r.Task.ARN, Definition: r.Definition, Triggers: r.Triggers, Duplicates: r.Duplicates,
				Tries: r.Attempts, Stopping: r.Stopping, Owed: r.Owed, DueAt: optional(r.DueAt),
			})
		}
		j, err := s.Definition(ctx, r.Definition)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		(&explainer{w: &b, zone: zoneOf(j)}).run(r, j)
		if _, err := a.Stdout.Write(b.Bytes()); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
		return nil
	})
}

// explainer prints a run for a person.
type explainer struct {
	w    io.Writer
	zone *time.Location
}

// line prints a fact, unless it has no value. Texts from outside are made safe.
func (e *explainer) line(name, value string) {
	if value != "" {
		_, _ = fmt.Fprintf(e.w, "%-16s %s\n", name, notice.Printable(value))
	}
}

func (e *explainer) at(t time.Time) string { return inZone(t, e.zone) }

func (e *explainer) run(r run.Run, j job.Job) {
	e.line("run", string(r.ID))
	e.line("job", strings.Trim(j.Name+": "+j.Description, ": "))
	e.line("owner", j.Owner)
	e.line("status", string(r.Status)+": "+r.Cause)
	e.line("scheduled for", e.at(r.ScheduledFor)+" ("+r.ScheduledFor.UTC().Format("15:04 UTC")+")")
	e.line("queued", e.at(r.QueuedAt))
	e.line("started", e.at(r.StartedAt))
	e.line("finished", e.at(r.FinishedAt))
	e.line("took", took(r.Duration()))
	if r.ExitCode != nil {
		e.line("exit code", fmt.Sprint(*r.ExitCode))
	}
	e.line("task definition", r.Task.ARN)
	e.line("definition", r.Definition)
	e.line("command", strings.Join(r.Effective(j).Command, " "))
	for _, t := range r.Triggers {
		e.line("trigger", triggerWords(t)+" at "+e.at(t.At))
	}
	if r.Duplicates > 0 {
		e.line("", counted(r.Duplicates, "further trigger")+" of the same run, all duplicates")
	}
	if s := r.Stopping; s != nil {
		e.line("stop asked", fmt.Sprintf("by %s at %s: %s", cmp.Or(s.By, "a person"), e.at(s.At), s.Reason))
	}
	for _, a := range r.Attempts {
		e.attempt(a)
	}
	e.next(r)
}

func triggerWords(t run.Trigger) string {
	words := map[run.TriggerKind]string{
		run.BySchedule: "its schedule", run.ByHand: "run by hand", run.ByRetry: "retried by hand",
		run.BySweep: "none came; recorded", run.ByCatchUp: "none came; caught up with",
	}[t.Kind]
	if t.By != "" {
		words += " by " + t.By
	}
	return words
}

func (e *explainer) attempt(a run.Attempt) {
	_, _ = fmt.Fprintf(e.w, "\nattempt %d\n", a.N)
	sends := counted(a.Sends, "request")
	if a.Refusals > 0 {
		sends += fmt.Sprintf(", %d of them refused", a.Refusals)
	}
	if a.Doubt {
		sends += ", an answer was lost"
	}
	e.line("  sent", e.at(a.SentAt)+" ("+sends+")")
	e.line("  accepted", e.at(a.AcceptedAt))
	e.line("  task", a.TaskARN)
	e.line("  started", e.at(a.StartedAt))
	e.line("  ended", e.at(a.EndedAt))
	if !a.StartedAt.IsZero() && !a.EndedAt.IsZero() {
		e.line("  ran", took(a.EndedAt.Sub(a.StartedAt)))
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
}

// next says what will happen without anybody's doing.
func (e *explainer) next(r run.Run) {
	for _, o := range r.Owed {
		e.line("owed", strings.TrimSpace(string(o.Kind)+" "+o.Notice))
	}
	if r.DueAt.IsZero() {
		return
	}
	what := "looked at again"
	switch {
	case r.Waits:
		what = "launched when that run ends; looked at again"
	case r.Status == run.Queued:
		what = "launched"
	}
	_, _ = fmt.Fprintln(e.w)
	e.line("next", fmt.Sprintf("it is %s at %s", what, e.at(r.DueAt)))
}

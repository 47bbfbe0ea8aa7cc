package view

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/notice"
	"github.com/batchplane/batchplane/internal/run"
)

// Story is a run explained: history's row and all there is.
type Story struct {
	Row
	Description    string `json:"description,omitempty"`
	Owner          string `json:"owner,omitempty"`
	Zone           string `json:"zone"`
	TaskDefinition string `json:"taskDefinition"`
	Definition     string `json:"definition"`
	// Command is what the newest attempt runs; Variables are those that a person
	// gave this run beside the job's own.
	Command    []string          `json:"command,omitempty"`
	Variables  map[string]string `json:"variables,omitempty"`
	Triggers   []run.Trigger     `json:"triggers"`
	Duplicates int               `json:"duplicates"`
	Tries      []Attempt         `json:"attempts"`
	Stopping   *run.StopRequest  `json:"stopping,omitempty"`
	Owed       []run.Effect      `json:"owed,omitempty"`
	// Told are the notices of the run: what they said, when, and who took them.
	Told  []Told     `json:"told,omitempty"`
	DueAt *time.Time `json:"dueAt,omitempty"`
	Doubt *Doubt     `json:"doubt,omitempty"`
	Retry run.Retry  `json:"retry"`
	// Next is what happens without anybody's doing, "" where nothing does.
	Next string `json:"next,omitempty"`
}

// Attempt is an attempt and where to find out more.
type Attempt struct {
	run.Attempt
	// LogGroup is where the task writes, LogsTo in words where it writes elsewhere. LogsAt
	// and TaskAt are pages of AWS's console, but LogsAt of an output that goes elsewhere,
	// which is what its task definition says; "" where there is none.
	LogGroup string `json:"logGroup,omitempty"`
	LogsTo   string `json:"logsTo,omitempty"`
	LogsAt   string `json:"logsAt,omitempty"`
	TaskAt   string `json:"taskAt,omitempty"`
}

// Told is a notice as it was told.
type Told struct {
	run.Told
	// Says is its headline and its cause.
	Says string `json:"says"`
}

// ToldWords say who took a notice.
func ToldWords(t run.Told) string {
	if len(t.To) == 0 {
		return "given up: it reached nobody"
	}
	return "taken by " + strings.Join(t.To, ", ")
}

// StoryOf explains a run of a job, as it is at a time.
func StoryOf(r run.Run, j job.Job, now time.Time) Story {
	s := Story{
		Row: RowOf(r, now), Description: j.Description, Owner: j.Owner, Zone: j.Zone(), TaskDefinition: r.Task.ARN, Definition: r.Definition,
		Command: r.Effective(j).Command, Variables: r.Environment, Triggers: r.Triggers, Duplicates: r.Duplicates,
		Stopping: r.Stopping, Owed: r.Owed, DueAt: optional(r.DueAt), Doubt: DoubtOf(r), Retry: run.RetryOf(r, j), Next: nextOf(r),
	}
	for _, t := range r.Told {
		s.Told = append(s.Told, Told{t, notice.Notice{Kind: notice.Kind(t.Notice), Job: r.ID.Job(), Cause: t.Cause, Missed: t.Count}.Headline()})
	}
	for _, a := range r.Attempts {
		s.Tries = append(s.Tries, Attempt{Attempt: a})
	}
	if r.Waits { // for what no clock tells
		s.DueAt = nil
	}
	if from := RunsFrom(r); !from.IsZero() && !now.Before(from) { // looks leave no trace
		s.Tries[len(s.Tries)-1].LastStatus = run.TaskRunning
		s.DueAt, s.Next = nil, "its task runs, as far as is known; the next look is within 45 minutes"
	}
	return s
}

// nextOf says what time alone will do about a run.
func nextOf(r run.Run) string {
	switch d := DoubtOf(r); {
	case r.DueAt.IsZero():
		return ""
	case d != nil:
		return d.Next
	case r.Status.Terminal():
		return "what is owed is tried again"
	case r.Waits:
		return "it is launched when that run ends"
	case r.Status == run.Queued:
		return "it is launched"
	}
	return "it is looked at again"
}

// TriggerWords say what asked for a run, and who.
func TriggerWords(t run.Trigger) string {
	words := map[run.TriggerKind]string{
		run.BySchedule: "its schedule", run.ByHand: "run by hand", run.ByRetry: "retried by hand",
		run.BySweep: "no trigger came; recorded", run.ByCatchUp: "no trigger came; caught up",
	}[t.Kind]
	words = cmp.Or(words, string(t.Kind))
	if t.By != "" {
		words += " by " + t.By
	}
	return words
}

// SendWords say how an attempt's request went out.
func SendWords(a run.Attempt) string {
	words := Counted(a.Sends, "request")
	if a.Refusals > 0 {
		words += fmt.Sprintf(", %d of them refused", a.Refusals)
	}
	if a.Doubt {
		words += ", an answer was lost"
	}
	return words
}

// Counted is a number of things.
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

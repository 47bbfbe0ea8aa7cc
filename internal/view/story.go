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

// Story is a run explained: history's row and everything else.
type Story struct {
	Row
	Description    string `json:"description,omitempty"`
	Owner          string `json:"owner,omitempty"`
	Zone           string `json:"zone"`
	TaskDefinition string `json:"taskDefinition"`
	Definition     string `json:"definition"`
	// Command is what the newest attempt runs. Variables are those that a person gave this run in
	// addition to the job's own.
	Command    []string          `json:"command,omitempty"`
	Variables  map[string]string `json:"variables,omitempty"`
	Triggers   []run.Trigger     `json:"triggers"`
	Duplicates int               `json:"duplicates"`
	Tries      []Attempt         `json:"attempts"`
	Stopping   *run.StopRequest  `json:"stopping,omitempty"`
	Owed       []run.Effect      `json:"owed,omitempty"`
	// Told lists the notices of the run: what they said, when, and who accepted them.
	Told  []Told     `json:"told,omitempty"`
	DueAt *time.Time `json:"dueAt,omitempty"`
	Doubt *Doubt     `json:"doubt,omitempty"`
	Retry run.Retry  `json:"retry"`
	// Next says what will happen without anyone's action, or is "" if nothing will.
	Next string `json:"next,omitempty"`
}

// Attempt is an attempt, with the places where to find out more.
type Attempt struct {
	run.Attempt
	// LogGroup is where the task writes; LogsTo says in words where, if it writes elsewhere.
	// LogsAt and TaskAt are pages of the AWS console, except that LogsAt of an output that goes
	// elsewhere is what its task definition says. They are "" if there are none.
	LogGroup string `json:"logGroup,omitempty"`
	LogsTo   string `json:"logsTo,omitempty"`
	LogsAt   string `json:"logsAt,omitempty"`
	TaskAt   string `json:"taskAt,omitempty"`
}

// TaskStatus puts into words what is known of the task of an attempt that is not over. If only
// ECS's answer to the launch is known, it says so.
func (a Attempt) TaskStatus() string {
	words := strings.ToLower(a.LastStatus)
	if words != "" && a.Version == 0 && a.LastStatus != run.TaskRunning {
		words += ", when it was launched"
	}
	return words
}

// Told is a notice that was sent, or given up.
type Told struct {
	run.Told
	// Says is the notice's headline and its cause.
	Says string `json:"says"`
}

// ToldWords says who accepted a notice.
func ToldWords(t run.Told) string {
	if len(t.To) == 0 {
		return "given up: it reached nobody"
	}
	return "taken by " + strings.Join(t.To, ", ")
}

// StoryOf explains a run of a job as it is at a given time.
func StoryOf(r run.Run, j job.Job, now time.Time) Story {
	s := Story{
		Row: RowOf(r, now), Description: j.Description, Owner: j.Owner, Zone: j.Zone(), TaskDefinition: r.Task.ARN, Definition: r.Definition,
		Command: r.Effective(j).Command, Variables: r.Environment, Triggers: r.Triggers, Duplicates: r.Duplicates,
		Stopping: r.Stopping, Owed: r.Owed, DueAt: optional(r.DueAt), Doubt: DoubtOf(r), Retry: run.RetryOf(r, j), Next: nextOf(r),
	}
	for _, t := range r.Told {
		n := notice.Notice{Kind: notice.Kind(t.Notice), Job: r.ID.Job(), Cause: t.Cause}
		if t.Count > 1 {
			n.Cause = fmt.Sprintf("%d slots, the last: %s", t.Count, t.Cause)
		}
		s.Told = append(s.Told, Told{t, n.Headline()})
	}
	for _, a := range r.Attempts {
		s.Tries = append(s.Tries, Attempt{Attempt: a})
	}
	if r.Waits { // it waits for something that has no time
		s.DueAt = nil
	}
	if from := r.RunsFrom(); !from.IsZero() && !now.Before(from) { // looks leave no trace
		s.Tries[len(s.Tries)-1].LastStatus = run.TaskRunning
		s.DueAt, s.Next = nil, "its task runs, as far as is known; the next look is within 45 minutes"
	}
	return s
}

// nextOf says what will happen to a run by the passing of time alone.
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

// TriggerWords says what started a run, and who asked.
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

// SendWords says how an attempt's request was sent.
func SendWords(a run.Attempt) string {
	words := job.Counted(a.Sends, "request")
	if a.Refusals > 0 {
		words += fmt.Sprintf(", %d of them refused", a.Refusals)
	}
	if a.Doubt {
		words += ", an answer was lost"
	}
	return words
}

// OwedWords says what is owed to a run.
func OwedWords(e run.Effect) string {
	switch e.Kind { //exhaustive:enforce
	case run.Launch:
		return "a launch"
	case run.StopTask:
		return "the stop of its task"
	case run.Find:
		return "a search for its task"
	case run.Tell:
		return "a notice: " + strings.ReplaceAll(e.Notice, "-", " ")
	}
	return string(e.Kind)
}

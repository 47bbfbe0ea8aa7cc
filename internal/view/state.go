// Package view is what people see of jobs and runs, as data: a row of history, a job in one line,
// a run explained, a timeline, what needs attention. Tables, pages and widgets lay it out;
// nothing is decided or read here.
//
// It is pure: the time is an argument. Texts from outside are verbatim; whoever prints them makes
// them safe.
package view

import (
	"time"

	"github.com/batchplane/batchplane/internal/run"
)

// State is the word that people see for how a run stands: its status or, for an open run, what
// ECS has said about it.
type State string

// States in addition to those of run.Status.
const (
	// Starting: ECS accepted the task and has not said that it runs. Looks that find it running
	// leave no trace, see run.Run.RunsFrom.
	Starting State = "starting"
	// InDoubt: it is not known whether ECS launched the task.
	InDoubt State = "in doubt"
	// Stopping: somebody asked to stop the task, or ECS was seen stopping it, and it has not
	// stopped yet.
	Stopping State = "stopping"
)

// StateOf returns the state of a run at a time.
func StateOf(r run.Run, now time.Time) State {
	a := r.Last()
	switch {
	case r.Status.Terminal():
	case r.Stopping != nil:
		return Stopping
	case inDoubt(r):
		return InDoubt
	case r.Status != run.Running || a == nil:
	case a.Ending():
		return Stopping
	case a.StartedAt.IsZero() && a.LastStatus != run.TaskRunning:
		if from := r.RunsFrom(); !from.IsZero() && !now.Before(from) {
			return State(run.Running)
		}
		return Starting
	}
	return State(r.Status)
}

func inDoubt(r run.Run) bool {
	a := r.Last()
	return r.Status == run.Launching && r.Stopping == nil && a != nil && a.Doubt
}

// marks has one character for each state of a strip.
var marks = map[State]byte{
	State(run.Succeeded): '.', State(run.Failed): 'F', State(run.Missed): 'M', State(run.Stopped): 'S', State(run.Skipped): '-',
}

// Mark returns the state as one character: `.` succeeded, F failed, M missed, S stopped, -
// skipped, and > for an open run.
func (s State) Mark() byte {
	if m, ok := marks[s]; ok {
		return m
	}
	return '>'
}

// Bad reports whether somebody has to look at a run in that state.
func (s State) Bad() bool {
	return s == State(run.Failed) || s == State(run.Missed) || s == InDoubt
}

// Open reports whether a run in that state has not ended.
func (s State) Open() bool { return s.Mark() == '>' }

// Doubt is a launch whose outcome is not known.
type Doubt struct {
	Attempt int       `json:"attempt"`
	Since   time.Time `json:"since"`
	// Sought is since when searches for the task have found none; nil before the first search.
	Sought *time.Time `json:"sought,omitempty"`
	// Next says what will happen without anyone's action.
	Next string `json:"next"`
}

// DoubtOf returns the doubt that a run is in, or nil, as for most runs.
func DoubtOf(r run.Run) *Doubt {
	a := r.Last()
	if !inDoubt(r) {
		return nil
	}
	d := &Doubt{Attempt: a.N, Since: a.SentAt.UTC(), Next: "the same request is sent again, which cannot launch a second task; once the request is too old, batchplane searches for the task"}
	if !a.SoughtAt.IsZero() || r.Owes(run.Find) {
		d.Sought = optional(a.SoughtAt)
		d.Next = "batchplane searches for the task; if it finds none, the run fails as in doubt and is not launched again"
	}
	return d
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

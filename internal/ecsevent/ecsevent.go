// Package ecsevent reads the shapes in which ECS reports about a task: an EventBridge event, its
// detail, a task from DescribeTasks or Step Functions, and an answer of RunTask. It is pure and
// keeps ECS's words verbatim.
package ecsevent

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/stop"
)

// ErrForeign is wrapped by Parse's error for an event with another source or detail-type.
var ErrForeign = errors.New("not an ECS task state change")

// The source and detail-type of ECS's events on EventBridge.
const (
	Source     = "aws.ecs"
	DetailType = "ECS Task State Change"
)

// Document is one parsed document.
type Document struct {
	// ID is the document's own id as given: the event's, or one set by the caller.
	ID       string
	Envelope Envelope
	// Kind says which of the next three fields is set.
	Kind      stop.Kind
	Task      Task
	Failure   Failure
	Exception Exception
	// Unnamed reports whether the exception may be the answer to another call than RunTask.
	Unnamed bool

	// Definition and Container may be given beside the task by a caller that knows them.
	Definition []stop.Defined
	Container  string
}

// Envelope is what EventBridge puts around a detail. It is zero for bare documents.
type Envelope struct{ Source, DetailType string }

// Failure is an entry of RunTask's failures[].
type Failure struct{ Reason, Detail, ARN string }

// Exception is an error answer of RunTask. Code may be empty if a client printed it inside
// Message.
type Exception struct{ Code, Message string }

// Stop returns the document as an end in ECS's words. The document does not say who asked for the
// stop: the caller sets Asked and AskedWhile.
func (d Document) Stop() stop.Stop {
	var s stop.Stop
	switch d.Kind {
	case stop.LaunchFailure:
		s = stop.Stop{Kind: d.Kind, CodeMissing: true, Reason: d.Failure.Reason, Detail: d.Failure.Detail, ARN: d.Failure.ARN}
	case stop.LaunchException:
		s = stop.Stop{Kind: d.Kind, CodeMissing: true, Reason: d.Exception.Message, ErrorCode: d.Exception.Code}
	default:
		s = d.Task.Stop()
	}
	s.Definition, s.Container = d.Definition, d.Container
	return s
}

// Parse reads one document. It accepts
//   - an "ECS Task State Change" event, or its detail alone
//   - a task as returned by DescribeTasks, bare, as {"task": ...} or as {"tasks": [one]}
//   - {"runTaskFailure": {"reason", "detail", "arn"}}
//   - {"runTaskException": {"code", "message"}}
//   - a line of a corpus: {"kind": "event|runtask-failure|runtask-exception", "stopCode", "stoppedReason", "startedAtPresent", "containers"}
//
// A document may also have "definition" ([{"name", "essential"}]), "container" and "id". Keys may
// have any case, and unknown keys are ignored. An error names the field that is wrong; for other
// events it wraps ErrForeign.
func Parse(data []byte) (Document, error) {
	var err error
	if len(data) == 0 {
		err = errors.New("document: want an object, it is empty")
	}
	d := parse(read("", data, &err))
	if err == nil {
		err = d.foreign()
	}
	if err != nil {
		return Document{}, reading(err)
	}
	return d, nil
}

func parse(o object) Document {
	d := Document{ID: id(o.raw("id")), Kind: stop.Task, Definition: definition(o), Container: containerName(o)}
	switch {
	case o.has("detail-type") || o.has("detail"):
		d.Envelope = envelope(o)
		if d.foreign() == nil {
			d.Task = bareTask(o.object("detail"))
		}
	case o.has("runTaskFailure"):
		d.Kind, d.Failure = stop.LaunchFailure, failure(o.object("runTaskFailure"))
	case o.has("runTaskException"):
		x := o.object("runTaskException")
		d.Kind, d.Exception = stop.LaunchException, Exception{x.text("code"), x.text("message")}
	case o.has("task"):
		d.Task = bareTask(o.object("task"))
	case o.has("tasks"):
		d.Task = onlyTask(o)
	case o.has("kind"):
		parseLine(&d, o)
	default:
		d.Task = bareTask(o)
	}
	return d
}

func failure(o object) Failure { return Failure{o.text("reason"), o.text("detail"), o.text("arn")} }

// definition reads the containers of the task definition, which stand beside a task.
func definition(o object) (list []stop.Defined) {
	for _, c := range o.list("definition") {
		list = append(list, stop.Defined{Name: c.text("name"), Essential: c.flag("essential", true)})
	}
	return list
}

// id returns a string's value and anything else as written.
func id(raw json.RawMessage) string {
	if s, ok := unquoted(raw); ok {
		return s
	}
	return string(raw)
}

// containerName reads the name of the job's container, which stands beside a task.
func containerName(o object) string { return o.text("container") }

func envelope(o object) Envelope {
	return Envelope{Source: o.text("source"), DetailType: o.text("detail-type")}
}

// foreign returns an error for an event that names another source or detail-type.
func (d *Document) foreign() error {
	e := d.Envelope
	if (e.Source != "" && e.Source != Source) || (e.DetailType != "" && e.DetailType != DetailType) {
		return fmt.Errorf("%w: source %q, detail-type %q", ErrForeign, e.Source, e.DetailType)
	}
	return nil
}

func onlyTask(o object) Task {
	tasks := o.list("tasks")
	if len(tasks) != 1 {
		o.fail("tasks", fmt.Sprintf("one task, not %d", len(tasks)))
		return Task{}
	}
	return bareTask(tasks[0])
}

// parseLine reads a line of a corpus of stop reasons. Its startedAtPresent says only that there
// was a startedAt, which becomes 1970-01-01.
func parseLine(d *Document, o object) {
	reason := o.text("stoppedReason")
	switch kind := o.text("kind"); kind {
	case "runtask-failure":
		d.Kind, d.Failure = stop.LaunchFailure, Failure{Reason: reason, Detail: o.text("detail"), ARN: o.text("arn")}
	case "runtask-exception":
		d.Kind, d.Exception = stop.LaunchException, Exception{Code: o.text("errorCode"), Message: reason}
	case "event":
		d.Task = task(o)
		d.Task.ended = true
		if o.flag("startedAtPresent", false) && d.Task.StartedAt.IsZero() {
			d.Task.StartedAt = time.Unix(0, 0).UTC()
		}
	default:
		o.fail("kind", "event, runtask-failure or runtask-exception")
	}
}

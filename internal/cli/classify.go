package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/stop"
)

type classifyCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"JSON Lines, or one document in JSON or YAML; by default standard input."`
}

// Help says what classify accepts.
func (*classifyCmd) Help() string {
	return "It takes whatever you have and gives one verdict per task and per refusal: an event or its detail; an answer of DescribeTasks or RunTask, " +
		"or a part of one, also as Python prints it; an SNS or SQS message, or a batch of records around an event; log lines, gzipped or not, or results of Logs Insights; a CloudTrail record of RunTask; " +
		"entries of PutEvents; the Error and Cause of Step Functions, or an execution's history; an error of RunTask as an SDK or the AWS CLI prints it, also within lines of a log; " +
		"{\"runTaskFailure\": {\"reason\"}} and {\"runTaskException\": {\"code\", \"message\"}}. " +
		"Beside a task, \"container\" names the job's container and \"definition\" lists all of them, as [{\"name\", \"essential\"}]."
}

// verdict is a verdict in the form that classify prints.
type verdict struct {
	ID       string      `json:"id,omitempty"`
	Task     string      `json:"task,omitempty"`
	Class    stop.Class  `json:"class"`
	Started  stop.Answer `json:"started"`
	Helps    stop.Answer `json:"helps"`
	Relaunch bool        `json:"relaunch"`
	Rule     string      `json:"rule"`
	Why      string      `json:"why"`
}

// mostDocuments bounds how much classify reads of one input, in bytes.
const mostDocuments = 256 << 20

// Run classifies documents in every shape that ecsevent.ParseAll reads.
func (c *classifyCmd) Run(ctx context.Context, a *app) error {
	if len(c.Files) == 0 {
		if a.Screen.Asks {
			_, _ = fmt.Fprintln(a.Stderr, "reading standard input; Ctrl-D ends it")
		}
		data, err := io.ReadAll(io.LimitReader(input{ctx, a.Stdin}, mostDocuments+1))
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		return a.classify("standard input", data)
	}
	var errs []error
	for _, name := range c.Files {
		data, err := readBounded(ctx, name, mostDocuments)
		switch {
		case err != nil && strings.ContainsAny(name, " {"):
			errs = append(errs, usagef(`%w; arguments are files: write a text to standard input, a bare reason as {"stoppedReason": "..."}`, err))
		case err != nil:
			errs = append(errs, usageError{err})
		default:
			errs = append(errs, a.classify(name, data))
		}
	}
	return errors.Join(errs...)
}

// classify reads documents one after another, each on a line or spanning several. It reports a
// document that cannot be read by its line, and classifies the others.
func (a *app) classify(name string, data []byte) error {
	if len(data) > mostDocuments {
		return usagef("%s: more than %d MiB: give it in parts", name, mostDocuments>>20)
	}
	data, err := ecsevent.Unpack(data)
	if err != nil {
		return usagef("%s: %w", name, err)
	}
	data = asJSON(asUTF8(data))
	out := bufio.NewWriter(a.Stdout)
	var errs []error
	line, counted := 1, 0 // lines are counted up to counted
	for at := 0; ; {
		at += len(data[at:]) - len(bytes.TrimLeft(data[at:], blanks))
		if at == len(data) {
			break
		}
		docs, end, bad := next(data, at)
		if err := printVerdicts(out, docs); err != nil {
			errs = append(errs, err)
		}
		for _, err := range bad {
			line, counted = line+bytes.Count(data[counted:at], []byte{'\n'}), at
			errs = append(errs, usagef("%s:%d: %w", name, line, err))
		}
		at = end
	}
	if err := out.Flush(); err != nil {
		errs = append(errs, fmt.Errorf("printing: %w", err))
	}
	return errors.Join(errs...)
}

// next reads the document that begins at at, or what an SDK printed there in lines of text, and
// returns where to continue and what cannot be read.
func next(data []byte, at int) (docs []ecsevent.Document, end int, bad []error) {
	raw, skip, end, err := document(data, at)
	text := data[at:end]
	if err == nil {
		if docs, bad = ecsevent.ParseAll(raw); len(docs) > 0 || len(bad) == 0 {
			return docs, end, bad
		}
		text = text[:skip]
	} else {
		bad = []error{err}
	}
	if errors.Is(err, errCutOff) {
		return nil, end, bad
	}
	if docs = ecsevent.Printed(string(text)); len(docs) > 0 {
		bad = nil
	}
	return docs, end, bad
}

// printVerdicts prints a verdict on each task and refusal.
func printVerdicts(w io.Writer, docs []ecsevent.Document) error {
	var errs []error
	for _, doc := range docs {
		v := stop.Classify(doc.Stop())
		if doc.Unnamed {
			v.Started, v.Why = stop.Unknown, "if this was RunTask's answer: "+v.Why
		}
		errs = append(errs, printJSON(w, verdict{
			ID: doc.ID, Task: doc.Task.ARN, Class: v.Class, Started: v.Started, Helps: v.Helps, Relaunch: v.Relaunch(), Rule: v.Rule, Why: v.Why,
		}))
	}
	return errors.Join(errs...)
}

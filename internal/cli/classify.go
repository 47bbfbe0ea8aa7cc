package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/stop"
)

type classifyCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"JSON Lines, or one JSON document; standard input unless given."`
}

// verdict is a verdict as classify prints it.
type verdict struct {
	ID       string      `json:"id,omitempty"`
	Class    stop.Class  `json:"class"`
	Started  stop.Answer `json:"started"`
	Helps    stop.Answer `json:"helps"`
	Relaunch bool        `json:"relaunch"`
	Rule     string      `json:"rule"`
	Why      string      `json:"why"`
}

// Run classifies documents: EventBridge events, their details, tasks as
// DescribeTasks gives them, {"runTaskFailure":{...}} and
// {"runTaskException":{"code":...,"message":...}}.
func (c *classifyCmd) Run(_ context.Context, a *app) error {
	if len(c.Files) == 0 {
		return a.classify("standard input", a.Stdin)
	}
	var errs []error
	for _, name := range c.Files {
		f, err := os.Open(name) //nolint:gosec // the file that the person named
		if err != nil {
			errs = append(errs, usagef("opening %s: %w", name, err))
			continue
		}
		errs = append(errs, a.classify(name, f), f.Close())
	}
	return errors.Join(errs...)
}

// classify reads documents one after another, whether each is a line or one
// spans many. A document that cannot be read is told by its line; the others
// are classified.
func (a *app) classify(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	out := bufio.NewWriter(a.Stdout)
	var errs []error
	for at := 0; ; {
		raw, end, err := document(data, at)
		if raw == nil && err == nil {
			break
		}
		if err == nil {
			err = classifyOne(out, raw)
		}
		if err != nil {
			at += len(data[at:]) - len(bytes.TrimLeft(data[at:], " \t\r\n"))
			errs = append(errs, usagef("%s:%d: %w", name, 1+bytes.Count(data[:at], []byte{'\n'}), err))
		}
		at = end
	}
	if err := out.Flush(); err != nil {
		errs = append(errs, fmt.Errorf("printing: %w", err))
	}
	return errors.Join(errs...)
}

// document gives the next document from at on, nil when there is none, and
// where to go on. After text that is not JSON that is the next line, or the
// next line that begins a document where the text spans lines.
func document(data []byte, at int) (raw json.RawMessage, end int, err error) {
	dec := json.NewDecoder(bytes.NewReader(data[at:]))
	err = dec.Decode(&raw)
	if errors.Is(err, io.EOF) {
		return nil, len(data), nil
	}
	if err == nil {
		return bytes.TrimSpace(raw), at + int(dec.InputOffset()), nil
	}
	start := at + len(data[at:]) - len(bytes.TrimLeft(data[at:], " \t\r\n"))
	end = len(data)
	if next := bytes.Index(data[start:], []byte("\n{")); next >= 0 {
		end = start + next
	}
	return nil, end, fmt.Errorf("not JSON: %w", err)
}

func classifyOne(w io.Writer, raw []byte) error {
	doc, err := ecsevent.Parse(raw)
	if err != nil {
		return err
	}
	v := stop.Classify(doc.Stop())
	return printJSON(w, verdict{
		ID: doc.ID, Class: v.Class, Started: v.Started, Helps: v.Helps, Relaunch: v.Relaunch(), Rule: v.Rule, Why: v.Why,
	})
}

package entry

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/lazyregexp"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// readRun reads {"run": job, "inputs", "args", "force", "requestId", "by"}.
func readRun(body []byte) (Request, error) {
	var in struct {
		Run string `json:"run"`
		asked
		Inputs map[string]string `json:"inputs"`
		Args   []string          `json:"args"`
		Force  bool              `json:"force"`
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Run: &port.RunRequest{
		Job: in.Run, RequestID: in.RequestID, By: in.By, Inputs: in.Inputs, Args: in.Args, Force: in.Force,
	}}, jobName(in.Run)
}

// asked holds the fields that people's requests have in common.
type asked struct {
	RequestID string `json:"requestId"`
	By        string `json:"by"`
	// Widget is what a CloudWatch dashboard adds to what its buttons send: which dashboard, which
	// window, and what was typed into the widget's forms (user guide, "Details about custom
	// widgets"). By itself it asks for nothing.
	Widget json.RawMessage `json:"widgetContext"`
}

// typed returns what somebody typed into a field of a widget's form, on one line, or "".
func (a asked) typed(field string) string {
	var in struct {
		Forms struct {
			All map[string]json.RawMessage `json:"all"`
		} `json:"forms"`
	}
	var text string
	if json.Unmarshal(a.Widget, &in) != nil || json.Unmarshal(in.Forms.All[field], &text) != nil {
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}

func (a asked) bounded() error {
	return errors.Join(short("requestId", a.RequestID, MaxRequestID), short("by", a.By, MaxBy))
}

// personal reads a person's request, which must be readable in one way only.
func personal(body []byte, into interface{ bounded() error }) error {
	if err := exact(body); err != nil {
		return err
	}
	if err := strict(body, into); err != nil {
		return err
	}
	return into.bounded()
}

// readRetry reads {"retry": run, "same", "force", "attempts", "safety", "reason", "requestId", "by"}. Instead
// of a reason, "reasonIn" may name a field of the widget's form that holds it.
func readRetry(body []byte) (Request, error) {
	var in struct {
		Retry run.ID `json:"retry"`
		asked
		Same     bool       `json:"same"`
		Force    bool       `json:"force"`
		Attempts *int       `json:"attempts"`
		Safety   run.Safety `json:"safety"`
		Reason   string     `json:"reason"`
		ReasonIn string     `json:"reasonIn"`
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	if in.ReasonIn != "" {
		if in.Reason != "" {
			return Request{}, errors.New("it has both reason and reasonIn: give one")
		}
		in.Reason = in.typed(in.ReasonIn)
	}
	if in.Safety != "" && !slices.Contains([]run.Safety{run.RetrySafe, run.RetryEnded, run.RetryUnsafe}, in.Safety) {
		return Request{}, fmt.Errorf("safety %.20q is not safe, ended or unsafe", in.Safety)
	}
	return Request{ReasonIn: in.ReasonIn, Retry: &port.RetryRequest{
		Run: in.Retry, RequestID: in.RequestID, By: in.By, Same: in.Same, Force: in.Force, Attempts: in.Attempts, Safety: in.Safety, Reason: in.Reason,
	}}, errors.Join(runID(in.Retry), short("reason", in.Reason, MaxReason))
}

// readStop reads {"stop": run, "reason", "by"}.
func readStop(body []byte) (Request, error) {
	var in struct {
		Stop   run.ID `json:"stop"`
		Reason string `json:"reason"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Stop: &port.StopRequest{Run: in.Stop, By: in.By, Reason: in.Reason}}, errors.Join(runID(in.Stop), short("reason", in.Reason, MaxReason))
}

// readPause reads {"pause": job or "*", "until", "reason", "by"}. until is a time such as
// 2026-11-22T17:30:00Z.
func readPause(body []byte) (Request, error) {
	var in struct {
		Pause  string `json:"pause"`
		Until  string `json:"until"`
		Reason string `json:"reason"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	req := &port.PauseRequest{Job: in.Pause, By: in.By, Reason: in.Reason}
	if in.Until != "" {
		var err error
		if req.Until, err = readTime(in.Until); err != nil {
			return Request{}, fmt.Errorf("until is %q: write it like 2026-11-22T17:30:00Z", in.Until)
		}
	}
	return Request{Pause: req}, errors.Join(jobOrAll(in.Pause), short("reason", in.Reason, MaxReason))
}

// readResume reads {"resume": job or "*", "by"}.
func readResume(body []byte) (Request, error) {
	var in struct {
		Resume string `json:"resume"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Resume: &port.ResumeRequest{Job: in.Resume, By: in.By}}, jobOrAll(in.Resume)
}

// readSkip reads {"skipNext": job, "reason", "by"}.
func readSkip(body []byte) (Request, error) {
	var in struct {
		SkipNext string `json:"skipNext"`
		Reason   string `json:"reason"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Skip: &port.SkipRequest{Job: in.SkipNext, By: in.By, Reason: in.Reason}}, errors.Join(jobName(in.SkipNext), short("reason", in.Reason, MaxReason))
}

// What to do with an input: try it again, or drop it.
const (
	doAgain = "again"
	doDrop  = "drop"
)

func again(do string) (bool, error) {
	if do != doAgain && do != doDrop {
		return false, fmt.Errorf("do is %q: write again or drop", do)
	}
	return do == doAgain, nil
}

// keptID matches what port.Kept.ID makes.
var keptID = lazyregexp.New(`^[0-9a-f]{8}$`)

// readKept reads {"kept": id, "do": "again" or "drop", "by"}.
func readKept(body []byte) (Request, error) {
	var in struct {
		Kept string `json:"kept"`
		Do   string `json:"do"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	if !keptID().MatchString(in.Kept) {
		return Request{}, fmt.Errorf("%q is not the id of a kept input: write 8 hex digits", in.Kept)
	}
	do, err := again(in.Do)
	return Request{Kept: &port.KeptRequest{ID: in.Kept, Again: do, By: in.By}}, err
}

// MostRedriven is the largest number of messages in one request: each must be carried out within
// the time of one call of the function.
const MostRedriven = 10

// readRedrive reads {"redrive": queue, "messages": ids, "do": "again" or "drop", "by"}. Without
// messages it asks what the queue holds.
func readRedrive(body []byte) (Request, error) {
	var in struct {
		Redrive  port.Queue `json:"redrive"`
		Messages []string   `json:"messages"`
		Do       string     `json:"do"`
		asked
	}
	if err := personal(body, &in); err != nil {
		return Request{}, err
	}
	req := &port.RedriveRequest{Queue: in.Redrive, Messages: in.Messages, By: in.By}
	switch {
	case !slices.Contains(port.Queues, in.Redrive):
		return Request{}, fmt.Errorf("there is no queue %q: it is one of %v", in.Redrive, port.Queues)
	case len(in.Messages) > MostRedriven:
		return Request{}, fmt.Errorf("it names %d messages; one request takes at most %d", len(in.Messages), MostRedriven)
	case len(in.Messages) == 0 && in.Do == "":
		return Request{Redrive: req}, nil
	case len(in.Messages) == 0:
		return Request{}, errors.New("it names no messages")
	}
	var err error
	for _, id := range in.Messages {
		err = errors.Join(err, short("the id of a message", id, maxMessageID))
	}
	do, unclear := again(in.Do)
	req.Again = do
	return Request{Redrive: req}, errors.Join(err, unclear)
}

func jobName(name string) error {
	if name == "" {
		return errors.New("it names no job")
	}
	if !job.ValidName(name) {
		return fmt.Errorf("%q cannot name a job", name)
	}
	return nil
}

func jobOrAll(name string) error {
	if name == job.All {
		return nil
	}
	return jobName(name)
}

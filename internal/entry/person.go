package entry

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
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
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Run: &control.RunRequest{
		Job: in.Run, RequestID: in.RequestID, By: in.By, Inputs: in.Inputs, Args: in.Args, Force: in.Force,
	}}, jobName(in.Run)
}

// asked is what a person's requests have in common.
type asked struct {
	RequestID string `json:"requestId"`
	By        string `json:"by"`
	// Widget is what a dashboard of CloudWatch adds to what its buttons send: which
	// dashboard, which window. It asks for nothing.
	Widget json.RawMessage `json:"widgetContext"`
}

// readRetry reads {"retry": run, "same", "force", "requestId", "by"}.
func readRetry(body []byte) (Request, error) {
	var in struct {
		Retry run.ID `json:"retry"`
		asked
		Same  bool `json:"same"`
		Force bool `json:"force"`
	}
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Retry: &control.RetryRequest{
		Run: in.Retry, RequestID: in.RequestID, By: in.By, Same: in.Same, Force: in.Force,
	}}, runID(in.Retry)
}

// readStop reads {"stop": run, "reason", "by"}.
func readStop(body []byte) (Request, error) {
	var in struct {
		Stop   run.ID `json:"stop"`
		Reason string `json:"reason"`
		asked
	}
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Stop: &control.StopRequest{Run: in.Stop, By: in.By, Reason: in.Reason}}, runID(in.Stop)
}

// readPause reads {"pause": job or "*", "until", "reason", "by"}; until is a
// time such as 2026-11-22T17:30:00Z.
func readPause(body []byte) (Request, error) {
	var in struct {
		Pause  string `json:"pause"`
		Until  string `json:"until"`
		Reason string `json:"reason"`
		asked
	}
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	req := &control.PauseRequest{Job: in.Pause, By: in.By, Reason: in.Reason}
	if in.Until != "" {
		var err error
		if req.Until, err = readTime(in.Until); err != nil {
			return Request{}, fmt.Errorf("until is %q: write it like 2026-11-22T17:30:00Z", in.Until)
		}
	}
	return Request{Pause: req}, jobOrAll(in.Pause)
}

// readResume reads {"resume": job or "*", "by"}.
func readResume(body []byte) (Request, error) {
	var in struct {
		Resume string `json:"resume"`
		asked
	}
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Resume: &control.ResumeRequest{Job: in.Resume, By: in.By}}, jobOrAll(in.Resume)
}

// readSkip reads {"skipNext": job, "by"}.
func readSkip(body []byte) (Request, error) {
	var in struct {
		SkipNext string `json:"skipNext"`
		asked
	}
	if err := strict(body, &in); err != nil {
		return Request{}, err
	}
	return Request{Skip: &control.SkipRequest{Job: in.SkipNext, By: in.By}}, jobName(in.SkipNext)
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

package entry

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// document is a person's request as transmitted: the form of the samples in events/, which Parse
// reads.
type document struct {
	Run       string            `json:"run,omitempty"`
	Retry     run.ID            `json:"retry,omitempty"`
	Stop      run.ID            `json:"stop,omitempty"`
	Pause     string            `json:"pause,omitempty"`
	Resume    string            `json:"resume,omitempty"`
	SkipNext  string            `json:"skipNext,omitempty"`
	Kept      string            `json:"kept,omitempty"`
	Redrive   port.Queue        `json:"redrive,omitempty"`
	Messages  []string          `json:"messages,omitempty"`
	Do        string            `json:"do,omitempty"`
	Args      []string          `json:"args,omitempty"`
	Inputs    map[string]string `json:"inputs,omitempty"`
	Same      bool              `json:"same,omitempty"`
	Force     bool              `json:"force,omitempty"`
	Attempts  *int              `json:"attempts,omitempty"`
	Safety    run.Safety        `json:"safety,omitempty"`
	Until     string            `json:"until,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	ReasonIn  string            `json:"reasonIn,omitempty"`
	RequestID string            `json:"requestId,omitempty"`
	By        string            `json:"by,omitempty"`
}

// Encode returns the document of a person's request, for sending it. JSON carries only text:
// instead of other bytes, it would ask for something else.
func Encode(r Request) ([]byte, error) {
	d, err := r.document()
	if err != nil {
		return nil, err
	}
	texts := slices.Concat(d.Args, d.Messages, []string{
		d.Run, string(d.Retry), string(d.Stop), d.Pause, d.Resume, d.SkipNext, d.Kept, string(d.Redrive), d.Reason, d.RequestID, d.By,
	})
	for name, value := range d.Inputs {
		texts = append(texts, name, value)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("%.40q is not UTF-8, and a request carries text alone: say it otherwise, such as by the name of a file", text)
		}
	}
	return json.Marshal(r) //nolint:wrapcheck // MarshalJSON says what it is
}

// MarshalJSON returns the document of a person's request, which Parse reads. A slot comes from a
// schedule, whose input job.Job makes.
func (r Request) MarshalJSON() ([]byte, error) {
	d, err := r.document()
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("encoding a request: %w", err)
	}
	return body, nil
}

func (r Request) document() (d document, err error) {
	switch {
	case r.Run != nil:
		q := r.Run
		d = document{Run: q.Job, Args: q.Args, Inputs: q.Inputs, Force: q.Force, RequestID: q.RequestID, By: q.By}
	case r.Retry != nil:
		q := r.Retry
		d = document{Retry: q.Run, Same: q.Same, Force: q.Force, Attempts: q.Attempts, Safety: q.Safety, Reason: q.Reason, ReasonIn: r.ReasonIn, RequestID: q.RequestID, By: q.By}
	case r.Stop != nil:
		d = document{Stop: r.Stop.Run, Reason: r.Stop.Reason, By: r.Stop.By}
	case r.Pause != nil:
		d = document{Pause: r.Pause.Job, Reason: r.Pause.Reason, By: r.Pause.By}
		if !r.Pause.Until.IsZero() {
			d.Until = r.Pause.Until.UTC().Format(time.RFC3339Nano)
		}
	case r.Resume != nil:
		d = document{Resume: r.Resume.Job, By: r.Resume.By}
	case r.Skip != nil:
		d = document{SkipNext: r.Skip.Job, Reason: r.Skip.Reason, By: r.Skip.By}
	case r.Kept != nil, r.Redrive != nil:
		d = r.settling()
	default:
		return d, errors.New("encoding a request: it is not a person's")
	}
	return d, nil
}

// settling returns the document of a request about inputs that could not be used.
func (r Request) settling() document {
	if r.Kept != nil {
		return document{Kept: r.Kept.ID, Do: doing(r.Kept.Again), By: r.Kept.By}
	}
	d := document{Redrive: r.Redrive.Queue, Messages: r.Redrive.Messages, By: r.Redrive.By}
	if len(d.Messages) > 0 {
		d.Do = doing(r.Redrive.Again)
	}
	return d
}

func doing(again bool) string {
	if again {
		return doAgain
	}
	return doDrop
}

// By returns the request with who as the person who asks.
func (r Request) By(who string) Request {
	switch {
	case r.Run != nil:
		r.Run = signed(r.Run, func(q *port.RunRequest) { q.By = who })
	case r.Retry != nil:
		r.Retry = signed(r.Retry, func(q *port.RetryRequest) { q.By = who })
	case r.Stop != nil:
		r.Stop = signed(r.Stop, func(q *port.StopRequest) { q.By = who })
	case r.Pause != nil:
		r.Pause = signed(r.Pause, func(q *port.PauseRequest) { q.By = who })
	case r.Resume != nil:
		r.Resume = signed(r.Resume, func(q *port.ResumeRequest) { q.By = who })
	case r.Skip != nil:
		r.Skip = signed(r.Skip, func(q *port.SkipRequest) { q.By = who })
	case r.Kept != nil:
		r.Kept = signed(r.Kept, func(q *port.KeptRequest) { q.By = who })
	case r.Redrive != nil:
		r.Redrive = signed(r.Redrive, func(q *port.RedriveRequest) { q.By = who })
	}
	return r
}

// signed returns a copy of a request, changed by sign.
func signed[Q any](q *Q, sign func(*Q)) *Q {
	c := *q
	sign(&c)
	return &c
}

// Package entry reads the inputs of the trigger function: a schedule's input, a bare scheduled
// event, or a person's request.
//
// One field of an input says what the input is. A person's request with a field that does not
// belong to it is refused: a misspelt `force` must not become a request without it. In a
// schedule's input such a field is passed over: schedules outlive the functions that they call,
// and a newer version may have written it.
package entry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
)

// Request is what an input asks for. Exactly one of its pointers is set.
type Request struct {
	Slot   *Slot
	Run    *port.RunRequest
	Retry  *port.RetryRequest
	Stop   *port.StopRequest
	Pause  *port.PauseRequest
	Resume *port.ResumeRequest
	Skip   *port.SkipRequest
	// Kept and Redrive are about inputs that could not be used or were given up.
	Kept    *port.KeptRequest
	Redrive *port.RedriveRequest
	// ReasonIn is the field of a widget's form that holds the reason of Retry. It is "" if the
	// request has its own reason, or none.
	ReasonIn string
}

// lacks says what a person should have typed and did not, or returns "".
func (r Request) lacks() string {
	if r.ReasonIn != "" && r.Retry.Reason == "" {
		return "this retry may do work twice: give a reason in the field beside the button, and press it again"
	}
	return ""
}

// Slot is a schedule's trigger for one nominal time.
type Slot struct {
	// Job is the definition, nil if the input only names the job.
	Job  *job.Job
	Name string
	At   time.Time
	// Schedule is the ARN of the schedule, or "" if the input has none.
	Schedule string
	// Unknown says which field was passed over, or is "" if none was: a newer version may have
	// written it.
	Unknown string
}

// ErrInput marks an input that cannot be used as it is. Repeating it is useless.
var ErrInput = errors.New("not an input of the trigger")

// forms maps the field that says what an input is to its reader. An event of a bare scheduled
// rule has several fields that no other input has; `source` represents them.
var forms = map[string]func([]byte) (Request, error){
	"job":      readSlot,
	"source":   readEvent,
	"run":      readRun,
	"retry":    readRetry,
	"stop":     readStop,
	"pause":    readPause,
	"resume":   readResume,
	"skipNext": readSkip,
	"kept":     readKept,
	"redrive":  readRedrive,
}

// Parse reads an input. Its error wraps ErrInput and says in a sentence what is wrong.
func Parse(body []byte) (Request, error) {
	if !utf8.Valid(body) {
		return Request{}, fmt.Errorf("%w: it is not UTF-8", ErrInput)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return Request{}, fmt.Errorf("%w: it is not a JSON object: %w", ErrInput, err)
	}
	var found []string
	for name := range forms {
		if _, ok := fields[name]; ok {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	if len(found) != 1 {
		return Request{}, fmt.Errorf("%w: it must have exactly one of %s, and has %s", ErrInput,
			"job (a schedule's), source (a scheduled event's), run, retry, stop, pause, resume, skipNext, kept, redrive", words(found))
	}
	r, err := forms[found[0]](body)
	if err != nil {
		return Request{}, fmt.Errorf("%w: reading its %q: %w", ErrInput, found[0], err)
	}
	return r, nil
}

func words(found []string) string {
	if len(found) == 0 {
		return "none"
	}
	return strings.Join(found, " and ")
}

// readSlot reads {"job": name or definition, "scheduledFor": time}.
func readSlot(body []byte) (Request, error) {
	var in struct {
		Job          json.RawMessage `json:"job"`
		ScheduledFor string          `json:"scheduledFor"`
		Schedule     string          `json:"schedule"`
	}
	unknown, err := lenient(body, &in)
	if err != nil {
		return Request{}, err
	}
	s := &Slot{Schedule: in.Schedule, Unknown: unknown}
	if strings.HasPrefix(s.Schedule, "<") { // the caller did not fill it in
		s.Schedule = ""
	}
	if s.Name, s.Job, unknown, err = readJob(in.Job); err != nil {
		return Request{}, err
	}
	s.Unknown = cmp.Or(s.Unknown, unknown)
	if s.At, err = readTime(in.ScheduledFor); err != nil {
		return Request{}, fmt.Errorf("job %s: %w", s.Name, err)
	}
	return Request{Slot: s}, nil
}

func readJob(text json.RawMessage) (name string, definition *job.Job, unknown string, err error) {
	if json.Unmarshal(text, &name) == nil {
		if !job.ValidName(name) {
			return "", nil, "", fmt.Errorf("%q cannot name a job", name)
		}
		return name, nil, "", nil
	}
	var j job.Job
	if unknown, err = lenient(text, &j); err != nil {
		return "", nil, "", fmt.Errorf("the definition: %w", err)
	}
	if !job.ValidName(j.Name) {
		return "", nil, "", fmt.Errorf("the definition's name %q cannot name a job", j.Name)
	}
	return j.Name, &j, unknown, nil
}

// lenient decodes the single value in text and passes over fields that it does not know. unknown
// names the first of them.
func lenient[T any](text []byte, v *T) (unknown string, err error) {
	var known T
	strictly := strict(text, &known)
	if strictly == nil {
		*v = known
		return "", nil
	}
	var all T
	if err := json.Unmarshal(text, &all); err != nil {
		return "", strictly
	}
	*v = all
	return strictly.Error(), nil
}

// readTime reads the nominal time, which the caller's service fills in.
func readTime(text string) (time.Time, error) {
	if strings.HasPrefix(text, "<") {
		return time.Time{}, fmt.Errorf("scheduledFor is still the placeholder %s: the caller must fill it in", text)
	}
	at, err := time.Parse(time.RFC3339, text)
	at = at.UTC()
	if err != nil || len(text) > maxTime || at.Year() < 1 || at.Year() > 9999 { // converted to UTC, a year may be one that JSON cannot express
		return time.Time{}, fmt.Errorf("scheduledFor is %q: write it like 2026-11-22T17:30:00Z", text)
	}
	return at, nil
}

// readEvent reads what a scheduled rule without an input of its own sends (EventBridge user
// guide, "Scheduled Event").
func readEvent(body []byte) (Request, error) {
	var in struct {
		Source     string   `json:"source"`
		DetailType string   `json:"detail-type"`
		Time       string   `json:"time"`
		Resources  []string `json:"resources"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Request{}, fmt.Errorf("the event: %w", err)
	}
	if in.Source != "aws.events" || in.DetailType != "Scheduled Event" || len(in.Resources) != 1 {
		return Request{}, fmt.Errorf("an event %q from %q with %d resources is not the scheduled event of a rule", in.DetailType, in.Source, len(in.Resources))
	}
	name, err := ruleName(in.Resources[0])
	if err != nil {
		return Request{}, err
	}
	at, err := readTime(in.Time)
	if err != nil {
		return Request{}, fmt.Errorf("rule %s: %w", name, err)
	}
	return Request{Slot: &Slot{Name: name, At: at}}, nil
}

// ruleName returns the last part of arn:aws:events:<region>:<account>:rule/<name>.
func ruleName(arn string) (string, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "events" {
		return "", fmt.Errorf("%q is not the ARN of a rule", arn)
	}
	name, ok := strings.CutPrefix(parts[5], "rule/")
	if !ok || !job.ValidName(name) {
		return "", fmt.Errorf("the rule %q does not have a job's name", arn)
	}
	return name, nil
}

func strict(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err //nolint:wrapcheck // the caller says what was read
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}

// runID reads a run's id as a person gives it.
func runID(text run.ID) error {
	_, err := run.ParseID(string(text))
	return err
}

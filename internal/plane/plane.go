// Package plane is a control plane as people's tools see it, wherever it runs:
// what is read of it, what is asked of it, and what tasks wrote. The command line
// and the pages know a Plane and nothing of what is behind it; package wire makes
// one of the local state, and one of a stack on AWS.
package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Plane is one control plane.
type Plane struct {
	// Name is the stack's name; "local" on one machine.
	Name string
	// Version is the release that the control plane was deployed by when the plane was
	// made, "" where that is not known or is this program's own.
	Version string
	// Reader is what is known of jobs and runs.
	control.Reader
	// Bars are the runs that a walk selects, for who remembers them; nil reads them.
	// The walk has no statuses; the bars are the caller's.
	Bars func(ctx context.Context, w control.Walk) ([]view.Bar, error)
	// Door takes requests.
	Door Door
	// Output is what tasks wrote.
	Output Output
	// Inspect looks at what the control plane is made of; nil is nothing to look
	// at.
	Inspect func(ctx context.Context) (Health, error)
	// Account tells whether what jobs need is there; nil where nothing is to be asked.
	Account Account
	// Stack is how the control plane was deployed, zero on one machine.
	Stack doctor.Stack
	// Registry is where jobs are deployed, nil where a jobs file itself is what runs.
	Registry Registry
	// Who says whose credentials are used, for the record; nil is nobody.
	Who func(ctx context.Context) (string, error)
	// May says why nothing may be asked for by these credentials, nil where it may;
	// a nil May is that it may.
	May func(ctx context.Context) error
	// Explain says of an error what is missing and what to do next; nil leaves it
	// as it is.
	Explain func(error) error
	// Poll is how often something that is followed is looked at.
	Poll Poll
	// Now is the time; Sleep waits, and ends early with ctx. nil is the machine's.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration)
	// Close gives back what the plane holds; nil is nothing.
	Close func() error
}

// Account is the account of AWS in which jobs run. It is asked only what changes
// nothing; what the caller may not ask is an answer too.
type Account interface {
	// Answers say of each subject whether it is as jobs need it.
	Answers(ctx context.Context, subjects []doctor.Subject) map[doctor.Subject]doctor.Answer
	// Definitions are the deployed task definitions of these names, as far as they can
	// be read.
	Definitions(ctx context.Context, names []string) map[string]job.TaskDefinition
	// Limits are the quotas that herds meet, by doctor's names.
	Limits(ctx context.Context) map[string]doctor.Limit
}

// Door takes people's requests.
type Door interface {
	// Ask has a request carried out and returns the answer. An error says that it
	// is not known to have been.
	Ask(ctx context.Context, r entry.Request) (control.Reply, error)
}

// ErrNobody is wrapped by the error of a Door behind which nobody is.
var ErrNobody = errors.New("no control plane is running")

// Poll is the wait between two looks: Least while something comes, growing to Most
// while nothing does.
type Poll struct{ Least, Most time.Duration }

// Output reads what attempts' tasks wrote.
type Output interface {
	// Read returns what was written after a place, "" being the beginning; of what
	// was written before since, where the output knows times, nothing is returned.
	// No lines mean that there are none for now.
	Read(ctx context.Context, o control.Output, from string, since time.Time) (Lines, error)
	// Place is where a person finds the whole output.
	Place(o control.Output) Place
	// Lag is how long after it was written a line may take to be readable.
	Lag() time.Duration
}

// Lines are the next lines of an output.
type Lines struct {
	Lines []Line
	// Next is the place after them.
	Next string
}

// Line is one line, or the beginning of one whose rest has not been written.
type Line struct {
	// At is when it was written, zero where that is not known.
	At   time.Time
	Text string
	// Open is whether the line goes on: no line break followed so far.
	Open bool
}

// Place says where an output is. Fields are "" where there is none.
type Place struct {
	// Group and Stream are of CloudWatch Logs, URL and TaskURL pages of AWS's
	// console.
	Group, Stream, URL, TaskURL string
	// Elsewhere says in words where an output goes that is not in CloudWatch Logs.
	Elsewhere string
}

// ErrNoOutput is wrapped by the error of an output that cannot be read here; its
// text says where it is.
var ErrNoOutput = errors.New("the output cannot be read here")

// Health is what a control plane is made of, beside what its store says.
type Health struct {
	// Running is whether it is there at all, Where says where.
	Running bool   `json:"running"`
	Where   string `json:"where"`
	// Trouble is why it cannot do its work, in its own words; "" where it can.
	Trouble string `json:"trouble,omitempty"`
	// Version is the program's that runs it, "" where that is not known.
	Version string `json:"version,omitempty"`
	// Alarms and Queues are a stack's.
	Alarms []Alarm `json:"alarms,omitempty"`
	Queues []Queue `json:"queues,omitempty"`
	// Unseen says what the caller may not look at, or what was not.
	Unseen []string `json:"unseen,omitempty"`
}

// Alarm is an alarm and its state: OK, ALARM or INSUFFICIENT_DATA.
type Alarm struct {
	Name   string    `json:"name"`
	State  string    `json:"state"`
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// Heard is whether the alarm has somebody to tell.
	Heard bool `json:"heard"`
}

// Queue is a queue of what failed.
type Queue struct {
	Name     string `json:"name"`
	URL      string `json:"url,omitempty"`
	Messages int    `json:"messages"`
}

func isNotFound(err error) bool { return errors.Is(err, control.ErrNotFound) }

func (p *Plane) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Plane) sleep(ctx context.Context, d time.Duration) {
	if p.Sleep != nil {
		p.Sleep(ctx, d)
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// items are the items of all jobs by name, and the item of all jobs. Items that
// cannot be read are left out: the sweep says so. Those of a newer batchplane are an
// error: nobody says so but this program, and what they say may matter.
func (p *Plane) items(ctx context.Context) (items []job.Item, all job.Item, err error) {
	read, err := p.Items(ctx)
	var unreadable *control.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return nil, all, fmt.Errorf("reading the jobs: %w", err)
	}
	if unreadable != nil {
		for _, name := range slices.Sorted(maps.Keys(unreadable.Jobs)) {
			if err := unreadable.Jobs[name]; errors.Is(err, control.ErrNewer) {
				return nil, all, fmt.Errorf("reading the jobs: %w", err)
			}
		}
	}
	for _, item := range read {
		if item.Name == job.All {
			all = item
			continue
		}
		items = append(items, item)
	}
	return items, all, nil
}

// definitions are the newest definitions of jobs, by the job's name.
func (p *Plane) definitions(ctx context.Context, items []job.Item) (map[string]job.Job, error) {
	var hashes []string
	for _, item := range items {
		if item.Definition != "" {
			hashes = append(hashes, item.Definition)
		}
	}
	byHash, err := p.Definitions(ctx, hashes)
	if err != nil {
		return nil, fmt.Errorf("reading the jobs' definitions: %w", err)
	}
	out := map[string]job.Job{}
	for _, item := range items {
		if j, ok := byHash[item.Definition]; ok {
			out[item.Name] = j
		}
	}
	return out, nil
}

// Output of an attempt as Output reads it.
func outputOf(r run.Run, a run.Attempt) control.Output {
	o := control.Output{Run: r.ID, Attempt: a.N, TaskARN: a.TaskARN, Task: r.Task}
	return o
}

// Package plane is a control plane as people's tools see it, wherever it runs: what can be read
// from it, what can be asked of it, and what tasks wrote. The command line and the pages know a
// Plane and nothing of what is behind it. Package wire makes one from the local state, and one
// from a stack on AWS.
package plane

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/batchplane/batchplane/internal/doctor"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/run"
	"github.com/batchplane/batchplane/internal/view"
)

// Plane is one control plane.
type Plane struct {
	// Name is the stack's name; "local" on one machine.
	Name string
	// Version is the release from which the control plane was deployed, as of when the Plane was
	// made. It is "" if that is not known or is this program's own.
	Version string
	// Reader reads jobs and runs.
	port.Reader
	// Bars returns the runs that a walk selects, from a cache; if it is nil they are read. The
	// walk has no statuses. The caller owns the bars.
	Bars func(ctx context.Context, w port.Walk) ([]view.Bar, error)
	// Door takes requests.
	Door Door
	// Output reads what tasks wrote.
	Output Output
	// Inspect looks at the parts that the control plane is made of; nil if there is nothing to
	// look at.
	Inspect func(ctx context.Context) (Health, error)
	// Account tells whether the things that jobs need are there; nil if there is nothing to ask.
	Account Account
	// Stack says how the control plane was deployed; zero on one machine.
	Stack doctor.Stack
	// Registry is where jobs are deployed; nil if a jobs file itself is what runs.
	Registry Registry
	// Who returns whose credentials are used, for the record; nil means nobody.
	Who func(ctx context.Context) (string, error)
	// May returns the reason why these credentials may not ask for anything, or nil if they may.
	// A nil May means that they may.
	May func(ctx context.Context) error
	// Explain adds to an error what is missing and what to do next; nil leaves errors as they
	// are.
	Explain func(error) error
	// Poll says how often to look at something that is followed.
	Poll Poll
	// Skew is how far the control plane's clock is ahead of this machine's, as far as is known.
	Skew time.Duration
	// Now returns the time. Sleep waits, and returns early when ctx is done. nil means the
	// machine's.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration)
	// Close releases what the plane holds; nil if there is nothing to release.
	Close func() error
}

// Account is the AWS account in which jobs run. It is asked only questions that change nothing.
// That the caller may not ask something is an answer too.
type Account interface {
	// Answers says of each subject whether it is as the jobs need it.
	Answers(ctx context.Context, subjects []doctor.Subject) map[doctor.Subject]doctor.Answer
	// Allowed says of each use whether its role may do it. It may leave out a use of which there is
	// nothing to say.
	Allowed(ctx context.Context, uses []doctor.Use) map[doctor.Use]doctor.Answer
	// Definitions returns what the deployed task definitions of these names need, as far as they
	// can be read.
	Definitions(ctx context.Context, names []string) map[string]doctor.Deployed
	// Limits returns the quotas that herds run into, by doctor's names.
	Limits(ctx context.Context) map[string]doctor.Limit
}

// Door takes people's requests.
type Door interface {
	// Ask has a request carried out and returns the answer. After an error it is not known
	// whether the request was carried out.
	Ask(ctx context.Context, r entry.Request) (port.Reply, error)
}

// ErrNobody is wrapped by the error of a Door that nobody answers.
var ErrNobody = errors.New("no control plane is running")

// Poll is the wait between two looks: Least while something comes, growing to Most while nothing
// does.
type Poll struct{ Least, Most time.Duration }

// Output reads what attempts' tasks wrote.
type Output interface {
	// Read returns what was written after a place; "" is the beginning. If the output knows
	// times, it leaves out what was written before since. No lines mean that there are none for
	// now.
	Read(ctx context.Context, o port.Output, from string, since time.Time) (Lines, error)
	// Tail returns the last lines, at most so many, oldest first.
	Tail(ctx context.Context, o port.Output, lines int) ([]string, error)
	// Place says where a person finds the whole output.
	Place(o port.Output) Place
	// Lag is the longest time that a line may take to become readable after it was written.
	Lag() time.Duration
}

// Lines holds the next lines of an output.
type Lines struct {
	Lines []Line
	// Next is the place after them.
	Next string
}

// Line is one line, or the beginning of a line whose rest has not been written.
type Line struct {
	// At is when it was written, or zero if that is not known.
	At   time.Time
	Text string
	// Open means that the line is not complete: no line break has followed so far.
	Open bool
	// Attempt is the attempt that wrote it, counted from 1.
	Attempt int
}

// Place says where an output is. Fields that do not apply are "".
type Place struct {
	// Group is a name in CloudWatch Logs; URL and TaskURL are pages of the AWS console.
	Group, URL, TaskURL string
	// Elsewhere says in words where an output goes if that is not CloudWatch Logs.
	Elsewhere string
}

// ErrNoOutput is wrapped by the error of an output that cannot be read here. The error's text
// says where the output is.
var ErrNoOutput = errors.New("the output cannot be read here")

// Health describes the parts of a control plane, beyond what its store says.
type Health struct {
	// Running reports whether it is there at all; Where says where.
	Running bool   `json:"running"`
	Where   string `json:"where"`
	// Trouble says in the control plane's own words why it cannot do its work; "" if it can.
	Trouble string `json:"trouble,omitempty"`
	// Version is the version of the program that runs it, or "" if that is not known.
	Version string `json:"version,omitempty"`
	// Alarms, Queues and Rules exist only for a stack.
	Alarms []Alarm `json:"alarms,omitempty"`
	Queues []Queue `json:"queues,omitempty"`
	Rules  []Rule  `json:"rules,omitempty"`
	// Unseen lists what was not looked at, or what the caller may not look at.
	Unseen []string `json:"unseen,omitempty"`
}

// Alarm is an alarm.
type Alarm struct {
	Name string `json:"name"`
	// State is OK, ALARM or INSUFFICIENT_DATA, "" if somebody deleted the alarm.
	State  string    `json:"state,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// Rings reports whether it notifies people of this state as of something wrong: of ALARM, and of
	// INSUFFICIENT_DATA if it has actions for that.
	Rings bool `json:"rings,omitempty"`
	// Heard reports whether the alarm has somebody to notify, as far as is known; Unheard says why not.
	Heard   bool   `json:"heard"`
	Unheard string `json:"unheard,omitempty"`
	// Silenced reports whether that is because somebody switched its actions off.
	Silenced bool `json:"-"`
}

// Queue is a queue of failed inputs.
type Queue struct {
	Name     string `json:"name"`
	URL      string `json:"url,omitempty"`
	Messages int    `json:"messages"`
	// Deleted reports whether somebody deleted it.
	Deleted bool `json:"deleted,omitempty"`
}

// Rule is a rule of EventBridge that calls a function of the stack.
type Rule struct {
	Name string `json:"name"`
	// On is its name in EventBridge.
	On string `json:"on"`
	// State is ENABLED or DISABLED, "" if somebody deleted the rule.
	State string `json:"state,omitempty"`
	// Targets is how many targets it has.
	Targets int `json:"targets"`
}

func isNotFound(err error) bool { return errors.Is(err, port.ErrNotFound) }

// Explained returns an error in the words that the plane has for it.
func (p *Plane) Explained(err error) error {
	if p.Explain == nil {
		return err
	}
	return p.Explain(err)
}

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
	_ = port.Sleep(ctx, d) // the next request says that ctx has ended
}

// items returns the items of all jobs by name, and the item of all jobs. It leaves out items that
// cannot be read: the sweep reports them. Items written by a newer batchplane are an error,
// because only this program would report them and what they say may matter.
func (p *Plane) items(ctx context.Context) (items []job.Item, all job.Item, err error) {
	items, all, _, err = p.itemsAndUnread(ctx)
	return items, all, err
}

// itemsAndUnread is items, with the names of those that cannot be read.
func (p *Plane) itemsAndUnread(ctx context.Context) (items []job.Item, all job.Item, unread []string, err error) {
	read, err := p.Items(ctx)
	var unreadable *port.UnreadableItemsError
	if err != nil && !errors.As(err, &unreadable) {
		return nil, all, nil, fmt.Errorf("reading the jobs: %w", err)
	}
	if unreadable != nil {
		unread = slices.Sorted(maps.Keys(unreadable.Jobs))
	}
	for _, name := range unread {
		if err := unreadable.Jobs[name]; errors.Is(err, port.ErrNewer) {
			return nil, all, nil, fmt.Errorf("reading the jobs: %w", err)
		}
	}
	for _, item := range read {
		if item.Name == job.All {
			all = item
			continue
		}
		items = append(items, item)
	}
	return items, all, unread, nil
}

// definitions returns the newest definitions of jobs, by job name.
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

// outputOf returns an attempt's output in the form that Output reads.
func outputOf(r run.Run, a run.Attempt) port.Output {
	return port.Output{Run: r.ID, Attempt: a.N, TaskARN: a.TaskARN, Task: r.TaskOf(&a)}
}

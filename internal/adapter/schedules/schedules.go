// Package schedules is the registry of jobs: what the stack's schedules carry in
// their inputs, and when the rules run that some of them name.
package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
)

// Scheduler is the part of the EventBridge Scheduler client that is used.
type Scheduler interface {
	ListSchedules(context.Context, *scheduler.ListSchedulesInput, ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error)
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
}

// Rules is the part of the EventBridge client that is used.
type Rules interface {
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
	ListRules(context.Context, *eventbridge.ListRulesInput, ...func(*eventbridge.Options)) (*eventbridge.ListRulesOutput, error)
}

// Registry reads the jobs. A schedule that did not change since it was last read is
// not read again.
//
// A group of up to 2,000 schedules is listed whole each time. A greater one is listed
// in laps of five minutes, a part each time; whole at once only where nothing is
// known of it yet, or `apply` has changed it.
type Registry struct {
	Scheduler Scheduler
	Rules     Rules
	// Group is the stack's schedule group, Trigger the ARN of the function that its
	// schedules have as their target.
	Group, Trigger string
	// Read is what an input carries; ok is false where that is no definition.
	Read func(input string) (j job.Job, ok bool, err error)
	// Now is the time and Wait waits; nil is by the machine's clock.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
	// Abreast is how many schedules or rules are read at once; 1 is one after the other,
	// by who asks, and 0 is 16.
	Abreast int

	mu   sync.Mutex
	read map[string]version
	// gone are jobs that schedules carried which were found to carry them no more.
	gone map[string]gone
	lap  lap
	// listed is when the last list began that is at its end, and said whether Jobs
	// returned that.
	listed time.Time
	said   bool
	rules  map[string]rule
	bus    ruleLap
	// merged is what read and rules come to, nil where that must be found anew.
	merged *merged

	schedulePace, rulePace pace
}

// version is a schedule as it is known.
type version struct {
	// modified is when it was changed, of what is known of it.
	modified time.Time
	// listed is when a list last had it; asOf is up to when what is known of it held.
	listed, asOf time.Time
	// due is whether it must be read.
	due bool
	// entry is nil where it carries no job.
	entry *carried
	// why says why it cannot be used, or was not read; nil where it was. Then it may
	// carry another job than its entry: that of this name, where its input still says one.
	why error
	of  string
	// absent is whether it is not there any more.
	absent bool
}

// carried is one schedule that carries a job.
type carried struct {
	name string
	job  control.Registered
}

// ProblemError is of schedules that cannot be used until somebody mends them; the
// others were read.
type ProblemError struct{ Problems []error }

func (e *ProblemError) Error() string { return errors.Join(e.Problems...).Error() }

// UnreadError is of schedules that could not be read just now, as when AWS limits
// the rate: nothing is wrong with them. The others were read.
type UnreadError struct{ Unread []error }

func (e *UnreadError) Error() string {
	return fmt.Sprintf("%d schedules or rules could not be read now, the first: %v", len(e.Unread), e.Unread[0])
}

// Jobs returns the jobs of all schedules, those of rules as their rules stand. A
// *ProblemError, an *UnreadError or both come beside the jobs that are known, also
// where the time was up before all were read; with any other error there are none. A
// job that was read by half is not among them.
func (r *Registry) Jobs(ctx context.Context) (control.Reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.list(ctx); err != nil {
		return control.Reading{}, err
	}
	r.readAll(ctx, r.due())
	r.nameRules()
	listed := r.listRules(ctx)
	r.readRules(ctx, r.rulesDue(listed))
	m := r.merge()
	g := r.gaps(m)
	if g.none() {
		return control.Reading{Jobs: m.jobs, Whole: r.whole()}, nil
	}
	reading := control.Reading{Jobs: slices.DeleteFunc(slices.Clone(m.jobs), g.half), Broken: slices.Sorted(maps.Keys(g.halves))}
	if len(g.unread) == 0 && g.nameless == 0 {
		reading.Whole = r.whole()
	}
	return reading, g.err()
}

// whole is when a list began that is at its end, once: it is zero until the next is. One
// of which schedules were unread then counts when they are read.
func (r *Registry) whole() time.Time {
	if r.said {
		return time.Time{}
	}
	r.said = true
	return r.listed
}

// due are the schedules that must be read.
func (r *Registry) due() []string {
	var names []string
	for name, v := range r.read { //nolint:gocritic // some 10,000 small values a minute
		if v.due {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readAll reads schedules.
func (r *Registry) readAll(ctx context.Context, names []string) {
	asked, versions := r.now(), make([]version, len(names))
	inParallel(len(names), r.Abreast, func(i int) { versions[i] = r.schedule(ctx, names[i], r.read[names[i]]) })
	for i, name := range names {
		was, is := r.read[name], versions[i]
		if !is.same(was) {
			r.merged = nil
		}
		if was.entry != nil && is.entry != was.entry && (is.entry == nil || is.entry.job.Name != was.entry.job.Name) {
			r.lost(was.entry.job.Name, was.asOf, asked)
		}
		if is.absent {
			delete(r.read, name)
		} else {
			r.put(name, is)
		}
	}
}

func (r *Registry) put(name string, is version) { //nolint:gocritic // small
	if r.read == nil {
		r.read = map[string]version{}
	}
	r.read[name] = is
}

// gone is of a job: up to when the last of its schedules carried it, and when that was
// found to carry it no more.
type gone struct{ seen, found time.Time }

func (r *Registry) lost(job string, asOf, found time.Time) {
	if r.gone == nil {
		r.gone = map[string]gone{}
	}
	was := r.gone[job]
	if asOf.After(was.seen) {
		was.seen = asOf
	}
	was.found = found
	r.gone[job] = was
}

// same is whether both come to the same job.
func (v version) same(o version) bool { //nolint:gocritic // small
	if v.absent || v.why != nil || o.why != nil || v.entry == nil || o.entry == nil {
		return !v.absent && v.why == nil && o.why == nil && v.entry == o.entry
	}
	a, b := &v.entry.job, &o.entry.job
	return a.Hash == b.Hash && a.Rule == b.Rule && a.Modified.Equal(b.Modified)
}

// schedule reads one.
func (r *Registry) schedule(ctx context.Context, name string, was version) version { //nolint:gocritic // small
	asked := r.now()
	out, err := r.get(ctx, name)
	var deleted *schedulertypes.ResourceNotFoundException
	switch {
	case errors.As(err, &deleted):
		return version{absent: true}
	case err != nil:
		was.due, was.why = true, fmt.Errorf("reading schedule %s: %w", name, err)
		return was
	}
	if at := aws.ToTime(out.LastModificationDate); !at.IsZero() {
		was.modified = at
	}
	was.due, was.why, was.of, was.asOf = false, nil, "", asked
	entry, err := r.carries(name, was.modified, out)
	if err != nil {
		was.why, was.of = err, named(out)
		return was
	}
	was.entry = entry
	return was
}

func (r *Registry) get(ctx context.Context, name string) (*scheduler.GetScheduleOutput, error) {
	if err := r.schedulePace.wait(ctx, r, perSecond); err != nil {
		return nil, err
	}
	return r.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String(r.Group), Name: aws.String(name)})
}

// carries is what a schedule carries, nil where that is no job.
func (r *Registry) carries(name string, modified time.Time, out *scheduler.GetScheduleOutput) (_ *carried, err error) {
	defer control.Guard(&err) // one that this program cannot read keeps no other from being read
	said := entry.Schedule{
		Name: name, Expression: aws.ToString(out.ScheduleExpression), Zone: aws.ToString(out.ScheduleExpressionTimezone),
		Disabled: out.State == schedulertypes.ScheduleStateDisabled, Window: window(out.FlexibleTimeWindow),
		Start: aws.ToTime(out.StartDate), End: aws.ToTime(out.EndDate), Modified: modified,
	}
	if out.Target != nil {
		said.Target, said.Input = aws.ToString(out.Target.Arn), aws.ToString(out.Target.Input)
	}
	j, ok, err := said.Job(r.Trigger, r.Read)
	if err != nil || !ok {
		return nil, err
	}
	return &carried{name: "schedule " + name, job: control.Register(j)}, nil
}

// named is the job that a schedule's input names, whatever else it says; "" where it
// names none.
func named(out *scheduler.GetScheduleOutput) string {
	if out.Target == nil {
		return ""
	}
	var in struct {
		Job struct {
			Name string `json:"name"`
		} `json:"job"`
	}
	_ = json.Unmarshal([]byte(aws.ToString(out.Target.Input)), &in) // what is said is no news
	return in.Job.Name
}

// window is how much later than its nominal time a schedule may fire.
func window(w *schedulertypes.FlexibleTimeWindow) time.Duration {
	if w == nil || w.Mode != schedulertypes.FlexibleTimeWindowModeFlexible {
		return 0
	}
	return time.Duration(aws.ToInt32(w.MaximumWindowInMinutes)) * time.Minute
}

// Package schedules is the registry of jobs: what the stack's schedules carry in
// their inputs, and when the rules run that some of them name.
package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

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
}

// Registry reads the jobs. A schedule that did not change since the last call is
// not read again.
type Registry struct {
	Scheduler Scheduler
	Rules     Rules
	// Group is the stack's schedule group, Trigger the ARN of the function that its
	// schedules have as their target.
	Group, Trigger string
	// Read is what an input carries; ok is false where that is no definition.
	Read func(input string) (j job.Job, ok bool, err error)

	mu   sync.Mutex
	read map[string]version
	pace pace
}

// version is a schedule as it was last read.
type version struct {
	modified time.Time
	entry    *carried
	// absent is whether it was deleted since it was listed.
	absent bool
}

// carried is one schedule or rule that carries a job.
type carried struct {
	name string
	job  job.Job
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

// Jobs returns the jobs of all schedules, by name, those of rules as their rules
// stand. A *ProblemError, an
// *UnreadError or both come beside the jobs that could be read, also where the time
// was up before all were; with any other error there are none. A job that was read
// by half is not among them.
func (r *Registry) Jobs(ctx context.Context) ([]job.Job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := gaps{halves: map[string]bool{}}
	found, err := r.schedules(ctx, &g)
	if err != nil {
		return nil, err
	}
	r.ruled(ctx, &g, found)
	jobs := slices.DeleteFunc(merge(found, &g.problems), g.half)
	return jobs, g.err()
}

// merge makes one job of the schedules that carry it: a crontab line may need
// two. It is disabled when all of them are, and was modified when the last of them
// was.
func merge(found []carried, problems *[]error) []job.Job {
	jobs := map[string]job.Job{}
	from := map[string]string{}
	for _, e := range found {
		known, ok := jobs[e.job.Name]
		if !ok {
			jobs[e.job.Name], from[e.job.Name] = e.job, e.name
			continue
		}
		disabled := known.Disabled && e.job.Disabled
		known.Disabled, e.job.Disabled = disabled, disabled
		if e.job.Modified.After(known.Modified) {
			known.Modified = e.job.Modified
		}
		jobs[known.Name] = known
		if known.Hash() != e.job.Hash() {
			*problems = append(*problems, fmt.Errorf("%s and %s carry different definitions of job %s: give both the same, with its `schedule`", from[known.Name], e.name, known.Name))
		}
	}
	out := make([]job.Job, 0, len(jobs))
	for _, j := range jobs {
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b job.Job) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func (r *Registry) schedules(ctx context.Context, g *gaps) ([]carried, error) {
	var all []schedulertypes.ScheduleSummary
	pages := scheduler.NewListSchedulesPaginator(r.Scheduler, &scheduler.ListSchedulesInput{GroupName: aws.String(r.Group)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the schedules of group %s: %w", r.Group, err)
		}
		all = append(all, page.Schedules...)
	}
	versions, errs := make([]version, len(all)), make([]error, len(all))
	inParallel(len(all), func(i int) { versions[i], errs[i] = r.schedule(ctx, all[i]) })
	var found []carried
	now := map[string]version{}
	for i, v := range versions {
		switch {
		case errs[i] != nil:
			g.add(errs[i])
			if was := r.read[aws.ToString(all[i].Name)]; was.entry != nil {
				g.halves[was.entry.job.Name] = true
				was.modified = time.Time{} // read it again
				now[aws.ToString(all[i].Name)] = was
			}
		case !v.absent:
			now[aws.ToString(all[i].Name)] = v
			if v.entry != nil {
				found = append(found, *v.entry)
			}
		}
	}
	r.read = now
	return found, nil
}

// readers is how many schedules or rules are read at once, and perSecond how many
// schedules in a second: EventBridge Scheduler takes 250 GetSchedule calls a second
// in most Regions, of everybody in the account (AWS General Reference, "Amazon
// EventBridge Scheduler endpoints and quotas").
const (
	readers   = 16
	perSecond = 200
)

// pace keeps calls apart, so that no second has more than perSecond of them.
type pace struct {
	mu   sync.Mutex
	next time.Time
}

// wait waits for a call's turn, or until the time is up.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	turn := now
	if p.next.After(now) {
		turn = p.next
	}
	p.next = turn.Add(time.Second / perSecond)
	p.mu.Unlock()
	t := time.NewTimer(turn.Sub(now))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return ctx.Err()
	}
}

// inParallel calls f for 0 to n-1, for readers of them at a time.
func inParallel(n int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, readers) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

func (r *Registry) schedule(ctx context.Context, s schedulertypes.ScheduleSummary) (version, error) {
	name := aws.ToString(s.Name)
	modified := aws.ToTime(s.LastModificationDate)
	if v, ok := r.read[name]; ok && v.modified.Equal(modified) && !modified.IsZero() {
		return v, nil
	}
	if err := r.pace.wait(ctx); err != nil {
		return version{}, fmt.Errorf("reading schedule %s: %w", name, err)
	}
	out, err := r.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String(r.Group), Name: s.Name})
	var deleted *schedulertypes.ResourceNotFoundException
	switch {
	case errors.As(err, &deleted):
		return version{absent: true}, nil
	case err != nil:
		return version{}, fmt.Errorf("reading schedule %s: %w", name, err)
	}
	return r.carries(name, modified, out)
}

// carries is what a schedule carries.
func (r *Registry) carries(name string, modified time.Time, out *scheduler.GetScheduleOutput) (version, error) {
	said := entry.Schedule{
		Name: name, Expression: aws.ToString(out.ScheduleExpression), Zone: aws.ToString(out.ScheduleExpressionTimezone),
		Disabled: out.State == schedulertypes.ScheduleStateDisabled, Window: window(out.FlexibleTimeWindow),
		Start: aws.ToTime(out.StartDate), End: aws.ToTime(out.EndDate), Modified: modified,
	}
	if out.Target != nil {
		said.Target, said.Input = aws.ToString(out.Target.Arn), aws.ToString(out.Target.Input)
	}
	v := version{modified: modified}
	j, ok, err := said.Job(r.Trigger, r.Read)
	if err != nil {
		return version{}, err
	}
	if ok {
		v.entry = &carried{name: "schedule " + name, job: j}
	}
	return v, nil
}

// window is how much later than its nominal time a schedule may fire.
func window(w *schedulertypes.FlexibleTimeWindow) time.Duration {
	if w == nil || w.Mode != schedulertypes.FlexibleTimeWindowModeFlexible {
		return 0
	}
	return time.Duration(aws.ToInt32(w.MaximumWindowInMinutes)) * time.Minute
}

// Package lookup asks EventBridge Scheduler for one schedule without the SDK's Scheduler module: a
// function that only looks schedules up starts faster without it.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/signed"
)

// Schedules implements control.Schedules.
type Schedules struct {
	Scheduler *signed.Client
	// Group is the stack's schedule group, Function the name of the trigger.
	Group, Function string
	// Read is entry.Registered, or a result of entry.Noting.
	Read func(input string) (j job.Job, ok bool, err error)
}

// Schedule implements control.Schedules.
func (s *Schedules) Schedule(ctx context.Context, arn string) (job.Job, error) {
	name, ok := s.name(arn)
	if !ok {
		return job.Job{}, fmt.Errorf("%q is not the ARN of a schedule of the group %s: %w", arn, s.Group, control.ErrNotFound)
	}
	said, err := s.get(ctx, name)
	var refused smithy.APIError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode() == "ResourceNotFoundException":
		return job.Job{}, fmt.Errorf("the group %s has no schedule %s (any more): %w", s.Group, name, control.ErrNotFound)
	case err != nil:
		return job.Job{}, fmt.Errorf("reading schedule %s: %w", name, err)
	case said.Arn != arn: // that of another account or Region
		return job.Job{}, fmt.Errorf("schedule %s is %s, not %s: %w", name, said.Arn, arn, control.ErrNotFound)
	}
	trigger := ""
	if strings.HasSuffix(said.Target.Arn, ":function:"+s.Function) {
		trigger = said.Target.Arn
	}
	schedule := said.schedule(name)
	j, ok, err := schedule.Job(trigger, s.Read)
	if err != nil {
		return job.Job{}, err
	}
	if !ok {
		return job.Job{}, fmt.Errorf("schedule %s carries no job to this stack's trigger: %w", name, control.ErrNotFound)
	}
	return j, nil
}

// Ours implements control.Schedules.
func (s *Schedules) Ours(arn string) bool {
	_, ok := s.name(arn)
	return ok
}

// name returns the name in the ARN of a schedule of the group:
// arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>.
func (s *Schedules) name(arn string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "scheduler" {
		return "", false
	}
	name, ok := strings.CutPrefix(parts[5], "schedule/"+s.Group+"/")
	return name, ok && name != "" && !strings.Contains(name, "/")
}

// within bounds all tries of asking for a schedule. A slot whose schedule gives no answer waits for the
// next sweep; recording that takes the rest of the function's 30 seconds.
const within = 10 * time.Second

// get asks for a schedule.
func (s *Schedules) get(ctx context.Context, name string) (said answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = s.Scheduler.Get(ctx, "GetSchedule", "/schedules/"+url.PathEscape(name)+"?groupName="+url.QueryEscape(s.Group), &said)
	return said, err
}

// answer is the part of GetSchedule's answer that is used (EventBridge Scheduler API reference). Its
// times are in seconds.
type answer struct {
	Arn, State, ScheduleExpression, ScheduleExpressionTimezone string
	StartDate, EndDate, LastModificationDate                   float64
	FlexibleTimeWindow                                         struct {
		Mode                   string
		MaximumWindowInMinutes int
	}
	Target struct{ Arn, Input string }
}

func (a *answer) schedule(name string) entry.Schedule {
	out := entry.Schedule{
		Name: name, Target: a.Target.Arn, Input: a.Target.Input, Expression: a.ScheduleExpression, Zone: a.ScheduleExpressionTimezone,
		Disabled: a.State == "DISABLED", Start: at(a.StartDate), End: at(a.EndDate), Modified: at(a.LastModificationDate),
	}
	if a.FlexibleTimeWindow.Mode == "FLEXIBLE" {
		out.Window = time.Duration(a.FlexibleTimeWindow.MaximumWindowInMinutes) * time.Minute
	}
	return out
}

func at(seconds float64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC()
}

package schedules

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/signed"
)

// Scheduler is the part of EventBridge Scheduler that a Registry uses, for the schedules of one group.
type Scheduler interface {
	// GetSchedule returns a schedule; port.ErrNotFound if there is none.
	GetSchedule(ctx context.Context, name string) (entry.Schedule, error)
	// ListSchedules returns a page of up to limit schedules. token continues a list, and next is "" at
	// its end.
	ListSchedules(ctx context.Context, token string, limit int) (page []Listed, next string, err error)
}

// Listed is what a list says of a schedule.
type Listed struct {
	Name     string
	Modified time.Time
}

// Group implements Scheduler without the SDK's module of EventBridge Scheduler.
type Group struct {
	Scheduler *signed.Client
	// Name is that of the group.
	Name string
}

// GetSchedule implements Scheduler.
func (g Group) GetSchedule(ctx context.Context, name string) (entry.Schedule, error) {
	var said answer
	err := g.Scheduler.Get(ctx, "GetSchedule", "/schedules/"+url.PathEscape(name)+"?groupName="+url.QueryEscape(g.Name), &said)
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "ResourceNotFoundException" {
		err = fmt.Errorf("%w: %w", port.ErrNotFound, err)
	}
	if err != nil {
		return entry.Schedule{}, err
	}
	return said.schedule(name), nil
}

// ListSchedules implements Scheduler.
func (g Group) ListSchedules(ctx context.Context, token string, limit int) ([]Listed, string, error) {
	q := url.Values{"MaxResults": {strconv.Itoa(limit)}, "ScheduleGroup": {g.Name}}
	if token != "" {
		q.Set("NextToken", token)
	}
	var said struct {
		NextToken string
		Schedules []struct {
			Name                 string
			LastModificationDate float64
		}
	}
	if err := g.Scheduler.Get(ctx, "ListSchedules", "/schedules?"+q.Encode(), &said); err != nil {
		return nil, "", fmt.Errorf("group %s: %w", g.Name, err)
	}
	page := make([]Listed, len(said.Schedules))
	for i, s := range said.Schedules {
		page[i] = Listed{s.Name, at(s.LastModificationDate)}
	}
	return page, said.NextToken, nil
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
		Name: name, ARN: a.Arn, Target: a.Target.Arn, Input: a.Target.Input, Expression: a.ScheduleExpression, Zone: a.ScheduleExpressionTimezone,
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

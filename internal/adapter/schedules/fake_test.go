package schedules

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/control"
)

const trigger = "arn:aws:lambda:us-east-1:123456789012:function:trigger"

// group is a schedule group of EventBridge Scheduler; a page has two schedules.
type group struct {
	schedules []scheduler.GetScheduleOutput
	deleted   string // listed, but gone since

	mu        sync.Mutex
	gets      int
	now, most int // GetSchedule calls at once
	// get, if not nil, is called in each GetSchedule.
	get func(n int)
}

func (g *group) ListSchedules(_ context.Context, in *scheduler.ListSchedulesInput, _ ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	if aws.ToString(in.GroupName) != "batchplane-prod" {
		return nil, errors.New("no such group")
	}
	from := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	}
	out := &scheduler.ListSchedulesOutput{}
	for _, s := range g.schedules[from:min(from+2, len(g.schedules))] {
		out.Schedules = append(out.Schedules, types.ScheduleSummary{Name: s.Name, LastModificationDate: s.LastModificationDate})
	}
	if from+2 < len(g.schedules) {
		out.NextToken = aws.String(fmt.Sprint(from + 2))
	}
	return out, nil
}

func (g *group) GetSchedule(_ context.Context, in *scheduler.GetScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error) {
	g.mu.Lock()
	g.gets++
	n := g.gets
	g.now++
	g.most = max(g.most, g.now)
	g.mu.Unlock()
	defer func() { g.mu.Lock(); g.now--; g.mu.Unlock() }()
	if g.get != nil {
		g.get(n)
	}
	if *in.Name == g.deleted {
		return nil, &types.ResourceNotFoundException{Message: aws.String("Schedule does not exist.")}
	}
	for i := range g.schedules {
		if *g.schedules[i].Name == *in.Name {
			return &g.schedules[i], nil
		}
	}
	return nil, &types.ResourceNotFoundException{Message: aws.String("Schedule does not exist.")}
}

// ruled is a scheduled rule, unless it has a pattern.
type ruled struct {
	disabled bool
	pattern  string
}

// rules are the rules of a bus.
type rules map[string]ruled

func (r rules) DescribeRule(_ context.Context, name string) (Rule, error) {
	if name == "deleted" {
		return Rule{}, control.ErrNotFound
	}
	out := Rule{Name: name, State: "ENABLED"}
	if r[name].disabled {
		out.State = "DISABLED"
	}
	if r[name].pattern == "" {
		out.ScheduleExpression = "rate(5 minutes)"
	}
	return out, nil
}

func (r rules) ListRules(context.Context, string, int) ([]Rule, string, error) { return nil, "", nil }

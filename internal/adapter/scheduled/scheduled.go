// Package scheduled reads all scheduled rules of EventBridge and all schedules of EventBridge Scheduler
// in an account and Region, whoever made them, and the state machines that these start. It changes
// nothing.
package scheduled

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/port"
)

// Rules is the part of the EventBridge client that a Reader uses. Its calls need events:ListRules and
// events:ListTargetsByRule.
type Rules interface {
	ListRules(context.Context, *eventbridge.ListRulesInput, ...func(*eventbridge.Options)) (*eventbridge.ListRulesOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
}

// Schedules is the part of the EventBridge Scheduler client that a Reader uses. Its calls need
// scheduler:ListSchedules and scheduler:GetSchedule.
type Schedules interface {
	ListSchedules(context.Context, *scheduler.ListSchedulesInput, ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error)
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
}

// Machines is the part of a client for Step Functions that a Reader uses. Its call needs
// states:DescribeStateMachine.
type Machines interface {
	JSON(ctx context.Context, version, target string, in, out any) error
}

// Reader reads rules and schedules, and the state machines that they start.
type Reader struct {
	Rules     Rules
	Schedules Schedules
	Machines  Machines
}

// rule is a rule with its targets.
type rule struct {
	eventbridgetypes.Rule
	Targets []eventbridgetypes.Target
}

// Read returns one JSON document, {"Rules": [...], "Schedules": [...], "StateMachines": [...]}: rules as
// ListRules prints them, each with its Targets, schedules as GetSchedule prints them, and the state
// machines among their targets as DescribeStateMachine prints them. It leaves out rules without a
// schedule, and state machines that the caller may not read. A schedule that is deleted in the meantime
// is left out too; such a rule has no targets.
func (r Reader) Read(ctx context.Context) ([]byte, error) {
	rules, err := r.rules(ctx)
	if err != nil {
		return nil, err
	}
	schedules, err := r.schedules(ctx)
	if err != nil {
		return nil, err
	}
	machines, err := r.machines(ctx, rules, schedules)
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(map[string]any{"Rules": rules, "Schedules": schedules, "StateMachines": machines})
	if err != nil {
		return nil, fmt.Errorf("writing what was read: %w", err)
	}
	return out, nil
}

// rules reads the rules of the default bus: no other bus has scheduled ones (EventBridge user guide,
// "Creating a scheduled rule").
func (r Reader) rules(ctx context.Context) ([]rule, error) {
	all := []rule{}
	in := &eventbridge.ListRulesInput{}
	for {
		page, err := r.Rules.ListRules(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the rules of EventBridge: %w", err)
		}
		for _, one := range page.Rules {
			if aws.ToString(one.ScheduleExpression) != "" {
				all = append(all, rule{Rule: one, Targets: []eventbridgetypes.Target{}})
			}
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	err := each(len(all), func(i int) error {
		// A rule has at most five targets (Amazon EventBridge quotas): one page.
		page, err := r.Rules.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: all[i].Name, EventBusName: all[i].EventBusName})
		var gone *eventbridgetypes.ResourceNotFoundException
		switch {
		case errors.As(err, &gone):
		case err != nil:
			return fmt.Errorf("reading the targets of rule %s: %w", aws.ToString(all[i].Name), err)
		default:
			all[i].Targets = page.Targets
		}
		return nil
	})
	return all, err
}

func (r Reader) schedules(ctx context.Context) ([]*scheduler.GetScheduleOutput, error) {
	var listed []schedulertypes.ScheduleSummary
	in := &scheduler.ListSchedulesInput{}
	for {
		page, err := r.Schedules.ListSchedules(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the schedules of EventBridge Scheduler: %w", err)
		}
		listed = append(listed, page.Schedules...)
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	found := make([]*scheduler.GetScheduleOutput, len(listed))
	err := each(len(listed), func(i int) error {
		one, err := r.Schedules.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: listed[i].Name, GroupName: listed[i].GroupName})
		var gone *schedulertypes.ResourceNotFoundException
		switch {
		case errors.As(err, &gone):
		case err != nil:
			return fmt.Errorf("reading schedule %s: %w", aws.ToString(listed[i].Name), err)
		default:
			found[i] = one
		}
		return nil
	})
	all := []*scheduler.GetScheduleOutput{}
	for _, one := range found {
		if one != nil {
			all = append(all, one)
		}
	}
	return all, err
}

// machine is the part of DescribeStateMachine's answer that is used (AWS Step Functions API reference).
type machine struct {
	ARN        string `json:"stateMachineArn"`
	Definition string `json:"definition"`
}

var retryable = retry.IsErrorRetryables(retry.DefaultRetryables)

// refused reports whether an error is an answer about a state machine, and not about the moment, as
// throttling is.
func refused(err error) bool {
	var answer smithy.APIError
	return errors.As(err, &answer) && retryable.IsErrorRetryable(err) != aws.TrueTernary
}

func (r Reader) machines(ctx context.Context, rules []rule, schedules []*scheduler.GetScheduleOutput) ([]machine, error) {
	var arns []string
	add := func(arn *string) {
		parts := strings.Split(aws.ToString(arn), ":")
		if len(parts) < 7 || parts[2] != "states" || parts[5] != "stateMachine" {
			return
		}
		if own := strings.Join(parts[:7], ":"); !slices.Contains(arns, own) { // without a version or an alias
			arns = append(arns, own)
		}
	}
	for i := range rules {
		for _, t := range rules[i].Targets {
			add(t.Arn)
		}
	}
	for _, s := range schedules {
		if s.Target != nil {
			add(s.Target.Arn)
		}
	}
	found := make([]machine, len(arns))
	err := each(len(arns), func(i int) error {
		err := r.Machines.JSON(ctx, "1.0", "AWSStepFunctions.DescribeStateMachine", map[string]string{"stateMachineArn": arns[i]}, &found[i])
		if err != nil && !refused(err) {
			return fmt.Errorf("reading the state machine %s: %w", arns[i], err)
		}
		return nil
	})
	return slices.DeleteFunc(found, func(m machine) bool { return m.Definition == "" }), err
}

// readers is how many calls go out at once, far below what the services accept.
const readers = 8

// each calls f for every number below n, several at once, and returns the first error in their order.
func each(n int, f func(i int) error) error {
	errs := make([]error, n)
	port.InParallel(n, readers, func(i int) { errs[i] = f(i) })
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Package deployer writes what people deploy with `apply`: the schedules of a stack's group, and base
// task definitions. No function links it.
package deployer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/apply"
	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
	"github.com/batchplane/batchplane/internal/render"
)

// API is the part of the EventBridge Scheduler client that a Writer uses.
type API interface {
	ListSchedules(context.Context, *scheduler.ListSchedulesInput, ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error)
	GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
	CreateSchedule(context.Context, *scheduler.CreateScheduleInput, ...func(*scheduler.Options)) (*scheduler.CreateScheduleOutput, error)
	UpdateSchedule(context.Context, *scheduler.UpdateScheduleInput, ...func(*scheduler.Options)) (*scheduler.UpdateScheduleOutput, error)
	DeleteSchedule(context.Context, *scheduler.DeleteScheduleInput, ...func(*scheduler.Options)) (*scheduler.DeleteScheduleOutput, error)
}

// Writer reads and writes the schedules of a stack's group. It is the schedules' half of plane.Registry.
type Writer struct {
	Scheduler API
	// Name and ARN identify the group.
	Name, ARN string
	// Trigger, Role and Failures are the ARNs that all schedules share: target, role and dead-letter
	// queue.
	Trigger, Role, Failures string
	// Read returns the definition that an input carries; ok is false if it carries none.
	Read func(input string) (j job.Job, ok bool, err error)
}

// Group implements plane.Registry.
func (w *Writer) Group() string { return w.ARN }

// Schedules implements plane.Registry.
func (w *Writer) Schedules(ctx context.Context) ([]apply.Deployed, error) {
	var names []string
	pages := scheduler.NewListSchedulesPaginator(w.Scheduler, &scheduler.ListSchedulesInput{GroupName: &w.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the schedules of group %s: %w", w.Name, err)
		}
		for _, s := range page.Schedules {
			names = append(names, aws.ToString(s.Name))
		}
	}
	found, errs := make([]apply.Deployed, len(names)), make([]error, len(names))
	port.InParallel(len(names), readers, func(i int) { found[i], errs[i] = w.Schedule(ctx, names[i]) })
	out := found[:0]
	for i, d := range found {
		switch {
		case errors.Is(errs[i], port.ErrNotFound): // deleted since it was listed
		case errs[i] != nil:
			return nil, errs[i]
		default:
			out = append(out, d)
		}
	}
	return out, nil
}

// readers is how many schedules are read at once. EventBridge Scheduler accepts 250 GetSchedule calls a
// second in most Regions ("Amazon EventBridge Scheduler endpoints and quotas").
const readers = 16

// Schedule implements plane.Registry.
func (w *Writer) Schedule(ctx context.Context, name string) (apply.Deployed, error) {
	out, err := w.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: &w.Name, Name: &name})
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		return apply.Deployed{}, fmt.Errorf("schedule %s: %w", name, port.ErrNotFound)
	}
	if err != nil {
		return apply.Deployed{}, fmt.Errorf("reading schedule %s: %w", name, err)
	}
	return w.deployed(name, out), nil
}

func (w *Writer) deployed(name string, out *scheduler.GetScheduleOutput) apply.Deployed {
	d := apply.Deployed{Schedule: render.Schedule{
		Name: name, Description: aws.ToString(out.Description), Expression: aws.ToString(out.ScheduleExpression),
		Zone: aws.ToString(out.ScheduleExpressionTimezone), State: string(out.State),
		Window: window(out.FlexibleTimeWindow), Start: utc(out.StartDate), End: utc(out.EndDate),
	}}
	const notOurs = "its target is not the trigger of this stack"
	t := out.Target
	if t == nil {
		d.Why = notOurs
		return d
	}
	d.Input = aws.ToString(t.Input)
	if t.RetryPolicy != nil {
		d.MaxAge = int(aws.ToInt32(t.RetryPolicy.MaximumEventAgeInSeconds))
	}
	d.Other = w.other(t)
	j, ok, err := w.Read(d.Input)
	switch {
	case (err != nil || !ok) && aws.ToString(t.Arn) != w.Trigger:
		d.Why = notOurs
	case err != nil:
		d.Why = err.Error()
	case !ok:
		d.Why = "its input carries no definition"
	default:
		d.Job = j
	}
	return d
}

// other says in what a target differs from what Put writes. A stack that takes over the group of one that
// was deleted has another trigger than the schedules that it finds.
func (w *Writer) other(t *types.Target) string {
	var is []string
	if aws.ToString(t.Arn) != w.Trigger {
		is = append(is, "target "+aws.ToString(t.Arn))
	}
	if aws.ToString(t.RoleArn) != w.Role {
		is = append(is, "role "+aws.ToString(t.RoleArn))
	}
	if t.DeadLetterConfig == nil || aws.ToString(t.DeadLetterConfig.Arn) != w.Failures {
		is = append(is, "another dead-letter queue")
	}
	if t.RetryPolicy == nil || aws.ToInt32(t.RetryPolicy.MaximumRetryAttempts) != mostRetries {
		is = append(is, "other retries")
	}
	return strings.Join(is, ", ")
}

// mostRetries is the most retries that a schedule can have (EventBridge Scheduler API reference,
// RetryPolicy).
const mostRetries = 185

func utc(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Put implements plane.Registry.
func (w *Writer) Put(ctx context.Context, s render.Schedule, kind apply.Kind) error {
	var description *string
	if s.Description != "" {
		description = &s.Description
	}
	flexible := &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}
	if s.Window > 0 {
		flexible = &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeFlexible, MaximumWindowInMinutes: aws.Int32(int32(s.Window))}
	}
	target := &types.Target{
		Arn: &w.Trigger, RoleArn: &w.Role, Input: &s.Input, DeadLetterConfig: &types.DeadLetterConfig{Arn: &w.Failures},
		RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(mostRetries), MaximumEventAgeInSeconds: aws.Int32(int32(s.MaxAge))},
	}
	in := scheduler.CreateScheduleInput{
		GroupName: &w.Name, Name: &s.Name, Description: description, ScheduleExpression: &s.Expression, ScheduleExpressionTimezone: &s.Zone,
		State: types.ScheduleState(s.State), FlexibleTimeWindow: flexible, StartDate: optional(s.Start), EndDate: optional(s.End), Target: target,
	}
	var err error
	if kind == apply.Create {
		_, err = w.Scheduler.CreateSchedule(ctx, &in)
	} else {
		_, err = w.Scheduler.UpdateSchedule(ctx, (*scheduler.UpdateScheduleInput)(&in))
	}
	if err != nil {
		return fmt.Errorf("writing schedule %s: %w", s.Name, err)
	}
	return nil
}

// Announce implements plane.Registry. It writes to the schedule port.Applied, which starts nothing.
func (w *Writer) Announce(ctx context.Context) error {
	name, on, zone := port.Applied, render.ByHand, "UTC"
	words := "Starts nothing: batchplane apply writes here when it has changed schedules, last at " + time.Now().UTC().Format(time.RFC3339Nano)
	in := scheduler.UpdateScheduleInput{
		GroupName: &w.Name, Name: &name, Description: &words, ScheduleExpression: &on, ScheduleExpressionTimezone: &zone,
		State: types.ScheduleStateDisabled, FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{Arn: &w.Trigger, RoleArn: &w.Role, Input: aws.String("{}"), DeadLetterConfig: &types.DeadLetterConfig{Arn: &w.Failures}},
	}
	_, err := w.Scheduler.UpdateSchedule(ctx, &in)
	var none *types.ResourceNotFoundException
	if errors.As(err, &none) {
		_, err = w.Scheduler.CreateSchedule(ctx, (*scheduler.CreateScheduleInput)(&in))
	}
	var made *types.ConflictException // somebody else created it at this moment
	if err != nil && !errors.As(err, &made) {
		return fmt.Errorf("writing schedule %s: %w", name, err)
	}
	return nil
}

// Remove implements plane.Registry. A schedule that is already gone is no error.
func (w *Writer) Remove(ctx context.Context, name string) error {
	_, err := w.Scheduler.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{GroupName: &w.Name, Name: &name})
	var none *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &none) {
		return fmt.Errorf("removing schedule %s: %w", name, err)
	}
	return nil
}

// window returns how much later than its nominal time a schedule may fire, in minutes.
func window(w *types.FlexibleTimeWindow) int {
	if w == nil || w.Mode != types.FlexibleTimeWindowModeFlexible {
		return 0
	}
	return int(aws.ToInt32(w.MaximumWindowInMinutes))
}

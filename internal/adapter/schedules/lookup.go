package schedules

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/job"
)

// Lookup implements control.Schedules.
type Lookup struct {
	Scheduler interface {
		GetSchedule(context.Context, *scheduler.GetScheduleInput, ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error)
	}
	// Group is the stack's schedule group, Function the name of the trigger.
	Group, Function string
	// Read is Registry's.
	Read func(input string) (j job.Job, ok bool, err error)
}

// Schedule implements control.Schedules.
func (l *Lookup) Schedule(ctx context.Context, arn string) (job.Job, error) {
	name, ok := l.name(arn)
	if !ok {
		return job.Job{}, fmt.Errorf("%q is not the ARN of a schedule of the group %s: %w", arn, l.Group, control.ErrNotFound)
	}
	out, err := l.Scheduler.GetSchedule(ctx, &scheduler.GetScheduleInput{GroupName: aws.String(l.Group), Name: aws.String(name)})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		return job.Job{}, fmt.Errorf("the group %s has no schedule %s (any more): %w", l.Group, name, control.ErrNotFound)
	case err != nil:
		return job.Job{}, fmt.Errorf("reading schedule %s: %w", name, err)
	case aws.ToString(out.Arn) != arn: // another account's or Region's
		return job.Job{}, fmt.Errorf("schedule %s is %s, not %s: %w", name, aws.ToString(out.Arn), arn, control.ErrNotFound)
	}
	r := Registry{Group: l.Group, Read: l.Read}
	if out.Target != nil && strings.HasSuffix(aws.ToString(out.Target.Arn), ":function:"+l.Function) {
		r.Trigger = aws.ToString(out.Target.Arn)
	}
	v, err := r.carries(name, aws.ToTime(out.LastModificationDate), out)
	if err != nil {
		return job.Job{}, err
	}
	if v.entry == nil || r.Trigger == "" {
		return job.Job{}, fmt.Errorf("schedule %s carries no job to this stack's trigger: %w", name, control.ErrNotFound)
	}
	return v.entry.job, nil
}

// Ours implements control.Schedules.
func (l *Lookup) Ours(arn string) bool {
	_, ok := l.name(arn)
	return ok
}

// name is that of a schedule of the group:
// arn:aws:scheduler:<region>:<account>:schedule/<group>/<name>.
func (l *Lookup) name(arn string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "scheduler" {
		return "", false
	}
	name, ok := strings.CutPrefix(parts[5], "schedule/"+l.Group+"/")
	return name, ok && name != "" && !strings.Contains(name, "/")
}

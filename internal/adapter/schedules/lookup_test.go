package schedules

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/batchplane/batchplane/internal/control"
	"github.com/batchplane/batchplane/internal/entry"
)

// TestLookup: an ARN that comes along leads to what stands under it in the stack's
// own group, and nowhere else; what cannot be told is no answer.
func TestLookup(t *testing.T) {
	t.Parallel()
	const own = "arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod/"
	schedule := func(name, target, input string) scheduler.GetScheduleOutput {
		return scheduler.GetScheduleOutput{
			Arn: aws.String(own + name), Name: aws.String(name), GroupName: aws.String("batchplane-prod"), State: types.ScheduleStateEnabled,
			ScheduleExpression: aws.String("cron(0 3 * * ? *)"), ScheduleExpressionTimezone: aws.String("UTC"),
			Target: &types.Target{Arn: aws.String(target), Input: aws.String(input)},
		}
	}
	const etl = `{"scheduledFor":"<time>","job":{"name":"etl","taskDefinition":"etl"}}`
	g := &group{deleted: "gone", schedules: []scheduler.GetScheduleOutput{
		schedule("etl", trigger, etl),
		schedule("elsewhere", "arn:aws:lambda:us-east-1:123456789012:function:other-trigger", etl),
		schedule("people", trigger+":people", etl),
		schedule("named", trigger, `{"scheduledFor":"<time>","job":"etl"}`),
		schedule("broken", trigger, `{"job":{"name":"etl","command":"x"}}`),
	}}
	l := &Lookup{Scheduler: g, Group: "batchplane-prod", Function: "trigger", Read: entry.Registered}
	for arn, want := range map[string]error{
		own + "etl": nil,
		"arn:aws:scheduler:us-east-1:999999999999:schedule/batchplane-prod/etl":       control.ErrNotFound,
		"arn:aws:scheduler:eu-west-1:123456789012:schedule/batchplane-prod/etl":       control.ErrNotFound,
		"arn:aws-cn:scheduler:us-east-1:123456789012:schedule/batchplane-prod/etl":    control.ErrNotFound,
		"arn:aws:events:us-east-1:123456789012:schedule/batchplane-prod/etl":          control.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod-2/etl":     control.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane/etl":            control.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/default/etl":               control.ErrNotFound,
		"arn:aws:scheduler:us-east-1:123456789012:schedule-group/batchplane-prod/etl": control.ErrNotFound,
		own + "etl/":           control.ErrNotFound,
		own + "/etl":           control.ErrNotFound,
		own + "../default/etl": control.ErrNotFound,
		own:                    control.ErrNotFound,
		own + "gone":           control.ErrNotFound,
		own + "elsewhere":      control.ErrNotFound,
		own + "people":         control.ErrNotFound,
		own + "named":          control.ErrNotFound,
		"etl":                  control.ErrNotFound,
		"":                     control.ErrNotFound,
		own + "broken":         entry.ErrInput,
	} {
		j, err := l.Schedule(t.Context(), arn)
		if !errors.Is(err, want) || want == nil && (j.Name != "etl" || j.Schedule != "cron(0 3 * * ? *)") {
			t.Errorf("%s: %+v, %v; want %v", arn, j, err, want)
		}
	}
	for arn, want := range map[string]bool{
		own + "etl": true, own + "gone": true, own: false, own + "a/b": false, "": false, "etl": false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/default/etl":               false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule/batchplane-prod-2/etl":     false,
		"arn:aws:scheduler:us-east-1:123456789012:schedule-group/batchplane-prod/etl": false,
	} {
		if got := l.Ours(arn); got != want {
			t.Errorf("%s is ours: %t", arn, got)
		}
	}
}

package people

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/plane"
)

// queues is a stack of queues by name, with what each says about itself.
type queues map[string]map[string]string

func (q queues) ListStackResources(_ context.Context, in *cloudformation.ListStackResourcesInput, _ ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	out := &cloudformation.ListStackResourcesOutput{}
	for name := range q {
		if aws.ToString(in.StackName) != "prod" {
			break
		}
		out.StackResourceSummaries = append(out.StackResourceSummaries, cloudformationtypes.StackResourceSummary{
			LogicalResourceId: aws.String(name), PhysicalResourceId: aws.String("https://sqs/" + name), ResourceType: aws.String("AWS::SQS::Queue"),
		})
	}
	return out, nil
}

// GetQueueAttributes returns what was asked for, as SQS does.
func (q queues) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	says := q[(*in.QueueUrl)[len("https://sqs/"):]]
	if _, gone := says["deleted"]; gone {
		return nil, fmt.Errorf("operation error SQS: %w", &sqstypes.QueueDoesNotExist{})
	}
	if says == nil {
		return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
	}
	out := &sqs.GetQueueAttributesOutput{Attributes: map[string]string{}}
	for _, name := range in.AttributeNames {
		if value, ok := says[string(name)]; ok {
			out.Attributes[string(name)] = value
		}
	}
	return out, nil
}

// TestMessagesOfQueues: messages that somebody is looking at count too.
func TestMessagesOfQueues(t *testing.T) {
	t.Parallel()
	const seen, hidden = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
	for name, tc := range map[string]struct {
		says   map[string]string
		want   []plane.Queue
		unseen []string
		fails  bool
	}{
		"none":             {says: map[string]string{seen: "0", hidden: "0"}, want: []plane.Queue{{Name: "Q", URL: "https://sqs/Q"}}},
		"some":             {says: map[string]string{seen: "2", hidden: "0"}, want: []plane.Queue{{Name: "Q", URL: "https://sqs/Q", Messages: 2}}},
		"all are hidden":   {says: map[string]string{seen: "0", hidden: "3"}, want: []plane.Queue{{Name: "Q", URL: "https://sqs/Q", Messages: 3}}},
		"some are hidden":  {says: map[string]string{seen: "2", hidden: "3"}, want: []plane.Queue{{Name: "Q", URL: "https://sqs/Q", Messages: 5}}},
		"may not be seen":  {unseen: []string{"the queue Q: you may not read it, and the policy in the stack's output ReaderPolicyArn allows that"}},
		"what is no count": {says: map[string]string{seen: "2", hidden: "some"}, fails: true},
		"deleted":          {says: map[string]string{"deleted": ""}, want: []plane.Queue{{Name: "Q", URL: "https://sqs/Q", Deleted: true}}},
		"half of it":       {says: map[string]string{seen: "2"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := queues{"Q": tc.says}
			h, err := (&Inspector{Stack: "prod", Resources: q, Queues: q}).Inspect(t.Context())
			if (err != nil) != tc.fails || !reflect.DeepEqual(h.Queues, tc.want) || !reflect.DeepEqual(h.Unseen, tc.unseen) {
				t.Errorf("got %+v and %q, %v", h.Queues, h.Unseen, err)
			}
		})
	}
}

// forbidden is a stack of which nobody may see more than its parts.
type forbidden struct{}

func (forbidden) ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	out := &cloudformation.ListStackResourcesOutput{}
	for _, p := range [][2]string{{"A", alarmType}, {"Q1", queueType}, {"Q2", queueType}, {"R1", ruleType}, {"R2", ruleType}} {
		out.StackResourceSummaries = append(out.StackResourceSummaries, cloudformationtypes.StackResourceSummary{LogicalResourceId: &p[0], PhysicalResourceId: &p[0], ResourceType: &p[1]})
	}
	return out, nil
}

func (forbidden) DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
}

func (forbidden) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return nil, &smithy.GenericAPIError{Code: "AccessDenied"}
}

// TestUnseenParts: a part that may not be seen hides none of the others.
func TestUnseenParts(t *testing.T) {
	t.Parallel()
	events := eventsOf(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"no"}`)
	})
	h, err := (&Inspector{Stack: "prod", Resources: forbidden{}, Alarms: forbidden{}, Queues: forbidden{}, Events: events}).Inspect(t.Context())
	want := []string{"the state of its alarms" + notAllowed, "the queue Q1" + notAllowed, "the queue Q2" + notAllowed, "the rule R1" + notAllowed, "the rule R2" + notAllowed}
	if err != nil || !reflect.DeepEqual(h.Unseen, want) {
		t.Errorf("got %q, %v", h.Unseen, err)
	}
}

// TestRings: an alarm rings in ALARM, and without data only if it has actions for that, as the heartbeat's has.
func TestRings(t *testing.T) {
	t.Parallel()
	topic := []string{topicARN + "t"}
	for name, tc := range map[string]struct {
		alarm types.MetricAlarm
		want  bool
	}{
		"well":                 {types.MetricAlarm{StateValue: types.StateValueOk, AlarmActions: topic, InsufficientDataActions: topic}, false},
		"it rings":             {types.MetricAlarm{StateValue: types.StateValueAlarm, AlarmActions: topic}, true},
		"it needs no data":     {types.MetricAlarm{StateValue: types.StateValueInsufficientData, AlarmActions: topic}, false},
		"it misses its data":   {types.MetricAlarm{StateValue: types.StateValueInsufficientData, AlarmActions: topic, InsufficientDataActions: topic}, true},
		"its actions are gone": {types.MetricAlarm{StateValue: types.StateValueAlarm}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := one(tc.alarm)
			h, err := (&Inspector{Stack: "prod", Resources: &alarmed{}, Alarms: s}).Inspect(t.Context())
			if err != nil || len(h.Alarms) == 0 || h.Alarms[0].Rings != tc.want || h.Alarms[0].State != string(tc.alarm.StateValue) {
				t.Errorf("got %+v, %v", h.Alarms, err)
			}
		})
	}
}

// one is CloudWatch with one alarm.
type one types.MetricAlarm

func (a one) DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	a.AlarmName = aws.String("a")
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []types.MetricAlarm{types.MetricAlarm(a)}}, nil
}

// TestDeletedAlarms: an alarm that somebody deleted is one without a state. One that a deployment makes
// or has removed is none.
func TestDeletedAlarms(t *testing.T) {
	t.Parallel()
	s := changing{}
	h, err := (&Inspector{Stack: "prod", Resources: s, Alarms: one{StateValue: types.StateValueOk}}).Inspect(t.Context())
	if want := []plane.Alarm{{Name: "a", State: "OK", Unheard: "it has no action"}, {Name: "b"}}; err != nil || !reflect.DeepEqual(h.Alarms, want) {
		t.Errorf("got %+v, %v", h.Alarms, err)
	}
}

// changing is a stack of two alarms, beside two that are being made and one that was removed.
type changing struct{}

func (changing) ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	alarm := aws.String(alarmType)
	return &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []cloudformationtypes.StackResourceSummary{
		{ResourceType: alarm, LogicalResourceId: aws.String("A"), PhysicalResourceId: aws.String("a")},
		{ResourceType: alarm, LogicalResourceId: aws.String("B"), PhysicalResourceId: aws.String("b")},
		{ResourceType: alarm, LogicalResourceId: aws.String("C"), ResourceStatus: cloudformationtypes.ResourceStatusCreateInProgress},
		{ResourceType: alarm, LogicalResourceId: aws.String("E"), PhysicalResourceId: aws.String(""), ResourceStatus: cloudformationtypes.ResourceStatusCreateInProgress},
		{ResourceType: alarm, LogicalResourceId: aws.String("D"), PhysicalResourceId: aws.String("d"), ResourceStatus: cloudformationtypes.ResourceStatusDeleteComplete},
	}}, nil
}

// TestDeleting: of a stack that was deleted in part, only that is said. What is missing cannot be put back there.
func TestDeleting(t *testing.T) {
	t.Parallel()
	for state, want := range map[string]bool{"DELETE_FAILED": true, "DELETE_IN_PROGRESS": true, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": false, "": false} {
		h, err := (&Inspector{Stack: "prod", State: state, Resources: &alarmed{}, Alarms: one{}}).Inspect(t.Context())
		if err != nil || (h.Trouble != "") != want || (len(h.Alarms) == 0) != want || want && !strings.Contains(h.Trouble, "the stack is "+state+": ") {
			t.Errorf("%s: %+v, %v", state, h, err)
		}
	}
}

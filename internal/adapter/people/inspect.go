package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/signed"
)

// Inspector reads the state of a stack's parts.
type Inspector struct {
	Stack, Region string
	// Version is the version of the stack, and State its status in CloudFormation.
	Version   string
	State     string
	Resources cloudformation.ListStackResourcesAPIClient
	Alarms    cloudwatch.DescribeAlarmsAPIClient
	// Topics tells who is subscribed to the alarms' topics. Without it, everybody counts as notified.
	Topics sns.ListSubscriptionsByTopicAPIClient
	Queues interface {
		GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	}
	// Events is EventBridge. Without it, no rule is looked at.
	Events *signed.Client
}

// Inspect reads the alarms, the queues and the rules of the stack. What the caller may not see is listed in
// Unseen, and is no error.
func (i *Inspector) Inspect(ctx context.Context) (plane.Health, error) {
	h := plane.Health{Running: true, Where: "the stack " + i.Stack + " in " + i.Region, Version: i.Version}
	if Deleting(i.State) { // nothing of it can be put back
		h.Trouble = "the stack is " + i.State + ": it starts and watches nothing reliably any more; " + Deleted
		return h, nil
	}
	parts, err := i.parts(ctx)
	if err != nil {
		return h, without(&h, "its alarms, queues and rules", err)
	}
	hear := &listeners{topics: i.Topics}
	if h.Alarms, err = i.alarms(ctx, parts[alarmType], hear); err != nil {
		if err := without(&h, "the state of its alarms", err); err != nil {
			return h, err
		}
	}
	h.Unseen = append(h.Unseen, hear.unseen...)
	if err := i.queues(ctx, &h, parts[queueType]); err != nil {
		return h, err
	}
	for _, p := range parts[ruleType] {
		if i.Events == nil {
			break
		}
		r, err := i.rule(ctx, p)
		if err != nil {
			if err := without(&h, "the rule "+p.name, err); err != nil {
				return h, err
			}
			continue
		}
		h.Rules = append(h.Rules, r)
	}
	return h, nil
}

// The types of the parts that are looked at.
const (
	alarmType = "AWS::CloudWatch::Alarm"
	queueType = "AWS::SQS::Queue"
	ruleType  = "AWS::Events::Rule"
)

// part is a part of the stack: its logical and its physical id.
type part struct{ name, id string }

// parts returns the parts of the stack by their types.
func (i *Inspector) parts(ctx context.Context) (map[string][]part, error) {
	out := map[string][]part{}
	pages := cloudformation.NewListStackResourcesPaginator(i.Resources, &cloudformation.ListStackResourcesInput{StackName: &i.Stack})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the parts of the stack %s: %w", i.Stack, err)
		}
		for _, r := range page.StackResourceSummaries {
			// A deployment that is under way makes the one, and has removed the other.
			if aws.ToString(r.PhysicalResourceId) == "" || r.ResourceStatus == cftypes.ResourceStatusDeleteComplete {
				continue
			}
			of := aws.ToString(r.ResourceType)
			out[of] = append(out[of], part{aws.ToString(r.LogicalResourceId), aws.ToString(r.PhysicalResourceId)})
		}
	}
	return out, nil
}

// Deleting reports whether a stack in this state of CloudFormation is being deleted, or was in part. It can then
// only be deleted to the end.
func Deleting(state string) bool { return strings.HasPrefix(state, "DELETE_") }

// Deleted says what to do with a stack that is being deleted.
const Deleted = "delete it to the end; docs/lifecycle.md says how a new stack takes over its table and its schedules"

// mostAlarms is how many names one DescribeAlarms accepts (Amazon CloudWatch API reference).
const mostAlarms = 100

// alarms reads the alarms. CloudWatch leaves out those that were deleted, which come last.
func (i *Inspector) alarms(ctx context.Context, parts []part, hear *listeners) (out []plane.Alarm, err error) {
	names := make([]string, len(parts))
	for n, p := range parts {
		names[n] = p.id
	}
	there := map[string]bool{}
	for batch := range slices.Chunk(names, mostAlarms) {
		pages := cloudwatch.NewDescribeAlarmsPaginator(i.Alarms, &cloudwatch.DescribeAlarmsInput{AlarmNames: batch})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("reading the alarms: %w", err)
			}
			for _, a := range page.MetricAlarms {
				there[aws.ToString(a.AlarmName)] = true
				silenced := a.ActionsEnabled != nil && !*a.ActionsEnabled
				unheard := hear.unheard(ctx, !silenced, a.AlarmActions)
				out = append(out, plane.Alarm{
					Name: aws.ToString(a.AlarmName), State: string(a.StateValue), Since: aws.ToTime(a.StateTransitionedTimestamp).UTC(),
					Reason: aws.ToString(a.AlarmDescription), Rings: rings(a), Heard: unheard == "", Unheard: unheard, Silenced: silenced,
				})
			}
		}
	}
	for _, name := range names {
		if !there[name] {
			out = append(out, plane.Alarm{Name: name})
		}
	}
	return out, nil
}

// rings reports whether an alarm notifies people of its state as of something wrong. An alarm with actions for
// missing data waits for data that must come.
func rings(a cwtypes.MetricAlarm) bool {
	return a.StateValue == cwtypes.StateValueAlarm || a.StateValue == cwtypes.StateValueInsufficientData && len(a.InsufficientDataActions) > 0
}

// queues reads the queues. That one was deleted is no error.
func (i *Inspector) queues(ctx context.Context, h *plane.Health, parts []part) error {
	for _, p := range parts {
		n, err := i.waiting(ctx, p.id)
		_, gone := errors.AsType[*types.QueueDoesNotExist](err)
		if err != nil && !gone {
			if err := without(h, "the queue "+p.name, err); err != nil {
				return err
			}
			continue
		}
		h.Queues = append(h.Queues, plane.Queue{Name: p.name, URL: p.id, Messages: n, Deleted: gone})
	}
	return nil
}

// held are the counts that make up a queue: the messages that can be received, and those that somebody
// received and that are hidden for a moment, as redrive hides them for a second when it looks.
var held = []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}

// waiting returns about how many messages a queue holds.
func (i *Inspector) waiting(ctx context.Context, url string) (sum int, err error) {
	out, err := i.Queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: held})
	if err != nil {
		return 0, fmt.Errorf("reading how many messages wait: %w", err)
	}
	for _, name := range held {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return 0, errors.New("a queue does not say how many messages wait")
		}
		sum += n
	}
	return sum, nil
}

// denied reports whether AWS refused a call for want of permission.
func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains([]string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}, api.ErrorCode())
}

// notAllowed says why something was not seen, and what to do.
const notAllowed = ": you may not read it, and the policy in the stack's output ReaderPolicyArn allows that"

// without turns a refusal into a note of what may not be seen. It returns any other error.
func without(h *plane.Health, what string, err error) error {
	if !denied(err) {
		return err
	}
	h.Unseen = append(h.Unseen, what+notAllowed)
	return nil
}

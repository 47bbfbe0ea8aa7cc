package people

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"github.com/batchplane/batchplane/internal/plane"
)

// alarmed is a stack of two alarms that call the same actions, and the topics among these: the ARNs of
// their subscriptions by page, or the code with which SNS refuses to tell.
type alarmed struct {
	off     bool
	actions []string
	topics  map[string][]string
	refuses map[string]string
	asked   int
}

const topicARN = "arn:aws:sns:eu-central-1:1:"

func (*alarmed) ListStackResources(context.Context, *cloudformation.ListStackResourcesInput, ...func(*cloudformation.Options)) (*cloudformation.ListStackResourcesOutput, error) {
	out := &cloudformation.ListStackResourcesOutput{}
	for _, name := range []string{"a", "b"} {
		out.StackResourceSummaries = append(out.StackResourceSummaries, cloudformationtypes.StackResourceSummary{
			LogicalResourceId: &name, PhysicalResourceId: &name, ResourceType: aws.String("AWS::CloudWatch::Alarm"),
		})
	}
	return out, nil
}

func (s *alarmed) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	out := &cloudwatch.DescribeAlarmsOutput{}
	for _, name := range in.AlarmNames {
		out.MetricAlarms = append(out.MetricAlarms, types.MetricAlarm{AlarmName: &name, ActionsEnabled: aws.Bool(!s.off), AlarmActions: s.actions})
	}
	return out, nil
}

// ListSubscriptionsByTopic returns a page of one subscription, as SNS does with a hundred.
func (s *alarmed) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	s.asked++
	name := strings.TrimPrefix(*in.TopicArn, topicARN)
	if code := s.refuses[name]; code != "" {
		return nil, &smithy.GenericAPIError{Code: code}
	}
	page, out := len(aws.ToString(in.NextToken)), &sns.ListSubscriptionsByTopicOutput{}
	if page < len(s.topics[name]) {
		out.Subscriptions = []snstypes.Subscription{{SubscriptionArn: &s.topics[name][page]}}
	}
	if page+1 < len(s.topics[name]) {
		out.NextToken = aws.String(strings.Repeat("x", page+1))
	}
	return out, nil
}

// TestUnheard: an alarm notifies nobody if nobody is subscribed to its topic, or nobody has confirmed.
func TestUnheard(t *testing.T) {
	t.Parallel()
	topic := []string{topicARN + "t"}
	const confirmed = topicARN + "t:1"
	for name, tc := range map[string]struct {
		stack  alarmed
		want   string
		unseen []string
		asks   int
	}{
		"no action":                       {stack: alarmed{}, want: "it has no action"},
		"switched off":                    {stack: alarmed{off: true, actions: topic, topics: map[string][]string{"t": {confirmed}}}, want: "its actions are switched off"},
		"somebody is subscribed":          {stack: alarmed{actions: topic, topics: map[string][]string{"t": {confirmed}}}, asks: 1},
		"somebody is, behind one who was": {stack: alarmed{actions: topic, topics: map[string][]string{"t": {"Deleted", "PendingConfirmation", confirmed}}}, asks: 3},
		"nobody is subscribed":            {stack: alarmed{actions: topic}, want: "nobody is subscribed to the topic t", asks: 1},
		"nobody is any more":              {stack: alarmed{actions: topic, topics: map[string][]string{"t": {"Deleted"}}}, want: "nobody is subscribed to the topic t", asks: 1},
		"nobody has confirmed":            {stack: alarmed{actions: topic, topics: map[string][]string{"t": {"PendingConfirmation"}}}, want: "nobody has confirmed a subscription to the topic t", asks: 1},
		"the topic was deleted":           {stack: alarmed{actions: topic, refuses: map[string]string{"t": "NotFound"}}, want: "the topic t does not exist", asks: 1},
		"it may not be seen":              {stack: alarmed{actions: topic, refuses: map[string]string{"t": "AuthorizationError"}}, unseen: []string{"who is subscribed to the topic t"}, asks: 1},
		"the second topic has somebody":   {stack: alarmed{actions: []string{topicARN + "t", topicARN + "u"}, topics: map[string][]string{"u": {topicARN + "u:1"}}}, asks: 2},
		"an action that is no topic":      {stack: alarmed{actions: []string{"arn:aws:lambda:eu-central-1:1:function:page"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tc.stack
			h, err := (&Inspector{Stack: "prod", Resources: &s, Alarms: &s, Topics: &s}).Inspect(t.Context())
			want := []plane.Alarm{{Name: "a", Heard: tc.want == "", Unheard: tc.want, Silenced: s.off}, {Name: "b", Heard: tc.want == "", Unheard: tc.want, Silenced: s.off}}
			if err != nil || !reflect.DeepEqual(h.Alarms, want) || !reflect.DeepEqual(h.Unseen, tc.unseen) || s.asked != tc.asks {
				t.Errorf("got %+v and %q after %d calls, %v; want %q", h.Alarms, h.Unseen, s.asked, err, tc.want)
			}
		})
	}
}

package scheduled

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventbridgetypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/smithy-go"
)

// states begins the ARNs of state machines.
const states = "arn:aws:states:eu-west-1:123456789012:stateMachine:"

// account has three rules and three schedules, each on a page of its own.
type account struct{ denied string }

func (a account) page(token *string) (i int, next *string) {
	_, _ = fmt.Sscan(aws.ToString(token), &i)
	if i < 2 {
		next = aws.String(fmt.Sprint(i + 1))
	}
	return i, next
}

func (a account) ListRules(_ context.Context, in *eventbridge.ListRulesInput, _ ...func(*eventbridge.Options)) (*eventbridge.ListRulesOutput, error) {
	i, next := a.page(in.NextToken)
	r := eventbridgetypes.Rule{Name: aws.String(fmt.Sprint("rule", i)), ScheduleExpression: aws.String("rate(1 day)")}
	if i == 1 {
		r.ScheduleExpression, r.EventPattern = nil, aws.String("{}")
	}
	return &eventbridge.ListRulesOutput{Rules: []eventbridgetypes.Rule{r}, NextToken: next}, nil
}

func (a account) ListTargetsByRule(_ context.Context, in *eventbridge.ListTargetsByRuleInput, _ ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error) {
	switch *in.Rule {
	case "rule2":
		return nil, &eventbridgetypes.ResourceNotFoundException{}
	case a.denied:
		return nil, errors.New("denied")
	}
	return &eventbridge.ListTargetsByRuleOutput{Targets: []eventbridgetypes.Target{{Id: aws.String("1"), Arn: aws.String(states + "b:live")}}}, nil
}

func (a account) ListSchedules(_ context.Context, in *scheduler.ListSchedulesInput, _ ...func(*scheduler.Options)) (*scheduler.ListSchedulesOutput, error) {
	i, next := a.page(in.NextToken)
	return &scheduler.ListSchedulesOutput{Schedules: []schedulertypes.ScheduleSummary{{Name: aws.String(fmt.Sprint("schedule", i)), GroupName: aws.String("g")}}, NextToken: next}, nil
}

func (a account) GetSchedule(_ context.Context, in *scheduler.GetScheduleInput, _ ...func(*scheduler.Options)) (*scheduler.GetScheduleOutput, error) {
	switch *in.Name {
	case "schedule1":
		return nil, &schedulertypes.ResourceNotFoundException{}
	case a.denied:
		return nil, errors.New("denied")
	}
	arn := states + map[string]string{"schedule0": "a", "schedule2": "hidden"}[*in.Name]
	return &scheduler.GetScheduleOutput{Name: in.Name, GroupName: in.GroupName, ScheduleExpression: aws.String("rate(1 hour)"), Target: &schedulertypes.Target{Arn: &arn}}, nil
}

// JSON describes a state machine, but none that the caller may not see.
func (a account) JSON(_ context.Context, version, target string, in, out any) error {
	asked, ok := in.(map[string]string)
	arn := asked["stateMachineArn"]
	switch {
	case !ok || version != "1.0" || target != "AWSStepFunctions.DescribeStateMachine":
		return errors.New("not asked as Step Functions is")
	case strings.HasSuffix(arn, ":hidden"):
		return &smithy.GenericAPIError{Code: "AccessDeniedException"}
	case strings.HasSuffix(arn, ":"+a.denied):
		return errors.New("denied")
	case a.denied == "throttled":
		return &smithy.GenericAPIError{Code: "ThrottlingException"}
	}
	return json.Unmarshal([]byte(`{"stateMachineArn": "`+arn+`", "definition": "{}", "name": "x"}`), out)
}

// TestRead: all pages, without rules that have no schedule, schedules that are gone and state machines
// that the caller may not read.
func TestRead(t *testing.T) {
	t.Parallel()
	data, err := Reader{account{}, account{}, account{}}.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rules []struct {
			Name    string
			Targets []struct{ ID string }
		}
		Schedules     []struct{ Name, GroupName, ScheduleExpression string }
		StateMachines []machine
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rules) != 2 || len(got.Rules[0].Targets) != 1 || len(got.Rules[1].Targets) != 0 || len(got.Schedules) != 2 || got.Schedules[1].Name != "schedule2" ||
		!slices.Equal(got.StateMachines, []machine{{states + "b", "{}"}, {states + "a", "{}"}}) {
		t.Errorf("%s", data)
	}
	for denied, says := range map[string]string{"rule0": "reading the targets of rule rule0", "schedule2": "reading schedule schedule2", "a": "reading the state machine " + states + "a", "throttled": "reading the state machine"} {
		if _, err := (Reader{account{denied}, account{denied}, account{denied}}).Read(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", denied, err)
		}
	}
}

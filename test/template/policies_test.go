package template_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/adapter/dynamo"
	"github.com/batchplane/batchplane/internal/adapter/fargate"
	"github.com/batchplane/batchplane/internal/adapter/logs"
	"github.com/batchplane/batchplane/internal/adapter/schedules"
	"github.com/batchplane/batchplane/internal/adapter/sns"
	"github.com/batchplane/batchplane/internal/adapter/ssm"
)

// calls returns the actions of an adapter's API: everything that it can call, except what a
// function has no use for. A transaction needs the permissions of the writes in it, and none of
// its own.
func calls[API any](service string, without ...string) (actions []string) {
	api := reflect.TypeFor[API]()
	for i := range api.NumMethod() {
		if name := api.Method(i).Name; name != "TransactWriteItems" && !slices.Contains(without, name) {
			actions = append(actions, service+":"+name)
		}
	}
	return actions
}

// TestPoliciesAreTheCalls: each function may do what its adapters call, and what Lambda does in
// its name. The emulator, with IAM switched on, shows that this is enough.
func TestPoliciesAreTheCalls(t *testing.T) {
	t.Parallel()
	platform := []string{
		"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage",
		"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
	}
	key := []string{"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
	byKey := calls[dynamo.API]("dynamodb", "Query", "BatchGetItem")
	launches := append(calls[fargate.API]("ecs", "DescribeTasks"), "iam:PassRole", "ecs:TagResource")
	template := load(t)
	for role, want := range map[string][]string{
		"TriggerRole":   slices.Concat(platform, key, byKey, []string{"dynamodb:Query", "scheduler:GetSchedule", "sqs:DeleteMessage", "sqs:ReceiveMessage"}, launches),
		"OnStoppedRole": slices.Concat(platform, key, byKey, launches),
		"NotifyRole": slices.Concat(platform, key, byKey, calls[sns.API]("sns"), calls[ssm.API]("ssm"), calls[logs.API]("logs"),
			[]string{"events:PutEvents", "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}),
		"SweepRole": slices.Concat(platform, key, calls[dynamo.API]("dynamodb"), calls[fargate.API]("ecs"), []string{"iam:PassRole", "ecs:TagResource"},
			calls[schedules.Scheduler]("scheduler"), calls[schedules.Rules]("events")),
		// It reads, and cannot do anything else.
		"WidgetRole": slices.Concat(slices.DeleteFunc(slices.Clone(platform), func(a string) bool { return a == "sqs:SendMessage" }), []string{"kms:Decrypt", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}),
	} {
		var got []string
		for _, p := range list(t, at(t, template, "Resources", role, "Properties", "Policies")) {
			for _, s := range list(t, at(t, p, "PolicyDocument", "Statement")) {
				got = append(got, actions(t, s)...)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if got = slices.Compact(got); !slices.Equal(got, slices.Compact(want)) {
			t.Errorf("%s allows\n%s\nand its function calls\n%s", role, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
}

// TestPeopleSeeTheStack: they see all its alarms and rules, and none of another stack whose name begins like
// this one's.
func TestPeopleSeeTheStack(t *testing.T) {
	t.Parallel()
	template := load(t)
	for sid, kind := range map[string]string{"Health": "AWS::CloudWatch::Alarm", "Rules": "AWS::Events::Rule"} {
		var want []string
		for id := range kinds(t, template, kind) {
			want = append(want, "!GetAtt "+id+".Arn")
		}
		slices.Sort(want)
		for _, policy := range []string{"ReaderPolicy", "OperatorPolicy"} {
			var got []string
			for _, s := range list(t, at(t, template, "Resources", policy, "Properties", "PolicyDocument", "Statement")) {
				if o, ok := s.(object); ok && o["Sid"] == sid {
					got = append(got, texts(o["Resource"])...)
				}
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("%s shows %q, want %q", policy, got, want)
			}
		}
	}
}

// TestPolicySizes: with the longest name of a stack, each policy is as small as IAM wants it: a managed
// policy may have 6,144 characters, and the policies within a role 10,240 together (IAM user guide, "IAM
// and AWS STS quotas").
func TestPolicySizes(t *testing.T) {
	t.Parallel()
	template := load(t)
	limits := map[string]int{"AWS::IAM::ManagedPolicy": 6144, "AWS::IAM::Role": 10_240}
	most := maps.Clone(deployments["company"]) // as many clusters as the parameter's description allows
	most["Clusters"] = strings.Repeat("arn:aws-us-gov:ecs:us-gov-west-1:123456789012:cluster/jobs-of-one-team,", 19) + "arn:aws:ecs:eu-central-1:123456789012:cluster/b"
	found := 0
	for who, statements := range (deployed{t, template, most}).documents() {
		id := strings.TrimSuffix(who, "(trust)")
		limit, ok := limits[words(t, template, "Resources", id, "Type")]
		if !ok || id != who {
			continue
		}
		found++
		text := canonical(t, object{"Version": "2012-10-17", "Statement": statements})
		longer := (48 + len("-123456") - len(stack)) * strings.Count(text, stack) // CloudFormation's own part of a name may be longer, too
		if size := len(text) + longer; size > limit {
			t.Errorf("%s has %d characters, and IAM takes %d", who, size, limit)
		}
	}
	if found != 6+3 {
		t.Errorf("found %d policies", found)
	}
}

// actions returns a statement's actions.
func actions(t *testing.T, of any) []string {
	t.Helper()
	s, _ := statement(t, of)
	return texts(s["Action"])
}

// TestTasksAreLimitedToClusters: actions that change or show tasks are allowed only on the
// stack's clusters, and roles may be passed only to tasks.
func TestTasksAreLimitedToClusters(t *testing.T) {
	t.Parallel()
	template := load(t)
	found := 0
	for _, role := range []string{"TriggerRole", "OnStoppedRole", "SweepRole"} {
		for _, p := range list(t, at(t, template, "Resources", role, "Properties", "Policies")) {
			for _, s := range list(t, at(t, p, "PolicyDocument", "Statement")) {
				granted, _ := statement(t, s)
				for _, action := range actions(t, s) {
					switch action {
					case "ecs:RunTask", "ecs:StopTask", "ecs:ListTasks", "ecs:DescribeTasks":
						at(t, s, "Condition", "ArnLike", "ecs:cluster")
						found++
					case "iam:PassRole":
						if to := words(t, granted, "Condition", "StringEquals", "iam:PassedToService"); to != "ecs-tasks.amazonaws.com" {
							t.Errorf("%s passes roles to %s", role, to)
						}
						found++
					}
				}
			}
		}
	}
	if found != 3*5+1 {
		t.Errorf("found %d limited actions", found)
	}
}

package template_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// down goes down a path with points between its keys; numbers are places in
// lists.
func down(t *testing.T, from any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, ".") {
		if n, err := strconv.Atoi(key); err == nil {
			if l := list(t, from); n < len(l) {
				from = l[n]
				continue
			}
			t.Fatalf("there is no place %d of %s in the template", n, path)
		}
		from = at(t, from, key)
	}
	return from
}

// TestPromises: what the emulator does not do, or does not refuse, and what the
// papers promise all the same. Intrinsic functions are without their tags here.
func TestPromises(t *testing.T) {
	t.Parallel()
	resources := at(t, load(t), "Resources")
	const invoke, rule, queue = ".Properties.EventInvokeConfig", ".Properties.Targets.0", ".Properties.PolicyDocument.Statement.0"
	const policy = `{"Action":"sqs:SendMessage","Condition":{"%":{"aws:SourceArn":"&"}},"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Resource":"#.Arn"}`
	queuePolicy := func(name, condition, source string) string {
		return strings.NewReplacer("%", condition, "&", source, "#", name).Replace(policy)
	}
	for path, want := range map[string]string{
		"Table.DeletionPolicy":                              `"RetainExceptOnCreate"`,
		"Table.UpdateReplacePolicy":                         `"Retain"`,
		"Table.Properties.PointInTimeRecoverySpecification": `{"PointInTimeRecoveryEnabled":true}`,
		"Table.Properties.SSESpecification":                 `["HasKey",{"KMSMasterKeyId":"KmsKeyArn","SSEEnabled":true,"SSEType":"KMS"},{"SSEEnabled":false}]`,
		"Table.Properties.TimeToLiveSpecification":          `{"AttributeName":"ttl","Enabled":true}`,

		// What was accepted does not vanish.
		"Trigger" + invoke:                `{"DestinationConfig":{"OnFailure":{"Destination":"TriggerFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":21600,"MaximumRetryAttempts":2}`,
		"OnStopped" + invoke:              `{"DestinationConfig":{"OnFailure":{"Destination":"OnStoppedFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":21600,"MaximumRetryAttempts":2}`,
		"Sweep" + invoke:                  `{"DestinationConfig":{"OnFailure":{"Destination":"SweepFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":0}`,
		"StoppedTasks" + rule:             `{"Arn":"OnStopped.Arn","DeadLetterConfig":{"Arn":"OnStoppedFailures.Arn"},"Id":"onstopped","RetryPolicy":{"MaximumEventAgeInSeconds":86400,"MaximumRetryAttempts":185}}`,
		"EveryMinute" + rule:              `{"Arn":"Sweep.Arn","DeadLetterConfig":{"Arn":"SweepFailures.Arn"},"Id":"sweep","Input":"{}","RetryPolicy":{"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":0}}`,
		"TriggerFailuresPolicy" + queue:   queuePolicy("TriggerFailures", "ArnLike", "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"),
		"OnStoppedFailuresPolicy" + queue: queuePolicy("OnStoppedFailures", "ArnEquals", "StoppedTasks.Arn"),
		"SweepFailuresPolicy" + queue:     queuePolicy("SweepFailures", "ArnEquals", "EveryMinute.Arn"),
		"TriggerFailures.Properties":      `{"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":true}`,
		"OnStoppedFailures.Properties":    `{"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":true}`,
		"NotifyFailures.Properties":       `{"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":true}`,
		"SweepFailures.Properties":        `{"MessageRetentionPeriod":86400,"SqsManagedSseEnabled":true}`,

		"EveryMinute.Properties.ScheduleExpression": `"rate(1 minute)"`,
		"StoppedTasks.Properties.EventPattern": `{"detail":{"$or":[{"startedBy":[{"prefix":"${AWS::StackName}/"}]},` +
			`{"overrides":{"containerOverrides":{"environment":{"name":["BATCHPLANE_STACK"],"value":["AWS::StackName"]}}}}],"lastStatus":["STOPPED"]},` +
			`"detail-type":["ECS Task State Change"],"source":["aws.ecs"]}`,
		// A plain success wakes nobody, and a poison record blocks nothing for long.
		"Notify.Properties.Events.Changes.Properties": `{"BatchSize":10,"BisectBatchOnFunctionError":true,"DestinationConfig":{"OnFailure":{"Destination":"NotifyFailures.Arn","Type":"SQS"}},` +
			`"FilterCriteria":{"Filters":[{"Pattern":"{\"dynamodb\":{\"NewImage\":{\"tell\":{\"S\":[{\"exists\":true}]}}}}"},{"Pattern":"{\"dynamodb\":{\"NewImage\":{\"reason\":{\"S\":[{\"exists\":true}]}}}}"}]},` +
			`"FunctionResponseTypes":["ReportBatchItemFailures"],"MaximumRecordAgeInSeconds":3600,"MaximumRetryAttempts":5,"StartingPosition":"TRIM_HORIZON","Stream":"Table.StreamArn"}`,

		"OperatorPolicy.Properties.PolicyDocument.Statement": `[{"Action":"lambda:InvokeFunction","Effect":"Allow","Resource":"Trigger.Arn","Sid":"Ask"},` +
			`{"Action":"cloudformation:ListStackResources","Effect":"Allow","Resource":"arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/${AWS::StackName}/*","Sid":"Names"},` +
			`{"Action":["dynamodb:BatchGetItem","dynamodb:GetItem","dynamodb:Query"],"Effect":"Allow","Resource":["Table.Arn","${Table.Arn}/index/*"],"Sid":"Read"},` +
			`{"Action":["logs:FilterLogEvents","logs:GetLogEvents"],"Effect":"Allow","Resource":["TriggerLogs.Arn","OnStoppedLogs.Arn","NotifyLogs.Arn","SweepLogs.Arn"],"Sid":"Logs"},` +
			`["HasKey",{"Action":"kms:Decrypt","Condition":{"StringEquals":{"kms:ViaService":"dynamodb.${AWS::Region}.${AWS::URLSuffix}"}},"Effect":"Allow","Resource":"KmsKeyArn","Sid":"Key"},"AWS::NoValue"]]`,
	} {
		if got := canonical(t, down(t, resources, path)); got != want {
			t.Errorf("%s is\n%s, want\n%s", path, got, want)
		}
	}
}

// TestCompanies: every role has the company's path and boundary, every function
// its log group with the retention, and what is limited has the limits.
func TestCompanies(t *testing.T) {
	t.Parallel()
	resources := at(t, load(t), "Resources")
	const (
		boundary = `["HasBoundary","PermissionsBoundary","AWS::NoValue"]`
		clusters = `["NamesClusters","Clusters","arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/*"]`
		roles    = `["NamesTaskRoles","TaskRoles","arn:${AWS::Partition}:iam::${AWS::AccountId}:role${TaskRolePath}*"]`
	)
	found := map[any]int{}
	for _, id := range keys(t, resources) {
		r := at(t, resources, id)
		kind := at(t, r, "Type")
		found[kind]++
		switch kind {
		case "AWS::IAM::Role":
			if b := canonical(t, down(t, r, "Properties.PermissionsBoundary")); b != boundary || words(t, r, "Properties", "Path") != "RolePath" {
				t.Errorf("%s has the boundary %s", id, b)
			}
			for _, p := range list(t, down(t, r, "Properties.Policies")) {
				for _, s := range list(t, down(t, p, "PolicyDocument.Statement")) {
					as := actions(t, s)
					if slices.Contains(as, "iam:PassRole") && canonical(t, down(t, s, "Resource")) != roles {
						t.Errorf("%s passes other roles", id)
					}
					if slices.ContainsFunc(as, func(a string) bool { return a == "ecs:RunTask" || strings.HasSuffix(a, "Tasks") || a == "ecs:StopTask" }) &&
						canonical(t, down(t, s, "Condition.ArnLike.ecs:cluster")) != clusters {
						t.Errorf("%s: %q on other clusters", id, as)
					}
					if slices.Contains(as, "*") {
						t.Errorf("%s may do anything", id)
					}
				}
			}
		case "AWS::IAM::ManagedPolicy":
			if words(t, r, "Properties", "Path") != "RolePath" {
				t.Errorf("%s has another path", id)
			}
		case "AWS::Logs::LogGroup":
			if words(t, r, "Properties", "RetentionInDays") != "LogRetentionDays" || !strings.HasPrefix(words(t, r, "Properties", "LogGroupName"), "/batchplane/${AWS::StackName}/") {
				t.Errorf("%s keeps logs for another time or in another place", id)
			}
		case "AWS::Serverless::Function":
			if words(t, r, "Properties", "LoggingConfig", "LogGroup") != id+"Logs" || words(t, r, "Properties", "Role") != id+"Role.Arn" {
				t.Errorf("%s has not its own log group and role", id)
			}
		}
	}
	for kind, n := range map[string]int{"AWS::IAM::Role": 5, "AWS::IAM::ManagedPolicy": 1, "AWS::Logs::LogGroup": 4, "AWS::Serverless::Function": 4} {
		if found[kind] != n {
			t.Errorf("%d of %s", found[kind], kind)
		}
	}
	for _, id := range []string{"Trigger", "OnStopped"} {
		if r := canonical(t, down(t, resources, id+".Properties.ReservedConcurrentExecutions")); r != `["Reserves","ReservedConcurrency","AWS::NoValue"]` {
			t.Errorf("%s reserves %s", id, r)
		}
	}
}

// TestAlarms: what each looks at, when it rings, and whom it calls.
func TestAlarms(t *testing.T) {
	t.Parallel()
	const (
		ours    = `batchplane [{"Name":"Stack","Value":"AWS::StackName"}] `
		queued  = `AWS/SQS [{"Name":"QueueName","Value":"%.QueueName"}] ApproximateNumberOfMessagesVisible Maximum 60 1 GreaterThanThreshold 0 notBreaching`
		actions = `["HasAlarmTopic",["AlarmTopicArn"],"AWS::NoValue"]`
	)
	want := map[string]string{
		"HeartbeatAlarm":        ours + "Heartbeat Sum 60 5 LessThanThreshold 1 breaching",
		"DueLagAlarm":           ours + "DueLag Maximum 60 5 GreaterThanThreshold 600 notBreaching",
		"ScheduleProblemsAlarm": ours + "ScheduleProblems Maximum 300 1 GreaterThanThreshold 0 notBreaching",
		"StreamAgeAlarm":        `AWS/Lambda [{"Name":"FunctionName","Value":"Notify"}] IteratorAge Maximum 60 5 GreaterThanThreshold 300000 notBreaching`,
		"NoticesFailingAlarm":   "batchplane  NoticesFailing-${AWS::StackName} Sum 300 1 GreaterThanThreshold 0 notBreaching",
	}
	for _, queue := range []string{"Trigger", "OnStopped", "Notify", "Sweep"} {
		want[queue+"FailuresAlarm"] = strings.ReplaceAll(queued, "%", queue+"Failures")
	}
	resources := at(t, load(t), "Resources")
	for _, id := range keys(t, resources) {
		r := at(t, resources, id)
		if at(t, r, "Type") != "AWS::CloudWatch::Alarm" {
			continue
		}
		p, _ := at(t, r, "Properties").(object)
		dimensions := ""
		if p["Dimensions"] != nil {
			dimensions = canonical(t, p["Dimensions"])
		}
		parts := []string{words(t, p, "Namespace"), dimensions, words(t, p, "MetricName")}
		for _, key := range []string{"Statistic", "Period", "EvaluationPeriods", "ComparisonOperator", "Threshold", "TreatMissingData"} {
			parts = append(parts, strings.Trim(canonical(t, p[key]), `"`))
		}
		if got := strings.Join(parts, " "); got != want[id] {
			t.Errorf("%s is\n%s, want\n%s", id, got, want[id])
		}
		if on, ok := canonical(t, p["AlarmActions"]), canonical(t, p["OKActions"]); on != actions || ok != actions {
			t.Errorf("%s calls %s and %s", id, on, ok)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("there is no %q", want)
	}
}

// TestParametersRefuse: what a parameter takes and what not. A list's pattern is
// for each of its values.
func TestParametersRefuse(t *testing.T) {
	t.Parallel()
	parameters := at(t, load(t), "Parameters")
	for name, tc := range map[string]struct{ takes, refuses []string }{
		"Clusters":            {[]string{"", "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"}, []string{"jobs", "*", "arn:aws:ecs:eu-central-1:123456789012:task/jobs"}},
		"TaskRolePath":        {[]string{"/batchplane/", "/a/b/"}, []string{"/", "", "a/", "/a", "/*/"}},
		"TaskRoles":           {[]string{"", "arn:aws:iam::123456789012:role/x/etl", "arn:aws:iam::123456789012:role/etl-*"}, []string{"*", "etl", "arn:aws:iam::123456789012:user/x"}},
		"SlackTargets":        {[]string{"", "ops", "team-a_1"}, []string{"../x", "a/b", "https://hooks.slack.com/services/T/B/X"}},
		"EventBusArn":         {[]string{"", "arn:aws:events:eu-central-1:123456789012:event-bus/x"}, []string{"default", "arn:aws:sns:eu-central-1:123456789012:x"}},
		"LogGroups":           {[]string{"", "/ecs/", "/team-a/jobs"}, []string{"*", "/ecs/*", "/ecs ", "a:b"}},
		"AlarmTopicArn":       {[]string{"", "arn:aws:sns:eu-central-1:123456789012:x"}, []string{"x", "arn:aws:sqs:eu-central-1:123456789012:x"}},
		"PermissionsBoundary": {[]string{"", "arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::123456789012:policy/a/b"}, []string{"x", "arn:aws:iam::123456789012:role/x"}},
		"RolePath":            {[]string{"/", "/service/"}, []string{"", "service", "/service"}},
		"KmsKeyArn":           {[]string{"", "arn:aws:kms:eu-central-1:123456789012:key/1234"}, []string{"alias/x", "arn:aws:kms:eu-central-1:123456789012:alias/x"}},
	} {
		pattern := regexp.MustCompile(words(t, parameters, name, "AllowedPattern"))
		for _, v := range tc.takes {
			if !pattern.MatchString(v) {
				t.Errorf("%s refuses %q", name, v)
			}
		}
		for _, v := range tc.refuses {
			if pattern.MatchString(v) {
				t.Errorf("%s takes %q", name, v)
			}
		}
		if words(t, parameters, name, "ConstraintDescription") == "" {
			t.Errorf("%s does not say what it takes", name)
		}
	}
	for _, name := range keys(t, parameters) {
		p, _ := at(t, parameters, name).(object)
		if p["AllowedPattern"] == nil && p["AllowedValues"] == nil && p["MaxValue"] == nil {
			t.Errorf("parameter %s takes anything", name)
		}
	}
}

// TestOutputsAreExported: what job stacks and companies import.
func TestOutputsAreExported(t *testing.T) {
	t.Parallel()
	outputs := at(t, load(t), "Outputs")
	for name, value := range map[string]string{
		"TriggerArn": "Trigger.Arn", "ScheduleGroupName": "ScheduleGroup", "ScheduleRoleArn": "ScheduleRole.Arn",
		"TriggerFailuresArn": "TriggerFailures.Arn", "NoticesArn": "Notices", "OperatorPolicyArn": "OperatorPolicy",
	} {
		if got := words(t, outputs, name, "Value"); got != value || words(t, outputs, name, "Export", "Name") != "${AWS::StackName}:"+name {
			t.Errorf("output %s is %s", name, got)
		}
	}
}

// TestSamconfig: no deploy asks questions but prod's, which shows what it would
// change first. The default environment is what the deployed stories use.
func TestSamconfig(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
		} else if key, value, ok := strings.Cut(line, " = "); ok {
			values[section+"."+key] = value
		}
	}
	for env, confirm := range map[string]string{"default": "false", "prod": "true"} {
		for key, want := range map[string]string{
			"deploy.parameters.capabilities": `"CAPABILITY_IAM"`, "deploy.parameters.resolve_s3": "true",
			"deploy.parameters.confirm_changeset": confirm, "deploy.parameters.fail_on_empty_changeset": "false",
			"build.parameters.cached": "false", "validate.parameters.lint": "true",
		} {
			if got := values[env+"."+key]; got != want {
				t.Errorf("%s.%s is %s", env, key, got)
			}
		}
	}
	if a, b := values["default.global.parameters.stack_name"], values["prod.global.parameters.stack_name"]; a == "" || b == "" || a == b {
		t.Errorf("stacks %s and %s", a, b)
	}
}

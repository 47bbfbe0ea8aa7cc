package template_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/plane"
	"github.com/batchplane/batchplane/internal/run"
)

// TestPromises covers what the emulator does not do, or does not refuse, and what the
// documentation promises all the same.
func TestPromises(t *testing.T) {
	t.Parallel()
	template := load(t)
	const (
		invoke, rule = ".Properties.EventInvokeConfig", ".Properties.Targets.0"
		key          = `["!If","HasKey","!Ref KmsKeyArn","!Ref AWS::NoValue"]`
		encrypted    = `"KmsMasterKeyId":` + key + `,`
	)
	for path, want := range map[string]string{
		"Table.DeletionPolicy":                              `"Retain"`,
		"Table.Condition":                                   `"OwnTable"`,
		"Table.Properties.DeletionProtectionEnabled":        "true",
		"Table.UpdateReplacePolicy":                         `"Retain"`,
		"Table.Properties.PointInTimeRecoverySpecification": `{"PointInTimeRecoveryEnabled":true}`,
		"Table.Properties.SSESpecification":                 `["!If","HasKey",{"KMSMasterKeyId":"!Ref KmsKeyArn","SSEEnabled":true,"SSEType":"KMS"},{"SSEEnabled":false}]`,
		"Table.Properties.TimeToLiveSpecification":          `{"AttributeName":"ttl","Enabled":true}`,
		"ScheduleGroup":                                     `{"Condition":"OwnScheduleGroup","DeletionPolicy":"Retain","Properties":{"Name":"!Ref AWS::StackName"},"Type":"AWS::Scheduler::ScheduleGroup","UpdateReplacePolicy":"Retain"}`,
		"Notices.Properties":                                `{"KmsMasterKeyId":` + key + `}`,

		// What was accepted must not vanish.
		"Trigger" + invoke:             `{"DestinationConfig":{"OnFailure":{"Destination":"!GetAtt TriggerFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":21600,"MaximumRetryAttempts":2}`,
		"OnStopped" + invoke:           `{"DestinationConfig":{"OnFailure":{"Destination":"!GetAtt OnStoppedFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":21600,"MaximumRetryAttempts":2}`,
		"Sweep" + invoke:               `{"DestinationConfig":{"OnFailure":{"Destination":"!GetAtt SweepFailures.Arn","Type":"SQS"}},"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":0}`,
		"StoppedTasks" + rule:          `{"Arn":"!GetAtt OnStopped.Arn","DeadLetterConfig":{"Arn":"!GetAtt OnStoppedFailures.Arn"},"Id":"onstopped","RetryPolicy":{"MaximumEventAgeInSeconds":86400,"MaximumRetryAttempts":185}}`,
		"EveryMinute" + rule:           `{"Arn":"!GetAtt Sweep.Arn","DeadLetterConfig":{"Arn":"!GetAtt SweepFailures.Arn"},"Id":"sweep","Input":"{}","RetryPolicy":{"MaximumEventAgeInSeconds":60,"MaximumRetryAttempts":0}}`,
		"TriggerFailures.Properties":   `{` + encrypted + `"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":["!If","HasKey","!Ref AWS::NoValue",true]}`,
		"OnStoppedFailures.Properties": `{` + encrypted + `"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":["!If","HasKey","!Ref AWS::NoValue",true]}`,
		"NotifyFailures.Properties":    `{` + encrypted + `"MessageRetentionPeriod":1209600,"SqsManagedSseEnabled":["!If","HasKey","!Ref AWS::NoValue",true]}`,
		"SweepFailures.Properties":     `{` + encrypted + `"MessageRetentionPeriod":86400,"SqsManagedSseEnabled":["!If","HasKey","!Ref AWS::NoValue",true]}`,

		"EveryMinute.Properties.ScheduleExpression": `"rate(1 minute)"`,
		"StoppedTasks.Properties.EventPattern": `{"account":["!Ref AWS::AccountId"],"detail":{"$or":[{"startedBy":[{"prefix":"!Sub ${AWS::StackName}/"}]},` +
			`{"overrides":{"containerOverrides":{"environment":{"name":["BATCHPLANE_STACK"],"value":["!Ref AWS::StackName"]}}}}],"lastStatus":["STOPPED"]},` +
			`"detail-type":["ECS Task State Change"],"region":["!Ref AWS::Region"],"source":["aws.ecs"]}`,
		// A plain success wakes nobody, and a poison record blocks nothing for long.
		"Notify.Properties.Events.Changes.Properties": `{"BatchSize":10,"BisectBatchOnFunctionError":true,"DestinationConfig":{"OnFailure":{"Destination":"!GetAtt NotifyFailures.Arn","Type":"SQS"}},` +
			`"FilterCriteria":{"Filters":[{"Pattern":"{\"dynamodb\":{\"NewImage\":{\"tell\":{\"S\":[{\"exists\":true}]}}}}"},{"Pattern":"{\"dynamodb\":{\"NewImage\":{\"reason\":{\"S\":[{\"exists\":true}]}}}}"}]},` +
			`"FunctionResponseTypes":["ReportBatchItemFailures"],"MaximumRecordAgeInSeconds":3600,"MaximumRetryAttempts":5,"StartingPosition":"TRIM_HORIZON","Stream":["!If","OwnTable","!GetAtt Table.StreamArn","!Ref ExistingTable"]}`,
		"NoticesFailing.Properties": `{"FilterPattern":"{ $.msg = \"a notice was not carried\" }","LogGroupName":"!Ref NotifyLogs",` +
			`"MetricTransformations":[{"MetricName":"!Sub NoticesFailing-${AWS::StackName}","MetricNamespace":"batchplane","MetricValue":"1"}]}`,
	} {
		if got := canonical(t, down(t, at(t, template, "Resources"), path)); got != want {
			t.Errorf("%s is\n%s, want\n%s", path, got, want)
		}
	}
}

// TestConditions: each means what its parameter says, and nothing else.
func TestConditions(t *testing.T) {
	t.Parallel()
	const filled, lists = `["!Not",["!Equals","!Ref %",""]]`, `["!Not",["!Equals",["!Join","","!Ref %"],""]]`
	want := map[string]string{
		"NamesClusters":    strings.ReplaceAll(lists, "%", "Clusters"),
		"NamesTaskRoles":   strings.ReplaceAll(lists, "%", "TaskRoles"),
		"HasTaskRolePath":  strings.ReplaceAll(filled, "%", "TaskRolePath"),
		"NamesBus":         strings.ReplaceAll(filled, "%", "EventBusArn"),
		"HasEmail":         strings.ReplaceAll(filled, "%", "AlertEmail"),
		"NamesSlack":       strings.ReplaceAll(lists, "%", "SlackTargets"),
		"HasAlarmTopic":    strings.ReplaceAll(filled, "%", "AlarmTopicArn"),
		"HasBoundary":      strings.ReplaceAll(filled, "%", "PermissionsBoundary"),
		"ReadsLogs":        strings.ReplaceAll(filled, "%", "LogGroups"),
		"OwnTable":         `["!Equals","!Ref ExistingTable",""]`,
		"OwnScheduleGroup": `["!Equals","!Ref ExistingScheduleGroup","no"]`,
		"InVpc":            strings.ReplaceAll(lists, "%", "SubnetIds"),
		"HasKey":           strings.ReplaceAll(filled, "%", "KmsKeyArn"),
		"Reserves":         `["!Not",["!Equals","!Ref ReservedConcurrency",0]]`,
		"Shows":            `["!Equals","!Ref Dashboard","true"]`,
		"Measures":         `["!Or","!Condition Shows",["!Equals","!Ref Metrics","true"]]`,
	}
	conditions := at(t, load(t), "Conditions")
	for _, name := range keys(t, conditions) {
		if got := canonical(t, at(t, conditions, name)); got != want[name] {
			t.Errorf("%s is %s, want %s", name, got, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("there is no %q", want)
	}
}

// TestCompanies: every function has its log group with the retention, its role, and the
// concurrency that is reserved. Paths and boundaries are in the table of the policies.
func TestCompanies(t *testing.T) {
	t.Parallel()
	template := load(t)
	groups := kinds(t, template, "AWS::Logs::LogGroup")
	for id, f := range kinds(t, template, "AWS::Serverless::Function") {
		if words(t, f, "Properties", "LoggingConfig", "LogGroup") != "!Ref "+id+"Logs" || words(t, f, "Properties", "Role") != "!GetAtt "+id+"Role.Arn" {
			t.Errorf("%s has not its own log group and role", id)
		}
		want := `{"KmsKeyId":["!If","HasKey","!Ref KmsKeyArn","!Ref AWS::NoValue"],"LogGroupName":"!Sub /batchplane/${AWS::StackName}/` + strings.ToLower(id) + `","RetentionInDays":"!Ref LogRetentionDays"}`
		if got := canonical(t, groups[id+"Logs"]["Properties"]); got != want {
			t.Errorf("%sLogs is %s", id, got)
		}
	}
	for kind, n := range map[string]int{"AWS::IAM::Role": 6, "AWS::IAM::ManagedPolicy": 3, "AWS::Logs::LogGroup": 5, "AWS::Serverless::Function": 5} {
		if found := len(kinds(t, template, kind)); found != n {
			t.Errorf("%d of %s", found, kind)
		}
	}
	for _, id := range []string{"Trigger", "OnStopped"} {
		if r := canonical(t, down(t, template, "Resources."+id+".Properties.ReservedConcurrentExecutions")); r != `["!If","Reserves","!Ref ReservedConcurrency","!Ref AWS::NoValue"]` {
			t.Errorf("%s reserves %s", id, r)
		}
	}
}

// TestAlarms: what each alarm watches, when it fires, and whom it alerts.
func TestAlarms(t *testing.T) {
	t.Parallel()
	const (
		ours    = `batchplane [{"Name":"Stack","Value":"!Ref AWS::StackName"}] `
		queued  = `AWS/SQS [{"Name":"QueueName","Value":"!GetAtt %.QueueName"}] NumberOfMessagesSent Sum 60 15 GreaterThanThreshold 0 notBreaching`
		actions = `["!If","HasAlarmTopic",["!If","HasEmail",["!Ref AlarmTopicArn","!Ref Notices"],["!Ref AlarmTopicArn"]],["!Ref Notices"]]`
	)
	want := map[string]string{
		"HeartbeatAlarm":        ours + "Heartbeat Sum 60 5 LessThanThreshold 1 missing",
		"DueLagAlarm":           ours + "DueLag Maximum 60 5 GreaterThanThreshold 600 notBreaching",
		"NoticeLagAlarm":        ours + "NoticeLag Maximum 60 5 GreaterThanThreshold 900 notBreaching",
		"ScheduleProblemsAlarm": ours + "ScheduleProblems Maximum 300 1 GreaterThanThreshold 0 notBreaching",
		"StreamAgeAlarm":        `AWS/Lambda [{"Name":"FunctionName","Value":"!Ref Notify"}] IteratorAge Maximum 60 5 GreaterThanThreshold 300000 notBreaching`,
		"NoticesFailingAlarm":   "batchplane  !Sub NoticesFailing-${AWS::StackName} Sum 300 8 GreaterThanThreshold 0 notBreaching",
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
		// An alarm about what arrives fires for each arrival.
		if arrives := words(t, p, "MetricName") == "NumberOfMessagesSent" || id == "NoticesFailingAlarm"; arrives != (p["DatapointsToAlarm"] != nil) || arrives && canonical(t, p["DatapointsToAlarm"]) != "1" {
			t.Errorf("%s rings after %v", id, p["DatapointsToAlarm"])
		}
		// An alarm without data so far is quiet; one whose data stops fires.
		if quiet := p["TreatMissingData"] == "missing"; quiet != (p["InsufficientDataActions"] != nil) || quiet && canonical(t, p["InsufficientDataActions"]) != actions {
			t.Errorf("%s calls %v without data", id, p["InsufficientDataActions"])
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("there is no %q", want)
	}
	filtered := down(t, resources, "NoticesFailing.Properties.MetricTransformations.0")
	alarm := at(t, resources, "NoticesFailingAlarm", "Properties")
	if words(t, filtered, "MetricNamespace") != words(t, alarm, "Namespace") || words(t, filtered, "MetricName") != words(t, alarm, "MetricName") {
		t.Errorf("the alarm of failing notices does not look at what is counted: %v", filtered)
	}
	periods, _ := strconv.Atoi(canonical(t, at(t, alarm, "EvaluationPeriods")))
	if back := time.Duration(periods) * 5 * time.Minute; back < run.DefaultTiming.ToldMost+10*time.Minute {
		t.Errorf("the alarm of failing notices looks back %s, and what is owed is tried again after %s", back, run.DefaultTiming.ToldMost)
	}
}

// TestSomebodyHears: an address gets notices and alarms, and if nobody does the outputs say so.
func TestSomebodyHears(t *testing.T) {
	t.Parallel()
	template := load(t)
	mail := at(t, template, "Resources", "AlertEmailSubscription")
	want := `{"Condition":"HasEmail","Properties":{"Endpoint":"!Ref AlertEmail","Protocol":"email","TopicArn":"!Ref Notices"},"Type":"AWS::SNS::Subscription"}`
	if got := canonical(t, mail); got != want {
		t.Errorf("the subscription is %s", got)
	}
	for output, nobody := range map[string]string{"NoticesGoTo": "set AlertEmail or SlackTargets", "AlarmsGoTo": "set AlertEmail or AlarmTopicArn"} {
		if got := canonical(t, at(t, template, "Outputs", output, "Value")); !strings.Contains(got, "HasEmail") || !strings.Contains(got, "NOBODY") || !strings.Contains(got, nobody) {
			t.Errorf("%s is %s", output, got)
		}
	}
}

// TestParametersRefuse: what a parameter accepts and what it does not. The pattern of a list
// applies to each of its values.
func TestParametersRefuse(t *testing.T) {
	t.Parallel()
	parameters := at(t, load(t), "Parameters")
	for name, tc := range map[string]struct{ takes, refuses []string }{
		"Clusters":            {[]string{"", "arn:aws:ecs:eu-central-1:123456789012:cluster/jobs"}, []string{"jobs", "*", "arn:aws:ecs:eu-central-1:123456789012:task/jobs"}},
		"TaskRolePath":        {[]string{"", "/batchplane/", "/a/b/", "/team-*/batch/"}, []string{"/", "a/", "/a", "/*/", "/*x/"}},
		"TaskRoles":           {[]string{"", "arn:aws:iam::123456789012:role/x/etl", "arn:aws:iam::123456789012:role/etl-*"}, []string{"*", "etl", "arn:aws:iam::123456789012:user/x"}},
		"AlertEmail":          {[]string{"", "ops+batch@example.com"}, []string{"ops", "a@b@c", "a b@example.com"}},
		"SlackTargets":        {[]string{"", "ops", "team-a_1"}, []string{"../x", "a/b", "https://hooks.slack.com/services/T/B/X"}},
		"EventBusArn":         {[]string{"", "arn:aws:events:eu-central-1:123456789012:event-bus/x"}, []string{"default", "arn:aws:sns:eu-central-1:123456789012:x"}},
		"LogGroups":           {[]string{"", "/ecs/", "/team-a/jobs"}, []string{"*", "/ecs/*", "/ecs ", "a:b"}},
		"AlarmTopicArn":       {[]string{"", "arn:aws:sns:eu-central-1:123456789012:x"}, []string{"x", "arn:aws:sqs:eu-central-1:123456789012:x"}},
		"PermissionsBoundary": {[]string{"", "arn:aws:iam::aws:policy/PowerUserAccess", "arn:aws:iam::123456789012:policy/a/b"}, []string{"x", "arn:aws:iam::123456789012:role/x"}},
		"RolePath":            {[]string{"/", "/service/"}, []string{"", "service", "/service"}},
		"ExistingTable": {
			[]string{"", "arn:aws:dynamodb:eu-central-1:123456789012:table/batchplane-Table-1X/stream/2026-11-22T17:30:00.123"},
			[]string{"batchplane-Table-1X", "arn:aws:dynamodb:eu-central-1:123456789012:table/batchplane-Table-1X"},
		},
		"NotBefore":        {[]string{"", "2026-11-22T17:30Z"}, []string{"2026-11-22", "2026-11-22T17:30:00+01:00", "now"}},
		"SubnetIds":        {[]string{"", "subnet-0a1b2c3d4e5f60718"}, []string{"vpc-1", "subnet-x y"}},
		"SecurityGroupIds": {[]string{"", "sg-0a1b2c3d4e5f60718"}, []string{"default", "sg_1"}},
		"KmsKeyArn":        {[]string{"", "arn:aws:kms:eu-central-1:123456789012:key/1234"}, []string{"alias/x", "arn:aws:kms:eu-central-1:123456789012:alias/x"}},
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

// TestOutputsAreExported: the outputs that jobs' stacks and companies import.
func TestOutputsAreExported(t *testing.T) {
	t.Parallel()
	outputs := at(t, load(t), "Outputs")
	for name, value := range map[string]string{
		"TriggerArn": "!GetAtt Trigger.Arn", "ScheduleGroupName": "!Ref AWS::StackName", "ScheduleRoleArn": "!GetAtt ScheduleRole.Arn",
		"TriggerFailuresArn": "!GetAtt TriggerFailures.Arn", "NoticesArn": "!Ref Notices", "OperatorPolicyArn": "!Ref OperatorPolicy",
		"PeopleArn": "!Ref People", "RulesArn": "!Ref Rules", "ReaderPolicyArn": "!Ref ReaderPolicy", "DeployerPolicyArn": "!Ref DeployerPolicy",
	} {
		if got := words(t, outputs, name, "Value"); got != value || words(t, outputs, name, "Export", "Name") != "!Sub ${AWS::StackName}:"+name {
			t.Errorf("output %s is %s", name, got)
		}
	}
}

// TestVersion: the stack gives the version of the program that comes with it.
func TestVersion(t *testing.T) {
	t.Parallel()
	if got := words(t, at(t, load(t), "Outputs"), "Version", "Value"); got != plane.Release {
		t.Errorf("the template's output Version is %s, and plane.Release %s", got, plane.Release)
	}
}

// TestSamconfig: no deploy asks questions, except for prod's, which first shows what it would
// change. The deployed stories use the default environment.
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
	// Then a template of jobs that is deployed here without a stack name would replace the
	// control plane.
	if strings.Contains(string(text), "stack_name") {
		t.Error("samconfig.toml names a stack")
	}
}

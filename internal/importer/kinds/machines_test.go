package kinds_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/kinds"
)

// ranBy gives the state that runs a task, with additions to it and to its request.
func ranBy(state, request string) string {
	return `{"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": {"Cluster": "batch", "TaskDefinition": "report", "LaunchType": "FARGATE",
  "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-0a1b2c3d4e5f60718"]}}` + request + `}` + state + `}`
}

// described is a rule that starts a state machine, in the answers of the AWS CLI in which one list has
// what three calls print.
func described(t *testing.T, definition, target string) string {
	t.Helper()
	text, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:nightly"
	return `{"Rules": [{"Name": "nightly", "ScheduleExpression": "cron(0 3 * * ? *)", "State": "ENABLED", "Targets": [{"Id": "1", "Arn": "` + arn + `"` + target + `}]}],
 "StateMachines": [{"stateMachineArn": "` + arn + `", "definition": ` + string(text) + `}]}`
}

// TestStateMachines: a state machine that only runs a task becomes a job, and every other one is named
// with what keeps it.
func TestStateMachines(t *testing.T) {
	t.Parallel()
	alone := func(state string) string { return `{"StartAt": "Run", "States": {"Run": ` + state + `}}` }
	with := func(others string) string {
		return `{"StartAt": "Run", "States": {"Run": ` + ranBy(`, "Next": "Next"`, "") + `, ` + others + `}}`
	}
	last := ranBy(`, "End": true`, "")
	const taken = `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Command.$": "$.command"}]}`
	run(t, "eventbridge", "a.json", []told{
		{name: "one task", text: described(t, alone(last), ""), says: []string{"the task that a state machine runs", "aws events disable-rule --name nightly"}, never: "did not wait", jobs: 1},
		{name: "not waited for", text: described(t, alone(strings.Replace(last, ".sync", "", 1)), ""), says: []string{"did not wait for the task"}, jobs: 1},
		{name: "waited for by polling less", text: described(t, alone(strings.Replace(last, ".sync", ".sync:2", 1)), ""), never: "did not wait", jobs: 1},
		{name: "waited for by a token", text: described(t, alone(strings.Replace(last, ".sync", ".waitForTaskToken", 1)), ""), says: []string{"begins with Run (arn:aws:states:::ecs:runTask.waitForTaskToken)"}},
		{name: "a retry", text: described(t, alone(ranBy(`, "End": true, "Retry": [{"ErrorEquals": ["States.ALL"]}]`, "")), ""), says: []string{"up to 3 times"}, jobs: 1},
		{name: "no retry", text: described(t, alone(ranBy(`, "End": true, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}]`, "")), ""), never: "again", jobs: 1},
		{name: "a time limit", text: described(t, alone(ranBy(`, "End": true, "TimeoutSeconds": 600`, "")), ""), says: []string{"within 10m"}, jobs: 1},
		{name: "a time limit of the start alone", text: described(t, strings.Replace(alone(ranBy(`, "End": true, "TimeoutSeconds": 60`, "")), ".sync", "", 1), ""), says: []string{"did not wait"}, never: "had to end within", jobs: 1},
		{name: "a time limit of the input", text: described(t, alone(ranBy(`, "End": true, "TimeoutSecondsPath": "$.limit"`, "")), ""), says: []string{"needs a decision: its time limit comes from its input (TimeoutSecondsPath $.limit)"}, jobs: 1},
		{name: "a time limit in JSONata", text: described(t, alone(ranBy(`, "End": true, "QueryLanguage": "JSONata", "TimeoutSeconds": "{% $states.input.limit %}"`, "")), ""), says: []string{"needs a decision: its time limit is computed (TimeoutSeconds {% $states.input.limit %})"}, jobs: 1},
		{name: "a time limit of the input for the start alone", text: described(t, strings.Replace(alone(ranBy(`, "End": true, "TimeoutSecondsPath": "$.limit"`, "")), ".sync", "", 1), ""), never: "TimeoutSecondsPath", jobs: 1},
		{name: "by another role", text: described(t, alone(ranBy(`, "End": true, "Credentials": {"RoleArn": "arn:aws:iam::210987654321:role/batch"}`, "")), ""), says: []string{"by the role arn:aws:iam::210987654321:role/batch (Credentials)"}},
		{name: "a time limit of all", text: described(t, strings.Replace(alone(last), "{", `{"TimeoutSeconds": 10000000000, `, 1), ""), says: []string{"had to end within 14d"}, jobs: 1},
		{name: "three stop reasons", text: described(t, strings.Replace(with(`"Why": {"Type": "Choice", "Choices": [{"Variable": "$.Cause", "StringMatches": "*Timeout waiting for network interface*", "Next": "Run"}], "Default": "No"}, "Next": {"Type": "Succeed"}, "No": {"Type": "Fail"}`), `"Next": "Next"`, `"Next": "Next", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Why"}]`, 1), ""), says: []string{"its choices (Why)"}, jobs: 1},
		{name: "again after a success", text: described(t, with(`"Next": {"Type": "Choice", "Choices": [{"Variable": "$.Containers[0].ExitCode", "NumericEquals": 75, "Next": "Run"}], "Default": "No"}, "No": {"Type": "Fail"}`), ""), says: []string{"runs its task again after it has succeeded"}},
		{name: "again and again", text: described(t, with(`"Next": {"Type": "Wait", "Seconds": 300, "Next": "Run"}`), ""), says: []string{"runs its task again after it has succeeded"}},
		{name: "again, unless a choice says so", text: described(t, with(`"Next": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "No"}], "Default": "Run"}, "No": {"Type": "Succeed"}`), ""), says: []string{"runs its task again after it has succeeded"}},
		{name: "again after a message that failed", text: described(t, with(`"Next": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Catch": [{"Next": "Run"}], "End": true}`), ""), says: []string{"runs its task again after it has succeeded"}},
		{name: "a circle that has an end", text: described(t, with(`"Next": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "Next"}], "Default": "No"}, "No": {"Type": "Succeed"}`), ""), says: []string{"its choices (Next)"}, jobs: 1},
		{name: "a message", text: described(t, with(`"Next": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}`), ""), says: []string{"its messages to SNS (Next) are dropped"}, jobs: 1},
		{name: "a wait before", text: described(t, `{"StartAt": "Later", "States": {"Later": {"Type": "Wait", "Seconds": 60, "Next": "Run"}, "Run": `+last+`}}`, ""), says: []string{"waited (Later)"}, jobs: 1},
		{name: "two tasks", text: described(t, with(`"Next": `+last), ""), says: []string{"does more than run a task (Next)"}},
		{name: "a function", text: described(t, with(`"Next": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}`), ""), says: []string{"does more than run a task (Next)"}},
		{name: "a map", text: described(t, `{"StartAt": "All", "States": {"All": {"Type": "Map", "End": true}}}`, ""), says: []string{"begins with All, a state of the type Map"}},
		{name: "a choice before", text: described(t, `{"StartAt": "If", "States": {"If": {"Type": "Choice", "Default": "Run"}, "Run": `+last+`}}`, ""), says: []string{"begins with If, a state of the type Choice"}},
		{name: "a circle", text: described(t, `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}`, ""), says: []string{"no task was found"}},
		{name: "a value of the input", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Command.$": "$.go.command"}]}`)), `, "Input": "{\"go\": {\"command\": [\"x\"]}}"`), never: "each execution", jobs: 1},
		{name: "a part of the input", text: described(t, alone(ranBy(`, "InputPath": "$.go", "End": true`, taken)), `, "Input": "{\"command\": [\"x\"], \"go\": {\"command\": [\"y\"]}}"`), says: []string{"takes $.command (as Run changes it) from what each execution"}},
		{name: "all of the input", text: described(t, alone(ranBy(`, "InputPath": "$", "OutputPath": "$.a", "End": true`, taken)), `, "Input": "{\"command\": [\"x\"]}"`), never: "each execution", jobs: 1},
		{name: "what a state before makes", text: described(t, `{"StartAt": "Set", "States": {"Set": {"Type": "Pass", "Result": {"command": ["y"]}, "Next": "Run"}, "Run": `+ranBy(`, "End": true`, taken)+`}}`, `, "Input": "{\"command\": [\"x\"]}"`), says: []string{"takes $.command (as Set changes it)"}},
		{name: "a state before that makes nothing", text: described(t, `{"StartAt": "Set", "States": {"Set": {"Type": "Pass", "Next": "Run"}, "Run": `+ranBy(`, "End": true`, taken)+`}}`, `, "Input": "{\"command\": [\"x\"]}"`), never: "each execution", jobs: 1},
		{name: "what a state before makes and nobody takes", text: described(t, `{"StartAt": "Set", "States": {"Set": {"Type": "Pass", "Result": {"command": ["y"]}, "Next": "Run"}, "Run": `+last+`}}`, ""), never: "each execution", jobs: 1},
		{name: "a value that the input lacks", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Command.$": "$.command"}]}`)), `, "Input": "{\"go\": 1}"`), says: []string{"takes $.command from what each execution is started with"}},
		{name: "a value of the event", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Environment": [{"Name": "A", "Value.$": "$.time"}]}]}`)), ""), says: []string{"takes $.time"}},
		{name: "a value of the execution", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Environment": [{"Name": "A", "Value.$": "$$.Execution.Name"}]}]}`)), `, "Input": "{}"`), says: []string{"takes $$.Execution.Name"}},
		{name: "a group of the execution", text: described(t, alone(ranBy(`, "End": true`, `, "Group.$": "$$.Execution.Name"`)), `, "Input": "{}"`), says: []string{"group $$.Execution.Name is dropped"}, jobs: 1},
		{name: "a group by an expression", text: described(t, alone(strings.Replace(ranBy(`, "End": true`, `, "Group": "{% $states.context.Execution.Name %}"`), "Parameters", "Arguments", 1)), `, "Input": "{}"`), says: []string{"is dropped"}, never: "each execution", jobs: 1},
		{name: "a value of the execution that the input has too", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Environment": [{"Name": "A", "Value.$": "$$.Execution.Name"}]}]}`)), `, "Input": "{\"Execution\": {\"Name\": \"x\"}}"`), says: []string{"takes $$.Execution.Name"}},
		{name: "a part of the event", text: described(t, alone(last), `, "InputPath": "$.detail"`), says: []string{"its input is a part of the event"}},
		{name: "an expression", text: described(t, alone(strings.Replace(ranBy(`, "End": true`, `, "PlatformVersion": "LATEST", "Tags": "{% $states.input.a %}"`), "Parameters", "Arguments", 1)), ""), says: []string{"takes {% $states.input.a %}"}},
		{name: "a secret", text: described(t, alone(ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "a", "Environment": [{"Name": "DB_PASSWORD", "Value": "hunter2"}]}]}`)), ""), says: []string{"DB_PASSWORD looks like a secret"}, jobs: 1, off: true},
		{name: "an alias", text: strings.Replace(described(t, alone(last), ""), `nightly"}]}]`, `nightly:live"}]}]`, 1), says: []string{"a version or an alias"}, jobs: 1},
		{name: "not JSON", text: described(t, "{", ""), says: []string{"whose definition is not in these files"}},
		{name: "of another file", text: strings.Replace(described(t, alone(last), ""), `"stateMachineArn": "arn:aws:states:eu-west-1`, `"stateMachineArn": "arn:aws:states:eu-west-2`, 1), says: []string{"describe-state-machine --state-machine-arn arn:aws:states:eu-west-1:123456789012:stateMachine:nightly"}},
	})
}

// TestStateMachinesOfTemplates: CloudFormation, SAM and Terraform write the definition in ways of their
// own.
func TestStateMachinesOfTemplates(t *testing.T) {
	t.Parallel()
	rule := `"Rule": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)", "Targets": [{"Id": "a", "Arn": {"Ref": "Machine"}, "RoleArn": "r"}]}}`
	template := func(kind, properties, resources string) string {
		return `{"Resources": {` + resources + `, "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"Family": "report"}}, "Machine": {"Type": "` + kind + `", "Properties": {` + properties + `}}}}`
	}
	definition := `{"StartAt": "Run", "States": {"Run": ` + strings.ReplaceAll(ranBy(`, "End": true`, ""), "\n", "") + `}}`
	text, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	sub := strings.Replace(string(text), `report`, `${Task}`, 1)
	const made, sam = "AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine"
	run(t, "eventbridge", "a.json", []told{
		{name: "a text", text: template(made, `"DefinitionString": `+string(text), rule), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "a text with references", text: template(made, `"DefinitionString": {"Fn::Sub": `+sub+`}`, rule), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "a text that is joined", text: template(made, `"DefinitionString": {"Fn::Join": ["", [`+strings.Replace(string(text), "report", `", {"Ref": "Task"}, "`, 1)+`]]}`, rule), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "substitutions", text: template(made, `"DefinitionString": `+sub+`, "DefinitionSubstitutions": {"Task": {"Ref": "Task"}}`, rule), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "a document", text: template(made, `"Definition": `+definition, rule), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "an open value", text: template(made, `"DefinitionString": {"Fn::Sub": `+strings.Replace(sub, "${Task}", "${Elsewhere}", 1)+`}`, rule), says: []string{"the template does not say Elsewhere"}, jobs: 1, off: true},
		{name: "in a bucket", text: template(made, `"DefinitionS3Location": {"Bucket": "b", "Key": "k"}`, rule), says: []string{"the state machine Machine, whose definition is not in this file: import what was deployed with --live"}, never: "arn:aws:states"},
		{
			name: "SAM's events", jobs: 2, off: true, says: []string{"event Day of Machine", "event Night of Machine", "--logical-resource-id MachineNight"}, never: "--logical-resource-id MachineDay",
			text: template(sam, `"Definition": `+strings.Replace(definition, `["subnet-0a1b2c3d4e5f60718"]`, `"${S}"`, 1)+`, "DefinitionSubstitutions": {"S": ["subnet-0a1b2c3d4e5f60718"]}, "Events": {
 "Day": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)", "Enabled": false}}, "Night": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "cron(0 2 * * ? *)"}}}`, `"Other": {}`),
		},
	})
	// Two templates may use one name for two state machines.
	both := []*importer.File{{Name: "a.json", Data: []byte(template(made, `"Definition": `+definition, rule))}, {Name: "b.json", Data: []byte(template(made, `"Definition": `+strings.Replace(definition, `"report"`, `"other"`, 1), rule))}}
	if r, err := kinds.Import("", both, importer.Options{From: from}, kinds.Options{}); err != nil || len(r.Jobs) != 2 || r.Jobs[0].TaskDefinition != "report" || r.Jobs[1].TaskDefinition != "other" {
		t.Error(r.Entries, err)
	}
	state := func(definition, arn string) string {
		return `{"format_version": "1.0", "values": {"root_module": {"resources": [
 {"address": "aws_sfn_state_machine.a", "mode": "managed", "type": "aws_sfn_state_machine", "values": {"arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:a", "definition": ` + definition + `}},
 {"address": "aws_scheduler_schedule.a", "mode": "managed", "type": "aws_scheduler_schedule", "values": {"name": "a", "schedule_expression": "rate(1 day)", "target": [{"arn": "` + arn + `"}]}}]}}}`
	}
	run(t, "terraform", "a.json", []told{
		{name: "a state", text: state(string(text), "arn:aws:states:eu-west-1:123456789012:stateMachine:a"), says: []string{"the task that a state machine runs"}, jobs: 1},
		{name: "an alias", text: state(string(text), "arn:aws:states:eu-west-1:123456789012:stateMachine:a:live"), says: []string{"a version or an alias"}, jobs: 1},
		{name: "another machine", text: state(string(text), "arn:aws:states:eu-west-1:123456789012:stateMachine:b"), says: []string{"its target is a state machine of Step Functions"}},
		{name: "an input that is sensitive", jobs: 0, says: []string{"takes $.command"}, text: strings.NewReplacer(`"values": {"name"`, `"sensitive_values": {"target": true}, "values": {"name"`, `stateMachine:a"}]`, `stateMachine:a", "input": "{\"command\": [\"hunter2\"]}"}]`).Replace(
			state(strings.Replace(string(text), `\"LaunchType\"`, `\"Overrides\": {\"ContainerOverrides\": [{\"Name\": \"a\", \"Command.$\": \"$.command\"}]}, \"LaunchType\"`, 1), "arn:aws:states:eu-west-1:123456789012:stateMachine:a"))},
		{name: "what is sensitive", text: strings.Replace(state(string(text), "arn:aws:states:eu-west-1:123456789012:stateMachine:a"), `"values": {"arn"`, `"sensitive_values": {"definition": true}, "values": {"arn"`, 1), says: []string{"its target is a state machine of Step Functions"}},
	})
}

// TestStateMachineJob: the job has what the task had.
func TestStateMachineJob(t *testing.T) {
	t.Parallel()
	text := described(t, `{"TimeoutSeconds": 3600, "StartAt": "Run", "States": {"Run": `+ranBy(`, "End": true`, `, "Overrides": {"ContainerOverrides": [{"Name": "app", "Command.$": "$.command", "Environment": [{"Name": "A", "Value": "b"}]}]}`)+`}}`, `, "Input": "{\"command\": [\"report\", \"--all\"]}"`)
	r, err := kinds.Import("", []*importer.File{{Name: "a.json", Data: []byte(text)}}, importer.Options{From: from}, kinds.Options{})
	if err != nil || len(r.Jobs) != 1 {
		t.Fatal(r.Entries, err)
	}
	j := r.Jobs[0]
	if got := j.Cluster + " " + j.TaskDefinition + " " + j.Container + " " + strings.Join(j.Command, " ") + " " + j.Environment["A"] + " " + j.Timeout.String() + " " + strings.Join(j.Network.Subnets, " "); got != "batch report app report --all b 1h subnet-0a1b2c3d4e5f60718" {
		t.Error(got)
	}
}

// TestRulesOfTheEndOfTasks: a rule that starts something at the end of a task may no longer find that of a
// job that has moved.
func TestRulesOfTheEndOfTasks(t *testing.T) {
	t.Parallel()
	const says = "look whether its pattern finds those of a job that moves"
	run(t, "eventbridge", "a.json", []told{
		{name: "an answer", text: `{"Rules": [{"Name": "after", "EventPattern": "{\"source\": [\"aws.ecs\"]}", "Targets": []}]}`, says: []string{says}},
		{name: "a template", text: `{"Resources": {"After": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["aws.ecs"]}, "Targets": []}}}}`, says: []string{says}},
		{name: "other events", text: `{"Rules": [{"Name": "after", "EventPattern": "{\"source\": [\"aws.s3\"]}", "Targets": []}]}`, says: []string{"it stays where it is"}, never: says},
	})
}

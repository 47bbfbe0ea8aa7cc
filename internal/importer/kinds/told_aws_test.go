package kinds_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestNothingOfATemplateIsSilent: a value that a template leaves open is reported even if no field
// of the job shows it, and nothing untrue is said about it
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-ToJsonString.html,
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-events-rule-ecsparameters.html).
func TestNothingOfATemplateIsSilent(t *testing.T) {
	t.Parallel()
	rule := func(parameters, target string) string {
		return "Resources:\n  R:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: cron(0 3 * * ? *)\n      Targets:\n        - Id: a\n          Arn: arn:aws:ecs:eu-west-1:123456789012:cluster/c\n" + target +
			"          EcsParameters:\n            TaskDefinitionArn: app\n" + parameters
	}
	network := "            LaunchType: FARGATE\n            NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}\n"
	schedule := func(own string) string {
		return "Resources:\n  S:\n    Type: AWS::Scheduler::Schedule\n    Properties:\n      ScheduleExpression: cron(0 3 * * ? *)\n" + own +
			"      Target: {Arn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/c', RoleArn: r, EcsParameters: {TaskDefinitionArn: app, LaunchType: FARGATE, NetworkConfiguration: {AwsvpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}}}\n"
	}
	off := "      FlexibleTimeWindow: {Mode: 'OFF'}\n"
	run(t, "eventbridge", "a.yaml", []told{
		{name: "all is said", text: rule(network, ""), never: "does not say", jobs: 1},
		{name: "a definition where it is", text: strings.Replace(rule(network, ""), "Arn: app", "Arn: !Sub 'arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/app:4'", 1), says: []string{"it names one revision"}, never: "does not say", jobs: 1},
		{name: "a definition that is open", text: strings.Replace(rule(network, ""), "Arn: app", "Arn: !Sub 'arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/${Family}'", 1), says: []string{"does not say Family"}, jobs: 1, off: true},
		{name: "how many tasks", text: rule(network+"            TaskCount: !Ref Count\n", ""), says: []string{"does not say its TaskCount"}, jobs: 1, off: true},
		{name: "the whole network", text: rule("            LaunchType: FARGATE\n            NetworkConfiguration: !If [Private, {AwsVpcConfiguration: {Subnets: [a]}}, {AwsVpcConfiguration: {Subnets: [b]}}]\n", ""), says: []string{"does not say its NetworkConfiguration"}, jobs: 1, off: true},
		{name: "a public address", text: rule("            LaunchType: FARGATE\n            NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718], AssignPublicIp: !Ref Public}}\n", ""), says: []string{"does not say its AssignPublicIp"}, jobs: 1, off: true},
		{name: "the window", text: schedule("      FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: !Ref Minutes}\n"), says: []string{"does not say its MaximumWindowInMinutes"}, jobs: 1, off: true},
		{name: "the group alone", text: schedule(off + "      GroupName: !Ref Group\n"), never: "no field of the job", jobs: 1},
		{name: "an expression in part", text: strings.ReplaceAll(schedule(off), "cron(0 3 * * ? *)", "!Sub 'rate(${Minutes} minutes)'"), says: []string{"the template does not say its schedule (Minutes)"}},
		// As in github.com/thelmick-unicon/lif-core, cloudformation/scheduled-task.yml: what else is open does not matter then.
		{name: "an expression among others", text: "Parameters: {At: {Type: String}, Cluster: {Type: String}}\n" + strings.NewReplacer("cron(0 3 * * ? *)", "!Ref At", "arn:aws:ecs:eu-west-1:123456789012:cluster/c", "!Ref Cluster").Replace(rule(network, "")), says: []string{"the template does not say its schedule (the parameter At)"}},
		// As in github.com/aws-cloudformation/aws-cloudformation-templates, ECS/ECS_Schedule_Example.yaml.
		{name: "an expression of a condition", text: strings.ReplaceAll(rule(network, ""), "cron(0 3 * * ? *)", "!If [CronRate, !Ref Cron, !Join ['', ['rate(', !Ref Minutes, ')']]]"), says: []string{"the template does not say its schedule (If CronRate)"}},
		{name: "an input in JSON that is open", text: rule(network, "          Input: !Sub '{\"containerOverrides\": [{\"name\": \"app\", \"command\": ${Command}}]}'\n"), says: []string{"does not say Command"}, never: "starts nothing", jobs: 1, off: true},
		{name: "an input that is open", text: rule(network, "          Input: !Ref Input\n"), says: []string{"does not say its Input"}, never: "starts nothing", jobs: 1, off: true},
		{name: "an input with a list that is open", text: rule(network, "          Input: !Sub '{\"containerOverrides\": [{\"name\": \"app\", \"environment\": [${More} {\"name\": \"A\", \"value\": \"b\"}]}]}'\n"), says: []string{"its overrides could not be read"}, never: "starts nothing", jobs: 1, off: true},
		{name: "an input that is written as JSON", text: rule(network, "          Input: {'Fn::ToJsonString': {containerOverrides: [{name: app, cpu: 256}]}}\n"), says: []string{"cpu of container app is overridden"}, jobs: 1, off: true},
		{name: "an input with capitals", text: rule(network, "          Input: '{\"ContainerOverrides\": [{\"Name\": \"app\", \"Command\": [\"run\"]}]}'\n"), says: []string{"begins its keys with capitals"}, jobs: 1, off: true},
		{name: "a request with the time of its schedule", text: schedule(off)[:strings.Index(schedule(off), "      Target:")] + "      Target: {Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask', RoleArn: r, Input: {'Fn::ToJsonString': {TaskDefinition: app, Overrides: {ContainerOverrides: [{Name: a, Command: [<aws.scheduler.scheduled-time>]}]}}}}\n", says: []string{"context attributes of Scheduler"}},
		{name: "a request in JSON with the time of its schedule", text: schedule(off)[:strings.Index(schedule(off), "      Target:")] + "      Target: {Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask', RoleArn: r, Input: '{\"TaskDefinition\": \"app\", \"Overrides\": {\"ContainerOverrides\": [{\"Name\": \"<aws.scheduler.execution-id>\"}]}}'}\n", says: []string{"context attributes of Scheduler"}},
		{name: "a request that is written as JSON", text: schedule(off)[:strings.Index(schedule(off), "      Target:")] + "      Target: {Arn: 'arn:aws:scheduler:::aws-sdk:ecs:runTask', RoleArn: r, Input: {'Fn::ToJsonString': {Cluster: c, TaskDefinition: app, LaunchType: FARGATE}}}\n", never: "no JSON", jobs: 1},
		{name: "a parameter that is not to be shown", text: "Parameters: {P: {Type: String, NoEcho: true, Default: hunter2}}\n" + rule(network, "          Input: !Sub '{\"containerOverrides\": [{\"name\": \"app\", \"command\": [\"run\", \"${P}\"]}]}'\n"), says: []string{"does not say the parameter P"}, never: "hunter2", jobs: 1, off: true},
		{name: "a tag that is a secret", text: rule(network+"            TagList: [{Key: token, Value: hunter2x9}, {Key: team, Value: shop}]\n", ""), says: []string{"its tag \"token\" looks like a secret"}, never: "hunter2", jobs: 1},
		{name: "where Fargate places them", text: rule(network+"            PlacementStrategies: [{Type: spread}]\n", ""), says: []string{"placementStrategies is dropped"}, jobs: 1},
		{name: "a parameter that nobody knows", text: rule(network+"            Colour: red\n", ""), says: []string{"its parameter Colour is not known and is left out"}, jobs: 1},
		{name: "a nested stack", text: rule(network, "") + "  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x}}\n", says: []string{"nested stack N: refused: its template is another file"}, jobs: 1},
		{name: "an application of SAM", text: rule(network, "") + "  N: {Type: 'AWS::Serverless::Application', Properties: {Location: x}}\n", says: []string{"nested stack N: refused"}, jobs: 1},
		{name: "resources from elsewhere", text: rule(network, "") + "  Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: x}}\n", says: []string{"resources of Fn::Transform: refused"}, jobs: 1},
		{name: "a schedule of a stack of batchplane", text: schedule(off)[:strings.Index(schedule(off), "      Target:")] + "      Target: {Arn: 'arn:aws:lambda:eu-west-1:123456789012:function:jobs-trigger', RoleArn: r, Input: '{\"job\": {\"name\": \"a\"}, \"scheduledFor\": \"<aws.scheduler.scheduled-time>\"}'}\n", says: []string{"it carries a job that is deployed already"}, never: "refused"},
		{name: "a cluster alone", text: strings.Split(rule("", ""), "          EcsParameters:")[0], says: []string{"nothing says which task to start"}},
		{name: "a variable of the shell", text: rule(network, "          Input: !Sub '{\"containerOverrides\": [{\"name\": \"app\", \"command\": [\"sh\", \"-c\", \"echo ${!HOME}\"]}]}'\n"), never: "does not say", jobs: 1},
		{name: "references in circles", text: circle("Sub \"%s\"", "${%s}"), says: []string{"more references than are followed"}, jobs: 1, off: true},
	})
}

// TestTargetsOfExamples: what a README shows is not what is deployed, and :latest is a tag of images: ECS numbers
// revisions. As in github.com/miguel-anay/ingesta-evolution-api, aws/eventbridge-rule.json (ACCOUNT_ID, subnet-XXXXXXXX), and in guides that
// print `put-targets` with family:latest.
func TestTargetsOfExamples(t *testing.T) {
	t.Parallel()
	const open, revision = "values that are still to be filled in (", "ECS numbers the revisions"
	whole := `{"Name":"a","Arn":"arn:aws:events:eu-west-1:123456789012:rule/a","ScheduleExpression":"cron(0 3 * * ? *)","State":"ENABLED","Targets":[{"Id":"1","Arn":"arn:aws:ecs:eu-west-1:123456789012:cluster/c",` +
		`"EcsParameters":{"TaskDefinitionArn":"arn:aws:ecs:eu-west-1:123456789012:task-definition/app:3","LaunchType":"FARGATE","NetworkConfiguration":{"awsvpcConfiguration":{"Subnets":["subnet-1"],"SecurityGroups":["sg-1"]}}}}]}`
	with := func(old, put string) string { return strings.Replace(whole, old, put, 1) }
	run(t, "eventbridge", "a.json", []told{
		{name: "what is deployed", text: whole, says: []string{"it names one revision"}, never: open, jobs: 1},
		{name: "a family alone", text: with("app:3", "app"), never: revision, jobs: 1},
		{name: "a name for the account", text: with("eu-west-1:123456789012:cluster/c", "REGION:ACCOUNT_ID:cluster/c"), says: []string{open + "arn:aws:ecs:REGION:ACCOUNT_ID:cluster/c)"}, jobs: 1, off: true},
		{name: "the same in the task definition", text: with("eu-west-1:123456789012:task-definition/app:3", "eu-west-1:ACCOUNT:task-definition/app:3"), says: []string{open + "arn:aws:ecs:eu-west-1:ACCOUNT:task-definition/app:3)"}, jobs: 1, off: true},
		{name: "a subnet", text: with("subnet-1", "subnet-xxxxx"), says: []string{open + "subnet-xxxxx)"}, jobs: 1, off: true},
		{name: "a security group", text: with("sg-1", "YOUR_SECURITY_GROUP"), says: []string{open + "YOUR_SECURITY_GROUP)"}, jobs: 1, off: true},
		{name: "in brackets", text: with("cluster/c", "cluster/<your-cluster>"), says: []string{open + "arn:aws:ecs:eu-west-1:123456789012:cluster/<your-cluster>)"}, jobs: 1, off: true},
		{name: "in brackets, in capitals", text: with("subnet-1", "<REPLACE_WITH_SUBNET>"), says: []string{open + "<REPLACE_WITH_SUBNET>)"}, jobs: 1, off: true},
		{name: "the newest by name", text: with("app:3", "app:latest"), says: []string{revision}, never: "it names one revision", jobs: 1, off: true},
		{name: "the same without an ARN", text: with("arn:aws:ecs:eu-west-1:123456789012:task-definition/app:3", "app:latest"), says: []string{revision}, jobs: 1, off: true},
		{
			name: "a revision that the template does not say", never: revision, jobs: 1, off: true, says: []string{"the template does not say the parameter Rev"},
			text: `{"Parameters":{"Rev":{"Type":"String"}},"Resources":{"A":{"Type":"AWS::Events::Rule","Properties":{"ScheduleExpression":"rate(1 hour)","Targets":[{"Id":"1","Arn":"arn:aws:ecs:eu-west-1:123456789012:cluster/c",` +
				`"EcsParameters":{"TaskDefinitionArn":{"Fn::Sub":"arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/app:${Rev}"}}}]}}}}`,
		},
		{name: "a family called so", text: with("app:3", "xxxl-your:3"), never: open, jobs: 1},
	})
}

// circle gives a template of ten names, each of which holds the next one thirty times.
func circle(function, reference string) string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	for i := range 10 {
		next := fmt.Sprintf(reference, fmt.Sprintf("A%d", (i+1)%10))
		fmt.Fprintf(&b, "  A%d: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: !"+function+"}}\n", i, strings.Repeat(next, 30))
	}
	b.WriteString("  R: {Type: 'AWS::Events::Rule', Properties: {ScheduleExpression: rate(1 hour), Targets: [{Id: a, Arn: !Ref A0, EcsParameters: {TaskDefinitionArn: !Ref A0}}]}}\n")
	return b.String()
}

// show gives what `terraform show -json` prints for resources, each with its address and values.
func show(more string, resources ...[2]string) string {
	var all []string
	for _, r := range resources {
		kind := r[0]
		if _, in, found := strings.Cut(kind, ".aws_"); found { // a module's
			kind = "aws_" + in
		}
		kind, _, _ = strings.Cut(kind, ".")
		all = append(all, fmt.Sprintf(`{"address": %q, "mode": "managed", "type": %q, "values": %s}`, r[0], kind, r[1]))
	}
	return `{"format_version": "1.2", "terraform_version": "1.9.0"` + more + `, "planned_values": {"root_module": {"resources": [` + strings.Join(all, ", ") + `]}}}`
}

// TestNothingOfATerraformIsSilent: what has a schedule and becomes no job is listed,
// and what a definition loses when it is taken over is reported
// (https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudwatch_event_target,
// https://developer.hashicorp.com/terraform/internals/json-format; modules such as
// github.com/tmknom/terraform-aws-ecs-scheduled-task name rules and leave definitions to others).
func TestNothingOfATerraformIsSilent(t *testing.T) {
	t.Parallel()
	const cluster = `"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c"`
	rule := [2]string{"aws_cloudwatch_event_rule.r", `{"name": "r", "schedule_expression": "cron(0 3 * * ? *)"}`}
	target := [2]string{"aws_cloudwatch_event_target.t", `{"rule": "r", ` + cluster + `, "ecs_target": [{"task_definition_arn": "app", "launch_type": "FARGATE", "network_configuration": [{"subnets": ["subnet-0a1b2c3d4e5f60718"]}]}]}`}
	definition := func(more, options string) [2]string {
		return [2]string{"aws_ecs_task_definition.d", `{"family": "app", "arn": "app", "cpu": "256", "memory": "512", "execution_role_arn": "arn:aws:iam::123456789012:role/x"` + more +
			`, "container_definitions": "[{\"name\":\"app\",\"image\":\"b:1\",\"logConfiguration\":{\"logDriver\":\"awslogs\",\"options\":{\"awslogs-group\":\"/ecs/a\"` + options + `}}}]"}`}
	}
	unnamed := `, "configuration": {"root_module": {"resources": [{"address": "aws_cloudwatch_event_target.t", "expressions": {"rule": {"references": ["aws_cloudwatch_event_rule.r.name", "aws_cloudwatch_event_rule.r"]}}}]}}`
	universal := func(input string) [2]string {
		return [2]string{"aws_scheduler_schedule.s", `{"name": "s", "schedule_expression": "cron(0 3 * * ? *)", "target": [{"arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "input": ` + input + `}]}`}
	}
	transformed := func(template string) [2]string {
		return [2]string{target[0], strings.Replace(target[1], `"rule"`, `"input_transformer": [{"input_paths": {}, "input_template": "`+template+`"}], "rule"`, 1)}
	}
	run(t, "terraform", "plan.json", []told{
		{name: "a request in camel case", text: show("", universal(`"{\"taskDefinition\": \"app\"}"`)), says: []string{"its request is written in camel case"}, jobs: 1},
		{name: "no request", text: show("", universal(`"now"`)), says: []string{"its input is no JSON of a request"}},
		{name: "a request that the apply says", text: show(`, "resource_changes": [{"address": "aws_scheduler_schedule.s", "change": {"after_unknown": {"target": [{"input": true}]}}}]`, universal(`null`)), says: []string{"before the apply (input)"}, jobs: 1, off: true},
		{name: "a request that is sensitive", text: strings.Replace(show("", universal(`"{\"TaskDefinition\": \"hunter2\", \"Cluster\": \"hunter2\"}"`)), `"values"`, `"sensitive_values": {"target": [{"input": true}]}, "values"`, 1), says: []string{"its input is marked sensitive"}, jobs: 1, off: true},
		{name: "a transformer of nothing", text: show("", rule, transformed(`{\"containerOverrides\": [{\"name\": \"app\", \"command\": [\"x\"]}]}`)), says: []string{"a transformer that uses nothing of the event"}, jobs: 1},
		{name: "a transformer", text: show("", rule, transformed(`{\"containerOverrides\": [{\"name\": \"app\", \"command\": [<time>]}]}`)), says: []string{"its input is made of the event by a transformer"}},
		{name: "a transformer that is sensitive", text: strings.Replace(show("", rule, transformed(`{\"a\": \"hunter2 <time>\"}`)), `"values": {"input_transformer"`, `"sensitive_values": {"input_transformer": [{"input_template": true}]}, "values": {"input_transformer"`, 1), says: []string{"a transformer makes its input, which is marked sensitive"}, never: "hunter2"},
		{name: "a schedule that the apply says", text: show(`, "resource_changes": [{"address": "aws_cloudwatch_event_rule.r", "change": {"after_unknown": {"schedule_expression": true}}}]`, [2]string{"aws_cloudwatch_event_rule.r", `{"name": "r"}`}, target), says: []string{"aws_cloudwatch_event_rule.r: refused: its schedule is known only after the apply"}},
		{name: "a rule of another state", text: show("", rule, target, [2]string{"aws_cloudwatch_event_target.u", strings.ReplaceAll(target[1], `"rule": "r"`, `"rule": "elsewhere"`)}), says: []string{"aws_cloudwatch_event_target.u: refused: its rule elsewhere is not in this file"}, jobs: 1},
		{name: "a task that events start", text: show("", rule, target, [2]string{"aws_cloudwatch_event_rule.e", `{"name": "e", "event_pattern": "{}", "schedule_expression": ""}`}, [2]string{"aws_cloudwatch_event_target.u", strings.ReplaceAll(target[1], `"rule": "r"`, `"rule": "e"`)}), says: []string{"aws_cloudwatch_event_rule.e: refused: events start it, not a schedule"}, never: "its pattern", jobs: 1},
		{name: "a task that the end of another starts", text: show("", rule, target, [2]string{"aws_cloudwatch_event_rule.e", `{"name": "e", "event_pattern": "{\"source\": [\"aws.ecs\"]}", "schedule_expression": ""}`}, [2]string{"aws_cloudwatch_event_target.u", strings.ReplaceAll(target[1], `"rule": "r"`, `"rule": "e"`)}), says: []string{"look whether its pattern finds those of a job that moves"}, jobs: 1},
		{name: "a function that events start", text: show("", rule, target, [2]string{"aws_cloudwatch_event_rule.e", `{"name": "e", "event_pattern": "{}", "schedule_expression": ""}`}, [2]string{"aws_cloudwatch_event_target.u", `{"rule": "e", "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f", "ecs_target": []}`}), never: "aws_cloudwatch_event_rule.e", jobs: 1},
		{name: "a rule whose name the apply gives", text: show(unnamed, [2]string{"aws_cloudwatch_event_rule.r", `{"schedule_expression": "cron(0 3 * * ? *)"}`}, [2]string{"aws_cloudwatch_event_target.t", strings.ReplaceAll(target[1], `"rule": "r", `, "")}), says: []string{"aws events disable-rule --name REPLACE-ME   # the apply names the rule r; set state"}, never: "no aws_cloudwatch_event_target", jobs: 1},
		{name: "a schedule of the provider awscc", text: show("", rule, target, [2]string{"awscc_scheduler_schedule.c", `{"schedule_expression": "rate(1 hour)"}`}), says: []string{"awscc_scheduler_schedule.c: refused: it is a resource of the provider awscc"}, jobs: 1},
		{name: "a stack in a stack", text: show("", rule, target, [2]string{"aws_cloudformation_stack.c", `{"template_body": "Resources: {R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(1 hour)}}}"}`}), says: []string{"aws_cloudformation_stack.c: refused: its template holds"}, jobs: 1},
		{name: "a canary", text: show("", rule, target, [2]string{"aws_synthetics_canary.c", `{"schedule": [{"expression": "rate(5 minutes)"}]}`}, [2]string{"aws_ssm_association.a", `{"schedule_expression": "cron(0 2 ? * SUN *)"}`}), says: []string{"aws_synthetics_canary.c: refused: its schedule starts no ECS task", "aws_ssm_association.a: refused"}, jobs: 1},
		{name: "a plan of backups", text: show("", rule, target, [2]string{"aws_backup_plan.b", `{"rule": [{"schedule": "cron(0 5 ? * * *)"}]}`}), never: "aws_backup_plan", jobs: 1},
		{name: "a CronJob beside it", text: show("", rule, target, [2]string{"kubernetes_cron_job_v1.k", `{"spec": [{"schedule": "0 1 * * *"}]}`}), says: []string{"kubernetes_cron_job_v1.k: refused: it is a CronJob of Kubernetes"}, jobs: 1},
		{name: "a schedule that deletes itself", text: show("", [2]string{"aws_scheduler_schedule.s", `{"name": "s", "schedule_expression": "cron(0 3 * * ? *)", "action_after_completion": "DELETE", "target": [{` + cluster + `, "ecs_parameters": [{"task_definition_arn": "app", "launch_type": "FARGATE", "network_configuration": [{"subnets": ["subnet-0a1b2c3d4e5f60718"]}]}]}]}`}), says: []string{"the schedule deletes itself"}, jobs: 1},
		{name: "a state without an input", text: show("", rule, [2]string{target[0], strings.Replace(target[1], `"rule"`, `"input": "", "input_path": "", "input_transformer": [], "rule"`, 1)}), never: "its input", jobs: 1},
		{name: "a bus by its ARN", text: show("", [2]string{rule[0], strings.Replace(rule[1], `"name"`, `"event_bus_name": "default", "name"`, 1)}, [2]string{target[0], strings.Replace(target[1], `"rule"`, `"event_bus_name": "arn:aws:events:eu-west-1:123456789012:event-bus/default", "rule"`, 1)}), never: "no aws_cloudwatch_event_target", jobs: 1},
		{name: "settings of the log", text: show("", rule, target, definition("", `,\"mode\":\"non-blocking\",\"awslogs-multiline-pattern\":\"x\"`)), says: []string{"mode, awslogs-multiline-pattern of its log are dropped"}, jobs: 1},
		{name: "a log as most have it", text: show("", rule, target, definition("", `,\"awslogs-region\":\"eu-west-1\",\"awslogs-stream-prefix\":\"a\"`)), never: "of its log", jobs: 1},
		{name: "a variable without a name", text: show("", rule, target, [2]string{"aws_ecs_task_definition.d", `{"family": "app", "arn": "app", "cpu": "300", "memory": "512", "container_definitions": "[{\"name\":\"app\",\"image\":\"b:1\",\"environment\":[{\"name\":\"\",\"value\":\"a\"}]}]"}`}), says: []string{`its variable "" is left out`, "Fargate has no size of 300 CPU units and 512 MiB"}, jobs: 1, off: true},
		{name: "a definition for EC2", text: show("", rule, target, definition(`, "network_mode": "bridge"`, "")), says: []string{"a definition of a jobs file does not have the network mode bridge"}, jobs: 1},
		{name: "no launch type, as a state has it", text: show("", rule, [2]string{target[0], strings.Replace(target[1], `"FARGATE"`, `"", "capacity_provider_strategy": []`, 1)}), says: []string{"it names neither launch type nor capacity provider"}, jobs: 1},
		{name: "a parameter that nobody knows", text: show("", rule, [2]string{target[0], strings.Replace(target[1], `"launch_type"`, `"colour": "red", "launch_type"`, 1)}), says: []string{"its parameter colour is not known and is left out"}, jobs: 1},
	})
}

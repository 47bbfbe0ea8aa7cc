package kinds_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// region gives a rule with its target in a Region; both Regions call them nightly.
func region(module, name string) [][2]string {
	in := "module." + module + "."
	return [][2]string{
		{in + "aws_cloudwatch_event_rule.r", fmt.Sprintf(`{"name": "nightly", "arn": "arn:aws:events:%s:123456789012:rule/nightly", "event_bus_name": "default", "schedule_expression": "cron(0 3 * * ? *)", "state": "ENABLED"}`, name)},
		{in + "aws_cloudwatch_event_target.t", fmt.Sprintf(`{"rule": "nightly", "target_id": "etl", "arn": "arn:aws:ecs:%s:123456789012:cluster/c", "event_bus_name": "default", "ecs_target": [{"task_definition_arn": "etl-%s", "launch_type": "FARGATE", "network_configuration": [{"subnets": ["subnet-0a1b2c3d4e5f60718"]}]}]}`, name, module)},
	}
}

// TestRulesOfOneNameKeepTheirTargets: a module for each Region, as in
// https://developer.hashicorp.com/terraform/language/modules/develop/providers, gives the rules of
// all Regions one name. Each has its own target and no other.
func TestRulesOfOneNameKeepTheirTargets(t *testing.T) {
	t.Parallel()
	two := append(region("eu", "eu-west-1"), region("us", "us-east-1")...)
	planned := slices.Concat(two)
	for i := range planned { // the rules' ARNs are not known yet, and the clusters are in one Region
		planned[i][1] = strings.NewReplacer(`"arn": "arn:aws:events:eu-west-1:123456789012:rule/nightly", `, "", `"arn": "arn:aws:events:us-east-1:123456789012:rule/nightly", `, "", "us-east-1", "eu-west-1").Replace(planned[i][1])
	}
	code := `, "configuration": {"root_module": {"module_calls": {"eu": {"module": {"resources": [` + referring + `]}}, "us": {"module": {"resources": [` + referring + `]}}}}}`
	crossed := [][2]string{two[0], two[3], two[2], two[1]} // the file's order says nothing
	run(t, "terraform", "state.json", []told{
		{name: "two Regions", text: show("", two...), never: "nightly-etl", jobs: 2},
		{name: "in another order", text: show("", crossed...), says: []string{"module.eu.aws_cloudwatch_event_rule.r -> module.eu.aws_cloudwatch_event_target.t"}, never: "eu.aws_cloudwatch_event_rule.r -> module.us", jobs: 2},
		{name: "before the apply", text: show(code, planned...), never: "eu.aws_cloudwatch_event_rule.r -> module.us", jobs: 2},
		{name: "one rule with two targets", text: show("", two[0], two[1], [2]string{"aws_cloudwatch_event_target.u", strings.Replace(two[1][1], `"etl"`, `"more"`, 1)}), says: []string{"-> aws_cloudwatch_event_target.u"}, jobs: 2},
	})
}

// TestADefinitionOfTwoRegionsIsNotTakenOver: a family says neither Region nor account.
func TestADefinitionOfTwoRegionsIsNotTakenOver(t *testing.T) {
	t.Parallel()
	family := func(region, image string) [2]string {
		return [2]string{"module." + image + ".aws_ecs_task_definition.d", fmt.Sprintf(`{"family": "etl-eu", "arn": "arn:aws:ecs:%s:123456789012:task-definition/etl-eu:1", "revision": 1, "cpu": "256", "memory": "512", "container_definitions": "[{\"name\":\"etl\",\"image\":\"%s:1\"}]"}`, region, image)}
	}
	eu := region("eu", "eu-west-1")
	run(t, "terraform", "state.json", []told{
		{name: "one Region", text: show("", eu[0], eu[1], family("eu-west-1", "a")), says: []string{"is taken over from module.a"}, jobs: 1},
		{name: "two Regions", text: show("", eu[0], eu[1], family("us-east-1", "b"), family("eu-west-1", "a")), never: "taken over", jobs: 1},
	})
}

// TestAPlanOfAPart: what Terraform left out of a plan is no schedule that nobody has.
func TestAPlanOfAPart(t *testing.T) {
	t.Parallel()
	eu := region("eu", "eu-west-1")
	run(t, "terraform", "plan.json", []told{
		{name: "it failed", text: show(`, "complete": false, "errored": true`, eu...), says: []string{"ended this plan with an error, so schedules may be missing"}, jobs: 1},
		{name: "of one resource", text: show(`, "complete": false, "errored": false`, eu...), says: []string{"for a part of the code alone, as with -target"}, jobs: 1},
		{name: "of all", text: show(`, "complete": true, "errored": false`, eu...), never: "missing from it", jobs: 1},
		{name: "of an older Terraform, or a state", text: show("", eu...), never: "missing from it", jobs: 1},
	})
}

const referring = `{"address": "aws_cloudwatch_event_target.t", "expressions": {"rule": {"references": ["aws_cloudwatch_event_rule.r.name", "aws_cloudwatch_event_rule.r"]}}}`

// TestAPlanDisablesByWhatTheCodeSets: a plan keeps the old value of state if the code sets
// is_enabled, and the other way round, and the apply follows the code
// (https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/events/rule.go).
func TestAPlanDisablesByWhatTheCodeSets(t *testing.T) {
	t.Parallel()
	plan := func(values, written string) string {
		rule := [2]string{"aws_cloudwatch_event_rule.r", `{"name": "nightly", "schedule_expression": "cron(0 3 * * ? *)"` + values + `}`}
		code := `, "configuration": {"root_module": {"resources": [{"address": "aws_cloudwatch_event_rule.r", "expressions": {` + written + `}}]}}`
		target := region("eu", "eu-west-1")[1]
		return show(code, rule, [2]string{"aws_cloudwatch_event_target.t", target[1]})
	}
	const state, enabled = `"state": {"constant_value": "ENABLED"}`, `"is_enabled": {"constant_value": false}`
	run(t, "terraform", "plan.json", []told{
		{name: "is_enabled is set", text: plan(`, "state": "ENABLED", "is_enabled": false`, enabled), never: "contradict", jobs: 1, off: true},
		{name: "is_enabled is set again", text: plan(`, "state": "DISABLED", "is_enabled": true`, `"is_enabled": {"constant_value": true}`), never: "contradict", jobs: 1},
		{name: "state is set", text: plan(`, "state": "ENABLED", "is_enabled": false`, state), never: "contradict", jobs: 1},
		{name: "state disables", text: plan(`, "state": "DISABLED", "is_enabled": true`, `"state": {"constant_value": "DISABLED"}`), never: "contradict", jobs: 1, off: true},
		{name: "a module passes both on", text: plan(`, "state": "ENABLED", "is_enabled": false`, state+", "+enabled), says: []string{"state and is_enabled contradict each other"}, jobs: 1, off: true},
		{name: "they agree", text: plan(`, "state": "DISABLED", "is_enabled": false`, state+", "+enabled), never: "contradict", jobs: 1, off: true},
		{name: "of an old provider", text: plan(`, "state": "", "is_enabled": false`, ""), never: "contradict", jobs: 1, off: true},
	})
}

// TestAPlanThatDoesNotKnowIsNoJobThatRuns: what only the apply will know is null in a plan, as if it
// were not set (https://developer.hashicorp.com/terraform/internals/json-format, after_unknown). A
// job without it would run elsewhere or something else.
func TestAPlanThatDoesNotKnowIsNoJobThatRuns(t *testing.T) {
	t.Parallel()
	schedule := func(target, unknown string) string {
		return show(`, "resource_changes": [{"address": "aws_scheduler_schedule.s", "change": {"after_unknown": {"arn": true, "id": true`+unknown+`}}}]`,
			[2]string{"aws_scheduler_schedule.s", `{"name": "s", "schedule_expression": "cron(0 3 * * ? *)", "schedule_expression_timezone": "Asia/Tokyo", "target": [{` + target + `}]}`})
	}
	const arn, input = `"arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c", `, `"input": "{\"containerOverrides\": [{\"name\": \"etl\", \"command\": [\"run\"]}]}", `
	parameters := func(groups string) string {
		return `"ecs_parameters": [{"task_definition_arn": "etl", "launch_type": "FARGATE", "network_configuration": [{"subnets": ["subnet-0a1b2c3d4e5f60718"]` + groups + `}]}]`
	}
	rule := [2]string{"aws_cloudwatch_event_rule.r", `{"name": "r", "schedule_expression": "cron(0 3 * * ? *)", "state": "ENABLED"}`}
	target := [2]string{"aws_cloudwatch_event_target.t", `{"rule": "r", "ecs_target": [` + parameters("")[len(`"ecs_parameters": [`):] + `}`}
	changes := func(rule, target string) string {
		return `, "resource_changes": [{"address": "aws_cloudwatch_event_rule.r", "change": {"after_unknown": {"arn": true` + rule + `}}}, {"address": "aws_cloudwatch_event_target.t", "change": {"after_unknown": {"id": true` + target + `}}}]`
	}
	definition := [2]string{"aws_ecs_task_definition.d", `{"family": "etl", "cpu": "256", "memory": "512", "container_definitions": "[{\"name\":\"etl\",\"image\":\"b:1\"}]"}`}
	run(t, "terraform", "plan.json", []told{
		{name: "all is known", text: schedule(arn+input+parameters(""), `, "target": [{"role_arn": true, "dead_letter_config": [{"arn": true}], "ecs_parameters": [{"network_configuration": [{"subnets": [false]}]}]}]`), never: "does not know", jobs: 1},
		{name: "what the provider gives", text: schedule(arn+input+parameters(""), `, "name_prefix": true, "group_name": true, "action_after_completion": true`), never: "does not know", jobs: 1},
		{name: "its cluster", text: schedule(input+parameters(""), `, "target": [{"arn": true}]`), says: []string{"(the ARN of its cluster)"}, jobs: 1, off: true},
		{name: "its command", text: schedule(arn+parameters(""), `, "target": [{"input": true}]`), says: []string{"(input)"}, jobs: 1, off: true},
		{name: "its security groups", text: schedule(arn+input+parameters(""), `, "target": [{"ecs_parameters": [{"network_configuration": [{"security_groups": true, "subnets": [false]}]}]}]`), says: []string{"(security_groups)"}, jobs: 1, off: true},
		{name: "the cluster of a rule's target", text: show(changes("", `, "arn": true`), rule, target), says: []string{"(the ARN of its cluster)"}, jobs: 1, off: true},
		{name: "the state of a rule", text: show(changes(`, "state": true`, ""), rule, target), says: []string{"(state)"}, jobs: 1, off: true},
		{name: "nothing of a rule", text: show(changes(`, "name_prefix": true, "tags_all": true`, `, "role_arn": true, "target_id": true`), rule, target), never: "does not know", jobs: 1},
		{name: "the role of its task", text: show(strings.Replace(changes("", ""), "[", `[{"address": "aws_ecs_task_definition.d", "change": {"after_unknown": {"arn": true, "task_role_arn": true}}}, `, 1), rule, target, definition), says: []string{"does not have what only the apply knows (task_role_arn)"}, never: "taken over", jobs: 1},
	})
}

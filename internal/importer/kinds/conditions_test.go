package kinds_test

import (
	"strings"
	"testing"
)

// TestConditionsOfATemplate: conditions are decided with the defaults of the parameters. What is not
// deployed then, and what the template alone does not decide, is imported switched off
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html).
func TestConditionsOfATemplate(t *testing.T) {
	t.Parallel()
	rule := func(head, own string) string {
		return head + "\nResources:\n  R:\n    Type: AWS::Events::Rule\n" + own +
			"      Targets:\n        - Id: a\n          Arn: arn:aws:ecs:eu-west-1:123456789012:cluster/c\n          EcsParameters: {TaskDefinitionArn: app, LaunchType: FARGATE, NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}}\n"
	}
	under := func(condition string) string {
		return rule("Parameters: {Env: {Type: String, Default: prod}, Cert: {Type: String, Default: ''}, Region: {Type: String}}\nConditions: {Other: !Equals [!Ref Env, dev], C: "+condition+"}",
			"    Condition: C\n    Properties:\n      ScheduleExpression: cron(0 3 * * ? *)\n")
	}
	state := func(value string) string {
		return rule("Parameters: {Env: {Type: String, Default: prod}, Region: {Type: String}}\nConditions: {Prod: !Equals [!Ref Env, prod], There: !Equals [!Ref Region, eu-west-1]}",
			"    Properties:\n      ScheduleExpression: cron(0 3 * * ? *)\n      State: "+value+"\n")
	}
	const (
		holds = "it is deployed under the condition C, which holds"
		fails = "under the condition C, which does not hold"
		open  = "under the condition C, which the template's parameters decide"
	)
	run(t, "eventbridge", "a.yaml", []told{
		{name: "holds by default", text: under("!Equals [!Ref Env, prod]"), says: []string{holds, "the defaults of the parameters Env"}, jobs: 1},
		{name: "fails by default", text: under("!Equals [!Ref Env, dev]"), says: []string{fails}, jobs: 1, off: true},
		{name: "a parameter without a default", text: under("!Equals [!Ref Region, eu-west-1]"), says: []string{open}, jobs: 1, off: true},
		{name: "the Region", text: under("!Equals [!Ref 'AWS::Region', eu-west-1]"), says: []string{open}, jobs: 1, off: true},
		{name: "not given", text: under("!Not [!Equals [!Ref Cert, '']]"), says: []string{fails}, jobs: 1, off: true},
		{name: "another condition", text: under("!Not [{Condition: Other}]"), says: []string{holds}, jobs: 1},
		{name: "and, with one that fails", text: under("!And [!Equals [!Ref Region, x], {Condition: Other}]"), says: []string{fails}, jobs: 1, off: true},
		{name: "and, with one that is open", text: under("!And [!Equals [!Ref Region, x], !Equals [a, a]]"), says: []string{open}, jobs: 1, off: true},
		{name: "or, with one that holds", text: under("!Or [!Equals [!Ref Region, x], !Equals [!Ref Env, prod]]"), says: []string{holds}, jobs: 1},
		{name: "or, where none holds", text: under("!Or [{Condition: Other}, !Equals [a, b]]"), says: []string{fails}, jobs: 1, off: true},
		{name: "one that is not there", text: strings.Replace(under("!Equals [a, a]"), "Condition: C", "Condition: D", 1), says: []string{"under the condition D, which the template's parameters decide"}, jobs: 1, off: true},
		{name: "in a circle", text: under("!Not [{Condition: C}]"), says: []string{open}, jobs: 1, off: true},
		{name: "in many circles", text: under("!And [" + strings.Repeat("{Condition: C}, ", 9) + "{Condition: C}]"), says: []string{open}, jobs: 1, off: true},
		{name: "a state that is on", text: state("!If [Prod, ENABLED, DISABLED]"), never: "does not say", says: []string{"the defaults of the parameters Env"}, jobs: 1},
		{name: "a state that is off", text: state("!If [Prod, DISABLED, ENABLED]"), says: []string{"it is disabled, so the job is switched off"}, jobs: 1, off: true},
		{name: "a state that is open", text: state("!If [There, ENABLED, DISABLED]"), says: []string{"does not say whether it is enabled"}, jobs: 1, off: true},
		{name: "no value", text: state("!If [Prod, !Ref 'AWS::NoValue', DISABLED]"), never: "does not say", jobs: 1},
	})
}

// TestLeftOut: a target or a schedule that a condition leaves out with the defaults of the
// parameters may have been deployed, so it is listed, and its rule is not disabled as a whole.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	const head = "Parameters: {Env: {Type: String, Default: prod}, Region: {Type: String}}\nConditions: {Dev: !Equals [!Ref Env, dev], There: !Equals [!Ref Region, x]}\nResources:\n  R:\n    Type: AWS::Events::Rule\n    Properties:\n"
	target := func(id, task string) string {
		return "{Id: " + id + ", Arn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/c', EcsParameters: {TaskDefinitionArn: " + task + ", LaunchType: FARGATE, NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}}}"
	}
	hourly := head + "      ScheduleExpression: rate(1 hour)\n      Targets: "
	const nothing = "its target is nothing that the file says"
	run(t, "eventbridge", "a.yaml", []told{
		{name: "one of two targets", text: hourly + "[!If [Dev, " + target("a", "app") + ", !Ref 'AWS::NoValue'], " + target("b", "app") + "]\n", says: []string{nothing}, jobs: 1},
		{name: "all targets", text: hourly + "!If [Dev, [" + target("a", "app") + "], []]\n", says: []string{nothing}, never: "starts nothing"},
		{name: "its schedule", text: head + "      ScheduleExpression: !If [Dev, rate(1 hour), !Ref 'AWS::NoValue']\n      Targets: [" + target("a", "app") + "]\n", says: []string{"the template gives it no schedule with the defaults"}},
		{name: "its schedule beside a pattern", text: head + "      EventPattern: {source: [a]}\n      ScheduleExpression: !If [Dev, rate(1 hour), !Ref 'AWS::NoValue']\n      Targets: [" + target("a", "app") + "]\n", says: []string{"the template gives it no schedule with the defaults"}},
		{name: "what a condition leaves open is no value of the job", text: hourly + "[" + target("a", "!If [There, x, y]") + "]\n", says: []string{"the template does not say If There x y: REPLACE-ME"}, never: "the parameter Region", jobs: 1, off: true},
	})
}

// TestTwoOfAName: one of two resources of a name takes the place of the other, and the file does not
// say which.
func TestTwoOfAName(t *testing.T) {
	t.Parallel()
	const rule = "    Type: AWS::Events::Rule\n    Properties: {ScheduleExpression: rate(1 hour), Targets: [{Id: a, Arn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/c', EcsParameters: {TaskDefinitionArn: app, LaunchType: FARGATE, NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}}}]}\n"
	run(t, "eventbridge", "a.yaml", []told{
		{name: "two rules", text: "Resources:\n  R:\n" + rule + "  S:\n" + rule + "  R:\n" + rule, says: []string{"resource R: ", "the template has this name twice"}, jobs: 1},
	})
}

// TestDynamicReferences: what CloudFormation reads from elsewhere at each deployment is in no template
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html), and the name of
// an import may be made of parameters.
func TestDynamicReferences(t *testing.T) {
	t.Parallel()
	rule := func(cluster, input string) string {
		return "Parameters: {Env: {Type: String, Default: prod}, Own: {Type: String, Default: '{{resolve:ssm:/own}}'}}\nResources:\n  R:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 hour)\n      Targets:\n        - Id: a\n          Arn: " + cluster +
			"\n          Input: " + input + "\n          EcsParameters: {TaskDefinitionArn: app, LaunchType: FARGATE, NetworkConfiguration: {AwsVpcConfiguration: {Subnets: [subnet-0a1b2c3d4e5f60718]}}}\n"
	}
	const cluster = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"
	variable := func(value string) string {
		return `'{"containerOverrides":[{"name":"app","environment":[{"name":"URL","value":"` + value + `"}]}]}'`
	}
	run(t, "eventbridge", "a.yaml", []told{
		{name: "a variable", text: rule(cluster, variable("{{resolve:ssm:/db/url:3}}")), says: []string{"the template does not say {{resolve:ssm:/db/url:3}}: REPLACE-ME is written"}, jobs: 1, off: true},
		{name: "a part of one, by a parameter", text: rule(cluster, "!Sub "+variable("x ${Own} y")), says: []string{"the template does not say {{resolve:ssm:/own}}"}, jobs: 1, off: true},
		{name: "put together", text: rule(cluster, `!Join ['', ['{"containerOverrides":[{"name":"app","command":["{{resolve:secretsmanager:', !Ref Env, ':SecretString:k}}"]}]}']]`), says: []string{"does not say {{resolve:secretsmanager:prod:SecretString:k}}"}, jobs: 1, off: true},
		{name: "the input", text: rule(cluster, "'{{resolve:ssm:/input}}'"), says: []string{"the template does not say its Input"}, never: "ECS starts nothing", jobs: 1, off: true},
		{name: "braces of another kind", text: rule(cluster, variable("{{.Names}}")), never: "does not say", jobs: 1},
		{name: "an import by a name", text: rule("{Fn::ImportValue: !Sub '${Env}-cluster'}", variable("x")), says: []string{"the template does not say ImportValue prod-cluster: REPLACE-ME"}, jobs: 1, off: true},
	})
}

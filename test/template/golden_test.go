package template_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/policies.golden anew")

// TestPolicies: who may do what on what, and who may assume which role. Read the file as a table:
// a line that changes is a permission that changes.
func TestPolicies(t *testing.T) {
	t.Parallel()
	const file = "testdata/policies.golden"
	template := load(t)
	lines := []string{"who | sid | may what | on what | under which condition"}
	resources := at(t, template, "Resources")
	for _, id := range keys(t, resources) {
		lines = append(lines, permissions(t, id, at(t, resources, id))...)
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	missing := strings.Split(string(want), "\n")
	for line := range strings.SplitSeq(got, "\n") {
		if i := slices.Index(missing, line); i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		} else {
			t.Errorf("%s does not have\n%s", file, line)
		}
	}
	if len(missing) > 0 {
		t.Errorf("the template does not have\n%s", strings.Join(missing, "\n"))
	}
}

// permissions returns the lines of a resource; one that gives no permission has none.
func permissions(t *testing.T, id string, r any) []string {
	t.Helper()
	kind := words(t, r, "Type")
	whole, _ := r.(object)
	p, _ := whole["Properties"].(object)
	var only []string
	if c, ok := whole["Condition"]; ok {
		only = []string{fmt.Sprintf("%s is there if %v", id, c)}
	}
	switch kind {
	case "AWS::IAM::Role":
		lines := append(only, others(id, p, "AssumeRolePolicyDocument", "Policies")...)
		lines = append(lines, statements(t, id+" (trust)", at(t, p, "AssumeRolePolicyDocument"))...)
		for _, policy := range list(t, at(t, p, "Policies")) {
			lines = append(lines, statements(t, id, at(t, policy, "PolicyDocument"))...)
		}
		return lines
	case "AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy":
		return slices.Concat(only, others(id, p, "Description", "PolicyDocument"), statements(t, id, at(t, p, "PolicyDocument")))
	case "AWS::Lambda::Permission":
		return append(only, strings.Join([]string{
			id + " " + words(t, p, "Principal"), "-", words(t, p, "Action"), words(t, p, "FunctionName"),
			strings.Join(others("", p, "Principal", "Action", "FunctionName"), " and "),
		}, " | "))
	}
	if strings.HasPrefix(kind, "AWS::IAM::") || strings.Contains(kind, "Polic") || strings.Contains(kind, "Permission") {
		t.Errorf("%s is a %s, which the table does not show", id, kind)
	}
	for _, key := range []string{"Policies", "ResourcePolicy", "KeyPolicy", "FunctionUrlConfig"} {
		if p[key] != nil {
			t.Errorf("%s has %s, which the table does not show", id, key)
		}
	}
	return nil
}

// others returns the properties of a resource except those that are shown elsewhere.
func others(id string, p object, shown ...string) (lines []string) {
	for _, key := range slices.Sorted(maps.Keys(p)) {
		if !slices.Contains(shown, key) {
			lines = append(lines, strings.TrimSpace(id+" "+key+" = "+flow(p[key])))
		}
	}
	return lines
}

func statements(t *testing.T, who string, document any) (lines []string) {
	t.Helper()
	if v := words(t, document, "Version"); v != "2012-10-17" {
		t.Errorf("%s: version %s", who, v)
	}
	for _, s := range list(t, at(t, document, "Statement")) {
		s, only := statement(t, s)
		under := only
		for _, operator := range slices.Sorted(maps.Keys(s)) {
			switch operator {
			case "Sid", "Action", "Resource", "Effect", "Principal":
			case "Condition":
				for _, is := range keys(t, s["Condition"]) {
					for _, key := range keys(t, at(t, s["Condition"], is)) {
						under = append(under, key+" "+is+" "+flow(at(t, s["Condition"], is, key)))
					}
				}
			default: // NotAction, NotResource
				under = append(under, operator+" = "+flow(s[operator]))
			}
		}
		by := who
		if s["Principal"] != nil {
			by += " " + flow(s["Principal"])
		}
		if effect := words(t, s, "Effect"); effect != "Allow" {
			by += " " + effect
		}
		lines = append(lines, strings.Join([]string{by, or(s["Sid"]), or(s["Action"]), or(s["Resource"]), or(strings.Join(under, " and "))}, " | "))
	}
	return lines
}

// statement returns one statement of a policy, and the condition of the template under which it
// is present.
func statement(t *testing.T, of any) (s object, only []string) {
	t.Helper()
	if choice, ok := of.([]any); ok {
		if len(choice) != 4 || choice[0] != "!If" || choice[3] != "!Ref AWS::NoValue" {
			t.Fatalf("%v is no statement under a condition", of)
		}
		only, of = []string{fmt.Sprintf("if %v", choice[1])}, choice[2]
	}
	s, ok := of.(object)
	if !ok {
		t.Fatalf("%v is no statement", of)
	}
	return s, only
}

// or returns a value, or - if there is none.
func or(v any) string {
	if v == nil || v == "" {
		return "-"
	}
	return flow(v)
}

// flow returns a part of the template on one line.
func flow(v any) string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return `""`
		}
		return v
	case []any:
		var tag string
		if len(v) > 0 {
			if first, ok := v[0].(string); ok && strings.HasPrefix(first, "!") && !strings.Contains(first, " ") {
				tag, v = first+" ", v[1:]
			}
		}
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = flow(v[i])
		}
		if tag == "" && len(parts) > 0 {
			return strings.Join(parts, ", ")
		}
		return tag + "[" + strings.Join(parts, ", ") + "]"
	case object:
		parts := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+" "+flow(v[key]))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

// TestAnyResource: * is used only for actions that know no resources, and for what looks for
// tasks in a cluster.
func TestAnyResource(t *testing.T) {
	t.Parallel()
	template := load(t)
	var got []string
	for id, r := range kinds(t, template, "AWS::IAM::Role") {
		for _, p := range list(t, down(t, r, "Properties.Policies")) {
			got = append(got, anywhere(t, id, at(t, p, "PolicyDocument"))...)
		}
	}
	for _, kind := range []string{"AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy"} {
		for id, r := range kinds(t, template, kind) {
			got = append(got, anywhere(t, id, down(t, r, "Properties.PolicyDocument"))...)
		}
	}
	slices.Sort(got)
	want := []string{
		"DeployerPolicy ecs:DescribeTaskDefinition", "DeployerPolicy ecs:RegisterTaskDefinition", "DeployerPolicy scheduler:ListSchedules",
		"NotifyRole dynamodb:ListStreams",
		"NotifyRole ec2",
		"OnStoppedRole ec2",
		"OnStoppedRole ecs:DescribeTaskDefinition", "OnStoppedRole ecs:ListTasks",
		"OperatorPolicy cloudwatch:GetMetricData", "OperatorPolicy scheduler:ListSchedules",
		"ReaderPolicy cloudwatch:GetMetricData", "ReaderPolicy scheduler:ListSchedules",
		"SweepRole ec2",
		"SweepRole ecs:DescribeTaskDefinition", "SweepRole ecs:ListTasks",
		"SweepRole events:ListRules", "SweepRole scheduler:ListSchedules",
		"TriggerRole ec2",
		"TriggerRole ecs:DescribeTaskDefinition", "TriggerRole ecs:ListTasks",
		"WidgetRole ec2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("allowed on anything are\n%s", strings.Join(got, "\n"))
	}
}

// anywhere returns the actions of a policy that are allowed on *, or on everything of a service,
// or that contain a wildcard themselves.
func anywhere(t *testing.T, who string, document any) (found []string) {
	t.Helper()
	for _, s := range list(t, at(t, document, "Statement")) {
		s, _ := statement(t, s)
		for _, action := range texts(s["Action"]) {
			wild := len(texts(s["Resource"])) == 0 || strings.Contains(action, "*")
			for _, r := range texts(s["Resource"]) {
				wild = wild || strings.HasSuffix(r, ":*") || r == "*"
			}
			if strings.HasPrefix(action, "ec2:") && s["Effect"] == "Deny" {
				continue
			}
			// Lambda's interfaces in a VPC: see docs/decisions/0028-one-stack-in-other-hands.md
			action, _, _ = strings.Cut(strings.Replace(action, "ec2:", "ec2 ", 1), " ")
			if wild && !slices.Contains(found, who+" "+action) {
				found = append(found, who+" "+action)
			}
		}
	}
	return found
}

// texts returns the texts in a value, however deep.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			out = append(out, texts(x)...)
		}
	}
	return out
}

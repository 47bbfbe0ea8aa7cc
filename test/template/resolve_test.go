package template_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// deployed is the template with its parameters filled in, as CloudFormation would resolve it in
// one account and Region.
type deployed struct {
	t          *testing.T
	template   object
	parameters map[string]string
}

const (
	accountID = "123456789012"
	region    = "eu-central-1"
	stack     = "batchplane"
)

// nothing is what AWS::NoValue leaves behind.
type nothing struct{}

// pseudo are CloudFormation's own parameters.
var pseudo = map[string]any{
	"AWS::AccountId": accountID, "AWS::Region": region, "AWS::Partition": "aws", "AWS::StackName": stack, "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": nothing{},
}

// arns maps types to the ARNs of resources; % is the physical name, @ an alias's own.
var arns = map[string]string{
	"AWS::DynamoDB::Table":       "arn:aws:dynamodb:" + region + ":" + accountID + ":table/%",
	"AWS::Serverless::Function":  "arn:aws:lambda:" + region + ":" + accountID + ":function:%",
	"AWS::Lambda::Alias":         "arn:aws:lambda:" + region + ":" + accountID + ":function:%:@",
	"AWS::SQS::Queue":            "arn:aws:sqs:" + region + ":" + accountID + ":%",
	"AWS::SNS::Topic":            "arn:aws:sns:" + region + ":" + accountID + ":%",
	"AWS::Logs::LogGroup":        "arn:aws:logs:" + region + ":" + accountID + ":log-group:%:*",
	"AWS::Events::Rule":          "arn:aws:events:" + region + ":" + accountID + ":rule/%",
	"AWS::IAM::Role":             "arn:aws:iam::" + accountID + ":role/%",
	"AWS::IAM::ManagedPolicy":    "arn:aws:iam::" + accountID + ":policy/%",
	"AWS::CloudWatch::Alarm":     "arn:aws:cloudwatch:" + region + ":" + accountID + ":alarm:%",
	"AWS::CloudWatch::Dashboard": "%",
}

// byARN lists the types whose Ref is the ARN.
var byARN = []string{"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Alias"}

// value returns the value of a part of the template.
func (d deployed) value(v any) any {
	d.t.Helper()
	switch v := v.(type) {
	case string:
		return d.text(v)
	case []any:
		if len(v) > 0 {
			if tag, ok := v[0].(string); ok && strings.HasPrefix(tag, "!") && !strings.Contains(tag, " ") {
				return d.function(tag, v[1:])
			}
		}
		out := []any{}
		for _, x := range v {
			if x = d.value(x); x != (nothing{}) {
				out = append(out, x)
			}
		}
		return out
	case object:
		out := object{}
		for key, x := range v {
			if x = d.value(x); x != any(nothing{}) {
				out[key] = x
			}
		}
		return out
	}
	return v
}

func (d deployed) text(s string) any {
	tag, of, _ := strings.Cut(s, " ")
	switch tag {
	case "!Ref":
		return d.ref(of)
	case "!GetAtt":
		return d.attribute(of)
	case "!Sub":
		return d.substituted(of)
	}
	return s
}

var variable = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

func (d deployed) substituted(s string) string {
	return variable.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		if strings.Contains(name, ".") {
			return fmt.Sprint(d.attribute(name))
		}
		return fmt.Sprint(d.ref(name))
	})
}

func (d deployed) function(tag string, args []any) any {
	switch tag {
	case "!If":
		if d.holds(fmt.Sprint(args[0])) {
			return d.value(args[1])
		}
		return d.value(args[2])
	case "!Join":
		return strings.Join(texts(d.value(args[1])), fmt.Sprint(args[0]))
	case "!Split":
		var out []any
		for part := range strings.SplitSeq(fmt.Sprint(d.value(args[1])), fmt.Sprint(args[0])) {
			out = append(out, part)
		}
		return out
	case "!Select":
		i := number(d.t, object{"n": args[0]}, "n")
		return list(d.t, d.value(args[1]))[i]
	case "!Equals":
		return fmt.Sprint(d.value(args[0])) == fmt.Sprint(d.value(args[1]))
	case "!Not":
		return d.value(args[0]) == false
	case "!And", "!Or":
		found := slices.ContainsFunc(args, func(a any) bool { return d.value(a) == (tag == "!Or") })
		return found == (tag == "!Or")
	case "!Condition":
		return d.holds(fmt.Sprint(args[0]))
	}
	d.t.Fatalf("this test does not know %s", tag)
	return nil
}

func (d deployed) holds(condition string) bool {
	d.t.Helper()
	return d.value(at(d.t, d.template, "Conditions", condition)) == true
}

func (d deployed) ref(name string) any {
	d.t.Helper()
	if v, ok := pseudo[name]; ok {
		return v
	}
	if parameters, _ := at(d.t, d.template, "Parameters").(object); parameters[name] != nil {
		p := parameters[name]
		value, given := d.parameters[name]
		if !given {
			value = fmt.Sprint(at(d.t, p, "Default"))
		}
		if words(d.t, p, "Type") == "CommaDelimitedList" {
			var out []any
			for part := range strings.SplitSeq(value, ",") {
				out = append(out, part)
			}
			return out
		}
		return value
	}
	kind := d.kind(name)
	if slices.Contains(byARN, kind) {
		return d.attribute(name + ".Arn")
	}
	return d.name(name)
}

// kind returns a resource's type. A resource that does not exist under these parameters is an
// error.
func (d deployed) kind(id string) string {
	d.t.Helper()
	r := at(d.t, d.template, "Resources", id)
	if c, ok := r.(object)["Condition"].(string); ok && !d.holds(c) {
		d.t.Fatalf("%s is referred to and not there", id)
	}
	return words(d.t, r, "Type")
}

// name returns a resource's physical name.
func (d deployed) name(id string) string {
	if p, ok := at(d.t, d.template, "Resources", id).(object)["Properties"].(object); ok {
		for _, key := range []string{"LogGroupName", "FunctionName", "TopicName"} {
			if own := p[key]; own != nil {
				return fmt.Sprint(d.value(own))
			}
		}
	}
	return stack + "-" + id + "-1X2Y3Z"
}

func (d deployed) attribute(of string) any {
	d.t.Helper()
	id, attribute, _ := strings.Cut(of, ".")
	form, ok := arns[d.kind(id)]
	if !ok {
		d.t.Fatalf("this test knows no ARN of %s", id)
	}
	arn := strings.ReplaceAll(form, "%", d.name(id))
	if strings.Contains(arn, "@") {
		arn = strings.ReplaceAll(arn, "@", words(d.t, d.template, "Resources", id, "Properties", "Name"))
	}
	switch attribute {
	case "Arn", "TopicArn":
		return arn
	case "StreamArn":
		return arn + "/stream/2026-11-22T17:30:00.123"
	case "QueueName", "TopicName":
		return d.name(id)
	}
	d.t.Fatalf("this test does not know %s", of)
	return nil
}

// documents returns the policies that resources give: to whom, by the name that the requests use,
// and what.
func (d deployed) documents() map[string][]object {
	out := map[string][]object{}
	resources, _ := at(d.t, d.template, "Resources").(object)
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		if c, ok := resources[id].(object)["Condition"].(string); ok && !d.holds(c) {
			continue
		}
		p, _ := resources[id].(object)["Properties"].(object)
		switch words(d.t, resources[id], "Type") {
		case "AWS::IAM::Role":
			out[id+"(trust)"] = d.statements(p["AssumeRolePolicyDocument"])
			for _, policy := range list(d.t, p["Policies"]) {
				out[id] = append(out[id], d.statements(at(d.t, policy, "PolicyDocument"))...)
			}
		case "AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy":
			out[id] = d.statements(p["PolicyDocument"])
		case "AWS::Lambda::Permission":
			function := fmt.Sprint(d.value(p["FunctionName"]))
			if !strings.HasPrefix(function, "arn:") {
				function = strings.ReplaceAll(arns["AWS::Serverless::Function"], "%", function)
			}
			s := object{"Effect": "Allow", "Principal": object{"Service": d.value(p["Principal"])}, "Action": d.value(p["Action"]), "Resource": function}
			if from := p["SourceArn"]; from != nil {
				s["Condition"] = object{"ArnLike": object{"aws:SourceArn": d.value(from)}}
			}
			out[id] = []object{s}
		}
	}
	return out
}

func (d deployed) statements(document any) []object {
	d.t.Helper()
	return objects(d.t, list(d.t, d.value(at(d.t, document, "Statement"))))
}

func objects(t *testing.T, of []any) (out []object) {
	t.Helper()
	for _, v := range of {
		o, ok := v.(object)
		if !ok {
			t.Fatalf("%v is no object", v)
		}
		out = append(out, o)
	}
	return out
}

package eventbridge

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/lazyregexp"
)

const (
	ruleType     = "AWS::Events::Rule"
	scheduleType = "AWS::Scheduler::Schedule"
	machineType  = "AWS::Serverless::StateMachine"
)

// template reads the resources of a template.
func (g *gathering) template(d *doc.Node, file string) {
	t := &template{root: d, left: maxWork}
	doubled := doubled(d.Get("Resources"))
	d.Get("Resources").Pairs(func(id string, r *doc.Node) {
		if kind := r.Get("Type").String(); kind == "AWS::StepFunctions::StateMachine" || kind == machineType {
			g.defined(t, file, id, r)
		}
		if doubled[id] {
			g.items = append(g.items, item{file: file, line: r.Line, what: "resource " + id, name: id, odd: twoOfIt})
			return
		}
		switch r.Get("Type").String() {
		case ruleType:
			g.ruleResource(t, file, id, r)
		case scheduleType:
			g.scheduleResource(t, file, id, r)
		case "AWS::Serverless::Function":
			g.events(file, id, r)
		case machineType:
			g.machineEvents(t, file, id, r)
		}
		g.loop(file, id, r)
		g.elsewhere(file, id, r)
	})
}

// physical gives, for a shell, the name that CloudFormation gave a resource.
func physical(id string) string {
	return `"$(aws cloudformation describe-stack-resource --stack-name STACK --logical-resource-id ` + importer.Word(id) + ` --query StackResourceDetail.PhysicalResourceId --output text)"`
}

const inTemplate = "   # and set State in the template: the next deployment brings back what that says"

func (g *gathering) ruleResource(t *template, file, id string, r *doc.Node) {
	t.begin()
	condition, deployed := t.deployed(r)
	p := t.resolve(r.Get("Properties"), 0)
	name := named(p, r, id)
	base := item{
		file: file, line: r.Line, what: "rule " + id, name: name, expression: p.Get("ScheduleExpression").String(), disabled: disabled(p),
		description: p.Get("Description").String(), pattern: !p.Get("EventPattern").Absent(), open: t.open, defaults: t.defaults, condition: condition, deployed: deployed, unclear: p.Get("State").String() == importer.ReplaceMe,
	}
	base.rule = ecs.Rule{Name: physical(id), Bus: p.Get("EventBusName").String(), Flags: g.reader.Flags}
	base.off, base.on = base.rule.Switch()
	base.off, base.on = base.off+inTemplate, base.on+inTemplate
	targets := t.targets(r.Get("Properties", "Targets"), p.Get("Targets"))
	switch {
	case base.expression == "" && r.Get("Properties").Has("ScheduleExpression"):
		base.odd = t.noSchedule(r.Get("Properties"))
	case base.expression == "" && base.pattern:
		base.odd = ecs.ByEvents(p.Get("EventPattern"))
	case len(targets) == 0:
		base.odd = "it has no target, so it starts nothing"
	case strings.Contains(base.expression, importer.ReplaceMe):
		base.odd = t.noSchedule(r.Get("Properties"))
	}
	if base.odd != "" {
		g.items = append(g.items, base)
		return
	}
	g.items = append(g.items, base.each(targets)...)
}

func (g *gathering) scheduleResource(t *template, file, id string, r *doc.Node) {
	t.begin()
	condition, deployed := t.deployed(r)
	p := t.resolve(r.Get("Properties"), 0)
	out := item{
		file: file, line: r.Line, what: "schedule " + id, name: named(p, r, id), expression: p.Get("ScheduleExpression").String(), zone: p.Get("ScheduleExpressionTimezone").String(),
		disabled: disabled(p), description: p.Get("Description").String(), schedule: p, target: p.Get("Target"), open: t.open, defaults: t.defaults, condition: condition, deployed: deployed, unclear: p.Get("State").String() == importer.ReplaceMe,
	}
	if out.expression == "" || strings.Contains(out.expression+out.zone, importer.ReplaceMe) {
		out.odd = t.noSchedule(r.Get("Properties"))
	}
	out.off, out.on = ecs.SwitchSchedule(physical(id), importer.Word(group(p)), g.reader.Flags)
	out.off, out.on = out.off+inTemplate, out.on+inTemplate
	g.items = append(g.items, out)
}

var synthesised = lazyregexp.New(`[0-9A-F]{8}$`)

// constructs are the parts of a path that CDK's own constructs add.
var constructs = []string{"Resource", "Default", "ScheduledEventRule", "Rule", "Schedule", "ScheduleRule"}

// named gives the name of a resource, or else its name in CDK's path, or else its logical ID
// without CDK's hash.
func named(p, r *doc.Node, id string) string {
	if name := p.Get("Name").String(); name != "" && !strings.Contains(name, importer.ReplaceMe) {
		return name
	}
	if parts := strings.Split(r.Get("Metadata", "aws:cdk:path").String(), "/"); len(parts) > 2 {
		if own := slices.DeleteFunc(parts[1:], func(s string) bool { return slices.Contains(constructs, s) }); len(own) > 0 {
			return strings.Join(own, "-")
		}
	}
	return synthesised().ReplaceAllString(id, "")
}

// template resolves the references in a template.
type template struct {
	root *doc.Node
	// open are the references that have no answer, and defaults the parameters whose default was
	// taken.
	open, defaults []string
	decided        map[string]truth // conditions
	left           int              // work that may still be done
}

// maxResolve is how deep references may lead to others.
const maxResolve = 40

// resolve gives a node with its functions answered. ReplaceMe replaces what the template does not
// say.
func (t *template) resolve(n *doc.Node, depth int) *doc.Node {
	if n == nil || depth > maxResolve {
		return n
	}
	if !t.more("") {
		return t.unknown(n, tooMany)
	}
	if function, argument := n.Only(); function == "Ref" || strings.HasPrefix(function, "Fn::") {
		return t.dynamic(t.answer(n, function, argument, depth))
	}
	out := t.dynamic(&doc.Node{Kind: n.Kind, Line: n.Line, Text: n.Text})
	for _, i := range n.Items {
		if r := t.resolve(i, depth+1); !r.Absent() {
			out.Items = append(out.Items, r)
		}
	}
	for i, k := range n.Keys {
		v := n.Values[i]
		if k != "RoleArn" { // nobody needs the old side's role
			v = t.resolve(v, depth+1)
		}
		out.Keys, out.Values = append(out.Keys, k), append(out.Values, v)
	}
	return out
}

func (t *template) answer(n *doc.Node, function string, argument *doc.Node, depth int) *doc.Node {
	switch function {
	case "Ref":
		return t.ref(n, argument.String(), "", depth)
	case "Fn::GetAtt":
		if parts := argument.Texts(); len(parts) > 0 {
			return t.ref(n, parts[0], strings.Join(parts[1:], "."), depth)
		}
	case "Fn::Sub":
		return t.sub(n, argument, depth)
	case "Fn::Join":
		if parts := argument.List(); len(parts) == 2 {
			return t.join(n, parts[0].String(), parts[1], depth)
		}
	case "Fn::If":
		if v, ok := t.choose(argument, depth); ok {
			return v
		}
	case "Fn::ToJsonString": // its JSON is read like its argument
		return t.resolve(argument, depth+1)
	default:
		if v := t.part(n, function, argument, depth); !v.Absent() {
			return v
		}
	}
	return t.unknown(n, strings.TrimPrefix(function, "Fn::")+" "+t.said(argument, depth))
}

func (t *template) join(n *doc.Node, by string, parts *doc.Node, depth int) *doc.Node {
	var all []string
	for _, p := range t.resolve(parts, depth+1).List() {
		if !t.more(p.String()) {
			return t.unknown(n, tooMany)
		}
		all = append(all, p.String())
	}
	return text(n, strings.Join(all, by))
}

func text(n *doc.Node, s string) *doc.Node { return &doc.Node{Kind: doc.Text, Line: n.Line, Text: s} }

// pseudo are parameters whose values are the same nearly everywhere. nameKeys are the properties
// with the names of resources for which a name is as good as an ARN.
var (
	pseudo   = map[string]string{"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
	nameKeys = map[string]string{"AWS::ECS::TaskDefinition": "Family", "AWS::ECS::Cluster": "ClusterName"}
)

// services are the services of resources that can be targets but never become jobs. An ARN made of
// the service and the logical ID is enough to name such a target.
var services = map[string]string{
	"AWS::Lambda::Function": "lambda", "AWS::Lambda::Alias": "lambda", "AWS::Lambda::Version": "lambda", "AWS::Serverless::Function": "lambda", "AWS::StepFunctions::StateMachine": "states",
	"AWS::Serverless::StateMachine": "states", "AWS::SQS::Queue": "sqs", "AWS::SNS::Topic": "sns", "AWS::Batch::JobQueue": "batch", "AWS::CodeBuild::Project": "codebuild",
	"AWS::CodePipeline::Pipeline": "codepipeline", "AWS::Events::EventBus": "events", "AWS::Events::ApiDestination": "events", "AWS::Kinesis::Stream": "kinesis",
}

// ref answers a reference to a parameter or a resource. For task definitions and clusters it gives
// their name, which is as good as an ARN.
func (t *template) ref(n *doc.Node, name, attribute string, depth int) *doc.Node {
	if name == "AWS::NoValue" {
		return &doc.Node{Line: n.Line}
	}
	if known, ok := pseudo[name]; ok {
		return text(n, known)
	}
	if p := t.root.Get("Parameters", name); !p.Absent() {
		return t.parameter(n, name, p)
	}
	return t.resource(n, name, attribute, depth)
}

func (t *template) resource(n *doc.Node, name, attribute string, depth int) *doc.Node {
	resource := t.root.Get("Resources", name)
	if service := services[resource.Get("Type").String()]; service != "" {
		return text(n, "arn:aws:"+service+":::"+name)
	}
	if key := nameKeys[resource.Get("Type").String()]; key != "" && slices.Contains([]string{"", "Arn", "TaskDefinitionArn"}, attribute) {
		if v := resource.Get("Properties", key); !v.Absent() {
			return t.resolve(v, depth+1)
		}
	}
	if attribute != "" {
		name += "." + attribute
	}
	if resource.Absent() {
		return t.unknown(n, name)
	}
	return t.unknown(n, "the name of "+name)
}

var substitution = lazyregexp.New(`\$\{(!?)([^}]+)\}`)

// sub answers Fn::Sub, with its own variables if it has any.
func (t *template) sub(n, argument *doc.Node, depth int) *doc.Node {
	format, own := argument.String(), (*doc.Node)(nil)
	if parts := argument.List(); argument.Kind == doc.List && len(parts) == 2 {
		format, own = parts[0].String(), parts[1]
	}
	return text(n, substitution().ReplaceAllStringFunc(format, func(found string) string {
		m := substitution().FindStringSubmatch(found)
		if m[1] == "!" {
			return "${" + m[2] + "}"
		}
		v := own.Get(m[2])
		if !v.Absent() {
			v = t.resolve(v, depth+1)
		} else {
			resource, attribute, _ := strings.Cut(m[2], ".")
			v = t.ref(n, resource, attribute, depth+1)
		}
		if !t.more(v.String()) {
			return t.unknown(n, tooMany).String()
		}
		return v.String()
	}))
}

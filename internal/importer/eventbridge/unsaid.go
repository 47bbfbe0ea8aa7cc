package eventbridge

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/job"
)

// maxWork bounds how many values and texts are read when the references of a template are followed:
// they may lead to each other in circles, many times each.
const maxWork = 2_000_000

const tooMany = "more references than are followed"

// more reports whether there is work left to insert a text.
func (t *template) more(put string) bool {
	t.left -= 1 + len(put)/64
	return t.left > 0
}

// elsewhere reports what a template takes from another file, which may have schedules of its own.
func (g *gathering) elsewhere(file, id string, r *doc.Node) {
	one := item{file: file, line: r.Line, name: id}
	switch kind := r.Get("Type").String(); {
	case kind == "AWS::CloudFormation::Stack", kind == "AWS::Serverless::Application":
		one.what = "nested stack " + id
		one.odd = "its template is another file and may have rules and schedules of its own: import that too, or what was deployed with --live"
	case id == "Fn::Transform":
		one.what = "resources of Fn::Transform"
		one.odd = "they come from elsewhere when the template is deployed, and may hold rules and schedules: import what `aws cloudformation get-template --template-stage Processed` prints, or what was deployed with --live"
	default:
		return
	}
	g.items = append(g.items, one)
}

const twoOfIt = "the template has this name twice, so one of the two was not deployed: import what was deployed with --live"

// doubled gives the keys that a node has more than once.
func doubled(n *doc.Node) map[string]bool {
	out := make(map[string]bool, len(n.Keys))
	for _, key := range n.Keys {
		_, seen := out[key]
		out[key] = seen
	}
	return out
}

// noSchedule says what is open in the schedule of an item with these properties.
func (t *template) noSchedule(properties *doc.Node) string {
	t.open = nil
	t.resolve(properties.Get("ScheduleExpression"), 0)
	t.resolve(properties.Get("ScheduleExpressionTimezone"), 0)
	if len(t.open) == 0 {
		return "the template gives it no schedule with the defaults of its parameters: import what was deployed with --live"
	}
	return "the template does not say its schedule (" + strings.Join(t.open, ", ") + "): import what was deployed with --live"
}

// unsaid reports values that the template does not have.
func (i *item) unsaid(e *importer.Entry, j *job.Job) {
	if len(i.defaults) > 0 {
		e.Decide("it uses the defaults of the parameters %s: check with `aws cloudformation describe-stacks` that they were deployed", strings.Join(i.defaults, ", "))
	}
	switch condition := importer.Clip(i.condition); {
	case condition == "":
	case i.deployed == holds:
		e.Note("it is deployed under the condition %s, which holds as the template is written", condition)
	case i.deployed == fails:
		e.Off(j, "it is deployed only under the condition %s, which does not hold as the template is written: check whether it was", condition)
	default:
		e.Off(j, "it is deployed only under the condition %s, which the template's parameters decide: check whether it was", condition)
	}
	if i.unclear {
		e.Off(j, "the template does not say whether it is enabled: check what was deployed")
	}
	if lost := i.lost(); len(lost) > 0 {
		e.Off(j, "the template does not say its %s, and no field of the job shows that: look at what was deployed", strings.Join(lost, ", "))
	}
	text, err := json.Marshal(j)
	if err != nil || !strings.Contains(string(text), importer.ReplaceMe) || len(i.open) == 0 {
		return
	}
	open := slices.DeleteFunc(slices.Clone(i.open), func(name string) bool { return strings.HasPrefix(name, "AWS::") })
	if len(open) == 0 {
		open = i.open
	}
	e.Off(j, "the template does not say %s: %s is written instead, replace it with what was deployed", strings.Join(open, ", "), importer.ReplaceMe)
}

// shaping are properties that change the task or its times, but whose value is in no text of a
// job. So if the template leaves one open, the job does not show it.
var shaping = []string{
	"EcsParameters", "TaskCount", "Count", "LaunchType", "CapacityProviderStrategy", "CapacityProvider", "Weight", "Base", "NetworkConfiguration", "AwsVpcConfiguration", "AwsvpcConfiguration", "AssignPublicIp",
	"Tags", "TagList", "Input", "InputPath", "InputTransformer", "InputTemplate", "FlexibleTimeWindow", "Mode", "MaximumWindowInMinutes", "StartDate", "EndDate",
}

// lost gives those of its properties that the template leaves open.
func (i *item) lost() []string {
	out := lost(nil, i.target)
	i.schedule.Pairs(func(key string, v *doc.Node) {
		if key != "Target" { // it was examined above
			out = lost(out, &doc.Node{Kind: doc.Map, Keys: []string{key}, Values: []*doc.Node{v}})
		}
	})
	return out
}

// lost adds the shaping properties of a node that are open, or that have an open item.
func lost(out []string, n *doc.Node) []string {
	open := func(v *doc.Node) bool { return v.Kind == doc.Text && v.Text == importer.ReplaceMe }
	n.Pairs(func(key string, v *doc.Node) {
		if slices.ContainsFunc(v.List(), open) && slices.Contains(shaping, key) && !slices.Contains(out, key) {
			out = append(out, key)
		}
		for _, one := range v.List() {
			out = lost(out, one)
		}
	})
	return out
}

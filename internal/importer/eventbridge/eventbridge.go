// Package eventbridge makes jobs from scheduled rules of EventBridge and from schedules of
// EventBridge Scheduler whose target is an ECS task. It reads what the AWS CLI prints, templates
// of CloudFormation, SAM and the CDK (synthesised), and what the live reader finds.
package eventbridge

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// Reader reads rules and schedules.
type Reader struct {
	// Flags are those for the AWS CLI in the steps, such as " --region eu-central-1".
	Flags string
}

// Kind is the name of this kind of file.
const Kind = "eventbridge"

// Kind gives the word after `import`.
func (Reader) Kind() string { return Kind }

var words = [][]byte{[]byte("ScheduleExpression"), []byte("AWS::Events::Rule"), []byte("AWS::Serverless::"), []byte(`"Targets"`), []byte(`"Schedules"`), []byte(`"Rules"`), []byte(`"stateMachineArn"`)}

// Recognise reports whether a file is a template or an answer of the AWS CLI with rules or
// schedules.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	if !slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(f.Data, w) }) {
		return "", false
	}
	switch {
	case f.Any(isTemplate):
		return "a CloudFormation template with schedules of EventBridge", true
	case f.Any(isAnswer):
		return "an answer of the AWS CLI with schedules of EventBridge", true
	}
	return "", false
}

// Read makes jobs from the rules and schedules of all files together.
func (r Reader) Read(in *importer.Import, files []*importer.File) error {
	g := &gathering{reader: r, machines: machines{}}
	err := importer.EachDoc(files, func(f *importer.File, name string, d *doc.Node) {
		switch {
		case isTemplate(d):
			g.template(d, name)
		case isAnswer(d):
			g.answer(d, name, f.Base())
		}
	})
	if err != nil {
		return err
	}
	items := g.all()
	if len(items) == 0 {
		return &importer.ForeignError{Sentence: files[0].Name + " holds no rule or schedule of EventBridge: `batchplane import eventbridge` reads what `aws events list-rules`, `list-targets-by-rule` and `aws scheduler get-schedule` print, and CloudFormation templates"}
	}
	for i := range items {
		items[i].machines = g.machines
		items[i].read(in)
	}
	return nil
}

// item is a rule with one of its targets, or a schedule.
type item struct {
	file, what, name string
	line             int
	expression, zone string
	arn              string // its own; "" in a template
	disabled         bool
	pattern          bool // events start it as well, or only events do
	description      string
	// schedule holds what only Scheduler has: the window and the dates.
	schedule *doc.Node
	target   *doc.Node
	// odd says why there is no target to read; "" if there is one.
	odd string
	// off and on are the commands that switch it.
	off, on string
	rule    ecs.Rule
	// open are the values that the template does not have, and defaults the parameters whose
	// default was taken. unclear says that the template does not say whether the item is enabled.
	open, defaults []string
	condition      string // under which it is deployed; "" if it always is
	deployed       truth  // what the template says of the condition
	unclear        bool
	machines       machines
}

// gathering collects rules and their targets, which come separately.
type gathering struct {
	reader  Reader
	rules   []rule
	targets []ruleTargets
	items   []item
	listed  []item // from list-schedules, which lacks the targets

	machines machines
}

type rule struct {
	file string
	node *doc.Node
}

type ruleTargets struct {
	rule, bus, base string
	list            []*doc.Node
	file            string
	line            int
	taken           bool // a rule has taken them
}

func isAnswer(d *doc.Node) bool {
	return listed(d, "Rules", "Name", "ScheduleExpression", "EventPattern", "State") || listed(d, "Schedules", "Name", "GroupName", "Target") ||
		listed(d, "Targets", "Id", "Arn") || isMachine(d) || d.Get("Targets").Kind == doc.List && len(d.Get("Targets").Items) == 0 || d.Has("ScheduleExpression") && d.Has("Name")
}

// isMachine reports whether a document describes a state machine.
func isMachine(d *doc.Node) bool { return d.Has("stateMachineArn") && d.Has("definition") }

// listed reports whether an item of a list has a key and one of the others.
func listed(d *doc.Node, list, key string, others ...string) bool {
	return slices.ContainsFunc(d.Get(list).List(), func(n *doc.Node) bool { return n.Has(key) && slices.ContainsFunc(others, n.Has) })
}

// answer reads what the AWS CLI has printed, or what the live reader has made of the same.
func (g *gathering) answer(d *doc.Node, file, base string) {
	if !d.Get("NextToken").Absent() {
		g.items = append(g.items, item{
			file: file, line: d.Line, what: "the rest of " + base, odd: "the answer ends with a NextToken, so AWS has more than this file: ask again without --max-items, --limit and --no-paginate",
		})
	}
	g.described(d)
	for _, r := range d.Get("Rules").List() {
		g.rules = append(g.rules, rule{file, r})
	}
	if list := d.Get("Targets"); !list.Absent() && !d.Has("ScheduleExpression") {
		g.targets = append(g.targets, ruleTargets{rule: d.Get("Rule").String(), bus: d.Get("EventBusName").String(), base: base, list: list.List(), file: file, line: d.Line})
	}
	for _, s := range d.Get("Schedules").List() {
		if s.Get("Target").Has("RoleArn") {
			g.items = append(g.items, g.ofSchedule(s, file))
			continue
		}
		one := g.ofSchedule(s, file)
		one.odd = "list-schedules prints the target's ARN alone: `aws scheduler get-schedule --name " + importer.Word(s.Get("Name").String()) + " --group-name " + importer.Word(group(s)) + "` prints the rest, give that too"
		g.listed = append(g.listed, one)
	}
	switch {
	case !d.Has("ScheduleExpression"):
	case d.Has("Target"):
		g.items = append(g.items, g.ofSchedule(d, file))
	default: // describe-rule
		g.rules = append(g.rules, rule{file, d})
	}
}

// all joins the rules with their targets.
func (g *gathering) all() []item {
	out := g.items
	for _, r := range g.rules {
		out = append(out, g.ofRule(r)...)
	}
	out = append(out, g.alone(len(out) > 0)...)
	return append(out, g.unread()...)
}

// alone gives the lists of targets that no rule has taken. If there is nothing else, the error is
// about the file as a whole.
func (g *gathering) alone(others bool) (out []item) {
	for i := range g.targets {
		t := &g.targets[i]
		if t.taken || !others {
			continue
		}
		what := "targets of the rule " + t.rule
		if t.rule == "" {
			what = "targets in " + t.base
		}
		out = append(out, item{file: t.file, line: t.line, what: what, odd: "no rule of these files has them, or it has them from elsewhere: give what `aws events list-rules` prints too, and call the file RULE.targets.json"})
	}
	return out
}

func group(s *doc.Node) string {
	return cmp.Or(s.Get("GroupName").String(), "default")
}

// disabled reports whether a rule or schedule is. A State that is no word of EventBridge's is not
// deployed, so nothing runs either.
func disabled(n *doc.Node) bool {
	state := n.Get("State").String()
	return state != "" && state != importer.ReplaceMe && !strings.HasPrefix(state, "ENABLED")
}

func (g *gathering) ofSchedule(s *doc.Node, file string) item {
	name := s.Get("Name").String()
	out := item{
		file: file, line: s.Line, what: "schedule " + group(s) + "/" + name, name: name, arn: s.Get("Arn").String(), expression: s.Get("ScheduleExpression").String(), zone: s.Get("ScheduleExpressionTimezone").String(),
		disabled: disabled(s), description: s.Get("Description").String(), schedule: s, target: s.Get("Target"),
	}
	out.off, out.on = ecs.SwitchSchedule(importer.Word(name), importer.Word(group(s)), g.reader.Flags)
	return out
}

func (g *gathering) ofRule(r rule) (out []item) {
	n := r.node
	name := n.Get("Name").String()
	base := item{
		file: r.file, line: n.Line, what: "rule " + name, name: name, arn: n.Get("Arn").String(), expression: n.Get("ScheduleExpression").String(), disabled: disabled(n),
		description: n.Get("Description").String(), pattern: n.Get("EventPattern").String() != "",
	}
	base.rule = ecs.Rule{Name: importer.Word(name), Bus: n.Get("EventBusName").String(), Flags: g.reader.Flags}
	base.off, base.on = base.rule.Switch()
	targets, found := g.targetsOf(n)
	if base.expression == "" {
		base.odd = ecs.ByEvents(n.Get("EventPattern"))
		return []item{base}
	}
	if by := n.Get("ManagedBy").String(); by != "" {
		base.odd = "it belongs to the AWS service " + by
		return []item{base}
	}
	switch {
	case !found:
		base.odd = "its targets are not in these files: `aws events list-targets-by-rule --rule " + importer.Word(name) + " > " + importer.Word(name+".targets.json") + "`, and give that too"
		return []item{base}
	case len(targets) == 0:
		base.odd = "it has no target, so it starts nothing"
		return []item{base}
	}
	return base.each(targets)
}

// each gives the item once for every target of its rule. If one of them becomes no job, the others
// are switched without switching the rule.
func (i item) each(targets []*doc.Node) (out []item) {
	mixed := slices.ContainsFunc(targets, ecs.NoTask)
	for _, t := range targets {
		one := i
		one.target = t
		if len(targets) > 1 {
			id := t.Get("Id").String()
			one.what, one.name = i.what+", target "+id, i.name+"-"+id
			if mixed {
				one.off, one.on = i.rule.SwitchTarget(id, importer.Clean(one.name)+".target.json")
			}
		}
		out = append(out, one)
	}
	return out
}

// of reports whether the targets are those of a rule, by what they say themselves or by their
// file's name.
func (t *ruleTargets) of(name, bus string) bool {
	if t.rule == "" {
		return strings.TrimSuffix(strings.TrimSuffix(t.base, ".json"), ".targets") == name
	}
	return t.rule == name && (t.bus == "" || bus == "" || t.bus == bus)
}

// targetsOf finds a rule's targets: by the name given with them, by the name of their file, or
// because there is only one rule.
func (g *gathering) targetsOf(n *doc.Node) ([]*doc.Node, bool) {
	if n.Has("Targets") {
		return n.Get("Targets").List(), true
	}
	name, bus := n.Get("Name").String(), n.Get("EventBusName").String()
	for i := range g.targets {
		t := &g.targets[i]
		if t.of(name, bus) && !apart(n.Get("Arn").String(), t.list) {
			t.taken = true
			return t.list, true
		}
	}
	if len(g.rules) == 1 && len(g.targets) == 1 && g.targets[0].rule == "" {
		g.targets[0].taken = true
		return g.targets[0].list, true
	}
	return nil, false
}

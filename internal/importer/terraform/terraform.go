// Package terraform makes jobs from what `terraform show -json` prints for a state or a plan:
// scheduled rules and schedules whose target is an ECS task.
package terraform

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
	"github.com/batchplane/batchplane/internal/job"
)

// Reader reads states and plans as JSON.
type Reader struct{}

// Kind gives the word after `import`.
func (Reader) Kind() string { return "terraform" }

// Recognise reports whether a file is JSON that `terraform show` has printed.
func (Reader) Recognise(f *importer.File) (what string, ok bool) {
	if !bytes.Contains(f.Data, []byte(`"format_version"`)) {
		return "", false
	}
	return "JSON of `terraform show`", f.Any(isShown)
}

func isShown(d *doc.Node) bool {
	return d.Has("format_version") && (d.Has("values") || d.Has("planned_values") || d.Has("terraform_version"))
}

// resource is one managed resource with its values.
type resource struct {
	address, kind string
	line          int
	values        *doc.Node
	sensitive     *doc.Node
	// unknown holds the values that are known only after the apply.
	unknown *doc.Node
}

// show is the content of one file.
type show struct {
	in        *importer.Import
	file      string
	resources []resource
	unknown   map[string]*doc.Node // by address
	written   map[string]*doc.Node // what the code says of rules, by address in the code
	refers    map[string]string    // targets and schedules to task definitions, by address in the code
	taken     map[string]string    // task definitions that were taken over, by address
	open      map[string]bool      // those of them that still need a secret
	index
}

// Read makes jobs from the rules and schedules in the files.
func (Reader) Read(in *importer.Import, files []*importer.File) error {
	found := 0
	err := importer.EachDoc(files, func(_ *importer.File, name string, d *doc.Node) {
		s := &show{in: in, file: name, unknown: map[string]*doc.Node{}, written: map[string]*doc.Node{}, refers: map[string]string{}, taken: map[string]string{}, open: map[string]bool{}}
		found += s.read(d)
	})
	if err == nil && found == 0 {
		return none(files)
	}
	return err
}

func (s *show) read(d *doc.Node) (found int) {
	for _, c := range d.Get("resource_changes").List() {
		s.unknown[c.Get("address").String()] = c.Get("change", "after_unknown")
	}
	s.references(d.Get("configuration", "root_module"), "", 0)
	s.walk(d.First("values", "planned_values").Get("root_module"), 0)
	s.index = indexed(s.resources, s.refers)
	s.ruleOf = s.owners()
	for _, r := range s.resources {
		switch r.kind {
		case "aws_cloudwatch_event_rule":
			found += s.rule(r)
		case "aws_scheduler_schedule":
			found++
			s.schedule(r)
		}
	}
	if found > 0 {
		s.left()
		s.partial(d)
	}
	return found
}

// partial reports a plan that does not hold all of the code's resources
// (https://developer.hashicorp.com/terraform/internals/json-format, errored and complete).
func (s *show) partial(plan *doc.Node) {
	e := importer.NewEntry(plan.Line, "plan", "")
	e.Item, e.File = "the plan", s.file
	switch {
	case plan.Get("errored").True():
		e.Decide("Terraform ended this plan with an error, so schedules may be missing from it: correct that and import the new plan, or import the state")
	case plan.Has("complete") && !plan.Get("complete").True():
		e.Decide("this plan is for a part of the code alone, as with -target, so schedules may be missing from it: import a plan of all of it, or the state")
	default:
		return
	}
	s.in.Entries = append(s.in.Entries, e)
}

// maxModules is how deep modules may nest.
const maxModules = 50

func (s *show) walk(module *doc.Node, depth int) {
	for _, r := range module.Get("resources").List() {
		if r.Get("mode").String() != "managed" || r.Get("deposed_key").String() != "" {
			continue
		}
		address := r.Get("address").String()
		s.resources = append(s.resources, resource{address, r.Get("type").String(), r.Line, r.Get("values"), r.Get("sensitive_values"), s.unknown[address]})
	}
	if depth < maxModules {
		for _, m := range module.Get("child_modules").List() {
			s.walk(m, depth+1)
		}
	}
}

// rule reads a rule with each of its targets.
func (s *show) rule(r resource) (found int) {
	v, name := r.values, ruleName(r)
	if v.Get("schedule_expression").String() == "" {
		return s.unscheduled(r)
	}
	disabled, open := s.disabled(r)
	targets := s.targets(r)
	if len(targets) == 0 {
		e := s.entry(r, "rule", v.Get("schedule_expression").String())
		e.Refuse("no aws_cloudwatch_event_target of this file belongs to it, so it starts nothing that is known")
		s.in.Entries = append(s.in.Entries, e)
		return 1
	}
	named := ecs.Rule{Name: importer.Word(name), Bus: v.Get("event_bus_name").String()}
	mixed := slices.ContainsFunc(targets, func(t resource) bool { return ecs.NoTask(t.values) })
	why := inCode
	if v.Get("name").String() == "" {
		named.Name, why = importer.ReplaceMe, "   # the apply names the rule "+importer.Clean(name)+"; "+strings.TrimPrefix(inCode, "   # and ")
	}
	off, on := named.Switch()
	off, on = off+why, on+why
	for _, t := range targets {
		one := thing{
			name: name, expression: v.Get("schedule_expression").String(), disabled: disabled, description: v.Get("description").String(), pattern: v.Get("event_pattern").String() != "", open: open, rule: r.unknown, identity: identity(r, t),
			arn: t.values.Get("arn").String(), parameters: first(t.values.Get("ecs_target")), input: t.values.Get("input"), target: t.values, off: off, on: on, of: t,
		}
		if id := t.values.Get("target_id").String(); len(targets) > 1 {
			one.name += "-" + id
			if mixed {
				one.off, one.on = named.SwitchTarget(id, importer.Clean(one.name)+".target.json")
			}
		}
		s.job(t, one, r.address)
	}
	return len(targets)
}

func first(n *doc.Node) *doc.Node {
	if list := n.List(); len(list) > 0 {
		return list[0]
	}
	return &doc.Node{}
}

func (s *show) schedule(r resource) {
	v := r.values
	t := first(v.Get("target"))
	name, group := v.Get("name").String(), cmp.Or(v.Get("group_name").String(), "default")
	off, on := ecs.SwitchSchedule(importer.Word(name), importer.Word(group), "")
	off, on = off+inCode, on+inCode
	s.job(r, thing{
		name: name, identity: identity(r, r), expression: v.Get("schedule_expression").String(), zone: v.Get("schedule_expression_timezone").String(), disabled: v.Get("state").String() == "DISABLED",
		description: v.Get("description").String(), arn: t.Get("arn").String(), parameters: first(t.Get("ecs_parameters")), input: t.Get("input"),
		window: first(v.Get("flexible_time_window")), start: v.Get("start_date").String(), end: v.Get("end_date").String(), target: t, off: off, on: on, of: r,
	}, "")
}

// thing is a schedule or a rule, with its target.
type thing struct {
	name, expression, zone, description, arn string
	disabled, pattern, open                  bool
	parameters, input, window, target        *doc.Node
	rule                                     *doc.Node // what a plan does not know of the rule
	identity, start, end                     string
	off, on                                  string
	of                                       resource
}

// at gives the place of a schedule, or of what starts the target of a rule, and else that of its cluster.
func (t thing) at() importer.Place {
	own, cluster := place(t.of), importer.PlaceOf(t.arn)
	return importer.Place{Region: cmp.Or(own.Region, cluster.Region), Account: cmp.Or(own.Account, cluster.Account)}
}

func (s *show) entry(r resource, kind, expression string) importer.Entry {
	e := importer.NewEntry(r.line, kind, expression)
	e.Item, e.File = r.address, s.file
	return e
}

func (s *show) job(r resource, t thing, rule string) {
	e := s.entry(r, "schedule", t.expression)
	if rule != "" {
		e.Item, e.Kind = rule+" -> "+r.address, "rule"
	}
	defer func() { s.in.Entries = append(s.in.Entries, e) }()
	target, ok := s.task(&e, t)
	if !ok || s.in.Before(&e, t.identity) {
		return
	}
	j := job.Job{Description: importer.Hide(t.description), Disabled: t.disabled}
	if !s.in.EventBridge(&e, &j, t.expression, t.zone) {
		return
	}
	t.terms(s.in, &e, &j)
	if t.of.hides("Input") {
		target.Input = nil
		e.Off(&j, "its input is marked sensitive and is not written: write command and environment without secrets")
	}
	s.target(&e, &j, r, target)
	ecs.Unread(&e, target.Parameters)
	t.unsaid(&e, &j)
	s.in.Elsewhere(&e, &j, t.at())
	s.in.Take(&e, j, t.name)
	if e.Job != nil && !t.disabled {
		s.in.Switch(t.off, t.on)
	}
}

const inCode = "   # and set state in the code: the next apply brings back what that says"

// hides reports whether a value of a target is marked sensitive, or all of the target is.
func (r resource) hides(keys ...string) bool {
	target := ecs.Get(r.sensitive, "Target")
	return target.True() || ecs.Get(r.sensitive, keys...).True() || ecs.Get(target, keys...).True()
}

// task finds the target's task. ok is false if there is none, and the entry says why.
func (s *show) task(e *importer.Entry, t thing) (target ecs.Target, ok bool) {
	definition := s.machine(t.arn)
	target = ecs.Target{Cluster: t.arn, Parameters: t.parameters, Input: t.input}
	if t.of.hides("Input") {
		target.Input = nil
	}
	switch {
	case t.refused(e, definition != nil), !target.Fixed(e, t.target):
		return ecs.Target{}, false
	case definition != nil:
		return ecs.Machine(e, t.arn, definition, target.Input)
	case ecs.IsRunTask(t.arn) && target.Input.Absent(): // it is sensitive, or known only after the apply
		return ecs.Target{}, true
	case ecs.IsRunTask(t.arn):
		return ecs.Request(e, target.Input)
	}
	return target, true
}

// refused reports whether the target cannot become a job, and says why in the entry. machine says that
// it is a state machine whose definition is known.
func (t thing) refused(e *importer.Entry, machine bool) bool {
	switch {
	case t.expression == "":
		e.Refuse("its schedule is known only after the apply: give the state instead of the plan")
	case !first(t.target.Get("input_transformer")).Absent() && t.of.hides("InputTransformer", "InputTemplate"):
		e.Refuse("a transformer makes its input, which is marked sensitive and is not written: write the job by hand, without secrets")
	case t.parameters.Absent() && !ecs.IsRunTask(t.arn) && !machine:
		e.Refuse("its target is %s", ecs.Other(t.arn))
	default:
		return false
	}
	return true
}

// terms reads what is said besides the target.
func (t thing) terms(in *importer.Import, e *importer.Entry, j *job.Job) {
	of := t.of.values
	ecs.Terms{Disabled: t.disabled, Pattern: t.pattern, Window: t.window, Start: t.start, End: t.end, Key: of.Get("kms_key_arn").String(), After: of.Get("action_after_completion").String()}.Job(e, j, in.From)
	if t.open {
		e.Off(j, "state and is_enabled contradict each other in this plan: check what was deployed")
	}
	ecs.Delivery(e, t.target)
}

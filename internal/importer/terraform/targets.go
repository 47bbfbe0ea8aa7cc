package terraform

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// index finds resources by the names that others use for them.
type index struct {
	targetsOf   map[string][]int // targets by the name of their rule
	refersTo    map[string][]int // targets whose rule has no name in the plan yet, by the rule that they refer to
	definitions map[string]int   // task definitions by ARN, family and revision
	byCode      map[string]int   // task definitions by their instance in the code
	rules       map[string][]int // rules by their name
	taken       map[int]bool     // targets that belong to a rule
	ruleOf      map[int]string   // addresses of rules, by the target that names them
	machines    map[string]int   // state machines by ARN
}

// several is in the place of a task definition whose name others have too, in other Regions or
// accounts: it is not known which one a target means.
const several = -1

func indexed(all []resource, refers map[string]string) index {
	x := index{map[string][]int{}, map[string][]int{}, map[string]int{}, map[string]int{}, map[string][]int{}, map[int]bool{}, nil, map[string]int{}}
	for i, r := range all {
		switch v := r.values; r.kind {
		case "aws_cloudwatch_event_rule":
			name := v.Get("name").String()
			x.rules[name] = append(x.rules[name], i)
		case "aws_cloudwatch_event_target":
			if name := v.Get("rule").String(); name != "" {
				x.targetsOf[name] = append(x.targetsOf[name], i)
			} else if code := refers[ruleOf+inCodeAddress(r.address)]; code != "" {
				x.refer(code, r.address, i)
			}
		case "aws_sfn_state_machine":
			x.machines[v.Get("arn").String()] = i
		case "aws_ecs_task_definition":
			family := v.Get("family").String()
			if at := instance(inCodeAddress(r.address), r.address); !has(x.byCode, at) {
				x.byCode[at] = i
			}
			for _, name := range []string{v.Get("arn").String(), v.Get("arn_without_revision").String(), family, family + ":" + v.Get("revision").String()} {
				x.define(name, i)
			}
		}
	}
	return x
}

// define records a name of a task definition.
func (x *index) define(name string, i int) {
	if has(x.definitions, name) && x.definitions[name] != i {
		i = several
	}
	if name != "" {
		x.definitions[name] = i
	}
}

func has(in map[string]int, key string) bool {
	_, ok := in[key]
	return ok
}

// refer records that a resource refers to one of the code: to all of its instances if the resource
// has no index, otherwise to the instance with the same index or to the only one.
func (x *index) refer(code, address string, i int) {
	x.refersTo[code] = append(x.refersTo[code], i)
	if own := instance(code, address); own != code {
		x.refersTo[own] = append(x.refersTo[own], i)
	}
}

// instance gives an address of the code with the indexes of count and for_each of another address.
func instance(code, address string) string {
	return code + strings.Join(indexes().FindAllString(address, -1), "")
}

// targets gives the targets of a rule. They name it with its bus, or by a reference in a plan that
// does not know its name yet.
func (s *show) targets(rule resource) (out []resource) {
	name := rule.values.Get("name").String()
	all := s.targetsOf[name]
	if name == "" {
		all = s.refersTo[instance(inCodeAddress(rule.address), rule.address)]
	}
	for _, i := range all {
		t := s.resources[i]
		if sameBus(rule, t) && (name == "" || s.ruleOf[i] == rule.address) {
			s.index.taken[i] = true
			out = append(out, t)
		}
	}
	return out
}

func sameBus(rule, target resource) bool {
	bus, other := busOf(rule.values), busOf(target.values)
	return bus == other || bus == "" || other == ""
}

// busOf gives the name of a bus, which may be given by its ARN.
func busOf(v *doc.Node) string {
	name := v.Get("event_bus_name").String()
	return name[strings.LastIndexByte(name, '/')+1:]
}

// unscheduled reports a rule without a schedule: one whose schedule is known only after the apply, and
// one with which events start tasks. Others do not matter to an import.
func (s *show) unscheduled(r resource) (found int) {
	e, targets := s.entry(r, "rule", ""), s.targets(r)
	switch {
	case r.unknown.Get("schedule_expression").True():
		found = 1
		e.Refuse("its schedule is known only after the apply: give the state instead of the plan")
	case slices.ContainsFunc(targets, func(t resource) bool { return !first(t.values.Get("ecs_target")).Absent() }):
		e.Refuse("%s", ecs.ByEvents(r.values.Get("event_pattern")))
	default:
		return 0
	}
	s.in.Entries = append(s.in.Entries, e)
	return found
}

// left lists what in the file has a schedule, or may be started by one, and becomes no job.
func (s *show) left() {
	for i, r := range s.resources {
		expression, why := elsewhere(r)
		if r.kind == "aws_cloudwatch_event_target" {
			why = s.alone(i, r.values)
		}
		if why == "" {
			continue
		}
		e := s.entry(r, "resource", expression)
		e.Refuse("%s", why)
		s.in.Entries = append(s.in.Entries, e)
	}
}

// alone describes a task whose rule is not in the file; "" for anything else.
func (s *show) alone(i int, target *doc.Node) string {
	rule := target.Get("rule").String()
	if s.index.taken[i] || len(s.rules[rule]) > 0 || first(target.Get("ecs_target")).Absent() {
		return ""
	}
	return "its rule " + importer.Clip(rule) + " is not in this file, so nothing says when it runs: import the state that has the rule, or what is deployed with `batchplane import eventbridge --live`"
}

// lostLogs reports settings of a container's log that a definition in a jobs file does not have: it
// has only the group.
func lostLogs(e *importer.Entry, container *doc.Node) {
	var lost []string
	container.Get("logConfiguration", "options").Pairs(func(key string, _ *doc.Node) {
		switch key {
		case "awslogs-group", "awslogs-region", "awslogs-stream-prefix":
		default:
			lost = append(lost, importer.Clip(key))
		}
	})
	if len(container.Get("logConfiguration", "secretOptions").List()) > 0 {
		lost = append(lost, "secretOptions")
	}
	if len(lost) > 0 {
		e.Change("%s of its log are dropped: a definition of a jobs file has the group alone", strings.Join(lost, ", "))
	}
}

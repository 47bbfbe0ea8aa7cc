package eventbridge

import (
	"slices"
	"strings"

	"github.com/batchplane/batchplane/internal/importer"
	"github.com/batchplane/batchplane/internal/importer/doc"
)

// truth is what a template says of a condition, with the defaults of its parameters.
type truth uint8

const (
	unsaid truth = iota // the template alone does not decide it
	holds
	fails
)

func truthOf(is bool) truth {
	if is {
		return holds
	}
	return fails
}

// begin forgets what was noted for another resource.
func (t *template) begin() { t.open, t.defaults, t.decided = nil, nil, map[string]truth{} }

// condition decides a condition of the template, once for each resource
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html).
func (t *template) condition(name string, depth int) truth {
	is, done := t.decided[name]
	if !done {
		t.decided[name] = unsaid // for one that leads to itself
		open := t.open
		is = t.decide(t.root.Get("Conditions", name), depth+1)
		t.decided[name], t.open = is, open // what it leaves open is no value of the job
	}
	return is
}

// decide evaluates the expression of a condition.
func (t *template) decide(n *doc.Node, depth int) truth {
	if depth > maxResolve || !t.more("") {
		return unsaid
	}
	switch function, argument := n.Only(); function {
	case "Condition":
		return t.condition(argument.String(), depth)
	case "Fn::Equals":
		return t.equal(argument.List(), depth)
	case "Fn::And":
		return t.all(argument.List(), fails, depth)
	case "Fn::Or":
		return t.all(argument.List(), holds, depth)
	case "Fn::Not":
		if of := argument.List(); len(of) == 1 {
			return [...]truth{unsaid: unsaid, holds: fails, fails: holds}[t.decide(of[0], depth+1)]
		}
	}
	return unsaid
}

// all decides Fn::And and Fn::Or: one part that is what decides is enough.
func (t *template) all(parts []*doc.Node, decides truth, depth int) truth {
	out := [...]truth{holds: fails, fails: holds}[decides]
	if len(parts) == 0 {
		return unsaid
	}
	for _, p := range parts {
		switch t.decide(p, depth+1) {
		case decides:
			return decides
		case unsaid:
			out = unsaid
		}
	}
	return out
}

func (t *template) equal(sides []*doc.Node, depth int) truth {
	if len(sides) != 2 {
		return unsaid
	}
	a, known := t.side(sides[0], depth)
	b, too := t.side(sides[1], depth)
	if !known || !too {
		return unsaid
	}
	return truthOf(a == b)
}

// side gives one side of Fn::Equals. A parameter may have an empty text as its default, which
// templates compare with to see whether it was given.
func (t *template) side(n *doc.Node, depth int) (string, bool) {
	if function, argument := n.Only(); function == "Ref" {
		p := t.root.Get("Parameters", argument.String())
		if v := p.Get("Default"); !v.Absent() && v.String() == "" && v.Kind == doc.Text && !p.Get("NoEcho").True() {
			t.took(argument.String())
			return "", true
		}
	}
	v := t.resolve(n, depth+1)
	known := !v.Absent() && v.Kind != doc.List && v.Kind != doc.Map && !strings.Contains(v.String(), importer.ReplaceMe)
	return v.String(), known
}

// took notes that the default of a parameter was taken.
func (t *template) took(parameter string) {
	if !slices.Contains(t.defaults, parameter) {
		t.defaults = append(t.defaults, parameter)
	}
}

// choose answers Fn::If, whose answer may be that there is no value. ok is false if the template
// does not decide its condition.
func (t *template) choose(argument *doc.Node, depth int) (chosen *doc.Node, ok bool) {
	parts := argument.List()
	if len(parts) != 3 {
		return nil, false
	}
	switch t.condition(parts[0].String(), depth) {
	case holds:
		return t.resolve(parts[1], depth+1), true
	case fails:
		return t.resolve(parts[2], depth+1), true
	}
	return nil, false
}

// deployed reports what the condition of a resource says.
func (t *template) deployed(r *doc.Node) (name string, is truth) {
	if name = r.Get("Condition").String(); name == "" {
		return "", holds
	}
	return name, t.condition(name, 0)
}

// targets gives the resolved targets of a rule. One that a condition leaves out is given as a text,
// which becomes no job: with other parameters it was deployed, so the rule is not switched as a whole.
func (t *template) targets(written, resolved *doc.Node) []*doc.Node {
	out := resolved.List()
	for _, n := range written.List() {
		if function, _ := n.Only(); function == "Fn::If" && len(t.resolve(n, 0).List()) == 0 {
			out = append(out, text(n, importer.ReplaceMe))
		}
	}
	return out
}

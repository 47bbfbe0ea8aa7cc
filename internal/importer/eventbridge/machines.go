package eventbridge

import (
	"strings"

	"github.com/batchplane/batchplane/internal/importer/doc"
	"github.com/batchplane/batchplane/internal/importer/ecs"
)

// machines are the definitions of state machines, by the ARN that their targets have, in a template
// with its file before it.
type machines map[string]machine

// machine is a definition, and what the template does not say of it.
type machine struct {
	definition     *doc.Node
	open, defaults []string
}

// inThisTemplate begins the ARN that a template's own state machine gets as a target.
const inThisTemplate = "arn:aws:states:::"

// described takes what `aws stepfunctions describe-state-machine` prints, or the live reader's list of
// that.
func (g *gathering) described(d *doc.Node) {
	for _, one := range d.Get("StateMachines").List() {
		g.described(one)
	}
	if definition := doc.One(d.Get("definition").String()); definition != nil {
		g.machines[d.Get("stateMachineArn").String()] = machine{definition: definition}
	}
}

// defined takes a template's state machine.
func (g *gathering) defined(t *template, file, id string, r *doc.Node) {
	t.begin()
	p := t.resolve(r.Get("Properties"), 0)
	definition := p.First("Definition", "DefinitionString")
	put := p.Get("DefinitionSubstitutions")
	if definition.Kind == doc.Text {
		definition = doc.One(t.put(definition.Text, put))
	}
	if definition = t.substituted(definition, put, 0); !definition.Absent() {
		g.machines[file+" "+inThisTemplate+id] = machine{definition, t.open, t.defaults}
	}
}

// put replaces the ${name} of a definition's own substitutions.
func (t *template) put(text string, values *doc.Node) string {
	if values.Absent() || !strings.Contains(text, "${") {
		return text
	}
	return substitution().ReplaceAllStringFunc(text, func(found string) string {
		v := values.Get(found[2 : len(found)-1])
		if v.Absent() || !t.more(v.String()) {
			return found
		}
		return v.String()
	})
}

// substituted is put for all texts of a definition. A text that is nothing but one name may become a
// list.
func (t *template) substituted(n, values *doc.Node, depth int) *doc.Node {
	if n == nil || values.Absent() || depth > maxResolve {
		return n
	}
	if n.Kind == doc.Text {
		if v := values.Get(strings.TrimSuffix(strings.TrimPrefix(n.Text, "${"), "}")); v.Kind == doc.List && strings.HasPrefix(n.Text, "${") {
			return v
		}
		return &doc.Node{Kind: n.Kind, Line: n.Line, Text: t.put(n.Text, values)}
	}
	out := &doc.Node{Kind: n.Kind, Line: n.Line, Text: n.Text, Keys: n.Keys}
	for _, i := range n.Items {
		out.Items = append(out.Items, t.substituted(i, values, depth+1))
	}
	for _, v := range n.Values {
		out.Values = append(out.Values, t.substituted(v, values, depth+1))
	}
	return out
}

// machine gives the definition of a state machine that a target starts, or nil if it is not known.
func (i *item) machine(arn string) *doc.Node {
	if !ecs.IsMachine(arn) {
		return nil
	}
	key := ecs.MachineOf(arn)
	if strings.HasPrefix(arn, inThisTemplate) {
		key = i.file + " " + arn
	}
	m := i.machines[key]
	i.open, i.defaults = append(i.open, m.open...), append(i.defaults, m.defaults...)
	return m.definition
}

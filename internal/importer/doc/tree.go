package doc

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// node converts a node of the parser.
func (r *yamlReader) node(n ast.Node, depth int) (*Node, error) {
	if r.left--; r.left < 0 {
		return nil, errTooMany
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested more than %d deep", r.line(n), maxDepth)
	}
	switch v := n.(type) {
	case *ast.AnchorNode:
		r.anchors[v.Name.GetToken().Value] = v.Value
		return r.node(v.Value, depth+1)
	case *ast.AliasNode:
		return r.alias(v, depth)
	case *ast.TagNode:
		return r.tagged(v, depth)
	case *ast.MappingNode:
		return r.mapping(v, v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(v, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		out := &Node{Kind: List, Line: r.line(n)}
		for _, item := range v.Values {
			one, err := r.node(item, depth+1)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, one)
		}
		return out, nil
	}
	return r.scalar(n), nil
}

func (r *yamlReader) line(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return r.first + t.Position.Line
	}
	return r.first + 1
}

func (r *yamlReader) scalar(n ast.Node) *Node {
	out := &Node{Line: r.line(n)}
	switch v := n.(type) {
	case nil, *ast.NullNode:
		return out
	case *ast.LiteralNode:
		out.Kind, out.Text = Text, v.Value.Value
	case *ast.StringNode:
		out.Kind, out.Text = Text, v.Value
	case *ast.BoolNode:
		out.Kind, out.Text = Bool, fmt.Sprint(v.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.Kind, out.Text = Number, n.GetToken().Value
	default:
		out.Kind, out.Text = Text, strings.TrimSpace(n.String())
	}
	return out
}

// alias follows an alias. An alias that leads to itself is an error.
func (r *yamlReader) alias(a *ast.AliasNode, depth int) (*Node, error) {
	name := a.Value.GetToken().Value
	target := r.anchors[name]
	if target == nil || r.active[target] {
		return nil, fmt.Errorf("line %d: the alias *%s has no anchor above it", r.line(a), name)
	}
	r.active[target] = true
	defer delete(r.active, target)
	return r.node(target, depth+1)
}

// tagged writes CloudFormation's short forms in full: !Ref x is {Ref: x}, !Sub x is {Fn::Sub: x}.
// Other tags name only what kind a value has anyway.
func (r *yamlReader) tagged(t *ast.TagNode, depth int) (*Node, error) {
	value := none
	if t.Value != nil {
		var err error
		if value, err = r.node(t.Value, depth+1); err != nil {
			return nil, err
		}
	}
	tag := strings.TrimPrefix(t.GetToken().Value, "!")
	if strings.HasPrefix(tag, "!") || tag == "" {
		return value, nil
	}
	if tag != "Ref" && tag != "Condition" {
		tag = "Fn::" + tag
	}
	if tag == "Fn::GetAtt" && value.Kind == Text {
		resource, attribute, _ := strings.Cut(value.Text, ".")
		value = &Node{Kind: List, Line: value.Line, Items: []*Node{{Kind: Text, Text: resource}, {Kind: Text, Text: attribute}}}
	}
	out := &Node{Kind: Map, Line: r.line(t)}
	out.add(tag, value)
	return out, nil
}

func (r *yamlReader) mapping(n ast.Node, pairs []*ast.MappingValueNode, depth int) (*Node, error) {
	out := &Node{Kind: Map, Line: r.line(n)}
	if len(pairs) > 0 {
		out.Line = r.line(pairs[0].Key)
	}
	var merged []*Node
	for _, p := range pairs {
		value, err := r.node(p.Value, depth+1)
		if err != nil {
			return nil, err
		}
		if _, merge := p.Key.(*ast.MergeKeyNode); merge {
			merged = append(merged, value.List()...)
			continue
		}
		out.add(r.key(p.Key), value)
	}
	has := make(map[string]bool, len(out.Keys))
	for _, k := range out.Keys {
		has[k] = len(merged) > 0
	}
	for _, m := range merged {
		m.Pairs(func(key string, value *Node) {
			if !has[key] {
				has[key] = true
				out.add(key, value)
			}
		})
		if r.left -= len(m.Keys); r.left < 0 {
			return nil, errTooMany
		}
	}
	return out, nil
}

func (r *yamlReader) key(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return strings.TrimSpace(n.GetToken().Value)
}

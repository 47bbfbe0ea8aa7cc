package template_test

import (
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

const root = "../../"

// object is a part of the template.
type object = map[string]any

// load reads the template. An intrinsic function of a text becomes a text that begins with its
// tag, such as "!Ref Table"; one of a list becomes a list that begins with it.
func load(t *testing.T) object {
	t.Helper()
	file, err := parser.ParseBytes(read(t, "template.yaml"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.Docs) != 1 {
		t.Fatalf("%d documents", len(file.Docs))
	}
	template, ok := reader{t, map[string]any{}}.value(file.Docs[0].Body).(object)
	if !ok {
		t.Fatal("the template is no object")
	}
	return template
}

// reader knows the values of the anchors.
type reader struct {
	t       *testing.T
	anchors map[string]any
}

func (r reader) value(node ast.Node) any {
	switch n := node.(type) {
	case *ast.MappingNode:
		return r.object(n.Values)
	case *ast.MappingValueNode:
		return r.object([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		l := make([]any, len(n.Values))
		for i, v := range n.Values {
			l[i] = r.value(v)
		}
		return l
	case *ast.AnchorNode:
		v := r.value(n.Value)
		r.anchors[n.Name.String()] = v
		return v
	case *ast.AliasNode:
		v, ok := r.anchors[n.Value.String()]
		if !ok {
			r.t.Fatalf("%s stands for nothing", n)
		}
		return v
	case *ast.TagNode:
		return r.tagged(n)
	}
	var v any
	if err := yaml.NodeToValue(node, &v); err != nil {
		r.t.Fatalf("%s: %v", node, err)
	}
	return v
}

func (r reader) tagged(n *ast.TagNode) any {
	switch v := r.value(n.Value).(type) {
	case string:
		return n.Start.Value + " " + v
	case []any:
		return append([]any{n.Start.Value}, v...)
	}
	r.t.Fatalf("%s is no function of a text or a list", n)
	return nil
}

func (r reader) object(pairs []*ast.MappingValueNode) object {
	o := object{}
	for _, p := range pairs {
		key, ok := r.value(p.Key).(string)
		if _, twice := o[key]; !ok || twice {
			r.t.Fatalf("key %s is no text, or there twice", p.Key)
		}
		o[key] = r.value(p.Value)
	}
	return o
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(root + name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// at follows a path of keys.
func at(t *testing.T, from any, path ...string) any {
	t.Helper()
	for _, key := range path {
		m, ok := from.(object)
		if !ok || m[key] == nil {
			t.Fatalf("there is no %q of %q in the template", key, path)
		}
		from = m[key]
	}
	return from
}

// down follows a path with dots between its keys; numbers are indexes of lists.
func down(t *testing.T, from any, path string) any {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		if n, err := strconv.Atoi(key); err == nil {
			if l := list(t, from); n < len(l) {
				from = l[n]
				continue
			}
			t.Fatalf("there is no place %d of %s in the template", n, path)
		}
		from = at(t, from, key)
	}
	return from
}

func list(t *testing.T, of any) []any {
	t.Helper()
	l, ok := of.([]any)
	if !ok {
		t.Fatalf("%v is no list of the template", of)
	}
	return l
}

// keys returns an object's keys, in order.
func keys(t *testing.T, of any) []string {
	t.Helper()
	m, ok := of.(object)
	if !ok {
		t.Fatalf("%v is no object of the template", of)
	}
	return slices.Sorted(maps.Keys(m))
}

// words returns a text of the template.
func words(t *testing.T, from any, path ...string) string {
	t.Helper()
	text, ok := at(t, from, path...).(string)
	if !ok {
		t.Fatalf("%q is no text in the template", path)
	}
	return text
}

// kinds returns the resources of a type, by logical id.
func kinds(t *testing.T, template object, of string) map[string]object {
	t.Helper()
	found := map[string]object{}
	resources := at(t, template, "Resources")
	for _, id := range keys(t, resources) {
		if r := at(t, resources, id); words(t, r, "Type") == of {
			found[id], _ = r.(object)
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no %s", of)
	}
	return found
}

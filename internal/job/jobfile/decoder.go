package jobfile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// decoder walks the syntax tree and collects problems; it does not stop at the first one. It
// follows aliases where they are used and never expands them, so a small file cannot become a
// large one.
type decoder struct {
	sources  []Source
	options  Options
	problems []Problem
	// file is the source that is being read, and anchors are its anchors. in gives the source
	// of each value that has a place.
	file    int
	anchors map[string]ast.Node
	byFile  []anchorsOf
	merging bool
	in      map[ast.Node]int
	// times are those of the job that is being read, by field; they wait for its zone.
	// defaultTimes are those of the defaults.
	times, defaultTimes map[string]pendingTime
	// places are the values of the job that is being read, by field path. defaults are those
	// of the defaults.
	places, defaults map[string]ast.Node
	// ofJobs are the keys of a job.
	ofJobs []string
	// told holds the nodes whose tag or alias has been reported.
	told map[ast.Node]bool
	// left is how many more bytes may be read. Aliases count each time.
	left int
}

// spend counts what is read. Reading ends when nothing is left.
func (d *decoder) spend(n int) { d.left -= n }

func (d *decoder) add(n ast.Node, format string, args ...any) {
	file, known := d.in[n]
	if !known {
		file = d.file
	}
	p := Problem{Message: fmt.Sprintf(format, args...), file: file}
	if file < len(d.sources) {
		p.File = d.sources[file].Name
	}
	p.Line, p.Column = position(n)
	d.problems = append(d.problems, p)
}

func position(n ast.Node) (line, column int) {
	if n == nil {
		return 0, 0
	}
	t := n.GetToken()
	if t == nil || t.Position == nil {
		return 0, 0
	}
	return t.Position.Line, t.Position.Column
}

// resolve follows anchors, aliases and tags to the value. An alias that leads to itself
// resolves to nil.
func (d *decoder) resolve(n ast.Node) ast.Node {
	for range 16 {
		switch v := n.(type) {
		case *ast.AnchorNode:
			d.anchors[v.Name.GetToken().Value] = v.Value
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			n = d.anchors[name]
			if n == nil {
				d.once(v, "the alias *%s has no anchor above it", name)
			}
		case *ast.TagNode:
			if tag := v.GetToken().Value; !slices.Contains(coreTags, tag) {
				d.once(v, "the tag %s is not supported here", tag)
			}
			n = v.Value
		default:
			return n
		}
	}
	return nil
}

// coreTags name only what kind a value has anyway (YAML 1.2.2, section 10.3).
var coreTags = []string{"!!str", "!!int", "!!float", "!!bool", "!!map", "!!seq"}

func (d *decoder) once(n ast.Node, format string, args ...any) {
	if !d.told[n] {
		d.told[n] = true
		d.add(n, format, args...)
	}
}

// readFields reads the mapping n with a table of fields.
func readFields[T any](d *decoder, n ast.Node, path string, table map[string]field[T], into *T) {
	d.mapping(n, path, func(key string, v ast.Node) bool {
		f, known := table[key]
		if !known {
			return false
		}
		at := join(path, key)
		d.stands(at, v)
		f.read(d, v, at, into)
		return true
	}, slices.Sorted(maps.Keys(table)))
}

// stands records where the value of a field is.
func (d *decoder) stands(path string, n ast.Node) {
	d.places[path] = n
	d.in[n] = d.file
}

// mapping calls each with the pairs of n. each reports whether it knows the key. Duplicates,
// unknown keys and empty values are problems.
func (d *decoder) mapping(n ast.Node, path string, each func(string, ast.Node) bool, known []string) {
	if _, ok := d.pairs(n); !ok {
		d.add(n, "%smust be a mapping of keys to values", prefix(path))
		return
	}
	for _, p := range d.merged(n, path) {
		d.spend(len(p.key) + 16)
		if d.left < 0 {
			return
		}
		faults := len(d.problems)
		v := d.resolve(p.Value)
		switch {
		case v == nil && len(d.problems) > faults:
		case v == nil || v.Type() == ast.NullType:
			d.add(p.Key, "%shas no value: give it one, or leave the key out", prefix(join(path, p.key)))
			if known != nil && !slices.Contains(known, p.key) {
				d.unknown(p.Key, path, p.key, known)
			}
		case !each(p.key, p.Value):
			d.unknown(p.Key, path, p.key, known)
		}
	}
}

func (d *decoder) unknown(n ast.Node, path, key string, known []string) {
	if place := belongs(key, path, known, d.ofJobs); place != "" {
		d.add(n, "%sunknown key %q: %s", prefix(path), key, place)
		return
	}
	if best := nearest(key, known); best != "" {
		d.add(n, "%sunknown key %q; did you mean %q?", prefix(path), key, best)
		return
	}
	d.add(n, "%sunknown key %q; the known keys are %s", prefix(path), key, listed(known))
}

func (d *decoder) pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch v := d.resolve(n).(type) {
	case *ast.MappingNode:
		return v.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{v}, true
	}
	return nil, false
}

func hasKey(pairs []*ast.MappingValueNode, key string) bool {
	return slices.ContainsFunc(pairs, func(p *ast.MappingValueNode) bool { return keyText(p.Key) == key })
}

func (d *decoder) sequence(n ast.Node, path string) []ast.Node {
	if s, ok := d.resolve(n).(*ast.SequenceNode); ok {
		d.spend(16 * len(s.Values))
		if d.left < 0 {
			return nil
		}
		return s.Values
	}
	d.add(n, "%smust be a list", prefix(path))
	return nil
}

func (d *decoder) texts(n ast.Node, path string) []string {
	items := d.sequence(n, path)
	out := make([]string, 0, len(items))
	for i, item := range items {
		d.stands(indexed(path, i), item)
		if s, ok := d.text(item, indexed(path, i)); ok {
			out = append(out, s)
		}
	}
	return out
}

func keyText(n ast.MapKeyNode) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.GetToken().Value
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func prefix(path string) string {
	if path == "" {
		return ""
	}
	return path + ": "
}

package jobfile

import "github.com/goccy/go-yaml/ast"

type pair struct {
	*ast.MappingValueNode
	key string
}

// merged gives the pairs of a mapping and of those that `<<` names, the nearer ones first. A
// key that the mapping already has is not taken from a merge.
func (d *decoder) merged(n ast.Node, path string) []pair {
	m := merger{d: d, path: path, has: map[string]bool{}, visited: map[ast.Node]bool{}}
	m.mapping(n)
	return m.out
}

// merger visits each node once, so that no mapping leads to itself or multiplies.
type merger struct {
	d       *decoder
	path    string
	has     map[string]bool
	visited map[ast.Node]bool
	out     []pair
}

// merge takes the pairs of what `<<` names: a mapping or a list of mappings.
func (m *merger) merge(n ast.Node) {
	list, ok := m.d.resolve(n).(*ast.SequenceNode)
	if !ok {
		m.mapping(n)
		return
	}
	for _, item := range list.Values {
		m.mapping(item)
	}
}

func (m *merger) mapping(at ast.Node) {
	n := m.d.resolve(at)
	if n == nil || m.visited[n] {
		return // if nil, resolve has reported why
	}
	m.visited[n] = true
	pairs, ok := m.d.pairs(n)
	if !ok {
		m.d.add(at, "%sa merge takes a mapping, or a list of mappings", prefix(m.path))
		return
	}
	var merges []ast.Node
	for _, p := range m.d.own(pairs, m.path) {
		if p.Key.IsMergeKey() {
			merges = append(merges, p.Value)
		} else if !m.has[p.key] {
			m.has[p.key] = true
			m.out = append(m.out, p)
		}
	}
	for _, n := range merges {
		m.merge(n)
	}
}

// own gives the pairs of one mapping itself. A repeated key is a problem.
func (d *decoder) own(pairs []*ast.MappingValueNode, path string) []pair {
	first := make(map[string]int, len(pairs))
	out := make([]pair, 0, len(pairs))
	for _, p := range pairs {
		key := keyText(p.Key)
		if line, dup := first[key]; dup {
			d.once(p.Key, "%sthe key %q is repeated; the first is on line %d", prefix(path), key, line)
			continue
		}
		first[key], _ = position(p.Key)
		out = append(out, pair{p, key})
	}
	return out
}

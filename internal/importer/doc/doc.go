// Package doc reads YAML and JSON files of others into one tree with line
// numbers: bounded in size, depth, and what aliases may make of it. YAML needs a
// library, which stays in this room.
package doc

import (
	"strconv"
	"strings"
)

// Kind says what a node is.
type Kind uint8

// The kinds of node.
const (
	Null Kind = iota
	Text
	Number
	Bool
	List
	Map
)

// Node is a value of a document. The zero value and nil are null: reading what
// is not there gives that, so that callers ask without checks. Nodes of an alias
// are shared: they are not to be changed.
type Node struct {
	Kind Kind
	// Line is where it stands, from 1.
	Line int
	// Text is a scalar as it is written, without quotes.
	Text string
	// Items are a list's; Keys and Values a map's, in the order of the file.
	Items  []*Node
	Keys   []string
	Values []*Node
}

var none = &Node{}

// Get is the value of a key, or of a path of keys; null where there is none. Of
// a key that comes twice it is the last.
func (n *Node) Get(keys ...string) *Node {
	for _, key := range keys {
		next := none
		if n != nil && n.Kind == Map {
			for i := len(n.Keys) - 1; i >= 0; i-- {
				if n.Keys[i] == key {
					next = n.Values[i]
					break
				}
			}
		}
		n = next
	}
	if n == nil {
		return none
	}
	return n
}

// First is Get for the first of several spellings of a key that is there.
func (n *Node) First(keys ...string) *Node {
	for _, key := range keys {
		if v := n.Get(key); !v.Absent() {
			return v
		}
	}
	return none
}

// Absent is whether there is no value.
func (n *Node) Absent() bool { return n == nil || n.Kind == Null }

// Has is whether a map has a key, also one without a value.
func (n *Node) Has(key string) bool {
	if n == nil {
		return false
	}
	for _, k := range n.Keys {
		if k == key {
			return true
		}
	}
	return false
}

// String is a scalar's text, "" for all else.
func (n *Node) String() string {
	if n == nil || n.Kind == List || n.Kind == Map {
		return ""
	}
	return n.Text
}

// Int is a whole number, also one that is written as a text.
func (n *Node) Int() (int, bool) {
	v, err := strconv.Atoi(strings.TrimSpace(n.String()))
	return v, err == nil
}

// True is whether the value is true.
func (n *Node) True() bool {
	return n != nil && n.Kind == Bool && n.Text == "true" || n != nil && n.Kind == Text && strings.EqualFold(n.Text, "true")
}

// List is the items of a list; a map or scalar is a list of itself.
func (n *Node) List() []*Node {
	switch {
	case n.Absent():
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

// Texts are the scalars of a list.
func (n *Node) Texts() (out []string) {
	for _, i := range n.List() {
		out = append(out, i.String())
	}
	return out
}

// Pairs calls each for the keys of a map.
func (n *Node) Pairs(each func(key string, value *Node)) {
	if n == nil || n.Kind != Map {
		return
	}
	for i, k := range n.Keys {
		each(k, n.Values[i])
	}
}

// Only is the one key of a map that has one, "" otherwise.
func (n *Node) Only() (string, *Node) {
	if n == nil || len(n.Keys) != 1 {
		return "", none
	}
	return n.Keys[0], n.Values[0]
}

// add puts a pair into a map.
func (n *Node) add(key string, value *Node) {
	n.Keys, n.Values = append(n.Keys, key), append(n.Values, value)
}

// Over is a copy of a map with another's pairs over it: maps are merged by key,
// all else is replaced.
func (n *Node) Over(other *Node) *Node {
	if n.Absent() || n.Kind != Map || other.Kind != Map {
		return other
	}
	out := &Node{Kind: Map, Line: n.Line, Keys: append([]string(nil), n.Keys...), Values: append([]*Node(nil), n.Values...)}
	for i, k := range other.Keys {
		at := -1
		for j := range out.Keys {
			if out.Keys[j] == k {
				at = j
			}
		}
		if at < 0 {
			out.add(k, other.Values[i])
			continue
		}
		out.Values[at] = out.Values[at].Over(other.Values[i])
	}
	return out
}

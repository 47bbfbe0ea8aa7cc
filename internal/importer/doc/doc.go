// Package doc reads other programs' YAML, JSON and XML files into one tree with line numbers. It
// bounds their size, their depth, and what aliases may make of them. YAML needs a library, which
// no other package of the importers uses.
package doc

import (
	"math"
	"slices"
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

// Node is a value of a document. The zero value and nil are null. Reading what is not there gives
// null, so callers need no checks. Nodes of an alias are shared and must not be changed.
type Node struct {
	Kind Kind
	// Line is the line of the value, from 1.
	Line int
	// Text is a scalar as the file writes it, without quotes.
	Text string
	// Items are those of a list. Keys and Values are those of a map, in the order of the file.
	Items  []*Node
	Keys   []string
	Values []*Node
}

var none = &Node{}

// Get gives the value of a key, or of a path of keys; null if there is none. If a key is repeated,
// the last one counts.
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

// First gives the value of the first of several spellings of a key that has one.
func (n *Node) First(keys ...string) *Node {
	for _, key := range keys {
		if v := n.Get(key); !v.Absent() {
			return v
		}
	}
	return none
}

// Absent reports whether there is no value.
func (n *Node) Absent() bool { return n == nil || n.Kind == Null }

// Has reports whether a map has a key, even one without a value.
func (n *Node) Has(key string) bool {
	if n == nil {
		return false
	}
	return slices.Contains(n.Keys, key)
}

// String gives the text of a scalar, and "" for anything else.
func (n *Node) String() string {
	if n == nil || n.Kind == List || n.Kind == Map {
		return ""
	}
	return n.Text
}

// Int gives a whole number, also one that is written as a text. The number 0100 is 64, and 7_200 and
// 7.2e3 are 7200, as in YAML 1.1.
func (n *Node) Int() (int, bool) {
	text := strings.TrimSpace(n.String())
	if n == nil || n.Kind != Number {
		v, err := strconv.Atoi(text)
		if err != nil {
			return 0, false
		}
		return v, true
	}
	text = strings.ReplaceAll(text, "_", "")
	if v, err := strconv.ParseInt(text, 0, 0); err == nil {
		return int(v), true
	}
	v, err := strconv.ParseFloat(text, 64)
	whole := err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 // what a float holds exactly
	if !whole {
		return 0, false
	}
	return int(v), true
}

// True reports whether the value is true. YAML 1.1, which kubectl and CloudFormation read, has more
// words for that (https://github.com/kubernetes-sigs/yaml, goyaml.v2/resolve.go).
func (n *Node) True() bool {
	if n == nil || n.Kind != Bool && n.Kind != Text {
		return false
	}
	return slices.Contains([]string{"true", "yes", "on", "y"}, strings.ToLower(n.Text))
}

// List gives the items of a list. A map or scalar is a list of itself.
func (n *Node) List() []*Node {
	switch {
	case n.Absent():
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

// Texts gives the scalars of a list.
func (n *Node) Texts() (out []string) {
	for _, i := range n.List() {
		out = append(out, i.String())
	}
	return out
}

// Pairs calls each for every key of a map.
func (n *Node) Pairs(each func(key string, value *Node)) {
	if n == nil || n.Kind != Map {
		return
	}
	for i, k := range n.Keys {
		each(k, n.Values[i])
	}
}

// Only gives the only key of a map that has just one, and its value; otherwise "".
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

// Over gives a copy of a map overridden by another one. Maps are merged by key; anything else is
// replaced, but not by a null.
func (n *Node) Over(other *Node) *Node {
	if other.Absent() {
		return n
	}
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

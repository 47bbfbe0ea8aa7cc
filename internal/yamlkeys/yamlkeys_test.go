package yamlkeys_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// TestCount: each colon of a block is its mapping's next key, whatever lies between.
func TestCount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: 2\nc: 3":                       "1 2 3",
		"a:\n  x: 1\n  y: 2\nb:\n  x: 1":         "1 1 2 2 1",
		"- a: 1\n  b: 2\n- a: 1\n  b: 2\n  c: 3": "1 2 1 2 3",
		"l:\n- a: 1\n- a: 1\nm: 1":               "1 1 1 2",
		"a:\n  - x:\n      y: 1\n    z: 2\nb: 3": "1 1 1 2 2",
		"? a\n: 1\n? b\n: 2":                     "1 2",
		"- one\n- two":                           "",
	} {
		var open yamlkeys.Open
		var got []string
		for _, token := range lexer.Tokenize(text) {
			if n := open.Count(token); n > 0 {
				got = append(got, fmt.Sprint(n))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestEmptyTags: a tag with nothing behind it has no value, and takes none from what follows
// (https://yaml.org/spec/1.2.2/#72-empty-nodes). Public templates of CloudFormation hold
// !Select [0, !GetAZs ], where the documentation writes an empty text behind the tag.
func TestEmptyTags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: [0, !T ]\nb: 1":         "a:[0 null] b:1",
		"a: {k: !T , l: 1}":         "a:{k:null l:1}",
		"a: {k: !T }":               "a:{k:null}",
		"a: !T\nb: 1":               "a:null b:1",
		"- a: !T\n  b: 1":           "[{a:null b:1}]",
		"a:\n- 0\n- !T\nb: 1":       "a:[0 null] b:1",
		"a: !T # c\n# d\nb: 1":      "a:null b:1",
		"a: !T":                     "a:null",
		"a: !T\n---\nb: 1":          "a:null",
		"a: !T\n  b: 1\nc: 2":       "a:{b:1} c:2",
		"a: !T\n- 1\nc: 2":          "a:[1] c:2",
		"- !T\n  a: 1\n  b: 2":      "[{a:1 b:2}]",
		"- - !T\n  - 1":             "[[null 1]]",
		"a: [!T {b: 1}, !T [2], x]": "a:[{b:1} [2] x]",
		"!T\na: 1":                  "a:1",
	} {
		file, err := parser.Parse(yamlkeys.Tokens(text), 0)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := shown(file.Docs[0].Body); strings.Trim(got, "{}") != strings.Trim(want, "{}") {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// shown writes a node without its tags.
func shown(n ast.Node) string {
	var parts []string
	switch v := n.(type) {
	case *ast.TagNode:
		return shown(v.Value)
	case *ast.MappingValueNode:
		return "{" + v.Key.String() + ":" + shown(v.Value) + "}"
	case *ast.MappingNode:
		for _, one := range v.Values {
			parts = append(parts, one.Key.String()+":"+shown(one.Value))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case *ast.SequenceNode:
		for _, one := range v.Values {
			parts = append(parts, shown(one))
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	return n.GetToken().Value
}

package doc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// Limits of a file: its size in bytes, the size of one YAML document, for whose parts the parser
// needs a few hundred bytes each, how deep it nests, and its nodes once aliases are followed.
const (
	MaxBytes    = 10 << 20
	MaxDocument = 4 << 20
	maxDepth    = 100
	maxAnchors  = 5_000     // in one document, including aliases and keys with ?
	maxKeys     = 5_000     // in one block mapping
	maxFlow     = 256 << 10 // in a file that begins as JSON does and is not JSON
	maxNodes    = 2_000_000
)

var errTooMany = fmt.Errorf("the file holds more than %d values once its aliases are expanded", maxNodes)

// Parse reads the documents of a YAML or JSON file.
func Parse(data []byte) ([]*Node, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("a file of more than %d bytes", MaxBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("this is UTF-16, as PowerShell's > writes it: save it in UTF-8")
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		return nil, errors.New("this is not a text file in UTF-8")
	}
	if isJSON(data) {
		docs, err := parseJSON(data)
		// A YAML file may also begin with a flow collection, and a template with {{.
		if err == nil || len(data) > maxFlow {
			return docs, err
		}
		if more, yamlErr := parseYAML(data); yamlErr == nil {
			return more, nil
		}
		return nil, err
	}
	return parseYAML(data)
}

// One reads a text that has to be exactly one document. It gives nil for any other text.
func One(text string) *Node {
	docs, err := Parse([]byte(text))
	if err != nil || len(docs) != 1 {
		return nil
	}
	return docs[0]
}

// parseYAML reads the documents one by one, because the parser's time grows faster than its input.
func parseYAML(data []byte) (docs []*Node, err error) {
	left := maxNodes
	for _, p := range split(string(data)) {
		if len(p.text) > MaxDocument {
			return nil, fmt.Errorf("line %d: one document of more than %d bytes: give it in parts", p.line+1, MaxDocument)
		}
		r := &yamlReader{first: p.line, left: left, anchors: map[string]ast.Node{}, active: map[ast.Node]bool{}}
		more, err := r.documents(p.text)
		if err != nil {
			return nil, err
		}
		docs, left = append(docs, more...), r.left
	}
	return docs, nil
}

// piece is a document, and the number of lines before it.
type piece struct {
	text string
	line int
}

// split splits at lines of ---; nothing else has these at the left margin.
func split(text string) (out []piece) {
	start, line, at := 0, 0, 0
	for one := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(one, "---"); found && strings.TrimSpace(rest) == "" {
			out = append(out, piece{text[start:at], line - strings.Count(text[start:at], "\n")})
			start = at + len(one)
			line++
			at += len(one)
			continue
		}
		line++
		at += len(one)
	}
	return append(out, piece{text[start:], line - strings.Count(text[start:], "\n") - unended(text[start:])})
}

// unended gives 1 for a text whose last line has no line feed.
func unended(text string) int {
	if text != "" && !strings.HasSuffix(text, "\n") {
		return 1
	}
	return 0
}

type yamlReader struct {
	first   int
	left    int
	anchors map[string]ast.Node
	active  map[ast.Node]bool
}

func (r *yamlReader) documents(text string) ([]*Node, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if line := bracketed(text); line > 0 {
		return nil, fmt.Errorf("line %d: nested more than %d deep", r.first+line, maxDepth)
	}
	tokens := yamlkeys.Tokens(text)
	if line, what := tooMuch(tokens); what != "" {
		return nil, fmt.Errorf("line %d: %s", r.first+line, what)
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, r.problem(err)
	}
	var docs []*Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		n, err := r.node(d.Body, 0)
		if err != nil {
			return nil, err
		}
		if err := single(n); err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
	return docs, nil
}

// single gives an error for a document with a key twice, as when files without a last line feed are
// put together: one of the two would be lost without a word.
func single(d *Node) error {
	seen := make(map[string]bool, len(d.Keys))
	for i, key := range d.Keys {
		if seen[key] {
			return fmt.Errorf("line %d: the document has a second %q, so one of them would be lost: is a line of --- missing above it?", d.Values[i].Line, key)
		}
		seen[key] = true
	}
	return nil
}

func (r *yamlReader) problem(err error) error {
	if ye, ok := errors.AsType[yaml.Error](err); ok {
		if t := ye.GetToken(); t != nil && t.Position != nil {
			return fmt.Errorf("this is not YAML (line %d): %s", r.first+t.Position.Line, ye.GetMessage())
		}
		return fmt.Errorf("this is not YAML: %s", ye.GetMessage())
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return fmt.Errorf("this is not YAML: %s", line)
}

// bracketed gives the line on which far more brackets open than may nest, or 0: the lexer's time
// grows with the square of their number.
func bracketed(text string) int {
	depth, line := 0, 1
	for i := range len(text) {
		switch text[i] {
		case '\n':
			depth, line = 0, line+1
		case '[', '{':
			if depth++; depth > 10*maxDepth {
				return line
			}
		case ']', '}':
			depth--
		}
	}
	return 0
}

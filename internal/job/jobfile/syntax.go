package jobfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// maxNesting is how deep a file may nest, as yamlkeys.Nesting counts it. A jobs file needs six.
const maxNesting = 100

// syntaxTree reads the YAML of a file whose size has been checked.
func syntaxTree(data []byte) (*ast.File, *Problem) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	if p := unreadable(text); p != nil {
		return nil, p
	}
	tokens := yamlkeys.Tokens(text)
	if p := tooNested(tokens); p != nil {
		return nil, p
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := syntaxProblem(err)
		if likely := meant(text, p.Line); likely != nil {
			p = *likely
		}
		return nil, &p
	}
	return file, nil
}

// unreadable finds what no text file has: NUL, and bytes that are not UTF-8, which JSON could
// not carry unchanged.
func unreadable(text string) *Problem {
	i := strings.IndexByte(text, 0)
	what := "a NUL character: this is not a text file"
	if !utf8.ValidString(text) {
		for at, r := range text {
			if _, width := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && width == 1 {
				i, what = at, "a byte that is not UTF-8: save the file as UTF-8"
				break
			}
		}
	}
	if i < 0 {
		return nil
	}
	before := text[:i]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return &Problem{Line: line, Column: column, Message: what}
}

// maxKeys is the most keys that a mapping without braces may have. The parser's time grows with
// the square of their number.
const maxKeys = 1000

// tooNested refuses files that would keep the parser busy or overflow its stack.
func tooNested(tokens token.Tokens) *Problem {
	var nesting yamlkeys.Nesting
	var keys yamlkeys.Open
	for _, t := range tokens {
		at := Problem{Line: t.Position.Line, Column: t.Position.Column}
		switch {
		case nesting.Count(t) > maxNesting:
			at.Message = fmt.Sprintf("nested more than %d deep", maxNesting)
			return &at
		case nesting.Block() && keys.Count(t) > maxKeys:
			at.Message = fmt.Sprintf("more than %d keys in one mapping: jobs are a list in a jobs file, and no job needs that many variables", maxKeys)
			return &at
		}
	}
	return nil
}

func syntaxProblem(err error) Problem {
	ye, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return Problem{Message: "this is not YAML: " + firstLine(err.Error())}
	}
	// Its Error prints the lines around, in a time that grows with the square of their tokens.
	p := Problem{Message: "this is not YAML: " + ye.GetMessage()}
	if t := ye.GetToken(); t != nil && t.Position != nil {
		p.Line, p.Column = t.Position.Line, t.Position.Column
	}
	return p
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

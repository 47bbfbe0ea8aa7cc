package yamlkeys

import "github.com/goccy/go-yaml/token"

// Nesting counts what makes the parser recurse: open braces and brackets, and the indicators that follow
// each other, in a line or, between braces and brackets, up to the next comma. The parser's time grows
// with the square of both.
type Nesting struct {
	flow, line, indicators int
}

// unclosed is how many indicators between braces and brackets count as one. What follows a brace that
// nobody closed has no commas either, and there the parser says what is wrong.
const unclosed = 50

// Count takes the next token. It gives how deep the parser may go there.
func (n *Nesting) Count(t *token.Token) int {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		n.flow++
	case token.SequenceEndType, token.MappingEndType:
		n.flow = max(0, n.flow-1)
	case token.CollectEntryType:
		n.indicators = 0
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.AnchorType, token.AliasType, token.TagType:
		if n.flow == 0 && t.Position.Line != n.line {
			n.line, n.indicators = t.Position.Line, 0
		}
		n.indicators++
	}
	if n.flow > 0 {
		return max(n.flow, n.indicators/unclosed)
	}
	return n.indicators
}

// Block reports whether the token stood outside of braces and brackets, or closed them.
func (n *Nesting) Block() bool { return n.flow == 0 }

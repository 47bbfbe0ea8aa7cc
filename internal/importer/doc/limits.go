package doc

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// limits counts what would keep the parser busy, whose time grows with the square
// of it, or overflow its stack.
type limits struct {
	flow, line, indicators, anchors int
	mappings                        []mapping // the open block mappings
}

// mapping is a block mapping: where its keys stand, and how many came.
type mapping struct{ column, keys int }

// tooMuch finds the first token past a limit, and says which.
func tooMuch(tokens token.Tokens) (line int, what string) {
	var l limits
	for _, t := range tokens {
		l.count(t)
		switch {
		case l.flow > maxDepth || l.flow == 0 && l.indicators > maxDepth:
			what = fmt.Sprintf("nested more than %d deep", maxDepth)
		case l.anchors > maxAnchors:
			what = fmt.Sprintf("more than %d anchors and aliases", maxAnchors)
		case len(l.mappings) > maxDepth:
			what = fmt.Sprintf("nested more than %d deep", maxDepth)
		case len(l.mappings) > 0 && l.mappings[len(l.mappings)-1].keys > maxKeys:
			what = fmt.Sprintf("more than %d keys in one mapping", maxKeys)
		}
		if what != "" {
			return t.Position.Line, what
		}
	}
	return 0, ""
}

func (l *limits) count(t *token.Token) {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		l.flow++
	case token.SequenceEndType, token.MappingEndType:
		l.flow = max(0, l.flow-1)
	case token.AnchorType, token.AliasType, token.MappingKeyType:
		l.anchors++
		l.indicator(t)
	case token.TagType:
		l.indicator(t)
	case token.SequenceEntryType:
		l.indicator(t)
		l.entry(t)
	case token.MappingValueType:
		l.indicator(t)
		l.key(t)
	}
}

func (l *limits) indicator(t *token.Token) {
	if t.Position.Line != l.line {
		l.line, l.indicators = t.Position.Line, 0
	}
	l.indicators++
}

// entry closes the mappings of the item before.
func (l *limits) entry(t *token.Token) {
	if l.flow == 0 {
		l.close(t.Position.Column)
	}
}

func (l *limits) close(column int) {
	for len(l.mappings) > 0 && l.mappings[len(l.mappings)-1].column > column {
		l.mappings = l.mappings[:len(l.mappings)-1]
	}
}

// key counts a key of a block mapping, by the token before the colon.
func (l *limits) key(t *token.Token) {
	if l.flow > 0 || t.Prev == nil {
		return
	}
	column := t.Prev.Position.Column
	l.close(column)
	if n := len(l.mappings); n == 0 || l.mappings[n-1].column < column {
		l.mappings = append(l.mappings, mapping{column: column})
	}
	l.mappings[len(l.mappings)-1].keys++
}

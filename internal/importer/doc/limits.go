package doc

import (
	"fmt"

	"github.com/goccy/go-yaml/token"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// limits counts what could overflow the parser's stack or keep it busy: its time grows with the
// square of these numbers.
type limits struct {
	flow, line, indicators, anchors int
	mappings                        yamlkeys.Open
	keys                            int // of the mapping that contains a token, at a key's colon
}

// tooMuch finds the first token past a limit, and says which limit.
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
		case l.keys > maxKeys:
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
	case token.TagType, token.SequenceEntryType, token.MappingValueType:
		l.indicator(t)
	}
	if l.flow == 0 {
		l.keys = l.mappings.Count(t)
	}
}

func (l *limits) indicator(t *token.Token) {
	if t.Position.Line != l.line {
		l.line, l.indicators = t.Position.Line, 0
	}
	l.indicators++
}

package doc

import (
	"fmt"

	"github.com/goccy/go-yaml/token"

	"github.com/batchplane/batchplane/internal/yamlkeys"
)

// limits counts what could overflow the parser's stack or keep it busy: its time grows with the
// square of these numbers.
type limits struct {
	nesting        yamlkeys.Nesting
	depth, anchors int
	mappings       yamlkeys.Open
	keys           int // of the mapping that contains a token, at a key's colon
}

// tooMuch finds the first token past a limit, and says which limit.
func tooMuch(tokens token.Tokens) (line int, what string) {
	var l limits
	for _, t := range tokens {
		l.count(t)
		switch {
		case l.depth > maxDepth:
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
	case token.AnchorType, token.AliasType, token.MappingKeyType:
		l.anchors++
	}
	l.depth = l.nesting.Count(t)
	if l.nesting.Block() {
		l.keys = l.mappings.Count(t)
	}
}

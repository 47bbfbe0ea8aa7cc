// Package yamlkeys stands between the lexer and the parser of YAML, for all who read it. It joins
// what the lexer cuts, and counts how deep a text nests and the keys of block mappings before the parser
// sees them: its time grows with their square.
package yamlkeys

import "github.com/goccy/go-yaml/token"

// Open are the block mappings around a token: in which column the keys of each stand,
// and how many came.
type Open []struct{ column, keys int }

// Count takes the next token that stands outside of braces and brackets. It gives how
// many keys the token's mapping has by now; 0 where it is no key's colon.
func (o *Open) Count(t *token.Token) int {
	switch {
	case t.Type == token.SequenceEntryType:
		o.close(t.Position.Column) // the item before
	case t.Type == token.MappingValueType && t.Prev != nil:
		column := t.Prev.Position.Column
		o.close(column)
		if n := len(*o); n == 0 || (*o)[n-1].column < column {
			*o = append(*o, struct{ column, keys int }{column: column})
		}
		innermost := &(*o)[len(*o)-1]
		innermost.keys++
		return innermost.keys
	}
	return 0
}

// close leaves the mappings whose keys stand further to the right.
func (o *Open) close(column int) {
	for n := len(*o); n > 0 && (*o)[n-1].column > column; n-- {
		*o = (*o)[:n-1]
	}
}

package yamlkeys

import "github.com/goccy/go-yaml/token"

// filled gives the tokens with a null behind each tag that has no value.
func filled(tokens token.Tokens) token.Tokens {
	var out token.Tokens
	for i, t := range tokens {
		out.Add(t)
		if t.Type == token.TagType && empty(tokens, i) {
			at := *t.Position
			at.Column += len(t.Value)
			at.Offset += len(t.Value)
			out.Add(token.New("null", "null", &at))
		}
	}
	return out
}

// empty reports whether what follows a tag belongs to something around it.
func empty(tokens token.Tokens, tag int) bool {
	next := tag + 1
	for next < len(tokens) && tokens[next].Type == token.CommentType {
		next++
	}
	if next == len(tokens) {
		return true
	}
	switch n := tokens[next]; n.Type {
	case token.CollectEntryType, token.SequenceEndType, token.MappingEndType, token.DocumentEndType, token.DocumentHeaderType:
		return true
	default:
		return n.Position.Line > tokens[tag].Position.Line && outside(tokens[:tag], n)
	}
}

// outside reports whether a token below a line stands no further to the right than the entry or key
// with which the line ends.
func outside(line token.Tokens, below *token.Token) bool {
	last := len(line) - 1
	switch column := below.Position.Column; {
	case last >= 0 && line[last].Type == token.SequenceEntryType:
		return column <= line[last].Position.Column
	case last > 0 && line[last].Type == token.MappingValueType:
		key := line[last-1].Position.Column // a list may begin below its key
		return column < key || column == key && below.Type != token.SequenceEntryType
	}
	return false
}

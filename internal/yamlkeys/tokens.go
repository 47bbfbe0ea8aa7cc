package yamlkeys

import (
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Tokens gives the tokens of a text. Between braces, the library's lexer takes a colon with no blank
// behind it for the end of a key, also in { Value: !Ref AWS::Region } and { command: [rake, db:migrate] }.
// In YAML it ends no plain scalar (https://yaml.org/spec/1.2.2/#733-plain-style), so what it cuts is joined
// again, except where a key can stand.
func Tokens(text string) token.Tokens {
	in := lexer.Tokenize(text)
	out := make(token.Tokens, 0, len(in))
	var open []token.Type
	for i := 0; i < len(in); i++ {
		t := in[i]
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, t.Type)
		case token.MappingEndType, token.SequenceEndType:
			open = open[:max(0, len(open)-1)]
		}
		if len(open) > 0 && i+2 < len(in) && cut(t, in[i+1], in[i+2]) && !atKey(out, open[len(open)-1]) {
			t = token.New(t.Value+":"+in[i+2].Value, t.Origin+":"+in[i+2].Origin, t.Position)
			i += 2
		}
		out.Add(t)
	}
	return out
}

// cut reports whether three tokens are one plain scalar with a colon in it.
func cut(left, colon, right *token.Token) bool {
	return colon.Type == token.MappingValueType && plain(left) && plain(right) &&
		right.Position.Line == colon.Position.Line && right.Position.Column == colon.Position.Column+1
}

// plain reports whether a token is a scalar without quotes.
func plain(t *token.Token) bool {
	return t.Indicator == token.NotIndicator && t.CharacterType == token.CharacterTypeMiscellaneous
}

// atKey reports whether a key can stand behind these tokens. innermost is the bracket around them.
func atKey(before token.Tokens, innermost token.Type) bool {
	last := before[len(before)-1].Type
	return innermost == token.MappingStartType && (last == token.MappingStartType || last == token.CollectEntryType)
}

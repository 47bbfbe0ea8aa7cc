package yamlkeys

import (
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// hidden stands for a colon that ends no word while the lexer reads, and maxPasses bounds how often
// it reads: behind a word that it cut, it may have read on wrongly.
const (
	hidden    = "\ue000"
	maxPasses = 3
)

var breaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Tokens gives the tokens of a text. Between braces, the library's lexer takes a colon with no blank
// behind it for the end of a key, also in { Value: !Ref AWS::Region }, { Fn::Sub: x } and
// { command: [rake, db:migrate] }. In YAML it ends no plain scalar
// (https://yaml.org/spec/1.2.2/#733-plain-style). A key and its value without a blank, {a:1}, stay two
// words as before. A tag with nothing behind it, [0, !GetAZs ], gets a null, which it stands for
// (https://yaml.org/spec/1.2.2/#72-empty-nodes); the parser takes what follows for its value.
func Tokens(text string) token.Tokens { return filled(tokens(text)) }

func tokens(text string) token.Tokens {
	text = breaks.Replace(text) // the lexer miscounts lines that end otherwise
	tokens := lexer.Tokenize(text)
	if strings.Contains(text, hidden) {
		return tokens
	}
	var lines []string
	for range maxPasses {
		words := cuts(tokens)
		if len(words) == 0 {
			break
		}
		if lines == nil {
			lines = strings.SplitAfter(text, "\n")
		}
		for line, pairs := range words {
			if line <= len(lines) {
				lines[line-1] = strings.NewReplacer(pairs...).Replace(lines[line-1])
			}
		}
		tokens = lexer.Tokenize(strings.Join(lines, ""))
	}
	if lines == nil {
		return tokens
	}
	for _, t := range tokens {
		t.Value, t.Origin = strings.ReplaceAll(t.Value, hidden, ":"), strings.ReplaceAll(t.Origin, hidden, ":")
	}
	return tokens
}

// cuts finds the words that the lexer cut at a colon, by their line, each with what hides it.
func cuts(tokens token.Tokens) map[int][]string {
	out := map[int][]string{}
	var open []token.Type // the brackets around a token
	for i, t := range tokens {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			open = append(open, t.Type)
		case token.MappingEndType, token.SequenceEndType:
			open = open[:max(0, len(open)-1)]
		case token.MappingValueType:
			if len(open) == 0 || i < 2 || i+1 == len(tokens) {
				continue
			}
			before := tokens[i-2].Type
			if word := cut(tokens[i-1], tokens[i+1], open[len(open)-1] == token.MappingStartType && (before == token.MappingStartType || before == token.CollectEntryType)); word != "" {
				out[t.Position.Line] = append(out[t.Position.Line], word, strings.ReplaceAll(word, ":", hidden))
			}
		}
	}
	return out
}

// cut gives the word of which these are the parts before and behind a colon, or "". A key is one only
// if another colon ends it.
func cut(left, right *token.Token, key bool) string {
	if !plain(left) || !plain(right) || !strings.HasPrefix(right.Origin, right.Value[:1]) {
		return ""
	}
	rest, _, ends := strings.Cut(right.Value+" ", ": ")
	if key && !ends {
		return ""
	}
	rest, _, _ = strings.Cut(rest, " ")
	return left.Value + ":" + rest
}

// plain reports whether a token is a scalar without quotes.
func plain(t *token.Token) bool {
	return t.Indicator == token.NotIndicator && t.CharacterType == token.CharacterTypeMiscellaneous && t.Value != ""
}

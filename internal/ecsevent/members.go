package ecsevent

import (
	"bytes"
	"encoding/json"
	"iter"
)

// members yields the members of an object, each with its key as written, or those of an array,
// without keys. raw must be valid JSON: a document is validated once as a whole, not again for
// every object in it.
func members(raw json.RawMessage) iter.Seq2[json.RawMessage, json.RawMessage] {
	return func(yield func(key, value json.RawMessage) bool) {
		keys := raw[0] == '{'
		for i := skipBlanks(raw, 1); raw[i] != '}' && raw[i] != ']'; {
			var key json.RawMessage
			if keys {
				end := skipString(raw, i)
				key, i = raw[i:end], skipBlanks(raw, end)
				i = skipBlanks(raw, i+1) // the colon
			}
			end := skipValue(raw, i)
			if !yield(key, raw[i:end]) {
				return
			}
			if i = skipBlanks(raw, end); raw[i] == ',' {
				i = skipBlanks(raw, i+1)
			}
		}
	}
}

func skipBlanks(raw []byte, i int) int {
	for raw[i] == ' ' || raw[i] == '\t' || raw[i] == '\n' || raw[i] == '\r' {
		i++
	}
	return i
}

// skipString returns the index after the string that begins at i.
func skipString(raw []byte, i int) int {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the index after the value that begins at i.
func skipValue(raw []byte, i int) int {
	for depth := 0; ; {
		switch raw[i] {
		case '"':
			i = skipString(raw, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
		default: // a number or a word
			for i < len(raw) && bytes.IndexByte(endsWord, raw[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

var endsWord = []byte(",]} \t\n\r")

// unquoted returns the value of a JSON string; ok is false for other values.
func unquoted(raw json.RawMessage) (s string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; plain(inner) {
		return string(inner), true
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// plain reports whether a string's value is exactly what is written.
func plain(inner []byte) bool {
	for _, c := range inner {
		if c == '\\' || c >= 0x80 { // an escape, or bytes that may not be UTF-8
			return false
		}
	}
	return true
}

// name returns the value of a key.
func name(key json.RawMessage) []byte {
	inner := key[1 : len(key)-1]
	if plain(inner) {
		return inner
	}
	s, _ := unquoted(key)
	return []byte(s)
}

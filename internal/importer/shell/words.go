package shell

import (
	"errors"
	"fmt"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// bounded refuses lines that the parser should not read.
func bounded(line string) error {
	if len(line) > MaxLine {
		return fmt.Errorf("it has %d bytes, and at most %d are read", len(line), MaxLine)
	}
	if strings.IndexByte(line, 0) >= 0 {
		return errors.New("it holds a NUL character")
	}
	depth, deepest := 0, 0
	for i := range len(line) {
		switch line[i] {
		case '(', '{', '`', '[':
			depth++
		case ')', '}', ']':
			depth = max(0, depth-1)
		}
		deepest = max(deepest, depth)
	}
	if deepest > MaxDepth {
		return fmt.Errorf("it nests more than %d deep", MaxDepth)
	}
	return nil
}

// plain gives the parser's sentence without its position.
func plain(err error) error {
	var bad syntax.ParseError
	var odd syntax.LangError
	switch {
	case errors.As(err, &bad):
		return errors.New(bad.Text)
	case errors.As(err, &odd):
		return fmt.Errorf("%s is not of this shell", odd.Feature)
	}
	return err
}

// Unquote removes simple quotes from a word.
func Unquote(word string) string {
	if n := len(word); n >= 2 && (word[0] == '"' || word[0] == '\'') && word[n-1] == word[0] && strings.Count(word, word[:1]) == 2 {
		return word[1 : n-1]
	}
	return word
}

// Literal gives what a word means to the program that gets it: without quotes and escapes. ok is
// false if that is not certain, because the shell expands something.
func Literal(word string) (text string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		switch c := word[i]; c {
		case '\'':
			end := strings.IndexByte(word[i+1:], '\'')
			if end < 0 || i > 0 && word[i-1] == '$' {
				return "", false
			}
			b.WriteString(word[i+1 : i+1+end])
			i += end + 1
		case '"':
			n, fine := doubled(&b, word[i+1:])
			if !fine {
				return "", false
			}
			i += n
		case '\\':
			if i++; i < len(word) {
				b.WriteByte(word[i])
			}
		case '$', '`', '*', '?', '[', '~', '{', '(':
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// doubled reads the text in double quotes, including the closing quote.
func doubled(b *strings.Builder, text string) (n int, ok bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, true
		case c == '$' || c == '`':
			return i, false
		case c == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\\n", text[i+1]) >= 0:
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return len(text), false
}

// Quote makes one word of a text.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Base gives a path without its folders.
func Base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// IsAssignment reports whether a word is NAME=value.
func IsAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && IsName(name)
}

// IsName reports whether a shell variable can have this name.
func IsName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

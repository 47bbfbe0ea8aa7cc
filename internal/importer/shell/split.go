package shell

import (
	"errors"
	"strings"
)

var errOpen = errors.New("a quote or a \\ is not closed")

// Split splits text into words as github.com/google/shlex does. Quotes and \\ keep blanks together
// and are removed. A # at the beginning of a word starts a comment. Everything else, including $,
// && and |, is text.
func Split(text string) (words []string, err error) {
	s := splitting{rest: text}
	for s.skip(); s.rest != ""; s.skip() {
		word, err := s.word()
		if err != nil {
			return nil, err
		}
		words = append(words, word)
	}
	return words, nil
}

type splitting struct{ rest string }

// skip skips blanks and comments.
func (s *splitting) skip() {
	for {
		s.rest = strings.TrimLeft(s.rest, blanks)
		if !strings.HasPrefix(s.rest, "#") {
			return
		}
		_, s.rest, _ = strings.Cut(s.rest, "\n")
	}
}

const blanks = " \t\r\n"

func (s *splitting) word() (string, error) {
	var b strings.Builder
	for s.rest != "" {
		c := s.next()
		switch {
		case strings.IndexByte(blanks, c) >= 0:
			return b.String(), nil
		case c == '"' || c == '\'':
			if err := s.quoted(&b, c); err != nil {
				return "", err
			}
		case c == '\\':
			if s.rest == "" {
				return "", errOpen
			}
			b.WriteByte(s.next())
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

// quoted reads up to the closing quote. In double quotes a backslash escapes.
func (s *splitting) quoted(b *strings.Builder, quote byte) error {
	for s.rest != "" {
		c := s.next()
		switch {
		case c == quote:
			return nil
		case c == '\\' && quote == '"' && s.rest != "":
			b.WriteByte(s.next())
		default:
			b.WriteByte(c)
		}
	}
	return errOpen
}

// next takes one byte of the rest, which must not be empty.
func (s *splitting) next() byte {
	c := s.rest[0]
	s.rest = s.rest[1:]
	return c
}

package importer

import (
	"regexp"
	"strings"
)

// token is a piece of a shell line that stands outside of quotes, parentheses
// and substitutions: a word, an operator between commands, or a redirection with
// its target.
type token struct {
	kind       tokenKind
	start, end int
	text       string
	// target is the file of a redirection.
	target string
}

type tokenKind uint8

const (
	wordToken tokenKind = iota
	operatorToken
	redirectToken
)

var operatorForm = regexp.MustCompile(`^(?:;;|\|\||&&|\|&|[;|&\n])`)

// lex splits a line at its top level; ok is false where quotes or parentheses do
// not close.
func lex(line string) (tokens []token, ok bool) {
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			return tokens, true
		case redirectLength(line[i:]) > 0:
			t, fine := redirect(line, i)
			if !fine {
				return tokens, false
			}
			tokens = append(tokens, t)
			i = t.end
		case strings.IndexByte(";|&\n", c) >= 0:
			n := len(operatorForm.FindString(line[i:]))
			tokens = append(tokens, token{kind: operatorToken, start: i, end: i + n, text: line[i : i+n]})
			i += n
		default:
			end, fine := wordEnd(line, i)
			if !fine || end == i {
				return tokens, false
			}
			tokens = append(tokens, token{start: i, end: end, text: line[i:end]})
			i = end
		}
	}
	return tokens, true
}

var redirectForm = regexp.MustCompile(`^(?:&>>?|[0-9]?(?:>>|>&|>\||>|<<<|<<|<&|<>|<))`)

// redirectLength is the length of a redirection's sign at the start of s, 0 if
// there is none.
func redirectLength(s string) int {
	n := len(redirectForm.FindString(s))
	if n < len(s) && n == 1 && s[1] == '(' {
		return 0 // a substitution of a process
	}
	return n
}

func redirect(line string, start int) (token, bool) {
	i := start + redirectLength(line[start:])
	sign := line[start:i]
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	end, ok := wordEnd(line, i)
	return token{kind: redirectToken, start: start, end: end, text: sign, target: unquote(line[i:end])}, ok && end > i
}

// wordEnd finds the end of the word at i.
func wordEnd(line string, i int) (end int, ok bool) {
	for i < len(line) {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n', ';', '|', '&', '<', '>':
			return i, true
		case '\\':
			i += 2
		case '\'', '"', '`', '(', '{':
			n, ok := quoted(line, i)
			if !ok {
				return n, false
			}
			i = n
		case ')':
			return i, false
		default:
			i++
		}
	}
	return min(i, len(line)), i <= len(line)
}

// quoted finds the end of what opens at i in a word. A { opens only behind a $,
// and a $ before a ' makes bash's own quotes, which have escapes.
func quoted(line string, i int) (end int, ok bool) {
	dollar := i > 0 && line[i-1] == '$'
	switch {
	case line[i] == '{' && !dollar:
		return i + 1, true
	case line[i] == '\'' && dollar:
		return i, false
	}
	return group(line, i)
}

var closing = map[byte]byte{'\'': '\'', '"': '"', '`': '`', '(': ')', '{': '}'}

// group finds the end of what opens at i.
func group(line string, i int) (end int, ok bool) {
	opened := line[i]
	want := closing[opened]
	for i++; i < len(line); {
		c := line[i]
		switch {
		case c == want:
			return i + 1, true
		case opened == '\'':
			i++
		case c == '\\':
			i += 2
		case opens(line, i, opened):
			n, closed := group(line, i)
			if !closed {
				return len(line), false
			}
			i = n
		default:
			i++
		}
	}
	return len(line), false
}

// opens is whether a group begins at i inside of another.
func opens(line string, i int, inside byte) bool {
	switch line[i] {
	case '`':
		return true
	case '"', '\'':
		return inside != '"'
	case '(':
		return inside != '"' || line[i-1] == '$'
	case '{':
		return line[i-1] == '$'
	}
	return false
}

// unquote takes simple quotes off a word.
func unquote(word string) string {
	if n := len(word); n >= 2 && (word[0] == '"' || word[0] == '\'') && word[n-1] == word[0] && strings.Count(word, word[:1]) == 2 {
		return word[1 : n-1]
	}
	return word
}

// quote makes one shell word of a text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// segment is one command of a list: its words, and the operator after it.
type segment struct {
	words      []token
	redirects  []token
	start, end int
	after      string
	afterEnd   int
}

func segments(tokens []token) (out []segment) {
	var s segment
	for _, t := range tokens {
		if s.words == nil && s.redirects == nil {
			s.start = t.start
		}
		switch t.kind {
		case operatorToken:
			s.after, s.afterEnd = t.text, t.end
			out = append(out, s)
			s = segment{}
			continue
		case redirectToken:
			s.redirects = append(s.redirects, t)
		default:
			s.words = append(s.words, t)
		}
		s.end = t.end
	}
	if s.words != nil || s.redirects != nil {
		s.afterEnd = s.end
		out = append(out, s)
	}
	return out
}

// command is the name of the program that a segment runs, without its folder.
func (s segment) command() string {
	for _, w := range s.words {
		if !isAssignment(w.text) {
			return base(unquote(w.text))
		}
	}
	return ""
}

func (s segment) text(line string) string { return line[s.start:max(s.start, s.end)] }

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && isName(name)
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

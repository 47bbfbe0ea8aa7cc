package ecsevent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// maxLiterals is how deeply a literal of Python may be nested.
const maxLiterals = 100

// Python converts the dict with which a text begins, or the list of dicts, to JSON: what boto3
// returned, as print and pprint show it. It returns what follows. ok is false if the text begins
// with anything else, or if the dict holds anything but literals and datetimes, which lose their
// time zone.
func Python(text []byte) (raw json.RawMessage, rest []byte, ok bool) {
	begin := bytes.TrimLeft(text, "[{ \t\r\n")
	p := python{text: text}
	if len(begin) == len(text) || len(begin) == 0 || begin[0] != '\'' || !p.value(0) {
		return nil, nil, false
	}
	return p.out, p.text, true
}

// python reads literals from text and writes them to out as JSON.
type python struct {
	text []byte
	out  json.RawMessage
}

// next skips blanks, and a word or mark if it follows.
func (p *python) next(word string) bool {
	p.text = bytes.TrimLeft(p.text, " \t\r\n")
	rest, ok := bytes.CutPrefix(p.text, []byte(word))
	p.text = rest
	return ok
}

func (p *python) value(depth int) bool {
	switch {
	case depth > maxLiterals:
		return false
	case p.next("{"):
		return p.items("{", "}", func() bool { return p.str() && p.colon() && p.value(depth+1) })
	case p.next("["):
		return p.items("[", "]", func() bool { return p.value(depth + 1) })
	case p.next("("): // pprint puts it around a string that it broke
		return p.value(depth+1) && p.next(")")
	case p.next("datetime.datetime("):
		return p.datetime()
	}
	return p.constant() || p.str() || p.number()
}

// constants are Python's words, and JSON's.
var constants = [][2]string{{"None", "null"}, {"True", "true"}, {"False", "false"}}

func (p *python) constant() bool {
	for _, c := range constants {
		if p.next(c[0]) {
			p.out = append(p.out, c[1]...)
			return true
		}
	}
	return false
}

// items reads what a list or a dict holds, each by item.
func (p *python) items(open, end string, item func() bool) bool {
	p.out = append(p.out, open...)
	for n := 0; !p.next(end); n++ {
		if n > 0 {
			if p.out = append(p.out, ','); !p.next(",") {
				return false
			}
		}
		if !item() {
			return false
		}
	}
	p.out = append(p.out, end...)
	return true
}

func (p *python) colon() bool {
	p.out = append(p.out, ':')
	return p.next(":")
}

// str reads a string, which pprint may have broken into several.
func (p *python) str() bool {
	var s strings.Builder
	found := false
	for p.next(""); len(p.text) > 0 && (p.text[0] == '\'' || p.text[0] == '"'); p.next("") {
		quote := p.text[:1]
		for p.text = p.text[1:]; !bytes.HasPrefix(p.text, quote); {
			if !p.char(&s) {
				return false
			}
		}
		p.text, found = p.text[1:], true
	}
	if found {
		quoted, _ := json.Marshal(s.String()) // a string always has a form in JSON
		p.out = append(p.out, quoted...)
	}
	return found
}

// mostBytes is the length of the longest escape, \UHHHHHHHH.
const mostBytes = 10

// char reads a character of a string. No line ends within one.
func (p *python) char(s *strings.Builder) bool {
	head := string(p.text[:min(len(p.text), mostBytes)])
	if strings.HasPrefix(head, `\'`) || strings.HasPrefix(head, `\"`) {
		s.WriteByte(head[1])
		p.text = p.text[2:]
		return true
	}
	c, _, tail, err := strconv.UnquoteChar(head, 0)
	if err != nil || head[0] == '\n' {
		return false
	}
	s.WriteRune(c)
	p.text = p.text[len(head)-len(tail):]
	return true
}

func (p *python) number() bool {
	n := len(p.text) - len(bytes.TrimLeft(p.text, "+-.0123456789eE"))
	if n == 0 || !json.Valid(p.text[:n]) {
		return false
	}
	p.out, p.text = append(p.out, p.text[:n]...), p.text[n:]
	return true
}

// datetime reads the arguments of a datetime: year, month, day, up to four more, and a time zone,
// which it passes over. With fewer it writes what is no time.
func (p *python) datetime() bool {
	args, depth := [7]int{}, 1
	end := bytes.IndexFunc(p.text, func(c rune) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		return depth == 0
	})
	if end < 0 {
		return false
	}
	for i, arg := range strings.SplitN(string(p.text[:end]), ",", len(args)+1) {
		n, err := strconv.Atoi(strings.TrimSpace(arg))
		if i == len(args) || err != nil {
			break
		}
		args[i] = n
	}
	p.text = p.text[end+1:]
	p.out = fmt.Appendf(p.out, `"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"`, args[0], args[1], args[2], args[3], args[4], args[5], args[6])
	return true
}

// mostBraces bounds how many braces of a text are tried.
const mostBraces = 8

// python opens a dict that Python printed, alone or behind other text, as in a line of a log.
func (f *finder) python(path, text string, n note) bool {
	for range mostBraces {
		_, after, found := strings.Cut(text, "{")
		if !found {
			break
		}
		if raw, _, ok := Python([]byte("{" + after)); ok {
			f.find(path, raw, n)
			return true
		}
		text = after
	}
	return false
}

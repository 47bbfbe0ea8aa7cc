package doc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/batchplane/batchplane/internal/lazyregexp"
)

// XML reads an XML file and gives its outermost element with its name. An element with others in it
// is a map of these, in their order, and may have a key several times; one with a text alone is that
// text. An attribute's key has an @ before it. An entity that the file defines is refused.
func XML(data []byte) (name string, root *Node, err error) {
	if len(data) > MaxBytes {
		return "", nil, fmt.Errorf("a file of more than %d bytes", MaxBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return "", nil, errors.New("this is not a text file in UTF-8")
	}
	if bytes.HasPrefix(data, []byte("<?xml")) { // Go's decoder takes version 1.0 alone
		if before, after, ok := bytes.Cut(data, []byte("?>")); ok {
			data = after
			if bytes.Contains(before, []byte("1.1")) {
				data = references().ReplaceAllFunc(data, mark)
			}
		}
	}
	r := &xmlReader{d: xml.NewDecoder(bytes.NewReader(data)), left: maxNodes}
	for {
		t, err := r.next()
		if err != nil {
			return "", nil, err
		}
		if start, ok := t.(xml.StartElement); ok {
			root, err := r.element(start, 0)
			return start.Name.Local, root, err
		}
	}
}

// references matches what may refer to a control character, which version 1.1 has more of
// (https://www.w3.org/TR/xml11/#charsets), and what holds no references.
var references = lazyregexp.New(`(?s)<!\[CDATA\[.*?(?:\]\]>|\z)|&#(?:[0-9]{1,4}|x[0-9a-fA-F]{1,4});`)

// marks are 32 characters that no text has (https://www.unicode.org/faq/private_use.html#nonchar4), one for
// each control character while Go's decoder reads.
const marks = 0xfdd0

func mark(found []byte) []byte {
	digits, base := strings.Trim(string(found), "&#;"), 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 8)
	if err != nil || n == 0 || n >= ' ' || n == '\t' || n == '\n' || n == '\r' {
		return found
	}
	return []byte(string(rune(marks + n)))
}

func unmarked(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= marks && r < marks+' ' {
			return r - marks
		}
		return r
	}, text)
}

type xmlReader struct {
	d    *xml.Decoder
	left int
}

func (r *xmlReader) next() (xml.Token, error) {
	t, err := r.d.Token()
	line, _ := r.d.InputPos()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("this is not XML: it holds no element")
	}
	if err != nil {
		return nil, fmt.Errorf("this is not XML (line %d): %w", line, err)
	}
	return t, nil
}

func (r *xmlReader) element(start xml.StartElement, depth int) (*Node, error) {
	line, _ := r.d.InputPos()
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested more than %d deep", line, maxDepth)
	}
	if r.left -= 1 + len(start.Attr); r.left < 0 {
		return nil, errTooMany
	}
	n := &Node{Kind: Map, Line: line}
	for _, a := range start.Attr {
		n.add("@"+a.Name.Local, &Node{Kind: Text, Line: line, Text: unmarked(a.Value)})
	}
	return n, r.inside(n, depth)
}

// inside reads up to the end of an element.
func (r *xmlReader) inside(n *Node, depth int) error {
	var text strings.Builder
	elements := 0
	for {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			elements++
			v, err := r.element(t, depth+1)
			if err != nil {
				return err
			}
			n.add(t.Name.Local, v)
		case xml.EndElement:
			if elements == 0 && strings.TrimSpace(text.String()) != "" {
				n.Kind, n.Text = Text, unmarked(text.String())
			}
			return nil
		}
	}
}

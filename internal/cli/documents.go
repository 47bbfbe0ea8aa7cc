package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"github.com/batchplane/batchplane/internal/ecsevent"
	"github.com/batchplane/batchplane/internal/yamlkeys"
)

const blanks = " \t\r\n"

// asUTF8 removes the byte order mark with which Windows begins a text, and decodes the UTF-16
// that PowerShell's > writes.
func asUTF8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		return data[3:]
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for data = data[2:]; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return []byte(string(utf16.Decode(units)))
}

// Bounds of what asJSON takes for YAML of the AWS CLI, which nests ten deep, has some dozens of keys in a
// mapping and repeats nothing by aliases. The parser takes gigabytes for some kilobytes of brackets, and a
// minute for a megabyte of keys.
const (
	maxYAML    = 4 << 20
	maxNesting = 100 // as yamlkeys.Nesting counts
	maxKeys    = 1000
)

// asJSON converts YAML, which the AWS CLI can print, to JSON if it contains a document. It
// returns anything else as it is.
func asJSON(data []byte) []byte {
	start := bytes.TrimLeft(data, blanks)
	if len(start) == 0 || bytes.IndexByte([]byte(`{["`), start[0]) >= 0 || !bytes.Contains(start, []byte(":")) || !plainYAML(start) {
		return data
	}
	if len(ecsevent.Printed(string(start))) > 0 { // with a colon after its name, YAML to a parser
		return data
	}
	converted, err := yaml.YAMLToJSON(data)
	if err != nil {
		return data
	}
	if docs, errs := ecsevent.ParseAll(converted); len(docs) == 0 || len(errs) > 0 {
		return data
	}
	return converted
}

// plainYAML reports whether a text is within the bounds of YAML.
func plainYAML(text []byte) bool {
	if len(text) > maxYAML {
		return false
	}
	var nesting yamlkeys.Nesting
	var keys yamlkeys.Open
	for _, t := range lexer.Tokenize(string(text)) {
		if t.Type == token.AliasType || nesting.Count(t) > maxNesting || nesting.Block() && keys.Count(t) > maxKeys {
			return false
		}
	}
	return true
}

// document returns the document that begins at at, where there must be no blank, where it begins
// on its line, and where to continue. What comes before it on its line, as in a log, is skipped.
// After text that is not JSON, the next document is on the next line that begins with one or
// contains a whole one, or that contains the begin of one if text came before this one.
func document(data []byte, at int) (raw json.RawMessage, skip, end int, err error) {
	rest := data[at:]
	skip = prefix(rest)
	dec := json.NewDecoder(bytes.NewReader(rest[skip:]))
	if err = dec.Decode(&raw); err == nil && (structured(raw) || endsLine(rest[skip+int(dec.InputOffset()):])) {
		return bytes.TrimSpace(raw), skip, at + skip + int(dec.InputOffset()), nil
	}
	if raw, tail, ok := ecsevent.Python(rest[skip:]); ok {
		return raw, skip, len(data) - len(tail), nil
	}
	switch {
	case err == nil:
		err = errors.New("not JSON: it is text")
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errCutOff
	default:
		err = fmt.Errorf("not JSON: %w", err)
	}
	if skip == 0 {
		err = seems(rest, err)
	}
	end = len(data)
	if next := nextDocument(rest, skip > 0); next >= 0 {
		end = at + next
	}
	return nil, skip, end, err
}

var errCutOff = errors.New("not JSON: it ends in the middle of a value: is it cut off?")

// structured reports whether JSON is no mere number or word, with which a line of text may begin.
func structured(raw json.RawMessage) bool { return bytes.IndexByte([]byte(`{["`), raw[0]) >= 0 }

// endsLine reports whether only blanks follow on a line.
func endsLine(rest []byte) bool {
	line, _, _ := bytes.Cut(rest, []byte{'\n'})
	return len(bytes.TrimSpace(line)) == 0
}

// others lists how other outputs begin that people may have of a task, and what to do about them.
var others = []struct{ begins, what string }{
	{"---", "a table of the AWS CLI: print it with --output json"},
	{"+--", "a table of the AWS CLI: print it with --output json"},
	{"TASKS\t", "text of the AWS CLI, which has no field names: print it with --output json"},
	{"CONTAINERS\t", "text of the AWS CLI, which has no field names: print it with --output json"},
	{"FAILURES\t", "text of the AWS CLI, which has no field names: print it with --output json"},
	{"{'", "an object as Python prints it, with more than literals: print it with json.dumps"},
	{"[{'", "an object as Python prints it, with more than literals: print it with json.dumps"},
	{"<", "HTML or XML"},
}

// seems says what a text that is not JSON seems to be.
func seems(rest []byte, err error) error {
	for _, o := range others {
		if bytes.HasPrefix(rest, []byte(o.begins)) {
			return fmt.Errorf("%w; it seems to be %s", err, o.what)
		}
	}
	if c := rest[0] | 0x20; c >= 'a' && c <= 'z' {
		return fmt.Errorf(`%w; write a bare reason as {"stoppedReason": "..."}`, err)
	}
	return err
}

// prefix returns how many bytes precede the document on the first line of rest: a time, a level,
// the name of a stream, a place in a program as in "{ecs.py:573}". It returns 0 if there is no such
// document.
func prefix(rest []byte) int {
	line, _, _ := bytes.Cut(rest, []byte{'\n'})
	brace := bytes.IndexByte(line, '{')
	switch {
	case brace <= 0, rest[0] == '"', rest[0] == '[' && bytes.IndexByte(line[:brace], ']') < 0:
		return 0
	}
	for brace > 0 && place(line[brace:]) {
		next := bytes.IndexByte(line[brace+1:], '{')
		if next < 0 {
			return 0
		}
		brace += 1 + next
	}
	return brace
}

// place reports whether a brace opens nothing but some words without quotes.
func place(line []byte) bool {
	end := bytes.IndexAny(line, "}\"'")
	return end >= 0 && line[end] == '}'
}

// nextDocument returns where the next line begins that begins with a document, or contains a whole
// one or, if prefixed, the begin of one, or -1 if there is none.
func nextDocument(rest []byte, prefixed bool) int {
	for at := bytes.IndexByte(rest, '\n'); at >= 0; {
		line := rest[at+1:]
		end := bytes.IndexByte(line, '\n')
		if end >= 0 {
			line = line[:end]
		}
		if bytes.HasPrefix(line, []byte{'{'}) {
			return at
		}
		if skip := prefix(line); skip > 0 && (prefixed || whole(line[skip:])) {
			return at
		}
		if end < 0 {
			break
		}
		at += 1 + end
	}
	return -1
}

// whole reports whether a line begins with a whole document, or with one that Python printed.
func whole(line []byte) bool {
	var raw json.RawMessage
	return bytes.HasPrefix(line, []byte("{'")) || json.NewDecoder(bytes.NewReader(line)).Decode(&raw) == nil
}

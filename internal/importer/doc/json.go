package doc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// isJSON reports whether a file begins as JSON does.
func isJSON(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

// jsonReader reads JSON and keeps track of lines.
type jsonReader struct {
	d    *json.Decoder
	data []byte
	at   int64 // lines are counted up to here
	line int
	left int
}

func parseJSON(data []byte) ([]*Node, error) {
	r := &jsonReader{d: json.NewDecoder(bytes.NewReader(data)), data: data, line: 1, left: maxNodes}
	r.d.UseNumber()
	var docs []*Node
	for {
		n, err := r.value(0)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

// here gives the line of what was read last.
func (r *jsonReader) here() int {
	to := r.d.InputOffset()
	r.line += bytes.Count(r.data[r.at:to], []byte("\n"))
	r.at = to
	return r.line
}

func (r *jsonReader) value(depth int) (*Node, error) {
	t, err := r.d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) && depth == 0 {
			return nil, io.EOF
		}
		return nil, fmt.Errorf("this is not JSON (line %d): %w", r.here(), err)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("line %d: nested more than %d deep", r.here(), maxDepth)
	}
	if r.left--; r.left < 0 {
		return nil, errTooMany
	}
	n := &Node{Line: r.here()}
	switch t := t.(type) {
	case json.Delim:
		return n, r.inside(n, t, depth)
	case string:
		n.Kind, n.Text = Text, t
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case bool:
		n.Kind, n.Text = Bool, strconv.FormatBool(t)
	}
	return n, nil
}

func (r *jsonReader) inside(n *Node, open json.Delim, depth int) error {
	n.Kind = List
	if open == '{' {
		n.Kind = Map
	}
	for r.d.More() {
		key := ""
		if n.Kind == Map {
			t, err := r.d.Token()
			if err != nil {
				return fmt.Errorf("this is not JSON (line %d): %w", r.here(), err)
			}
			key, _ = t.(string)
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if n.Kind == Map {
			n.add(key, v)
		} else {
			n.Items = append(n.Items, v)
		}
	}
	if _, err := r.d.Token(); err != nil {
		return fmt.Errorf("this is not JSON (line %d): %w", r.here(), err)
	}
	return nil
}

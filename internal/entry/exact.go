package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// Limits of the texts in a person's request, in characters. They are stored with the run, the job
// and the request, and a DynamoDB item holds 400 KB.
const (
	MaxRequestID = 256
	MaxBy        = 1024
	MaxReason    = 1000
	// maxMessageID is the longest id of a message (Amazon SQS developer guide, "Message ID").
	maxMessageID = 100
	// maxTime is enough for a time with a fraction and an offset.
	maxTime = 64
)

// names are the fields of people's requests.
var names = []string{
	"run", "retry", "stop", "pause", "resume", "skipNext", "kept", "redrive", "messages", "do", "args",
	"inputs", "same", "force", "attempts", "safety", "until", "reason", "reasonIn", "requestId", "by", "widgetContext",
}

// exact returns an error if a person's request can be read in two ways: encoding/json accepts a
// field in any case, and of a field that occurs twice sometimes the last and sometimes both. What
// is done must be what is kept of the request.
func exact(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	var open []map[string]bool // the fields of the objects around; nil for a list
	key := false               // reports whether the next token is a field's name
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err //nolint:wrapcheck // the caller says what was read
		}
		if name, ok := t.(string); ok && key {
			if err := field(name, open); err != nil {
				return err
			}
			key = false
			continue
		}
		switch t {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		key = len(open) > 0 && open[len(open)-1] != nil
	}
}

func field(name string, open []map[string]bool) error {
	in := open[len(open)-1]
	switch {
	case in[name]:
		return fmt.Errorf("the field %q comes twice", name)
	case len(open) == 1 && !slices.Contains(names, name):
		return fmt.Errorf("unknown field %q", name)
	}
	in[name] = true
	return nil
}

// short returns an error if a text of a request is longer than allowed.
func short(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("%s has %d characters; at most %d are allowed", field, n, most)
	}
	return nil
}

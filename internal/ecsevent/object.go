package ecsevent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object. Its keys are found in any case: events use camelCase, Step Functions
// PascalCase. The first wrong type is kept in err, which all objects of one document share.
type object struct {
	path   string
	fields []field
	err    *error
}

// field is a key of an object with its value, which is not null.
type field struct {
	key []byte
	raw json.RawMessage
}

func (o object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

func (o object) fail(key, want string) {
	if *o.err == nil {
		*o.err = fmt.Errorf("%s: want %s, it is %s", o.at(key), want, kindOf(o.raw(key)))
	}
}

// kindOf says of which kind a value is, and nothing of what it holds.
func kindOf(raw json.RawMessage) string {
	switch c := append(raw[:len(raw):len(raw)], ' ')[0]; {
	case empty(raw):
		return "absent"
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "true or false"
	}
	return "a number"
}

// notObject says what was found in place of an object. It uses the decoder's words only if raw is
// not JSON: for JSON they would name Go types.
func notObject(raw json.RawMessage, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is not JSON: %w", syntax)
	}
	return fmt.Errorf("it is %s", kindOf(raw))
}

// read fills an object from raw. Null and nothing make an empty object; anything else that is not
// an object is an error.
func read(path string, raw json.RawMessage, err *error) object {
	if !empty(raw) && !json.Valid(raw) {
		var m map[string]json.RawMessage
		if e := json.Unmarshal(raw, &m); *err == nil {
			*err = fmt.Errorf("%s: want an object, %w", orDocument(path), notObject(raw, e))
		}
		raw = nil
	}
	return open(path, raw, err)
}

// open is like read, for a value that is known to be JSON.
func open(path string, raw json.RawMessage, err *error) object {
	o := object{path: path, err: err}
	raw = bytes.TrimSpace(raw)
	if empty(raw) {
		return o
	}
	if raw[0] != '{' {
		if *err == nil {
			*err = fmt.Errorf("%s: want an object, it is %s", orDocument(path), kindOf(raw))
		}
		return o
	}
	o.fields = make([]field, 0, min(len(raw)/perField, mostFields))
	for key, value := range members(raw) {
		o.add(unspaced(name(key)), value)
	}
	o.fields = slices.DeleteFunc(o.fields, func(f field) bool { return empty(f.raw) })
	return o
}

// A field of ECS takes about perField bytes, and few of its objects have more than mostFields.
const perField, mostFields = 24, 32

// add adds a field. As in encoding/json, the last field with the same key counts.
func (o *object) add(key []byte, raw json.RawMessage) {
	for i := range o.fields {
		f := &o.fields[i]
		switch {
		case !same(f.key, key):
		case bytes.Equal(f.key, key):
			f.raw = raw
			return
		case !empty(f.raw) && !empty(raw):
			*o.err = fmt.Errorf("%s: want this key once, it is given twice in different case", o.at(strings.ToLower(string(key))))
		}
	}
	o.fields = append(o.fields, field{key, raw})
}

// unspaced removes the underscores of a snake_case key, so that it matches the camelCase one. A
// leading underscore is part of the key, as in __type.
func unspaced(key []byte) []byte {
	if bytes.IndexByte(key, '_') > 0 {
		return bytes.ReplaceAll(key, []byte("_"), nil)
	}
	return key
}

// same reports whether two keys are equal apart from case. Known keys are ASCII.
func same[S string | []byte](a []byte, b S) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (a[i]|0x20 != b[i]|0x20 || a[i]|0x20 < 'a' || a[i]|0x20 > 'z') {
			return false
		}
	}
	return true
}

func orDocument(path string) string {
	if path == "" {
		return "document"
	}
	return path
}

func empty(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// hasAll reports whether all of the keys are present and not null.
func (o object) hasAll(keys []string) bool {
	for _, k := range keys {
		if !o.has(k) {
			return false
		}
	}
	return true
}

// has reports whether any of the keys is present and not null.
func (o object) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return o.raw(k) != nil })
}

// keys names up to five keys, in alphabetical order.
func (o object) keys() string {
	if len(o.fields) == 0 {
		return "nothing"
	}
	var keys []string
	for _, f := range o.fields {
		keys = append(keys, strings.ToLower(string(f.key)))
	}
	slices.Sort(keys)
	if len(keys) > 5 {
		keys = append(keys[:5], "more")
	}
	return fmt.Sprintf("%.200q", keys)
}

func (o object) raw(key string) json.RawMessage {
	for i := range o.fields {
		if same(o.fields[i].key, key) {
			return o.fields[i].raw
		}
	}
	return nil
}

func (o object) object(key string) object { return open(o.at(key), o.raw(key), o.err) }

// items returns the elements of an array.
func (o object) items(key string) (items []json.RawMessage) {
	raw := o.raw(key)
	switch {
	case raw == nil:
	case raw[0] != '[':
		o.fail(key, "an array")
	default:
		for _, item := range members(raw) {
			items = append(items, item)
		}
	}
	return items
}

// list returns the objects of an array.
func (o object) list(key string) []object {
	items := o.items(key)
	list := make([]object, 0, len(items))
	for i, item := range items {
		path := o.at(key) + "[" + strconv.Itoa(i) + "]"
		if empty(item) && *o.err == nil {
			*o.err = fmt.Errorf("%s: want an object, it is null", path)
		}
		list = append(list, open(path, item, o.err))
	}
	return list
}

// str returns a string, and whether it was present.
func (o object) str(key string) (string, bool) {
	raw := o.raw(key)
	if raw == nil {
		return "", false
	}
	s, ok := unquoted(raw)
	if !ok {
		o.fail(key, "a string")
	}
	return s, true
}

func (o object) text(key string) string {
	s, _ := o.str(key)
	return s
}

// status returns a status in upper case, as ECS spells it.
func (o object) status(key string) string { return strings.ToUpper(o.text(key)) }

func (o object) flag(key string, missing bool) bool {
	raw := o.raw(key)
	if raw == nil {
		return missing
	}
	b := missing
	if json.Unmarshal(raw, &b) != nil {
		o.fail(key, "true or false")
	}
	return b
}

// integer returns a 64-bit integer, or nil if it is absent. 137.0 counts as one too, and either
// may be text.
func (o object) integer(key string) *int64 {
	raw := o.raw(key)
	if raw == nil {
		return nil
	}
	number := string(raw)
	if s, ok := unquoted(raw); ok {
		number = s
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return &n
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		o.fail(key, "an integer")
		return nil
	}
	n := int64(f)
	return &n
}

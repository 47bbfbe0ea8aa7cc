package ecsevent

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object is a JSON object whose keys are found in any case: events use
// camelCase, Step Functions PascalCase. The first wrong type is kept in err,
// which all objects of one document share.
type object struct {
	path string
	m    map[string]json.RawMessage
	err  *error
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

// kindOf says what a value is, and nothing of what it holds.
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

// notObject says what stands where an object should, in the decoder's words only
// where it is no JSON: of JSON they would name types of Go.
func notObject(raw json.RawMessage, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is not JSON: %w", syntax)
	}
	return fmt.Errorf("it is %s", kindOf(raw))
}

// read fills an object from raw. Anything but an object is an error; null and
// nothing are an empty one.
func read(path string, raw json.RawMessage, err *error) object {
	o := object{path: path, m: map[string]json.RawMessage{}, err: err}
	if empty(raw) {
		return o
	}
	var m map[string]json.RawMessage
	if e := json.Unmarshal(raw, &m); e != nil {
		if *err == nil {
			*err = fmt.Errorf("%s: want an object, %w", orDocument(path), notObject(raw, e))
		}
		return o
	}
	for k, v := range m {
		k = strings.ToLower(k)
		if empty(v) {
			continue
		}
		if _, twice := o.m[k]; twice {
			*err = fmt.Errorf("%s: want this key once, it is given twice in different case", o.at(k))
		}
		o.m[k] = v
	}
	return o
}

func orDocument(path string) string {
	if path == "" {
		return "document"
	}
	return path
}

func empty(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// hasAll is whether all of the keys are there and not null.
func (o object) hasAll(keys []string) bool {
	for _, k := range keys {
		if !o.has(k) {
			return false
		}
	}
	return true
}

// has is whether any of the keys is there and not null.
func (o object) has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := o.m[strings.ToLower(k)]; ok {
			return true
		}
	}
	return false
}

// keys names the first keys, in the alphabet's order.
func (o object) keys() string {
	if len(o.m) == 0 {
		return "nothing"
	}
	keys := slices.Sorted(maps.Keys(o.m))
	if len(keys) > 5 {
		keys = append(keys[:5], "more")
	}
	return fmt.Sprintf("%.200q", keys)
}

func (o object) raw(key string) json.RawMessage { return o.m[strings.ToLower(key)] }

func (o object) object(key string) object { return read(o.at(key), o.raw(key), o.err) }

// items gives the elements of an array.
func (o object) items(key string) (items []json.RawMessage) {
	if raw := o.raw(key); raw != nil && json.Unmarshal(raw, &items) != nil {
		o.fail(key, "an array")
	}
	return items
}

// list gives the objects of an array.
func (o object) list(key string) []object {
	items := o.items(key)
	list := make([]object, 0, len(items))
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", o.at(key), i)
		if empty(item) && *o.err == nil {
			*o.err = fmt.Errorf("%s: want an object, it is null", path)
		}
		list = append(list, read(path, item, o.err))
	}
	return list
}

// str gives a string, and whether it was there.
func (o object) str(key string) (string, bool) {
	raw := o.raw(key)
	if raw == nil {
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		o.fail(key, "a string")
	}
	return s, true
}

func (o object) text(key string) string {
	s, _ := o.str(key)
	return s
}

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

// integer gives a 64-bit integer, nil when it is not there. 137.0 is one too.
func (o object) integer(key string) *int64 {
	raw := o.raw(key)
	if raw == nil {
		return nil
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return &n
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		o.fail(key, "an integer")
		return nil
	}
	n := int64(f)
	return &n
}

// ofCloudTrail are forms of time in its records of ECS.
var ofCloudTrail = []string{"Jan 2, 2006, 3:04:05 PM", "Jan 2, 2006 3:04:05 PM"}

// time gives a point of time in UTC, zero when it is not there. It may be
// RFC 3339 (events), a date in words (CloudTrail), seconds since 1970 (DescribeTasks) or milliseconds (Step
// Functions); numbers from 1e11 on are milliseconds, for as seconds they would
// lie after the year 5000.
func (o object) time(key string) time.Time {
	raw := o.raw(key)
	if raw == nil {
		return time.Time{}
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		t, err := time.Parse(time.RFC3339Nano, s)
		for i := 0; err != nil && i < len(ofCloudTrail); i++ {
			t, err = time.Parse(ofCloudTrail[i], s)
		}
		if err != nil {
			o.fail(key, "a time")
		}
		return t.UTC()
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.Abs(f) >= 1e14 {
		o.fail(key, "a time")
		return time.Time{}
	}
	if math.Abs(f) < 1e11 {
		f *= 1000
	}
	return time.UnixMicro(int64(math.Round(f * 1000))).UTC()
}

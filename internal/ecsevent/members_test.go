package ecsevent

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
)

var documents = []string{
	`{}`, `[]`, ` { } `, ` [ ] `, `{"a":1}`, `[1]`, `[1,"2",null,true,-1.5e3]`, "{ \"a\" :\t{\"b\":[1,{\"c\":\"}]\"}]} , \"d\" : \"\\\"\" ,\"e\":[ ] }",
	`{"a":"\\","b":"\\\"]","c":{}}`, `{"a":1,"a":2}`, `{"\u0061":1,"a\n":2}`, `[[[]],[{}],{"a":[]}]`, `{"ß":"ü","a":"\ud800"}`,
	`{"a":null,"A":1}`, `[` + `"\u00e9"` + `]`,
}

func TestMembers(t *testing.T) {
	t.Parallel()
	for _, doc := range documents {
		compare(t, []byte(doc))
	}
}

// FuzzMembers: members yields the same members as encoding/json.
func FuzzMembers(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if json.Valid(doc) {
			compare(t, doc)
		}
	})
}

func compare(t *testing.T, doc []byte) {
	t.Helper()
	var object map[string]json.RawMessage
	var list []json.RawMessage
	switch trimmed := json.RawMessage(doc[skipBlanks(doc, 0):]); trimmed[0] {
	case '{':
		got := map[string]json.RawMessage{}
		for key, value := range members(trimmed) {
			got[string(name(key))] = value
		}
		if err := json.Unmarshal(doc, &object); err != nil || !reflect.DeepEqual(got, object) {
			t.Errorf("%s: got %s, want %s, %v", doc, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(object)), err)
		}
		for _, value := range object {
			compare(t, value)
		}
	case '[':
		got := []json.RawMessage{}
		for _, value := range members(trimmed) {
			got = append(got, value)
		}
		if err := json.Unmarshal(doc, &list); err != nil || !reflect.DeepEqual(got, list) {
			t.Errorf("%s: got %s, want %s, %v", doc, got, list, err)
		}
		for _, value := range list {
			compare(t, value)
		}
	case '"':
		var want string
		err := json.Unmarshal(doc, &want)
		if got, ok := unquoted(trimmed[:len(trimmed)-trailing(trimmed)]); !ok || err != nil || got != want {
			t.Errorf("%s: got %q, %t, want %q", doc, got, ok, want)
		}
	}
}

// trailing counts the blanks after a value.
func trailing(raw []byte) (n int) {
	for raw[len(raw)-1-n] != '"' {
		n++
	}
	return n
}

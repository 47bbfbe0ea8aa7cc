package jobfile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/job/jobfile"
)

func schema(t *testing.T) map[string]any {
	t.Helper()
	text, err := jobfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func as[T any](t *testing.T, v any) T {
	t.Helper()
	out, ok := v.(T)
	if !ok {
		t.Fatalf("the schema has %v, a %T", v, v)
	}
	return out
}

// takes implements as much of a JSON schema validator as this schema needs. A keyword that it
// does not know is a failure.
func takes(t *testing.T, s map[string]any, v any) bool {
	t.Helper()
	ok := true
	for keyword, want := range s {
		switch keyword {
		case "$schema", "title", "description":
		case "type":
			ok = ok && isType(want, v)
		case "enum":
			ok = ok && slices.Contains(as[[]any](t, want), v)
		case "anyOf":
			ok = ok && slices.ContainsFunc(as[[]any](t, want), func(o any) bool { return takes(t, as[map[string]any](t, o), v) })
		case "pattern":
			text, isText := v.(string)
			ok = ok && (!isText || regexp.MustCompile(as[string](t, want)).MatchString(text))
		case "minimum":
			n, isNumber := v.(float64)
			ok = ok && (!isNumber || n >= as[float64](t, want))
		case "maximum":
			n, isNumber := v.(float64)
			ok = ok && (!isNumber || n <= as[float64](t, want))
		case "items", "minItems", "maxItems":
			ok = ok && takesItems(t, keyword, want, v)
		case "properties", "additionalProperties", "required":
			ok = ok && takesKeys(t, s, keyword, want, v)
		default:
			t.Fatalf("the schema has %q", keyword)
		}
	}
	return ok
}

func isType(want, v any) bool {
	if list, ok := want.([]any); ok {
		return slices.ContainsFunc(list, func(w any) bool { return isType(w, v) })
	}
	switch v := v.(type) {
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && v == float64(int64(v))
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	}
	return false
}

func takesItems(t *testing.T, keyword string, want, v any) bool {
	t.Helper()
	list, ok := v.([]any)
	switch {
	case !ok:
		return true
	case keyword == "minItems":
		return float64(len(list)) >= as[float64](t, want)
	case keyword == "maxItems":
		return float64(len(list)) <= as[float64](t, want)
	}
	return !slices.ContainsFunc(list, func(item any) bool { return !takes(t, as[map[string]any](t, want), item) })
}

func takesKeys(t *testing.T, s map[string]any, keyword string, want, v any) bool {
	t.Helper()
	object, isObject := v.(map[string]any)
	if !isObject {
		return true
	}
	if keyword == "required" {
		return !slices.ContainsFunc(as[[]any](t, want), func(k any) bool { return object[as[string](t, k)] == nil })
	}
	properties, _ := s["properties"].(map[string]any)
	for key, value := range object {
		p, known := properties[key].(map[string]any)
		switch {
		case known && !takes(t, p, value):
			return false
		case known:
		case s["additionalProperties"] == false:
			return false
		case s["additionalProperties"] != nil && !takes(t, as[map[string]any](t, s["additionalProperties"]), value):
			return false
		}
	}
	return true
}

// TestSchemaTakesWhatIsRead: the schema refuses no file that the decoder reads. Otherwise an
// editor would complain about good files.
func TestSchemaTakesWhatIsRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	read, s := 0, schema(t)
	for _, file := range append(files, "../../../examples/jobs.yaml") {
		data, err := os.ReadFile(file) //nolint:gosec // a test's own file
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := parse(data); len(problems) > 0 {
			continue
		}
		v, err := plainValue(data)
		if err != nil {
			continue // such as .inf, which JSON does not have
		}
		read++
		if !takes(t, s, v) {
			t.Errorf("the schema refuses %s", file)
		}
	}
	if read < 5 {
		t.Errorf("only %d files were read", read)
	}
}

// plainValue gives YAML as JSON would have it.
func plainValue(data []byte) (v any, err error) {
	text, err := yaml.YAMLToJSON(data)
	if err != nil {
		return nil, err
	}
	return v, json.Unmarshal(text, &v)
}

// TestSchemaAndDecoderAgree checks one value of each kind at every key, and keys that do not
// exist.
func TestSchemaAndDecoderAgree(t *testing.T) {
	t.Parallel()
	s := schema(t)
	keys := s
	for _, step := range []string{"properties", "jobs", "items", "properties"} {
		keys = as[map[string]any](t, keys[step])
	}
	if len(keys) < 25 {
		t.Fatalf("%d keys", len(keys))
	}
	if p := as[map[string]any](t, keys["schedule"]); p["description"] == nil {
		t.Error("schedule is not described")
	}
	var undescribed []string
	for key, p := range keys {
		if as[map[string]any](t, p)["description"] == nil {
			undescribed = append(undescribed, key)
		}
		for _, value := range []string{"{x: {}}", "[[x]]", "[{x: y}]"} {
			if key != "name" {
				agree(t, s, "jobs:\n  - name: a\n    "+key+": "+value+"\n")
			}
		}
	}
	if len(undescribed) > 0 {
		t.Errorf("without a description: %v", undescribed)
	}
	for _, bad := range []string{
		"cpu: 0", "cpu: many", "cpu: 1.5", "enabled: 7", "capacity: cheap", "overlap: never", "catchUp: all", "timeout: 5", "timeout: soon",
		"retry: {attempts: 0}", "retry: {attempts: 11}", "retry: {x: 1}", "retry: {rules: [{stopCode: a}]}", "retry: {rules: [{stopCode: a, action: run}]}",
		"dst: {gap: late}", "dst: {hole: skip}", "network: {subnets: x}", "notify: ops", "calendar: [2027-01-01]", "startAt: soon", "nme: a", "environment: [a]",
	} {
		agree(t, s, "jobs:\n  - name: a\n    "+bad+"\n")
	}
	for _, bad := range []string{"jobs: []", "jobs: {}", "jobs: [{owner: x}]", "job: [{name: a}]", "taskDefinitions: {x: {imge: a}}\njobs: [{name: a}]"} {
		agree(t, s, bad)
	}
}

// agree checks a file that both must refuse.
func agree(t *testing.T, s map[string]any, text string) {
	t.Helper()
	if _, problems := parse([]byte(text)); len(problems) == 0 {
		t.Errorf("the decoder reads %s", text)
	}
	v, err := plainValue([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if takes(t, s, v) {
		t.Errorf("the schema takes %s", text)
	}
}

func TestSchemaIsStable(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(schema(t), schema(t)) {
		t.Error("it differs from call to call")
	}
}

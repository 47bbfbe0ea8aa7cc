package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/render"
)

// tfBlock is the part of the provider's schema for a body.
type tfBlock struct {
	Attributes map[string]tfAttribute
	Blocks     map[string]struct {
		Min, Max int
		Block    tfBlock
	}
}

type tfAttribute struct {
	Type               any // a name, or a list of one and what it holds
	Required, Optional bool
}

// tfSchema is the recorded part of the provider's schema.
type tfSchema struct{ Resource, Data map[string]tfBlock }

func recordedSchema(t *testing.T) (s tfSchema) {
	t.Helper()
	data, err := os.ReadFile("testdata/aws-5.100.0.schema.json")
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// meta are Terraform's own arguments, which any resource may have.
var meta = []string{"count", "for_each", "depends_on", "lifecycle", "provider"}

// faults gives what is wrong in a body by the schema.
func (b tfBlock) faults(path string, body map[string]any) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		at := path + "." + name
		attribute, is := b.Attributes[name]
		block, nested := b.Blocks[name]
		switch {
		case is && !attribute.Required && !attribute.Optional:
			all = append(all, at+" is for the provider to say")
		case is:
			all = append(all, fits(at, attribute.Type, body[name])...)
		case nested:
			all = append(all, blocks(at, block.Max, block.Block, body[name])...)
		default:
			all = append(all, at+" is not known")
		}
	}
	for name, a := range b.Attributes {
		if _, set := body[name]; a.Required && !set {
			all = append(all, path+"."+name+" is missing")
		}
	}
	for name, nested := range b.Blocks {
		if _, set := body[name]; nested.Min > 0 && !set {
			all = append(all, path+"."+name+" is missing")
		}
	}
	return all
}

func blocks(at string, most int, b tfBlock, v any) (all []string) {
	list, several := v.([]any)
	if !several {
		list = []any{v}
	}
	if most > 0 && len(list) > most {
		all = append(all, fmt.Sprintf("%s is there %d times", at, len(list)))
	}
	for _, one := range list {
		body, ok := one.(map[string]any)
		if !ok {
			all = append(all, at+" is no block")
			continue
		}
		all = append(all, b.faults(at, body)...)
	}
	return all
}

// fits checks a value. A text that is only a template may have any type.
func fits(at string, kind, v any) (all []string) {
	if text, ok := v.(string); ok && (kind == "string" || strings.HasPrefix(text, "${") && strings.HasSuffix(text, "}")) {
		return nil
	}
	of, _ := kind.([]any)
	switch v := v.(type) {
	case float64:
		if kind == "number" {
			return nil
		}
	case bool:
		if kind == "bool" {
			return nil
		}
	case []any:
		if len(of) == 2 && (of[0] == "list" || of[0] == "set") {
			for _, one := range v {
				all = append(all, fits(at, of[1], one)...)
			}
			return all
		}
	case map[string]any:
		if len(of) == 2 && of[0] == "map" {
			for _, one := range v {
				all = append(all, fits(at, of[1], one)...)
			}
			return all
		}
	}
	return []string{fmt.Sprintf("%s is %v, no %v", at, v, kind)}
}

var reference = regexp.MustCompile(`(?:^|[^$])\$\{([a-z][^}]*)\}`)

// config is a Terraform file in JSON.
type config struct {
	Data     map[string]map[string]any
	Resource map[string]map[string]map[string]any
	Variable map[string]any
	Output   map[string]any
}

// check gives everything that is wrong in a file by the schema.
func (s tfSchema) check(text []byte) (all []string) {
	var c config
	if err := json.Unmarshal(text, &c); err != nil {
		return []string{err.Error()}
	}
	for kind, named := range c.Resource {
		b, known := s.Resource[kind]
		if !known {
			return []string{kind + " is no resource that was recorded"}
		}
		for name, body := range named {
			for _, m := range meta {
				delete(body, m)
			}
			all = append(all, b.faults(kind+"."+name, body)...)
		}
	}
	for _, m := range reference.FindAllStringSubmatch(string(text), -1) {
		word := strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(" ?:[", r) })[0]
		if !s.resolves(c, strings.Split(word, ".")) {
			all = append(all, m[1]+" refers to nothing")
		}
	}
	return all
}

// resolves reports whether a reference is to something in the file, and to an attribute that it
// has.
func (s tfSchema) resolves(c config, parts []string) bool {
	switch {
	case len(parts) == 2 && parts[0] == "var":
		_, ok := c.Variable[parts[1]]
		return ok
	case len(parts) == 4 && parts[0] == "data":
		_, ok := c.Data[parts[1]][parts[2]]
		_, has := s.Data[parts[1]].Attributes[parts[3]]
		return ok && has
	case len(parts) == 3:
		_, ok := c.Resource[parts[0]][parts[1]]
		_, has := s.Resource[parts[0]].Attributes[parts[2]]
		return ok && has
	}
	return false
}

// TestTerraformSchema: the file has only what the provider's schema knows, in its types, and all
// that the schema requires, and its references resolve. The test needs neither Terraform nor the
// provider; TestTerraformValidates runs both.
func TestTerraformSchema(t *testing.T) {
	t.Parallel()
	s := recordedSchema(t)
	jobs, definitions := awkward()
	text, err := render.Terraform(jobs, definitions, render.Options{Stack: "batchplane", From: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if faults := s.check(text); len(faults) > 0 {
		t.Error(strings.Join(faults, "\n"))
	}
	for _, c := range broken {
		bad := bytes.ReplaceAll(text, []byte(c.from), []byte(c.to))
		if faults := strings.Join(s.check(bad), "\n"); bytes.Equal(bad, text) || !strings.Contains(faults, c.says) {
			t.Errorf("%s for %s: %s", c.to, c.from, faults)
		}
	}
}

// broken are changes to the file that Terraform refuses.
var broken = []struct{ from, to, says string }{
	{`"schedule_expression":`, `"schedule_expresion":`, "schedule_expression is missing"},
	{`"schedule_expression":`, `"schedule_expresion":`, "schedule_expresion is not known"},
	{`"maximum_retry_attempts": 185`, `"maximum_retry_attempts": "many"`, "no number"},
	{`"mode": "OFF"`, `"kind": "OFF"`, "flexible_time_window.mode is missing"},
	{`"dead_letter_config": {`, `"dead_letter": {`, "target.dead_letter is not known"},
	{`"family": "`, `"revision": 7, "family": "`, "revision is for the provider to say"},
	{`${var.trigger_arn}`, `${var.trigger}`, "var.trigger refers to nothing"},
	{`${data.aws_region.current.id}`, `${data.aws_region.current.code}`, "data.aws_region.current.code refers to nothing"},
	{`${aws_ecs_task_definition.task-app.arn}`, `${aws_ecs_task_definition.task-gone.arn}`, "refers to nothing"},
	{`"aws_cloudwatch_log_group": {`, `"aws_log_group": {`, "no resource that was recorded"},
}

var (
	hclBlock    = regexp.MustCompile(`(?ms)^(resource|data) "([a-z0-9_]+)" "[a-z_]+" \{(.*?)(?:^\}|\}$)`)
	hclArgument = regexp.MustCompile(`(?m)^  ([a-z_]+)\s*[={]`)
)

// TestModuleSchema: the provider knows all arguments of the module's resources.
func TestModuleSchema(t *testing.T) {
	t.Parallel()
	s := recordedSchema(t)
	text, err := os.ReadFile("../../deploy/terraform/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	found := hclBlock.FindAllStringSubmatch(string(text), -1)
	if len(found) != 4 {
		t.Fatalf("%d resources and data", len(found))
	}
	for _, m := range found {
		b, known := s.Resource[m[2]]
		if m[1] == "data" {
			b, known = s.Data[m[2]]
		}
		if !known {
			t.Errorf("%s was not recorded", m[2])
		}
		set := map[string]bool{}
		for _, a := range hclArgument.FindAllStringSubmatch(m[3], -1) {
			set[a[1]] = true
			_, is := b.Attributes[a[1]]
			_, nested := b.Blocks[a[1]]
			if !is && !nested && !slices.Contains(meta, a[1]) {
				t.Errorf("%s has no %s", m[2], a[1])
			}
		}
		for name, a := range b.Attributes {
			if a.Required && !set[name] {
				t.Errorf("%s lacks %s", m[2], name)
			}
		}
	}
}

package jobfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/batchplane/batchplane/internal/job"
)

// IsTemplate reports whether a file is a CloudFormation template and not a jobs file.
func IsTemplate(data []byte) bool {
	for line := range strings.Lines(string(data[:min(len(data), 64<<10)])) {
		line = strings.TrimLeft(line, "\"'{ ")
		if strings.HasPrefix(line, "AWSTemplateFormatVersion") || strings.HasPrefix(line, "Resources:") || strings.HasPrefix(line, `Resources":`) {
			return true
		}
	}
	return false
}

// FromTemplate gives the jobs that the schedules and rules of a rendered template carry, and
// the task definitions in it, both sorted by name.
func FromTemplate(data []byte) (File, error) {
	if len(data) > MaxBytes {
		return File{}, fmt.Errorf("the template has %d bytes; at most %d are read", len(data), MaxBytes)
	}
	if _, p := syntaxTree(data); p != nil {
		return File{}, errors.New(p.String())
	}
	var t struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(data, &t); err != nil {
		return File{}, fmt.Errorf("reading the template: %s", firstLine(err.Error()))
	}
	jobs, definitions := map[string]job.Job{}, map[string]job.TaskDefinition{}
	for id, r := range t.Resources {
		for _, input := range r.inputs() {
			j, err := jobOf(joined(input, t.Resources))
			if err != nil {
				return File{}, fmt.Errorf("the input of %s: %w", id, err)
			}
			if j.Name != "" {
				jobs[j.Name] = j
			}
		}
		if d := r.definition(); d.Family != "" {
			definitions[d.Family] = d
		}
	}
	return File{
		Jobs: slices.SortedFunc(maps.Values(jobs), func(a, b job.Job) int { return strings.Compare(a.Name, b.Name) }),
		Definitions: slices.SortedFunc(maps.Values(definitions), func(a, b job.TaskDefinition) int {
			return strings.Compare(a.Family, b.Family)
		}),
	}, nil
}

// resource has those parts of a resource that carry a job or define a task. Somebody may have
// written a definition by hand: any of its values may be a function.
type resource struct {
	Type       string `yaml:"Type"`
	Properties struct {
		Target struct {
			Input any `yaml:"Input"`
		} `yaml:"Target"`
		Targets []struct {
			InputTransformer struct {
				InputTemplate any `yaml:"InputTemplate"`
			} `yaml:"InputTransformer"`
		} `yaml:"Targets"`

		Family        any `yaml:"Family"`
		CPU           any `yaml:"Cpu"`
		Memory        any `yaml:"Memory"`
		Platform      any `yaml:"RuntimePlatform"`
		ExecutionRole any `yaml:"ExecutionRoleArn"`
		TaskRole      any `yaml:"TaskRoleArn"`
		Containers    any `yaml:"ContainerDefinitions"`
		Tags          any `yaml:"Tags"`
	} `yaml:"Properties"`
}

func (r resource) inputs() (out []any) {
	switch r.Type {
	case "AWS::Scheduler::Schedule":
		out = append(out, r.Properties.Target.Input)
	case "AWS::Events::Rule":
		for _, target := range r.Properties.Targets {
			out = append(out, target.InputTransformer.InputTemplate)
		}
	}
	return out
}

// definition gives the base definition that a resource is. It has no family if the resource is
// not a task definition. If there are several containers, it uses the first.
func (r resource) definition() job.TaskDefinition {
	if r.Type != "AWS::ECS::TaskDefinition" {
		return job.TaskDefinition{}
	}
	p := r.Properties
	var container any
	if list, ok := p.Containers.([]any); ok && len(list) > 0 {
		container = list[0]
	}
	d := job.TaskDefinition{
		Family: family(p.Family), Image: plain(in(container, "Image")), Container: plain(in(container, "Name")),
		Architecture:  strings.ToLower(plain(in(p.Platform, "CpuArchitecture"))),
		ExecutionRole: plain(p.ExecutionRole), TaskRole: plain(p.TaskRole), User: plain(in(container, "User")),
		LogGroup:    plain(in(container, "LogConfiguration", "Options", "awslogs-group")),
		Environment: named(in(container, "Environment"), "Value"), Secrets: named(in(container, "Secrets"), "ValueFrom"),
	}
	d.Tags = tagged(p.Tags)
	d.CPU, _ = strconv.Atoi(plain(p.CPU))
	d.Memory, _ = strconv.Atoi(plain(p.Memory))
	return d
}

// in follows the keys into mappings.
func in(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// plain gives a text or a number. It gives a function as the YAML library prints it, so that a
// change of it shows.
func plain(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// family gives the name that a definition has in the jobs file: it removes the prefix that
// render adds.
func family(v any) string {
	if sub := plain(in(v, "Fn::Sub")); strings.HasPrefix(sub, job.StackFamily) {
		return strings.TrimPrefix(sub, job.StackFamily)
	}
	return plain(v)
}

// joined replaces the revision of one of the template's definitions in an input with the name
// that the jobs file has for it. It returns any other input unchanged.
func joined(input any, resources map[string]resource) any {
	join, _ := in(input, "Fn::Join").([]any)
	if len(join) != 2 {
		return input
	}
	parts, _ := join[1].([]any)
	var text strings.Builder
	for _, part := range parts {
		s, ok := part.(string)
		if !ok {
			s = family(resources[plain(in(part, "Ref"))].Properties.Family)
		}
		text.WriteString(s)
	}
	return text.String()
}

// named turns a list of {Name, key} into a map.
func named(v any, key string) map[string]string {
	list, _ := v.([]any)
	var out map[string]string
	for _, one := range list {
		if out == nil {
			out = map[string]string{}
		}
		out[plain(in(one, "Name"))] = plain(in(one, key))
	}
	return out
}

// tagged turns a list of {Key, Value} into a map, without the stack's own tag.
func tagged(v any) map[string]string {
	list, _ := v.([]any)
	var out map[string]string
	for _, one := range list {
		key := plain(in(one, "Key"))
		if key == job.OurTags+"stack" {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = plain(in(one, "Value"))
	}
	return out
}

// jobOf gives the job that an input carries. The job has no name if the input carries none.
func jobOf(input any) (job.Job, error) {
	text, ok := input.(string)
	if !ok {
		return job.Job{}, nil
	}
	var carried struct {
		Job json.RawMessage `json:"job"`
	}
	text = strings.Replace(text, `"scheduledFor":<time>`, `"scheduledFor":null`, 1)
	if err := json.Unmarshal([]byte(text), &carried); err != nil {
		return job.Job{}, err //nolint:wrapcheck // the caller says whose
	}
	var j job.Job
	if len(carried.Job) == 0 || carried.Job[0] == '"' { // a rule names its job
		return j, nil
	}
	return j, json.Unmarshal(carried.Job, &j) //nolint:wrapcheck // the caller says whose
}
